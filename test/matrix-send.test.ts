/** What leaves for a homeserver: encrypted where the room ever was, or not at all. */
import { beforeEach, describe, expect, test } from "vitest";
import { Rooms } from "../connectors/matrix/rooms.ts";
import { type Sending, sendOperation } from "../connectors/matrix/send.ts";
import type { OutboxId } from "../src/core/ids.ts";
import type { Operation } from "../src/core/outbox.ts";

const ROOM = "!r:hs.test";
const BOT = "@bot:hs.test";
const text: Operation = { id: `out_${"0".repeat(32)}` as OutboxId, conversation: ROOM, op: "text", text: "hello" };

type Asked = { readonly method: string; readonly path: string; readonly body: unknown };
let asked: Asked[];
let memory: Map<string, unknown>;
let hasState: boolean;
let answer: () => unknown;
let encrypts: boolean;

function sending(more: Partial<Sending> = {}): Sending {
  const room = { roomId: ROOM, getMyMembership: () => "join", hasEncryptionStateEvent: () => hasState };
  const client = {
    getRoom: (id: string) => (id === ROOM ? room : null),
    getUserId: () => BOT,
    http: {
      authedRequest: async (method: string, path: string, _query: unknown, body: unknown) => {
        asked.push({ method, path, body });
        return answer();
      },
    },
  };
  const names = {
    get: (name: string) => memory.get(name) ?? null,
    put: (name: string, it: unknown) => memory.set(name, it),
  };
  const event = (wanted: Readonly<Record<string, unknown>>) => ({
    getWireType: () => (encrypts ? "m.room.encrypted" : wanted["type"]),
    getWireContent: () => (encrypts ? { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "…" } : wanted["content"]),
  });
  return {
    client: client as never,
    machine: {
      encryptEvent: async () => {
        if (!encrypts) throw new Error("Cannot encrypt event in unconfigured room");
      },
    } as never,
    rooms: new Rooms(client as never, names as never),
    makeEvent: event as never,
    isSynced: true,
    ...more,
  };
}

beforeEach(() => {
  [asked, memory, hasState, encrypts] = [[], new Map(), false, true];
  answer = () => ({ event_id: "$1" });
});

describe("in a room that was ever encrypted", () => {
  test("nothing leaves in clear, whatever the room's state says now", async () => {
    hasState = true;
    await sendOperation(text, sending());
    hasState = false;
    expect((await sendOperation(text, sending())).state).toBe("sent");
    expect(asked.map(({ path }) => path.split("/").at(-2))).toEqual(["m.room.encrypted", "m.room.encrypted"]);
    expect(JSON.stringify(asked)).not.toContain("hello");
  });

  test("what cannot be encrypted is not sent", async () => {
    memory.set(`encrypted/${ROOM}`, true);
    encrypts = false;
    expect(await sendOperation(text, sending())).toEqual({
      state: "not_sent",
      code: "unreachable",
      retryAfterMs: null,
    });
    expect(asked).toEqual([]);
  });
});

test("the same operation is the same transaction, and each piece of a text has its own", async () => {
  await sendOperation(text, sending());
  await sendOperation(text, sending());
  await sendOperation({ ...text, part: 1 }, sending());
  const [one, again, piece] = asked.map(({ path }) => path.split("/").at(-1));
  expect(one).toBe(again);
  expect(piece).not.toBe(one);
});

test("nobody is called by what we say, and its markup is ours", async () => {
  const words = '> <b>@room</b> "quoted"\nhello @ana:hs.test';
  await sendOperation({ ...text, text: words }, sending());
  expect(asked[0]?.body).toEqual({
    msgtype: "m.text",
    body: words,
    format: "org.matrix.custom.html",
    formatted_body: "<blockquote>&lt;b&gt;@room&lt;/b&gt; &quot;quoted&quot;</blockquote>hello @ana:hs.test<br>",
    "m.mentions": {},
  });
});

test("an answer in a thread falls back to a reply for clients that know no threads", async () => {
  await sendOperation({ ...text, thread: "$root" }, sending());
  await sendOperation({ ...text, thread: "$root", replyTo: "$last" }, sending());
  const relations = asked.map(({ body }) => (body as Readonly<Record<string, unknown>>)["m.relates_to"]);
  const thread = { rel_type: "m.thread", event_id: "$root" };
  expect(relations).toEqual([
    { ...thread, is_falling_back: true, "m.in_reply_to": { event_id: "$root" } },
    { ...thread, is_falling_back: false, "m.in_reply_to": { event_id: "$last" } },
  ]);
});

test.each<[string, unknown, object]>([
  [
    "429",
    { httpStatus: 429, data: { retry_after_ms: 7000 } },
    { state: "not_sent", code: "rate_limited", retryAfterMs: 7000 },
  ],
  ["403", { httpStatus: 403 }, { state: "not_sent", code: "forbidden", retryAfterMs: null }],
  ["413", { httpStatus: 413 }, { state: "not_sent", code: "too_long", retryAfterMs: null }],
  ["502", { httpStatus: 502 }, { state: "unknown", code: "server_error" }],
  ["a line that breaks", new TypeError("fetch failed"), { state: "unknown", code: "unreachable" }],
  ["nobody there", { cause: { code: "ECONNREFUSED" } }, { state: "not_sent", code: "unreachable", retryAfterMs: null }],
  ["that it was done before", { httpStatus: 400, errcode: "M_DUPLICATE_ANNOTATION" }, { state: "sent", eventIds: [] }],
])("an answer of %s is told as what it is", async (_name, error, outcome) => {
  answer = () => {
    throw error;
  };
  expect(await sendOperation(text, sending())).toEqual(outcome);
  expect(asked).toHaveLength(1);
});

test("a room in which we are not, or of which no sync has told yet, is nowhere to send to", async () => {
  expect(await sendOperation({ ...text, conversation: "!other:hs.test" }, sending())).toMatchObject({
    code: "forbidden",
  });
  expect(await sendOperation(text, sending({ isSynced: false }))).toMatchObject({ code: "unreachable" });
  expect(asked).toEqual([]);
});
