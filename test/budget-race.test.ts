/** Budgets under many hands at once: through the real gateway, its store and its threads. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver, Invocation, InvocationReply, RunHandle } from "../src/core/agent.ts";
import { INTERACTIVE } from "../src/core/budget.ts";
import { DAY_MS } from "../src/core/limits.ts";
import { importLines } from "../src/gateway/import.ts";
import { type World, world } from "./world.ts";

let here: World | null = null;
afterEach(async () => {
  await here?.close();
  here?.home.remove();
});

const ask = (n: number, capability = "message.list"): Invocation => ({
  capability,
  input: capability === "message.list" ? { conversation: "family" } : { conversation: "family", last: 5 },
  justification: `call ${n}`,
  idempotency_key: `call-${n}`,
});

/** A world in which one run has so many steps and does what the test says. */
async function runWith(steps: number, work: (run: RunHandle) => Promise<void>): Promise<World> {
  const driver: AgentDriver = { name: "butler", drive: (_wake, run) => work(run) };
  here = await world({ drivers: [driver], settings: { interactive: { ...INTERACTIVE, steps } } });
  const now = here.home.clock.now();
  await importLines(here.powers, "family", [{ id: "m1", sender: "Ana", text: "Bring the tent.", sent_at: now - 9 }]);
  await here.type("go on");
  return here;
}

const count = ({ store }: World, type: string): number =>
  store.ledger.entries(0, 10_000).filter((entry) => entry.type === type).length;

test.each(["message.list", "message.summarize"])(
  "ten parallel calls of %s with three steps left admit exactly three",
  async (what) => {
    let replies: InvocationReply[] = [];
    const { store } = await runWith(3, async (run) => {
      replies = await Promise.all(Array.from({ length: 10 }, (_, n) => run.invoke(ask(n, what))));
    });
    const calls = store.all("call", { limit: 100 });
    expect(calls).toHaveLength(3);
    // Those three are done, or the run had ended when they came back; the others never began.
    const codes = replies.map(({ code }) => code ?? "done");
    expect(codes.filter((code) => code === "budget.exhausted")).toHaveLength(7);
    expect(codes.filter((code) => code === "done" || code === "run.ended")).toHaveLength(3);
    const run = store.all("run", { limit: 1 })[0]?.value;
    expect(run?.status).toEqual({ state: "failed", reason: "budget.steps" });
    expect((run?.budget.used.steps ?? 0) + (run?.budget.reserved.steps ?? 0)).toBeLessThanOrEqual(3);
    const entries = store.ledger.entries(0, 10_000);
    expect(entries.filter(({ type }) => type === "budget.reserved")).toHaveLength(3);
    expect(count(here as World, "budget.exhausted")).toBe(1);
  },
);

test("calls one after the other get what is left and not one more; the person reads why", async () => {
  const replies: InvocationReply[] = [];
  const { said } = await runWith(3, async (run) => {
    for (let n = 0; n < 5; n++) replies.push(await run.invoke(ask(n)));
  });
  expect(replies.map(({ code }) => code ?? "done")).toEqual([
    "done",
    "done",
    "done",
    "budget.exhausted",
    "budget.exhausted",
  ]);
  expect(replies.map(({ budget_left }) => budget_left.steps)).toEqual([2, 1, 0, 0, 0]);
  expect(said).toEqual([expect.stringMatching(/^I stopped: this took more steps than one request may/)]);
});

test("a budget of no steps admits nothing, and the same call twice costs one step", async () => {
  const none: InvocationReply[] = [];
  await runWith(0, async (run) => void none.push(await run.invoke(ask(1))));
  expect(none.map(({ code }) => code)).toEqual(["budget.exhausted"]);
  expect(here?.store.all("call", { limit: 10 })).toEqual([]);
  await here?.close();
  here?.home.remove();
  const twice: InvocationReply[] = [];
  const { store } = await runWith(2, async (run) => {
    twice.push(...(await Promise.all([run.invoke(ask(1)), run.invoke(ask(1))])), await run.invoke(ask(2)));
  });
  expect(twice.map(({ status }) => status)).toEqual(["done", "done", "done"]);
  expect(store.all("run", { limit: 1 })[0]?.value.budget.used.steps).toBe(2);
});

test("forty hands at one run all get an answer, and no call is left open", async () => {
  const replies: InvocationReply[] = [];
  const { store } = await runWith(50, async (run) => {
    replies.push(...(await Promise.all(Array.from({ length: 40 }, (_, n) => run.invoke(ask(n))))));
  });
  expect(new Set(replies.map(({ code, status }) => code ?? status))).toEqual(new Set(["done"]));
  expect(store.find("call", "open", "open", { limit: 99 })).toEqual([]);
  expect(store.all("run", { limit: 1 })[0]?.value.budget).toMatchObject({
    used: { steps: 40 },
    reserved: { steps: 0 },
  });
});

test("a day is spent to the unit by however many at once, and the next day is another", async () => {
  const replies: InvocationReply[] = [];
  const driver: AgentDriver = {
    name: "butler",
    drive: async (_wake, run) => {
      replies.push(...(await Promise.all(Array.from({ length: 12 }, (_, n) => run.invoke(ask(n))))));
      await run.fail("agent");
    },
  };
  const pools = { steps: 20, tokens: 1, cost_micros: 1 };
  here = await world({ drivers: [driver], settings: { pools } });
  const codes = (): readonly string[] => replies.splice(0).map(({ code, status }) => code ?? status);
  const counted = (all: readonly string[]): readonly number[] =>
    ["not_found", "budget.pool"].map((code) => all.filter((it) => it === code).length);
  await here.type("one");
  expect(counted(codes())).toEqual([12, 0]);
  await here.type("two");
  expect(counted(codes())).toEqual([8, 4]);
  const days = here.store.all("pool", { limit: 9 }).map(({ value }) => value.used.steps);
  expect(days).toEqual([20, 20]);
  here.home.clock.turn(DAY_MS);
  await here.type("three");
  expect(counted(codes())).toEqual([12, 0]);
});
