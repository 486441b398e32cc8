import { afterEach, expect, test } from "vitest";
import { TRANSFORM_IDLE_MS_MAX } from "../src/core/limits.ts";
import type { Clock, TransformCall } from "../src/core/ports.ts";
import { isRefusal, type Refusal } from "../src/core/refusal.ts";
import { type RunnerOptions, WorkerRunner } from "../src/edge/worker-runner.ts";

const CANARY = "zorblatt quixanth";

/** A clock that stands still until it is turned. */
class TurnedClock implements Clock {
  #now = 1_750_000_000_000;
  readonly #alarms = new Set<{ readonly at: number; readonly wake: () => void }>();

  now(): number {
    return this.#now;
  }

  at(at: number, wake: () => void): () => void {
    const alarm = { at, wake };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  turn(ms: number): void {
    this.#now += ms;
    for (const alarm of [...this.#alarms]) {
      if (alarm.at > this.#now || !this.#alarms.delete(alarm)) continue;
      alarm.wake();
    }
  }

  get alarms(): number {
    return this.#alarms.size;
  }
}

const entry = new URL("./fixtures/worker.ts", import.meta.url);
const open: WorkerRunner[] = [];

function runner(options: Partial<RunnerOptions> = {}): { runner: WorkerRunner; clock: TurnedClock } {
  const clock = new TurnedClock();
  const made = new WorkerRunner({ entry, clock, workersMax: 1, ...options });
  open.push(made);
  return { runner: made, clock };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const call = (transform: string, text = CANARY): TransformCall => ({
  transform,
  turns: [{ index: 0, sender: "PERSON_7f3a", text, sentAt: null, offsetMinutes: 0, replyTo: null, media: 0 }],
  input: {},
  people: [],
  tokenKey: new Uint8Array(32).fill(7),
  known: [],
  language: "en",
  now: 1_750_000_000_000,
  nowOffsetMinutes: 0,
});

const refused = (work: Promise<unknown>): Promise<Refusal> =>
  work.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: unknown) => (isRefusal(error) ? error : Promise.reject(error)),
  );

const all = (refusal: Refusal): string =>
  [refusal.message, refusal.stack, refusal.hint, refusal.field, refusal.rule, String(refusal.cause)].join("\n");

test("calls run one after the other on a kept worker", async () => {
  const { runner: run, clock } = runner();
  const outcomes = await Promise.all([run.run(call("count"), 1000), run.run(call("count"), 1000)]);
  expect(outcomes.map((outcome) => outcome.kind === "value" && outcome.value)).toEqual([1, 1]);
  // What is left is the thread's own: it ends when nobody needs it.
  expect(clock.alarms).toBe(1);
});

test("a thread that nobody needs ends, and the next call starts another", async () => {
  const { runner: run, clock } = runner();
  const threadOf = async () => {
    const outcome = await run.run(call("thread"), 1000);
    return outcome.kind === "value" ? outcome.value : null;
  };
  const first = await threadOf();
  clock.turn(TRANSFORM_IDLE_MS_MAX - 1);
  expect(await threadOf()).toBe(first);
  clock.turn(TRANSFORM_IDLE_MS_MAX - 1);
  expect(await threadOf()).toBe(first);
  clock.turn(TRANSFORM_IDLE_MS_MAX);
  expect(clock.alarms).toBe(0);
  expect(await threadOf()).not.toBe(first);
});

test("a hung transform meets its deadline, and the next call is served", async () => {
  const { runner: run, clock } = runner();
  await run.run(call("count"), 1000);
  const hung = refused(run.run(call("hang"), 1000));
  const next = run.run(call("count"), 5000);
  clock.turn(999);
  clock.turn(1);
  expect((await hung).code).toBe("transform.timeout");
  expect(await next).toMatchObject({ kind: "value", value: 1 });
});

test("a call waits for a worker no longer than its own deadline", async () => {
  const { runner: run, clock } = runner();
  await run.run(call("count"), 1000);
  const hung = refused(run.run(call("hang"), 10_000));
  const waiting = refused(run.run(call("count"), 1000));
  clock.turn(1000);
  expect((await waiting).code).toBe("transform.timeout");
  clock.turn(9000);
  expect((await hung).code).toBe("transform.timeout");
});

test("what a worker throws stays in the worker", async () => {
  const { runner: run } = runner();
  const refusal = await refused(run.run(call("throw"), 1000));
  expect(refusal.code).toBe("transform.failed");
  for (const word of CANARY.split(" ")) expect(all(refusal)).not.toContain(word);
  expect(await run.run(call("count"), 1000)).toMatchObject({ value: 1 });
});

test("a worker that leaves or hoards memory fails its call alone", async () => {
  const { runner: run } = runner({ heapMib: 16 });
  expect((await refused(run.run(call("leave"), 1000))).code).toBe("transform.failed");
  expect((await refused(run.run(call("hoard"), 1000))).code).toBe("transform.failed");
  expect(await run.run(call("count"), 1000)).toMatchObject({ value: 1 });
});

test(
  "a refusal crosses as a code and a field; a code that does not exist and words in a field do not " + "cross",
  async () => {
    const { runner: run } = runner();
    expect(await refused(run.run(call("refuse"), 1000))).toMatchObject({
      code: "transform.failed",
      field: "points[0].text",
    });
    const invented = await refused(run.run(call("invent"), 1000));
    expect(invented.code).toBe("transform.failed");
    expect(invented.field).toBeUndefined();
  },
);

test("a worker sees no environment and no arguments, and what it prints goes nowhere", async () => {
  process.env["LAZARET_CANARY"] = CANARY;
  const { runner: run } = runner();
  const looked = await run.run(call("look"), 1000);
  expect(looked).toEqual({ kind: "value", value: { env: {}, argv: [], execArgv: [] }, found: [] });
  delete process.env["LAZARET_CANARY"];
  const written: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = ((chunk: unknown) => {
    written.push(String(chunk));
    return true;
  }) as typeof process.stdout.write;
  await run.run(call("print"), 1000);
  await run.close();
  process.stdout.write = write;
  expect(written.join("")).not.toContain(CANARY);
});

test("the key crosses as a copy of its bytes alone, and the caller's stays whole", async () => {
  const { runner: run } = runner();
  const pool = new Uint8Array(8192).fill(9);
  const tokenKey = pool.subarray(100, 132).fill(3);
  const outcome = await run.run({ ...call("key"), tokenKey }, 1000);
  expect(outcome).toMatchObject({ value: { bytes: Array(32).fill(3), buffer: 32 } });
  expect([...tokenKey]).toEqual(Array(32).fill(3));
});

test("a call that cannot cross is refused without its words", async () => {
  const { runner: run } = runner();
  const refusal = await refused(run.run({ ...call("count"), input: { [CANARY]: () => CANARY } }, 1000));
  expect(refusal.code).toBe("input.invalid");
  expect(all(refusal)).not.toContain("zorblatt");
  expect(await run.run(call("count"), 1000)).toMatchObject({ value: 1 });
});

test("more waiting calls than the queue holds are refused", async () => {
  const { runner: run } = runner({ queueMax: 1 });
  const first = run.run(call("count"), 1000);
  const second = refused(run.run(call("count"), 1000));
  expect((await second).code).toBe("rate.limited");
  expect(await first).toMatchObject({ value: 1 });
});

test("a worker that cannot start fails the call that waited for it, without its words", async () => {
  const { runner: run } = runner({ entry: new URL("./fixtures/worker-broken.ts", import.meta.url) });
  const refusal = await refused(run.run(call("count"), 1000));
  expect(refusal.code).toBe("transform.failed");
  expect(all(refusal)).not.toContain("nobody may read");
});

test("a closed runner ends what runs, refuses what waits and takes nothing more", async () => {
  const { runner: run, clock } = runner();
  await run.run(call("count"), 1000);
  const running = refused(run.run(call("hang"), 1000));
  const waiting = refused(run.run(call("count"), 1000));
  await run.close();
  expect((await running).code).toBe("daemon.stopping");
  expect((await waiting).code).toBe("daemon.stopping");
  expect((await refused(run.run(call("count"), 1000))).code).toBe("daemon.stopping");
  expect(clock.alarms).toBe(0);
});
