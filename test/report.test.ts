/** The compliance report: its figures are those of the ledger, and nothing in it needs another table. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Canonical, canonical } from "../src/core/canonical.ts";
import { DAY_MS, HOUR_MS } from "../src/core/limits.ts";
import { verifyConsistency } from "../src/core/merkle.ts";
import { parseCheckpoint } from "../src/store/checkpoint.ts";
import { sha256 } from "../src/store/hashing.ts";
import { type DaemonWorld, daemonOn } from "./daemon-world.ts";
import { type TestHome, testHome } from "./store-home.ts";

let home: TestHome;
let here: DaemonWorld;
let stop: AbortController;
/** Somebody reads the console, so that what is said arrives. */
async function read(signal: AbortSignal): Promise<void> {
  for await (const line of here.daemon.surface.console(signal)) void line;
}
beforeEach(async () => {
  home = testHome();
  here = await daemonOn(home);
  await here.owner["demo.load"]({});
  stop = new AbortController();
  void read(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await here.close();
  home.remove();
});

const say = async (text: string): Promise<void> => {
  await here.owner["chat.say"]({ text });
  await here.daemon.gateway.supervisor.idle();
};
const whole = () => here.owner.report({ from: 0, to: home.clock.now() + DAY_MS });
const entries = (type: string) => here.store.ledger.entries(0, 100_000).filter((entry) => entry.type === type);

test("runs, decisions, readings and effects are those that the ledger has", async () => {
  await say("summarise the last 20 messages of demo");
  await say("make a to-do list from demo");
  const report = await whole();
  expect(report.runs).toMatchObject([{ state: "done", count: 2 }]);
  expect(report.runs[0]?.used["steps"]).toBeGreaterThan(3);
  const decided = entries("decision.made").filter(({ body }) => body["effect"] !== undefined).length;
  expect(report.decisions.reduce((sum, { count }) => sum + count, 0)).toBe(decided);
  const read = report.quarantine.find(({ capability }) => capability === "message.summarize");
  expect(read).toEqual({ capability: "message.summarize", count: 1, justified: 1 });
  const effects = new Map(report.effects.map(({ name, count }) => [name, count]));
  expect(effects.get("intended")).toBe(entries("effect.intended").length);
  expect(effects.get("done")).toBe(entries("effect.done").length);
  expect(effects.get("done")).toBeGreaterThan(1);
  expect([report.contradictions, report.runs_open]).toEqual([[], 0]);
});

test("the owner's yes, the rules in force and a restart without an end are in it", async () => {
  const pack = {
    name: "quiet",
    text: `version: 1
pack: quiet
rules:
  - { id: quiet.send, effect: deny, because: Nothing goes elsewhere., when: { capability: [chat.send] } }
`,
  };
  home.clock.turn(HOUR_MS);
  const loaded = await here.owner["policy.load"]({ packs: [pack] });
  const report = await whole();
  expect(report.policies.map(({ digest, to }) => [digest, to === null])).toEqual([
    [expect.not.stringMatching(loaded.digest), false],
    [loaded.digest, true],
  ]);
  expect(report.policies[1]).toMatchObject({ approval: loaded.approval, widens: false });
  const yes = report.approvals.questions.find(({ approval }) => approval === loaded.approval);
  expect(yes).toMatchObject({ capability: "policy.load", state: "consumed", assurance: "high", latency_ms: 0 });
  await here.close();
  home.clock.turn(HOUR_MS);
  here = await daemonOn(home);
  const { gaps } = await whole();
  expect(gaps).toEqual([{ from: home.clock.now() - HOUR_MS, to: home.clock.now(), orderly: true }]);
});

test("a period has only what happened in it, and knows what was in force before", async () => {
  await say("summarise the last 20 messages of demo");
  home.clock.turn(2 * DAY_MS);
  const from = home.clock.now();
  await say("who is mentioned in demo?");
  const report = await here.owner.report({ from, to: from + DAY_MS });
  expect(report.runs).toMatchObject([{ state: "done", count: 1 }]);
  expect(report.policies).toHaveLength(1);
  expect(report.ledger.entries).toBe((report.ledger.last_seq ?? 0) - (report.ledger.first_seq ?? 0) + 1);
  const nothing = await here.owner.report({ from: from + 5 * DAY_MS, to: from + 6 * DAY_MS });
  expect(nothing.ledger).toMatchObject({ entries: 0, first_seq: null });
  expect([nothing.runs, nothing.decisions]).toEqual([[], []]);
});

test("its checkpoints are signed, the later continues the earlier, and its id is the digest of the rest", async () => {
  home.clock.turn(HOUR_MS);
  await here.owner["ledger.checkpoint"]({});
  home.clock.turn(HOUR_MS);
  const from = home.clock.now();
  await say("who is mentioned in demo?");
  const report = await here.owner.report({ from, to: from + DAY_MS });
  const [start, end] = [parseCheckpoint(report.ledger.start ?? ""), parseCheckpoint(report.ledger.end)];
  if (start === null || end === null) throw new Error("both are checkpoints");
  const path = report.ledger.consistency.map((hash) => Buffer.from(hash, "base64"));
  expect(start.size).toBeLessThan(end.size);
  expect(verifyConsistency(sha256, start, end, path)).toBe(true);
  expect(end.root.toString("base64")).toBe(report.ledger.root);
  expect(await here.store.ledger.verify(report.ledger.end)).toMatchObject({ ok: true, notExcluded: null });
  const { id, ...rest } = report;
  expect(
    createHash("sha256")
      .update(canonical(rest as unknown as Canonical))
      .digest("hex"),
  ).toBe(id);
});

test("an intent without an outcome and a wrong PIN stand where a reader looks for them", async () => {
  await here.owner["pin.set"]({ next: "2468" });
  await expect(here.owner["secrets.set"]({ name: "a", value: "b", pin: "1111" })).rejects.toThrow();
  await here.store.commit({
    entries: [{ type: "effect.intended", tenant: "default", body: { effect: "lost" } }],
  });
  const report = await whole();
  expect(report.dangling).toEqual([here.store.ledger.size()]);
  expect(report.incidents.map(({ type, what }) => [type, what])).toContainEqual([
    "auth.denied",
    expect.stringContaining("what=pin"),
  ]);
});

test("what people wrote and who they are is not in it", async () => {
  const line = { id: "CANARY-ID", sender: "CANARY-WHO", text: "CANARY-TEXT brings a tent.", sent_at: 1 };
  await here.owner.import({ conversation: "family", lines: [line] });
  await say("summarise the last 20 messages of family");
  expect(JSON.stringify(await whole())).not.toMatch(/CANARY/);
});
