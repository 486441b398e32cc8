/** The webhook channel's door inward: the answer comes only after the commit. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  DELIVERIES_REMEMBERED_MAX,
  HOOK_BODY_BYTES_MAX,
  WAITING_EVENTS_MAX,
  WAITING_MS_MAX,
} from "../src/core/limits.ts";
import type { ConnectorBatch } from "../src/core/ports.ts";
import { HOOK_SECRET, HookBench, signed } from "./contract/hook.ts";
import { codeOf, reader, settle, stateOf } from "./contract/unfinished.ts";

const body = (id: string, more: object = {}) => ({
  id,
  conversation: "ops",
  sender: "ana",
  text: `text of ${id}`,
  ...more,
});
const idsOf = (batch: ConnectorBatch | null) => batch?.events.map(({ envelope }) => envelope.delivery_id);

describe("accept", () => {
  test("answers only when the batch that holds the event was acknowledged", async () => {
    const bench = new HookBench();
    const stream = reader(bench.connector);
    const first = stream.pull();
    const posted = bench.post(body("e1"));
    expect(idsOf(await first)).toEqual(["e1"]);
    expect(await stateOf(posted)).toBe("waiting");
    const second = stream.pull();
    expect(await posted).toBe("committed");
    stream.stop();
    expect(await second).toBeNull();
  });

  test("hands over everything that waits as one batch, in order", async () => {
    const bench = new HookBench();
    const ids = Array.from({ length: 100 }, (_, at) => `e${at}`);
    const posted = ids.map((id) => bench.post(body(id)));
    await settle();
    const stream = reader(bench.connector);
    expect(idsOf(await stream.pull())).toEqual(ids);
    void stream.pull();
    expect(new Set(await Promise.all(posted))).toEqual(new Set(["committed"]));
    stream.stop();
  });

  test("a batch whose reader went away is handed over again, and nobody was told", async () => {
    const bench = new HookBench();
    const posted = bench.post(body("e1"));
    await settle();
    const crashed = reader(bench.connector);
    expect(idsOf(await crashed.pull())).toEqual(["e1"]);
    await crashed.leave();
    expect(await stateOf(posted)).toBe("waiting");
    const next = reader(bench.connector);
    const again = bench.post(body("e2"));
    await settle();
    expect(idsOf(await next.pull())).toEqual(["e1", "e2"]);
    void next.pull();
    expect([await posted, await again]).toEqual(["committed", "committed"]);
    next.stop();
  });

  test("two readers at once are refused", async () => {
    const bench = new HookBench();
    const one = reader(bench.connector);
    const waiting = one.pull();
    expect(await codeOf(reader(bench.connector).pull())).toBe("conflict");
    one.stop();
    expect(await waiting).toBeNull();
    expect(bench.connector.health().state).toBe("stopped");
  });

  test("a repeat is a duplicate: underway, committed a moment ago, or known to the store", async () => {
    const bench = new HookBench();
    bench.stored.add("old");
    expect(await bench.post(body("old"))).toBe("duplicate");
    const [first, second] = [bench.post(body("e1")), bench.post(body("e1", { text: "other" }))];
    await settle();
    const stream = reader(bench.connector);
    expect(idsOf(await stream.pull())).toEqual(["e1"]);
    expect(await stateOf(second)).toBe("waiting");
    void stream.pull();
    expect([await first, await second]).toEqual(["committed", "duplicate"]);
    expect(await bench.post(body("e1"))).toBe("duplicate");
    stream.stop();
  });

  test("a repeat of what was refused is taken as new", async () => {
    const bench = new HookBench();
    const [first, second] = [bench.post(body("e1")), bench.post(body("e1"))];
    await settle();
    bench.clock.turn(WAITING_MS_MAX);
    expect([await codeOf(first), await codeOf(second)]).toEqual(["channel.down", "channel.down"]);
    const third = bench.post(body("e1"));
    await settle();
    const stream = reader(bench.connector);
    expect(idsOf(await stream.pull())).toEqual(["e1"]);
    void stream.pull();
    expect(await third).toBe("committed");
    stream.stop();
  });

  test("what nobody commits in time is refused and forgotten, and no alarm stays set", async () => {
    const bench = new HookBench();
    const posted = bench.post(body("e1"));
    await settle();
    bench.clock.turn(WAITING_MS_MAX - 1);
    expect(await stateOf(posted)).toBe("waiting");
    bench.clock.turn(1);
    expect(await codeOf(posted)).toBe("channel.down");
    expect(bench.clock.alarms).toBe(0);
    const stream = reader(bench.connector);
    const pulled = stream.pull();
    stream.stop();
    expect(await pulled).toBeNull();
  });

  test("only so many wait at once", async () => {
    const bench = new HookBench();
    const waiting = Array.from({ length: WAITING_EVENTS_MAX }, (_, at) => codeOf(bench.post(body(`e${at}`))));
    expect(await codeOf(bench.post(body("late")))).toBe("rate.limited");
    await bench.connector.close();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["daemon.stopping"]));
  });

  test("the size is checked before the signature, the signature before the body", async () => {
    const bench = new HookBench();
    const huge = new Uint8Array(HOOK_BODY_BYTES_MAX + 1);
    expect(await codeOf(bench.connector.accept({}, huge))).toBe("input.too_large");
    const noJson = Buffer.from("{");
    expect(await codeOf(bench.connector.accept({}, noJson))).toBe("auth.required");
    const foreign = signed(noJson, bench.seconds, Buffer.alloc(32, 1));
    expect(await codeOf(bench.connector.accept(foreign, noJson))).toBe("auth.denied");
    expect(await codeOf(bench.postBytes(noJson))).toBe("input.invalid");
    bench.secret = null;
    expect(await codeOf(bench.postBytes(noJson))).toBe("channel.down");
  });

  test("a replayed request is a duplicate while its signature is fresh, and refused after", async () => {
    const bench = new HookBench();
    const bytes = Buffer.from(JSON.stringify(body("e1")));
    const headers = signed(bytes, bench.seconds);
    const stream = reader(bench.connector);
    const pulled = stream.pull();
    const posted = bench.connector.accept(headers, bytes);
    await pulled;
    void stream.pull();
    expect(await posted).toBe("committed");
    bench.clock.turn(300_000);
    expect(await bench.connector.accept(headers, bytes)).toBe("duplicate");
    bench.clock.turn(1);
    expect(await codeOf(bench.connector.accept(headers, bytes))).toBe("auth.denied");
    stream.stop();
  });

  test("after close nobody is let in and the stream is over", async () => {
    const bench = new HookBench();
    const stream = reader(bench.connector);
    const pulled = stream.pull();
    await bench.connector.close();
    expect(await pulled).toBeNull();
    expect(await codeOf(bench.post(body("e1")))).toBe("daemon.stopping");
    expect(await reader(bench.connector).pull()).toBeNull();
  });
});

test("those who wait for somebody else's commit count as well, and refused ones no longer", async () => {
  const bench = new HookBench();
  for (let at = 0; at < WAITING_EVENTS_MAX; at += 1)
    expect(await codeOf(bench.connector.accept({}, new Uint8Array()))).toBe("auth.required");
  const same = Array.from({ length: WAITING_EVENTS_MAX }, () => codeOf(bench.post(body("e1"))));
  expect(await codeOf(bench.post(body("e1")))).toBe("rate.limited");
  await bench.connector.close();
  expect(new Set(await Promise.all(same))).toEqual(new Set(["daemon.stopping"]));
});

test("what was committed a moment ago is remembered, but not without end", async () => {
  const bench = new HookBench();
  const stream = reader(bench.connector);
  let pulled = stream.pull();
  for (let from = 0; from <= DELIVERIES_REMEMBERED_MAX; from += 512) {
    const posted = Array.from({ length: 512 }, (_, at) => bench.post(body(`e${from + at}`)));
    await pulled;
    const all = Promise.all(posted);
    let committed = false;
    void all.then(() => {
      committed = true;
    });
    while (!committed) {
      pulled = stream.pull();
      await Promise.race([all, pulled]);
    }
  }
  expect(await bench.post(body(`e${DELIVERIES_REMEMBERED_MAX}`))).toBe("duplicate");
  const oldest = bench.post(body("e0"));
  expect((await pulled)?.events).toHaveLength(1);
  void stream.pull();
  expect(await oldest).toBe("committed");
  stream.stop();
});

test("the connector holds its secret nowhere that can be looked at", async () => {
  const bench = new HookBench();
  const posted = bench.post(body("e1"));
  await settle();
  const look = inspect(bench.connector, { depth: 12, showHidden: true, getters: true });
  for (const form of ["utf8", "hex", "base64"] as const)
    expect(look).not.toContain(Buffer.from(HOOK_SECRET).toString(form));
  await bench.connector.close();
  expect(await codeOf(posted)).toBe("daemon.stopping");
});
