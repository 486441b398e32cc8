/** The webhook channel's door outward: texts are fetched, and stay until they are acknowledged. */
import { expect, test } from "vitest";
import type { ApprovalId, OutboxId } from "../src/core/ids.ts";
import { BODY_BYTES_MAX, HOOK_POLLS_MAX } from "../src/core/limits.ts";
import type { Operation } from "../src/core/outbox.ts";
import { HookBench, signed } from "./contract/hook.ts";
import { codeOf, settle, stateOf } from "./contract/unfinished.ts";

const text = (id: number, more: object = {}): Operation => ({
  op: "text",
  id: `out_${String(id).padStart(32, "0")}` as OutboxId,
  conversation: "ops",
  text: `reply ${id}`,
  ...more,
});

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
  expect(await codeOf(bench.connector.ack(signed(bytes, bench.seconds, Buffer.alloc(32)), bytes))).toBe("auth.denied");
  expect(await codeOf(bench.ack({ upto: "1" }))).toBe("input.invalid");
  expect(await codeOf(bench.ack({ id: "e1", upto: 1 }))).toBe("input.invalid");
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

test("an acknowledgement is small, and what is no text is no item", async () => {
  const bench = new HookBench();
  const long = Buffer.from(`{"upto":${" ".repeat(BODY_BYTES_MAX)}1}`);
  expect(await codeOf(bench.connector.ack(signed(long, bench.seconds), long))).toBe("input.too_large");
  const { id, conversation } = text(1);
  bench.rows.put({ op: "typing", id, conversation });
  bench.rows.put(text(2));
  expect((await bench.fetch("")).items.map(({ seq }) => seq)).toEqual([2]);
});
