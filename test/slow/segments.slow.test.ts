/** Killed between and inside segments, a run goes on exactly once with each, whatever was durable when it happened. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../src/core/limits.ts";
import { HandClock, START } from "../store-home.ts";
import { openLazaret } from "./kill-home.ts";
import { segmented } from "./segments-driver.ts";

const STORY = new URL("segments-kill-story.ts", import.meta.url).pathname;
const KILLS = 16;
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "lz-segments-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function pointsOf(dir: string, killAt: number): Promise<number> {
  mkdirSync(dir, { recursive: true });
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, "cache") };
  const child = spawn(process.execPath, [STORY, dir, String(killAt)], { stdio: ["ignore", "pipe", "pipe"], env });
  let [out, wrong] = ["", ""];
  child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (wrong += piece.toString()));
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (signal !== "SIGKILL" && code !== 0) return reject(new Error(wrong));
      resolve(out === "" ? 0 : (JSON.parse(out) as { readonly points: number }).points);
    });
  });
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
