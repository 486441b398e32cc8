/** The webhook channel's door: 202 only after the commit, and an outbox that is fetched. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Handover } from "../connectors/handover.ts";
import { hookEvent } from "../connectors/webhook-body.ts";
import type { ApprovalId, OutboxId } from "../src/core/ids.ts";
import {
  HOOK_BODY_BYTES_MAX,
  HOOK_POLLS_MAX,
  WAITING_BYTES_MAX,
  WAITING_EVENTS_MAX,
  WAITING_MS_MAX,
} from "../src/core/limits.ts";
import type { Operation } from "../src/core/outbox.ts";
import type { ConnectorBatch } from "../src/core/ports.ts";
import { isRefusal, type RefusalCode } from "../src/core/refusal.ts";
import { HOOK_SECRET, HookBench, signed } from "./contract/hook.ts";

const body = (id: string, more: object = {}) => ({
  id,
  conversation: "ops",
  sender: "ana",
  text: `text of ${id}`,
  ...more,
});
const codeOf = (work: Promise<unknown>): Promise<RefusalCode | "accepted"> =>
  work.then(
    () => "accepted",
    (error: unknown) => {
      if (isRefusal(error)) return error.code;
      throw error;
    },
  );

/** Reads the stream by hand: `pull` acknowledges what came before. */
function reader(bench: HookBench) {
  const stopper = new AbortController();
  const stream = bench.connector.open({ cursor: null, stop: stopper.signal })[Symbol.asyncIterator]();
  return {
    stopper,
    leave: () => stream.return?.(),
    pull: async (): Promise<ConnectorBatch | null> => {
      const { done, value } = await stream.next();
      return done ? null : value;
    },
  };
}
const idsOf = (batch: ConnectorBatch | null) => batch?.events.map(({ envelope }) => envelope.delivery_id);
/** Lets everything that is ready run; nothing here waits for time. */
const settle = async (): Promise<void> => {
  for (let at = 0; at < 20; at += 1) await null;
};
/** What has become of a promise by now. */
async function stateOf(work: Promise<unknown>): Promise<string> {
  const state = work.then(
    (value) => String(value),
    (error: unknown) => (isRefusal(error) ? error.code : "broken"),
  );
  await settle();
  return Promise.race([state, Promise.resolve("waiting")]);
}

describe("accept", () => {
  test("answers only when the batch that holds the event was acknowledged", async () => {
    const bench = new HookBench();
    const stream = reader(bench);
    const first = stream.pull();
    const posted = bench.post(body("e1"));
    expect(idsOf(await first)).toEqual(["e1"]);
    expect(await stateOf(posted)).toBe("waiting");
    const second = stream.pull();
    expect(await posted).toBe("committed");
    stream.stopper.abort();
    expect(await second).toBeNull();
  });

  test("hands over everything that waits as one batch, in order", async () => {
    const bench = new HookBench();
    const ids = Array.from({ length: 100 }, (_, at) => `e${at}`);
    const posted = ids.map((id) => bench.post(body(id)));
    await settle();
    const stream = reader(bench);
    expect(idsOf(await stream.pull())).toEqual(ids);
    void stream.pull();
    expect(new Set(await Promise.all(posted))).toEqual(new Set(["committed"]));
    stream.stopper.abort();
  });

  test("a batch whose reader went away is handed over again, and nobody was told", async () => {
    const bench = new HookBench();
    const posted = bench.post(body("e1"));
    await settle();
    const crashed = reader(bench);
    expect(idsOf(await crashed.pull())).toEqual(["e1"]);
    await crashed.leave();
    expect(await stateOf(posted)).toBe("waiting");
    const next = reader(bench);
    const again = bench.post(body("e2"));
    await settle();
    expect(idsOf(await next.pull())).toEqual(["e1", "e2"]);
    void next.pull();
    expect([await posted, await again]).toEqual(["committed", "committed"]);
    next.stopper.abort();
  });

  test("two readers at once are refused", async () => {
    const bench = new HookBench();
    const one = reader(bench);
    const waiting = one.pull();
    expect(await codeOf(reader(bench).pull())).toBe("conflict");
    one.stopper.abort();
    expect(await waiting).toBeNull();
    expect(bench.connector.health().state).toBe("stopped");
  });

  test("a repeat is a duplicate: underway, committed a moment ago, or known to the store", async () => {
    const bench = new HookBench();
    bench.stored.add("old");
    expect(await bench.post(body("old"))).toBe("duplicate");
    const [first, second] = [bench.post(body("e1")), bench.post(body("e1", { text: "other" }))];
    await settle();
    const stream = reader(bench);
    expect(idsOf(await stream.pull())).toEqual(["e1"]);
    expect(await stateOf(second)).toBe("waiting");
    void stream.pull();
    expect([await first, await second]).toEqual(["committed", "duplicate"]);
    expect(await bench.post(body("e1"))).toBe("duplicate");
    stream.stopper.abort();
  });

  test("a repeat of what was refused is taken as new", async () => {
    const bench = new HookBench();
    const [first, second] = [bench.post(body("e1")), bench.post(body("e1"))];
    await settle();
    bench.clock.turn(WAITING_MS_MAX);
    expect([await codeOf(first), await codeOf(second)]).toEqual(["channel.down", "channel.down"]);
    const third = bench.post(body("e1"));
    await settle();
    const stream = reader(bench);
    expect(idsOf(await stream.pull())).toEqual(["e1"]);
    void stream.pull();
    expect(await third).toBe("committed");
    stream.stopper.abort();
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
    const stream = reader(bench);
    const pulled = stream.pull();
    stream.stopper.abort();
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
    const stream = reader(bench);
    const pulled = stream.pull();
    const posted = bench.connector.accept(headers, bytes);
    await pulled;
    void stream.pull();
    expect(await posted).toBe("committed");
    bench.clock.turn(300_000);
    expect(await bench.connector.accept(headers, bytes)).toBe("duplicate");
    bench.clock.turn(1);
    expect(await codeOf(bench.connector.accept(headers, bytes))).toBe("auth.denied");
    stream.stopper.abort();
  });

  test("after close nobody is let in and the stream is over", async () => {
    const bench = new HookBench();
    const stream = reader(bench);
    const pulled = stream.pull();
    await bench.connector.close();
    expect(await pulled).toBeNull();
    expect(await codeOf(bench.post(body("e1")))).toBe("daemon.stopping");
    expect(await reader(bench).pull()).toBeNull();
  });
});

const text = (id: number, more: object = {}): Operation => ({
  op: "text",
  id: `out_${String(id).padStart(32, "0")}` as OutboxId,
  conversation: "ops",
  text: `reply ${id}`,
  ...more,
});

test("only so many bytes wait at once, and room comes back as they are committed", async () => {
  const bench = new HookBench();
  const handover = new Handover(bench.clock);
  const stopper = new AbortController();
  const stream = handover.batches(stopper.signal);
  const { envelope, content } = hookEvent(Buffer.from(JSON.stringify(body("e1"))), {
    tenant: "default",
    channel: "alerts",
    receivedAt: 0,
  });
  const first = handover.put({ envelope, content }, WAITING_BYTES_MAX);
  expect(await codeOf(handover.put({ envelope, content }, 1))).toBe("rate.limited");
  await stream.next();
  const ended = stream.next();
  await first;
  const second = handover.put({ envelope, content }, WAITING_BYTES_MAX);
  await ended;
  await stream.return();
  expect(await stateOf(second)).toBe("waiting");
  handover.close();
  expect(await codeOf(second)).toBe("daemon.stopping");
});

describe("outbox", () => {
  test("items say what section 13 says, in its words", async () => {
    const bench = new HookBench();
    const approval = {
      id: `appr_${"a".repeat(32)}` as ApprovalId,
      code: "K7QM",
      expiresAt: Date.UTC(2026, 0, 1, 0, 30),
    };
    bench.rows.put(text(1));
    bench.rows.put(text(2, { thread: "t1", replyTo: "e1", approval }));
    expect(await bench.fetch("")).toEqual({
      items: [
        { seq: 1, id: `out_${"1".padStart(32, "0")}`, conversation: "ops", text: "reply 1" },
        {
          seq: 2,
          id: `out_${"2".padStart(32, "0")}`,
          conversation: "ops",
          thread: "t1",
          reply_to: "e1",
          text: "reply 2",
          approval: { id: approval.id, code: "K7QM", expires_at: "2026-01-01T00:30:00.000Z" },
        },
      ],
    });
  });

  test("an item is there until it is acknowledged, however often it is fetched", async () => {
    const bench = new HookBench();
    for (const id of [1, 2, 3]) bench.rows.put(text(id));
    const seqs = async (query: string) => (await bench.fetch(query)).items.map(({ seq }) => seq);
    expect([await seqs(""), await seqs("?after=1"), await seqs("?after=3")]).toEqual([[1, 2, 3], [2, 3], []]);
    await bench.ack({ upto: 2 });
    await bench.ack({ upto: 2 });
    expect([await seqs(""), bench.rows.acked]).toEqual([[3], 2]);
  });

  test("a poll waits as long as it asked, and an item ends the wait", async () => {
    const bench = new HookBench();
    const patient = bench.fetch("?after=0&wait=30");
    const late = bench.fetch("?after=1&wait=2");
    await settle();
    expect([await stateOf(patient), await stateOf(late)]).toEqual(["waiting", "waiting"]);
    bench.clock.turn(2000);
    expect(await late).toEqual({ items: [] });
    bench.rows.put(text(1));
    expect((await patient).items.map(({ seq }) => seq)).toEqual([1]);
  });

  test("a poll too many ends the oldest, and close ends them all", async () => {
    const bench = new HookBench();
    const polls = Array.from({ length: HOOK_POLLS_MAX + 1 }, () => bench.fetch("?wait=30"));
    await settle();
    expect(await polls[0]).toEqual({ items: [] });
    expect(await stateOf(polls[1] ?? Promise.resolve())).toBe("waiting");
    await bench.connector.close();
    for (const poll of polls) expect(await poll).toEqual({ items: [] });
    expect(await bench.fetch("?wait=30")).toEqual({ items: [] });
  });

  test.each([
    ["wait=31", "input.invalid"],
    ["wait=-1", "input.invalid"],
    ["wait=1.5", "input.invalid"],
    ["wait=", "input.invalid"],
    ["wait", "input.invalid"],
    ["after=1&after=2", "input.invalid"],
    ["after=01", "input.invalid"],
    ["after=99999999999999999", "input.invalid"],
    ["after=9007199254740993", "input.invalid"],
    ["after=%31", "input.invalid"],
    ["after=1=2", "input.invalid"],
    ["token=abc", "input.invalid"],
    ["after=0&", "input.invalid"],
    ["__proto__=1", "input.invalid"],
    ["after=0&wait=0", "accepted"],
    ["", "accepted"],
  ])("the query %j is %s", async (query, code) => expect(await codeOf(new HookBench().fetch(`?${query}`))).toBe(code));

  test("the signature binds path and query as they are on the wire", async () => {
    const bench = new HookBench();
    const target = "/hooks/alerts/outbox?after=1";
    const headers = signed(Buffer.from(target), bench.seconds);
    expect(await codeOf(bench.connector.outbox(headers, target))).toBe("accepted");
    for (const other of [
      "/hooks/alerts/outbox?after=0",
      "/hooks/alerts/outbox",
      "/hooks/other/outbox?after=1",
      `${target}&wait=0`,
    ])
      expect(await codeOf(bench.connector.outbox(headers, other))).toBe("auth.denied");
  });

  test("an acknowledgement that is not signed, or not a number, changes nothing", async () => {
    const bench = new HookBench();
    bench.rows.put(text(1));
    const bytes = Buffer.from('{"upto":1}');
    expect(await codeOf(bench.connector.ack({}, bytes))).toBe("auth.required");
    expect(await codeOf(bench.connector.ack(signed(bytes, bench.seconds, Buffer.alloc(32)), bytes))).toBe(
      "auth.denied",
    );
    expect(await codeOf(bench.ack({ upto: "1" }))).toBe("input.invalid");
    expect(await codeOf(bench.ack(body("e1")))).toBe("input.invalid");
    expect(bench.rows.acked).toBe(0);
  });

  test("send leaves the row where it is, and says that nobody took it yet", async () => {
    const bench = new HookBench();
    const stop = new AbortController().signal;
    expect(await bench.connector.send(text(1), stop)).toEqual({
      state: "not_sent",
      code: "nobody_listens",
      retryAfterMs: null,
    });
    expect(bench.rows.shelf).toEqual([]);
  });
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
