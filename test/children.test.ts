/** Child runs draw on their parent, end with it, and are waited for; to the unit, however many there are. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver, InvocationReply, RunHandle, WakeUp } from "../src/core/agent.ts";
import { INTERACTIVE } from "../src/core/budget.ts";
import { HOUR_MS } from "../src/core/limits.ts";
import type { Run } from "../src/core/run.ts";
import { replay } from "../src/gateway/replay.ts";
import { transact } from "../src/gateway/transact.ts";
import { type World, world } from "./world.ts";

let here: World;
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const call = (run: RunHandle, capability: string, input: unknown, key: string): Promise<InvocationReply> =>
  run.invoke({ capability, input, justification: "the story", idempotency_key: key });

type Work = (run: RunHandle, wake: WakeUp) => Promise<void>;

/** One driver for both: a child is what has no message of its own. */
async function family(parent: Work, child: Work, steps = 50): Promise<readonly Run[]> {
  const driver: AgentDriver = {
    name: "butler",
    drive: (wake, run) => (wake.message === null ? child : parent)(run, wake),
  };
  here = await world({ drivers: [driver], settings: { interactive: { ...INTERACTIVE, steps } } });
  const { powers } = here;
  await transact(powers, (draft) => {
    const id = "capability/run.spawn";
    draft.put("setting", id, { id, tenant: draft.tenant, value: true });
  });
  await here.type("go");
  return here.store.all("run", { limit: 2000 }).map(({ value }) => value);
}

const parentOf = (runs: readonly Run[]): Run => {
  const found = runs.find(({ parent }) => parent === undefined);
  if (found === undefined) throw new Error("no parent");
  return found;
};
const reply = (run: RunHandle, text: string): Promise<InvocationReply> =>
  call(run, "chat.reply", { template: text }, "reply");

test("a child reads what it is for, works on its share, and what it used is its parent's", async () => {
  const read: unknown[] = [];
  const runs = await family(
    async (run, wake) => {
      if (wake.segment === 1) {
        const spawned = await call(
          run,
          "run.spawn",
          { text: "look at it", budget: { steps: 7, egress_bytes: 90_000 } },
          "s",
        );

        expect(spawned).toMatchObject({ status: "done", budget_left: { children: 7, steps: 42 } });
        await expect(run.finish()).rejects.toMatchObject({ code: "run.not_done" });
        return run.finish({ for: "event", until: wake.time + HOUR_MS });
      }
      await reply(run, "both of us are done");
      await run.finish();
    },
    async (run) => {
      read.push((await call(run, "request.read", {}, "read")).output);
      await reply(run, "I looked");
      await run.finish();
    },
  );
  expect(read).toMatchObject([{ text: "look at it", intent: "remind" }]);
  expect(here.said).toEqual(["I looked", "both of us are done"]);
  expect(runs.map(({ status }) => status.state)).toEqual(["done", "done"]);
  // One for the spawn, one for the last word, two of the child's.
  expect(parentOf(runs).budget.used).toMatchObject({ steps: 4, children: 1 });
  expect(parentOf(runs).budget.reserved).toMatchObject({ steps: 0, egress_bytes: 0 });
  expect(parentOf(runs).facts).toMatchObject({ childrenOpen: 0, openCalls: [] });
  expect(replay(here.powers)).toMatchObject({ ok: true, differences: [] });
});

test("a child gets no more than its parent has left, starts no other, and is off until it is switched on", async () => {
  const codes: (string | undefined)[] = [];
  const runs = await family(
    async (run) => {
      codes.push((await call(run, "run.spawn", { text: "a", budget: { steps: 60 } }, "much")).code);
      codes.push((await call(run, "run.spawn", { text: "a" }, "fair")).code);
      await reply(run, "done");
    },
    async (run) => {
      codes.push((await call(run, "run.spawn", { text: "b" }, "again")).code);
      await reply(run, "child");
      await run.finish();
    },
  );
  expect(codes).toContain("budget.exhausted");
  expect(runs.length).toBeLessThanOrEqual(2);
  await here.close();
  here = await world({ home: here.home, drivers: [] });
  expect(here.gateway.invoking.isOn("run.spawn")).toBe(true);
  await transact(here.powers, (draft) => draft.drop("setting", "capability/run.spawn"));
  expect(here.gateway.invoking.isOn("run.spawn")).toBe(false);
});

test("who cancels the parent cancels its children, and nothing of theirs goes on", async () => {
  const stops: boolean[] = [];
  const driver: AgentDriver = {
    name: "butler",
    drive: async (wake, run, stop) => {
      if (wake.message !== null) {
        await call(run, "run.spawn", { text: "wait" }, "s");
        return run.finish({ for: "event", until: wake.time + HOUR_MS });
      }
      await new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }));
      stops.push(stop.aborted);
    },
  };
  here = await world({ drivers: [driver] });
  const id = "capability/run.spawn";
  await transact(here.powers, (draft) => void draft.put("setting", id, { id, tenant: draft.tenant, value: true }));
  await here.console.submit("go");
  while (here.store.all("run", { limit: 9 }).length < 2) await new Promise((resolve) => setImmediate(resolve));
  await here.console.submit("cancel");
  await here.rest();
  const runs = here.store.all("run", { limit: 9 }).map(({ value }) => value);
  expect(runs.map(({ status }) => status)).toEqual([
    { state: "cancelled", reason: expect.stringMatching(/asked|superseded/) },
    { state: "cancelled", reason: expect.stringMatching(/asked|superseded/) },
  ]);
  expect(stops).toEqual([true]);
});
