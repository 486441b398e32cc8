/** Replay: what is stored follows from the ledger, by the machines that made it; the first difference is shown. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Entry } from "../src/core/entry.ts";
import { newId } from "../src/core/ids.ts";
import { Fold } from "../src/gateway/fold.ts";
import { replay, replaySession } from "../src/gateway/replay.ts";
import { transact } from "../src/gateway/transact.ts";
import { type DaemonWorld, daemonOn } from "./daemon-world.ts";
import { random, type TestHome, testHome } from "./store-home.ts";

let home: TestHome;
let here: DaemonWorld;
beforeEach(async () => {
  home = testHome();
  here = await daemonOn(home);
  await here.owner["demo.load"]({});
});
afterEach(async () => {
  await here.close();
  home.remove();
});

const say = async (text: string): Promise<void> => {
  await here.owner["chat.say"]({ text });
  await here.daemon.gateway.supervisor.idle();
};
const session = () => {
  const found = here.store.all("session", { limit: 1 })[0]?.value.id;
  if (found === undefined) throw new Error("there is a session");
  return found;
};
const all = (): readonly Entry[] => here.store.ledger.entries(0, 10_000);

test("runs, budgets, calls, caps and the owner's approvals follow from the ledger", async () => {
  await say("summarise the last 20 messages of demo");
  await say("make a to-do list from demo");
  await here.owner["secrets.set"]({ name: "one", value: "x" });
  const report = replay(here.daemon.powers);
  expect(report).toMatchObject({ ok: true, differences: [], runs: 2 });
  expect(report.approvals).toBeGreaterThan(0);
  const traced = await here.owner["trace.replay"]({ session: session() });
  expect(traced).toMatchObject({ ok: true, difference: null, runs: 2 });
  expect(traced.calls).toBeGreaterThan(2);
});

test("a session folds to the same digest whenever it is folded, and to another with one entry more", async () => {
  await say("summarise the last 20 messages of demo");
  const first = await here.owner["trace.replay"]({ session: session() });
  expect((await here.owner["trace.replay"]({ session: session() })).digest).toBe(first.digest);
  await say("who is mentioned in demo?");
  expect((await here.owner["trace.replay"]({ session: session() })).digest).not.toBe(first.digest);
});

test("a row that somebody changed is the first difference, with what is stored and what follows", async () => {
  await say("summarise the last 20 messages of demo");
  const run = here.store.all("run", { limit: 1 })[0]?.value;
  if (run === undefined) throw new Error("there is a run");
  await transact(here.daemon.powers, (draft) => {
    draft.put("run", run.id, { ...run, budget: { ...run.budget, limit: { ...run.budget.limit, steps: 5000 } } });
  });
  const { ok, difference } = replaySession(here.daemon.powers, session());
  expect(ok).toBe(false);
  expect(difference?.what).toMatch(/^run_\w+: budget is stored as .*5000.*the ledger says .*"steps":50/);
  expect(replay(here.daemon.powers).differences).toHaveLength(1);
});

test("a call, a question and a day's cap that no entry explains are differences", async () => {
  await say("summarise the last 20 messages of demo");
  const call = here.store.all("call", { limit: 1 })[0]?.value;
  const pool = here.store.all("pool", { limit: 1 })[0]?.value;
  const approval = here.store.all("approval", { limit: 1 })[0]?.value;
  if (call === undefined || pool === undefined) throw new Error("they are there");
  await here.owner["secrets.set"]({ name: "one", value: "x" });
  const asked = approval ?? here.store.all("approval", { limit: 1 })[0]?.value;
  await transact(here.daemon.powers, (draft) => {
    const id = newId("CallId", random.bytes(16));
    draft.put("call", id, { ...call, id });
    draft.put("pool", pool.id, { ...pool, bits: 0 });
    if (asked !== undefined) draft.put("approval", asked.id, { ...asked, status: { state: "pending" } });
  });
  const { differences } = replay(here.daemon.powers);
  expect(differences).toHaveLength(3);
  expect(differences.join("\n")).toMatch(/no entry reserves for it/);
  expect(differences.join("\n")).toMatch(/status is stored as|state is stored as/);
  expect(differences.join("\n")).toMatch(/shown 0 bits/);
});

const fold = (entries: readonly Entry[]): Fold => {
  const made = new Fold();
  for (const entry of entries) made.take(entry);
  return made;
};

test("entries that contradict their machine are named by their number", async () => {
  await say("summarise the last 20 messages of demo");
  await here.owner["secrets.set"]({ name: "one", value: "x" });
  const entries = all();
  expect(fold(entries).differences).toEqual([]);
  const done = entries.findIndex(({ type }) => type === "run.done");
  const started = entries.findIndex(({ type }) => type === "run.started");
  const asked = entries.findIndex(({ type }) => type === "approval.requested");
  const at = (n: number): Entry => entries[n] as Entry;
  const lies: [Entry[], number][] = [
    [entries.with(done, { ...at(done), body: { ...at(done).body, state: "failed" } }), at(done).seq],
    [[...entries, { ...at(done), seq: 9999 }], 9999],
    [[...entries, { ...at(started), seq: 9999 }], 9999],
    [[...entries, { ...at(asked), seq: 9999 }], 9999],
    [entries.toSpliced(asked, 1), at(asked + 1).seq],
    [entries.toSpliced(started, 1), at(started).seq + 1],
  ];
  for (const [lie, seq] of lies) {
    const [first] = fold(lie).differences;
    expect(first?.seq).toBeGreaterThanOrEqual(seq);
  }
});
