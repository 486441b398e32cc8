import { afterAll, expect, test } from "vitest";
import type { Clock, TransformCall } from "../../src/core/ports.ts";
import { isRefusal, type Refusal } from "../../src/core/refusal.ts";
import type { Turn } from "../../src/core/transform.ts";
import { WorkerRunner } from "../../src/edge/worker-runner.ts";

/** Nothing is ever due: what hangs here fails the test by its own timeout. */
const clock: Clock = { now: () => 1_750_000_000_000, at: () => () => undefined };
const runner = new WorkerRunner({ entry: new URL("../../src/worker.ts", import.meta.url), clock, workersMax: 1 });
runner.warm();
afterAll(() => runner.close());

const CANARY = "zorblatt quixanth";
const TEXTS = ["We should sell the boat before winter.", "Ana, please ask Zoltan Nagy for the keys by Friday."];
const SENDERS = ["PERSON_7f3a", "PERSON_0b1c"];

const call: TransformCall = {
  transform: "message.extract_tasks",
  turns: TEXTS.map(
    (text, index): Turn => ({
      index,
      sender: SENDERS[index] ?? "",
      text,
      sentAt: 1_750_000_000_000,
      offsetMinutes: 0,
      replyTo: null,
      media: 0,
    }),
  ),
  input: {},
  people: [{ names: ["Ana"], token: "PERSON_7f3a" }],
  tokenKey: new Uint8Array(32).fill(7),
  known: [],
  language: "en",
  now: 1_750_000_000_000,
  nowOffsetMinutes: 0,
};

const refused = (work: Promise<unknown>): Promise<Refusal> =>
  work.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: unknown) => (isRefusal(error) ? error : Promise.reject(error)),
  );

test("the real worker answers with tokens alone", { timeout: 60_000 }, async () => {
  const outcome = await runner.run(call, 10_000);
  const value = JSON.stringify(outcome.kind === "value" && outcome.value);
  expect(value).toMatch(/PERSON_[0-9a-f]{4} for the keys","assignee":"PERSON_7f3a","due":"\d{4}-/);
  expect(value).not.toMatch(/Ana|Zoltan|Nagy/i);
  expect(outcome.found.map(({ kind, original }) => [kind, original])).toEqual([["PERSON", "Zoltan Nagy"]]);
});

test("the real worker refuses by code and field alone", { timeout: 60_000 }, async () => {
  const wrong = await refused(runner.run({ ...call, input: { tasks_max: CANARY } }, 10_000));
  expect(wrong).toMatchObject({ code: "input.invalid", field: "tasks_max" });
  expect(`${wrong.message}${wrong.stack}${wrong.cause}${wrong.hint}`).not.toContain("zorblatt");
  expect((await refused(runner.run({ ...call, transform: CANARY }, 10_000))).code).toBe("capability.unknown");
});

test("the real worker keeps nothing between two calls", { timeout: 60_000 }, async () => {
  await runner.run(call, 10_000);
  expect(await runner.run({ ...call, turns: [] }, 10_000)).toEqual({ kind: "value", value: { tasks: [] }, found: [] });
});
