/** What the readers of exports make of them, wherever the file happens to be cut into pieces. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Found, Reader } from "../src/cli/found.ts";
import { readJsonl } from "../src/cli/jsonl-export.ts";
import { readMatrix } from "../src/cli/matrix-export.ts";
import { messagesOf } from "../src/cli/messages-array.ts";
import { instant } from "../src/cli/moment.ts";
import { readTelegram } from "../src/cli/telegram-export.ts";

async function* cut(text: string, length: number): AsyncIterable<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}
const all = async (reader: Reader, text: string, length = 7): Promise<Found[]> =>
  Array.fromAsync(reader(() => cut(text, length)));
const messages = (found: readonly Found[]) => found.flatMap((each) => (each.what === "message" ? [each.message] : []));

const telegram = (...list: unknown[]): string => JSON.stringify({ name: "x", messages: list }, null, 1);
const said = { id: 5, type: "message", date_unixtime: "1777739400", from: "Ana", from_id: "user123", text: "hi" };

describe("a Telegram export", () => {
  test("gives the numeric id as sender, the name beside it, the parts of a text joined, the reply", async () => {
    const text = [{ type: "bold", text: "hi" }, " there ", { type: "link", text: "example.org", href: "x" }];
    const found = await all(readTelegram, telegram({ ...said, text, reply_to_message_id: 4 }));
    expect(messages(found)).toEqual([
      { id: "5", sender: "123", name: "Ana", text: "hi there example.org", sent_at: 1_777_739_400_000, reply_to: "4" },
    ]);
  });

  test("keeps the kind of a sender that is no person, and takes deleted accounts", async () => {
    const found = await all(
      readTelegram,
      telegram({ ...said, from_id: "channel77" }, { ...said, from: null, from_id: undefined }),
    );
    expect(messages(found).map(({ sender, name }) => [sender, name])).toEqual([
      ["channel77", "Ana"],
      ["deleted", undefined],
    ]);
  });

  test("names the line of what cannot be read, and never what it says", async () => {
    const found = await all(
      readTelegram,
      telegram({ ...said, date_unixtime: undefined }, { ...said, text: 7 }, { ...said, id: "CANARY" }),
    );
    expect(found.map(({ what }) => what)).toEqual(["bad", "bad", "bad"]);
    expect(found.map(({ line }) => line)).toEqual([4, 11, 19]);
    expect(JSON.stringify(found)).not.toContain("CANARY");
  });
});

describe("a Matrix export", () => {
  const event = (id: string, content: object, more: object = {}) => ({
    type: "m.room.message",
    event_id: id,
    sender: "@ana:x",
    origin_server_ts: 5,
    content: { msgtype: "m.text", ...content },
    ...more,
  });
  const replaced = (target: string, body: string) => ({
    body: `* ${body}`,
    "m.new_content": { body },
    "m.relates_to": { rel_type: "m.replace", event_id: target },
  });
  const room = (...list: unknown[]): string => JSON.stringify({ room_name: "x", topic: "", messages: list });

  test("gives messages as their own senders left them, and nobody else", async () => {
    const found = await all(
      readMatrix,
      room(
        event("$1", { body: "frist" }),
        event("$2", replaced("$1", "forged"), { sender: "@eve:x" }),
        event("$3", replaced("$1", "second")),
        event("$4", replaced("$1", "first")),
      ),
    );
    expect(messages(found).map(({ id, text }) => [id, text])).toEqual([["$1", "first"]]);
  });

  test("knows threads and replies, and leaves out what a reply quotes", async () => {
    const relation = { rel_type: "m.thread", event_id: "$0", "m.in_reply_to": { event_id: "$1" } };
    const body = "> <@ben:x> CANARY\n> more\n\nyes";
    const found = await all(readMatrix, room(event("$5", { body, "m.relates_to": relation })));
    expect(messages(found)).toEqual([
      { id: "$5", sender: "@ana:x", text: "yes", sent_at: 5, thread: "$0", reply_to: "$1" },
    ]);
  });

  test("takes a caption for a text and a file's name for none", async () => {
    const found = await all(
      readMatrix,
      room(
        event("$1", { msgtype: "m.image", body: "cat.jpg" }),
        event("$2", { msgtype: "m.image", body: "our cat", filename: "cat.jpg" }),
        event("$3", {}, { content: {} }),
      ),
    );
    expect(found.map((each) => (each.what === "left" ? each.why : each.what))).toEqual(["media", "message", "deleted"]);
  });
});

describe("a JSONL file", () => {
  const line = (change: object): string =>
    JSON.stringify({ id: "1", sender: "Ana", text: "hi", sent_at: "2026-05-02T16:30:00Z", ...change });

  test("may begin with a byte order mark, end lines as Windows does, and leave out the last end", async () => {
    const found = await all(readJsonl, `\ufeff${line({})}\r\n\r\n${line({ id: "2" })}`);
    expect(found.map(({ line: at, what }) => [at, what])).toEqual([
      [1, "message"],
      [3, "message"],
    ]);
  });

  test("with a line longer than 1 MiB says so, and goes on after it", async () => {
    const found = await all(readJsonl, `${line({ text: "x".repeat(1_100_000) })}\n${line({})}`, 100_000);
    expect(found.map(({ what }) => what)).toEqual(["bad", "message"]);
  });

  test.each([
    ["2026-05-02T18:30:00+02:00", Date.UTC(2026, 4, 2, 16, 30)],
    ["2026-05-02 18:30:00.25Z", Date.UTC(2026, 4, 2, 18, 30, 0, 250)],
    ["2026-05-02T18:30:00", null],
    ["2026-05-02", null],
    ["1777739400", null],
    ["2026-13-02T18:30:00Z", null],
    ["1969-12-31T23:59:59Z", null],
  ])("reads %s as RFC 3339 has it", (text, at) => {
    expect(instant(text)).toBe(at);
  });
});

const value = fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown);

test("the messages of any document are found whole, whatever stands around them and wherever it is cut", async () => {
  const document = fc.record({
    before: fc.dictionary(fc.string(), value, { maxKeys: 3 }),
    messages: fc.array(fc.dictionary(fc.string(), value, { maxKeys: 4 }), { maxLength: 5 }),
    after: value,
  });
  await fc.assert(
    fc.asyncProperty(document, fc.integer({ min: 1, max: 20 }), fc.boolean(), async (doc, length, isWide) => {
      const { messages: _own, ...before } = doc.before as Record<string, unknown>;
      const text = JSON.stringify(
        { ...before, messages: doc.messages, after: { messages: [doc.after] } },
        null,
        isWide ? 2 : 0,
      );
      const found = await Array.fromAsync(messagesOf(cut(text, length)));
      expect(found.map((element) => JSON.parse(element.text))).toEqual(JSON.parse(JSON.stringify(doc.messages)));
    }),
    { numRuns: 150 },
  );
});

test.each([
  '{"messages": [1]}',
  '{"messages": ["a"]}',
  '{"messages": [[{}]]}',
  '{"messages": [{}',
  "[]",
  "",
  '{"a": [{}]}',
])("%s is refused as an export", async (text) => {
  await expect(Array.fromAsync(messagesOf(cut(text, 3)))).rejects.toMatchObject({ code: "import.line" });
});
