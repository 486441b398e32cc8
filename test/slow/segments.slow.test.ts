/** Killed between and inside segments, a run goes on exactly once with each, whatever was durable when it happened. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../src/core/limits.ts";
import { HandClock, START } from "../store-home.ts";
import { openLazaret } from "./kill-home.ts";
import { toldBy } from "./mortal-story.ts";
import { segmented } from "./segments-driver.ts";

const STORY = new URL("segments-kill-story.ts", import.meta.url).pathname;
const KILLS = 16;
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "lz-segments-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function pointsOf(dir: string, killAt: number): Promise<number> {
  const [told] = await toldBy<{ readonly points: number }>(STORY, root, dir, String(killAt));
  return told?.points ?? 0;
}

test("killed anywhere in three segments, each is begun once more at most and said once, under one budget", async () => {
  const points = await pointsOf(join(root, "whole"), 0);
  expect(points).toBeGreaterThan(20);
  for (let n = 0; n < KILLS; n++) {
    const killAt = 1 + Math.floor((n * (points - 1)) / (KILLS - 1));
    const dir = join(root, `kill-${killAt}`);
    await pointsOf(dir, killAt);
    const clock = new HandClock(START + MINUTE_MS);
    const here = await openLazaret(dir, clock, undefined, [segmented]);
    here.attach(() => {});
    await here.rest();
    const runs = () => here.store.all("run", { limit: 9 }).map(({ value }) => value);
    const say = async (text: string): Promise<void> => {
      await here.daemon.surface.owner["chat.say"]({ text });
      await here.rest();
    };
    // What was not taken in before the kill is said again, as a person would.
    if (runs().length === 0) await say("begin");
    clock.turn(2 * HOUR_MS);
    await here.rest();
    const [waiting] = runs();
    if (waiting?.status.state === "paused.event") await say("go on");
    const [run] = runs();
    expect(run, `killed at ${killAt}`).toMatchObject({ status: { state: "done" }, segment: 3, facts: { replies: 3 } });
    expect(run?.budget.used.steps).toBe(3);
    expect(run?.budget.reserved.steps).toBe(0);
    const woken = here.store.ledger
      .entries(0, 10_000)
      .filter(({ type, body }) => type === "run.resumed" && (body["event"] as { type?: string }).type === "wake");
    expect(woken).toHaveLength(2);
    expect(runs()).toHaveLength(1);
    await here.daemon.close();
  }
});
