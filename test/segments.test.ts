/** Runs that wait and go on: for a message, a time, or something that happens; under one budget. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver, RunHandle, WakeUp } from "../src/core/agent.ts";
import { HOUR_MS, MINUTE_MS } from "../src/core/limits.ts";
import type { Wait } from "../src/core/run.ts";
import { replay } from "../src/gateway/replay.ts";
import { type World, world } from "./world.ts";

let here: World;
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const call = (run: RunHandle, capability: string, input: unknown, key: string) =>
  run.invoke({ capability, input, justification: "the story", idempotency_key: key });

/** Says which segment it is in and why it was woken; waits after the first, ends after the second. */
function waiting(wait: (now: number) => Wait, wakes: WakeUp[] = []): AgentDriver {
  return {
    name: "butler",
    drive: async (wake, run) => {
      wakes.push(wake);
      const read = await call(run, "request.read", {}, `read-${wake.segment}`);
      const { text } = read.output as { readonly text: string };
      await call(run, "chat.reply", { template: `${wake.segment}: ${text}` }, `say-${wake.segment}`);
      await run.finish(wake.segment === 1 ? wait(wake.time) : undefined);
    },
  };
}

const states = (): readonly string[] => here.store.all("run", { limit: 9 }).map(({ value }) => value.status.state);
const segments = (type: string): number =>
  here.store.ledger.entries(0, 1000).filter((entry) => entry.type === type).length;

test("the next message of the same person is what a run that waits for one goes on with", async () => {
  const wakes: WakeUp[] = [];
  here = await world({ drivers: [waiting((now) => ({ for: "message", until: now + HOUR_MS }), wakes)] });
  await here.type("which family?");
  expect(states()).toEqual(["paused.event"]);
  await here.type("the one at the lake");
  expect(here.said).toEqual(["1: which family?", "2: the one at the lake"]);
  expect(states()).toEqual(["done"]);
  expect(wakes.map(({ reason, segment }) => [reason, segment])).toEqual([
    ["addressed", 1],
    ["event", 2],
  ]);
  expect(wakes[1]?.message).not.toBe(wakes[0]?.message);
  const [run] = here.store.all("run", { limit: 1 });
  expect(run?.value.budget.used.steps).toBe(4);
  expect([segments("run.paused"), segments("run.resumed"), segments("run.done")]).toEqual([1, 1, 1]);
  expect(replay(here.powers)).toMatchObject({ ok: true });
});

test("a run that waits for a time goes on then, and its waiting costs no time of its budget", async () => {
  here = await world({ drivers: [waiting((now) => ({ for: "time", until: now + 5 * HOUR_MS }))] });
  await here.type("later");
  here.home.clock.turn(4 * HOUR_MS);
  await here.rest();
  expect(states()).toEqual(["paused.event"]);
  here.home.clock.turn(HOUR_MS);
  await here.rest();
  expect(states()).toEqual(["done"]);
  expect(here.store.all("run", { limit: 1 })[0]?.value.budget.used.wall_clock_ms).toBe(0);
});

test("a run that waits for something goes on in time, and what came meanwhile waits in line", async () => {
  here = await world({ drivers: [waiting((now) => ({ for: "event", until: now + HOUR_MS }))] });
  await here.type("tell me");
  await here.type("again");
  expect(here.said.at(-1)).toMatch(/this one is number 1 in line/);
  here.home.clock.turn(HOUR_MS);
  await here.rest();
  // The second request waited behind it, and waits in its turn now.
  expect(here.said.filter((line) => /^\d: /.test(line))).toEqual(["1: tell me", "2: tell me", "1: again"]);
  expect(states().toSorted()).toEqual(["done", "paused.event"]);
});

test("a wait that is over or longer than a run may live is refused, and the run is not left lying", async () => {
  const codes: string[] = [];
  const driver: AgentDriver = {
    name: "butler",
    drive: async (wake, run) => {
      for (const until of [wake.time - 1, wake.time + 8 * 24 * HOUR_MS])
        await run.finish({ for: "time", until }).catch((error: { code: string }) => codes.push(error.code));
      await run.finish({ for: "time", until: wake.time + MINUTE_MS });
    },
  };
  here = await world({ drivers: [driver] });
  await here.type("go");
  expect(codes).toEqual(["input.invalid", "input.invalid"]);
  await here.type("cancel");
  expect(states()).toEqual(["cancelled"]);
  here.home.clock.turn(HOUR_MS);
  await here.rest();
  expect(states()).toEqual(["cancelled"]);
});

test("a waiting run is woken once after a restart that its time passed in", async () => {
  const wakes: WakeUp[] = [];
  const drivers = [waiting((now) => ({ for: "time", until: now + HOUR_MS }), wakes)];
  here = await world({ drivers });
  await here.type("later");
  const { home, store, gateway } = here;
  await gateway.supervisor.close();
  await store.close();
  home.clock.turn(3 * HOUR_MS);
  here = await world({ home, drivers });
  home.clock.turn(1);
  await here.rest();
  expect(states()).toEqual(["done"]);
  expect(wakes.map(({ segment }) => segment)).toEqual([1, 2]);
});
