import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64 } from "../connectors/base64.ts";
import { parseMoment } from "../connectors/rfc3339.ts";
import { hookAck, hookEvent } from "../connectors/webhook-body.ts";
import { ATTACHMENT_BYTES_MAX } from "../src/core/limits.ts";
import { Content, Envelope } from "../src/core/message.ts";
import { isRefusal, type Refusal } from "../src/core/refusal.ts";
import { START_AT } from "./contract/turned-clock.ts";

const PLACE = { tenant: "default", channel: "alerts", receivedAt: START_AT };
const PLAIN = { id: "e1", conversation: "ops", sender: "ana", text: "hello" };

const bytesOf = (body: unknown): Uint8Array => Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
const eventOf = (body: unknown) => {
  const event = hookEvent(bytesOf(body), PLACE);
  Envelope.parse(event.envelope);
  Content.parse(event.content);
  return event;
};
function refusalOf(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
  throw new TypeError("it was accepted");
}
const codeOf = (body: unknown): string => refusalOf(() => eventOf(body)).code;

test("a message becomes an envelope without its words, and the words travel beside it", () => {
  expect(eventOf({ ...PLAIN, thread: "t1", reply_to: "e0", sent_at: "2025-12-31T23:00:00Z" })).toEqual({
    envelope: {
      tenant: "default",
      channel: "alerts",
      delivery_id: "e1",
      event_id: "e1",
      kind: "message",
      conversation: "ops",
      conversation_kind: "group",
      thread: "t1",
      sender: { id: "ana", kind: "person" },
      sent_at: START_AT - 3_600_000,
      received_at: START_AT,
      reply_to: "e0",
      addressed: { how: "none" },
      content: { bytes: 5, media: [] },
      trust: { transport: "local", verified: "platform", flags: [] },
    },
    content: { text: "hello" },
  });
});

describe("kinds", () => {
  const { text: _, ...bare } = PLAIN;

  test("an edit names what it changes and brings the new text", () => {
    const { envelope, content } = eventOf({ ...PLAIN, id: "e2", kind: "edit", target: "e1" });
    expect([envelope.kind, envelope.target, content]).toEqual(["edit", "e1", { text: "hello" }]);
  });

  test("a delete names what goes, and brings nothing", () => {
    const { envelope, content } = eventOf({ ...bare, kind: "delete", target: "e1" });
    expect([envelope.kind, envelope.target, content]).toEqual(["delete", "e1", {}]);
  });

  test("a reaction's key is content", () => {
    const { envelope, content } = eventOf({ ...bare, kind: "reaction", target: "out_1", key: "👍🏽" });
    expect([envelope.kind, envelope.target, content]).toEqual(["reaction", "out_1", { key: "👍🏽" }]);
  });

  test("an action answers with a key", () => {
    const { envelope, content } = eventOf({ ...bare, kind: "action", target: "out_1", key: "approve" });
    expect([envelope.kind, envelope.target, content]).toEqual(["action", "out_1", { key: "approve" }]);
  });

  test("a membership says who is in, even when nobody is", () => {
    expect(eventOf({ ...bare, kind: "membership", members: ["ana", "Žofia"] }).content.members).toEqual([
      "ana",
      expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    ]);
    expect(eventOf({ ...bare, kind: "membership", members: [] }).content).toEqual({ members: [] });
  });

  test.each([
    ["a message without text or attachment", bare],
    ["a message with a target", { ...PLAIN, target: "e0" }],
    ["a message with a key", { ...PLAIN, key: "approve" }],
    ["a message with members", { ...PLAIN, members: ["ana"] }],
    ["a message with no attachments and no text", { ...bare, attachments: [] }],
    ["an edit without a target", { ...PLAIN, kind: "edit" }],
    ["an edit without text", { ...bare, kind: "edit", target: "e1" }],
    ["a delete with text", { ...PLAIN, kind: "delete", target: "e1" }],
    ["a delete without a target", { ...bare, kind: "delete" }],
    ["a reaction without a key", { ...bare, kind: "reaction", target: "e1" }],
    ["a reaction without a target", { ...bare, kind: "reaction", key: "👍" }],
    ["an action without a key", { ...bare, kind: "action", target: "e1" }],
    ["a membership without members", { ...bare, kind: "membership" }],
    ["a kind that only the network itself may say", { ...PLAIN, kind: "gap" }],
    ["an unknown kind", { ...PLAIN, kind: "command" }],
  ])("%s is refused", (_name, body) => expect(codeOf(body)).toBe("input.invalid"));
});

test("addressed is said by the sender's system, and a direct conversation addresses the bot", () => {
  const how = (more: object): string => eventOf({ ...PLAIN, ...more }).envelope.addressed.how;
  expect([how({}), how({ addressed: true }), how({ addressed: false }), how({ addressed: "command" })]).toEqual([
    "none",
    "mention",
    "none",
    "command",
  ]);
  expect([how({ direct: true }), how({ direct: true, addressed: false }), how({ direct: false })]).toEqual([
    "direct",
    "direct",
    "none",
  ]);
  expect(eventOf({ ...PLAIN, direct: true }).envelope.conversation_kind).toBe("direct");
  expect(codeOf({ ...PLAIN, addressed: "everyone" })).toBe("input.invalid");
});

describe("moments", () => {
  test.each([
    ["1970-01-01T00:00:00Z", 0],
    ["2025-12-31T23:59:59.5Z", START_AT - 500],
    ["2026-01-01t01:00:00z", START_AT + 3_600_000],
    ["2026-01-01T01:00:00+01:00", START_AT],
    ["2025-12-31T19:00:00-05:00", START_AT],
    ["2016-12-31T23:59:60Z", Date.UTC(2017, 0, 1)],
    ["2024-02-29T00:00:00.123456789Z", Date.UTC(2024, 1, 29) + 123],
  ])("%s is read", (text, at) => expect(parseMoment(text)).toBe(at));

  const wrong = [
    "",
    "now",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00",
    "2026-01-01T00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00.Z",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "0099-01-01T00:00:00Z",
    "1767225600",
    "２０２６-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z\n",
  ];
  test.each(wrong)("%j is no moment", (text) => {
    expect(parseMoment(text)).toBeNull();
    expect(codeOf({ ...PLAIN, sent_at: text })).toBe("input.invalid");
  });

  test("every moment that a machine prints is read back to the millisecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (at) => {
        expect(parseMoment(new Date(at).toISOString())).toBe(at);
      }),
    );
  });

  test("a message without a moment was sent when it came", () =>
    expect(eventOf(PLAIN).envelope.sent_at).toBe(START_AT));

  test("a message from the future was sent when it came, one from the past keeps its time", () => {
    expect(eventOf({ ...PLAIN, sent_at: "2126-01-01T00:00:00Z" }).envelope.sent_at).toBe(START_AT);
    expect(eventOf({ ...PLAIN, sent_at: "2001-09-09T01:46:40Z" }).envelope.sent_at).toBe(1_000_000_000_000);
  });
});

describe("ids", () => {
  test("a printable id of 255 characters stays, a longer or unprintable one is hashed, each to its own", () => {
    const long = "x".repeat(255);
    const odd = [
      "x".repeat(256),
      "Ω",
      "a\u0000b",
      " lead",
      "trail ",
      "a\nb",
      `sha256:${"0".repeat(64)}`,
      "x".repeat(1024),
    ];
    expect(eventOf({ ...PLAIN, sender: long }).envelope.sender.id).toBe(long);
    const hashed = odd.map((sender) => eventOf({ ...PLAIN, sender }).envelope.sender.id);
    for (const id of hashed) expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(new Set([...hashed, ...odd]).size).toBe(odd.length * 2);
    expect(eventOf({ ...PLAIN, sender: "Ω" }).envelope.sender.id).toBe(hashed[1]);
  });

  test("a target is found again under the id that its event was given", () => {
    const id = "событие-1";
    const target = eventOf({ ...PLAIN, id: "e2", kind: "edit", target: id }).envelope.target;
    expect(target).toBe(eventOf({ ...PLAIN, id }).envelope.event_id);
  });

  test.each(["id", "conversation", "sender"])("a body without %s, or with one that is no text, is refused", (field) => {
    for (const value of [undefined, null, "", 7, {}, [], true, "\ud800"])
      expect(codeOf({ ...PLAIN, [field]: value })).toBe("input.invalid");
    expect(codeOf({ ...PLAIN, [field]: "x".repeat(1025) })).toBe("input.too_large");
  });
});

describe("attachments", () => {
  const attach = (data: string, more: object = {}) => ({
    ...PLAIN,
    attachments: [{ name: "../../etc/passwd", mime: "text/plain", data, ...more }],
  });

  test("an attachment travels whole, its name beside it and never in the envelope", () => {
    const data = Buffer.from([0, 1, 254, 255]).toString("base64");
    const { envelope, content } = eventOf(attach(data));
    expect(envelope.content.media).toEqual([{ kind: "file", mime: "text/plain", bytes: 4 }]);
    expect(content.attachments).toEqual([{ name: "../../etc/passwd", mime: "text/plain", data }]);
    expect(JSON.stringify(envelope)).not.toContain("passwd");
  });

  test.each([
    ["IMAGE/PNG", "image", "image/png"],
    ["audio/ogg; codecs=opus", "audio", "audio/ogg"],
    ["video/mp4", "video", "video/mp4"],
    ["application/pdf", "file", "application/pdf"],
    ["../../x", "file", "application/octet-stream"],
    ["<script>", "file", "application/octet-stream"],
    ["", "file", "application/octet-stream"],
  ])("the media type %j is %s", (mime, kind, kept) =>
    expect(eventOf(attach("AAAA", { mime })).envelope.content.media).toEqual([{ kind, mime: kept, bytes: 3 }]),
  );

  test.each(["A", "AA", "AAA", "AA=", "AAAA=", "AA==AAAA", "AA A", "AAA\n", "A-_A", "AB==", "ÄÄÄÄ"])(
    "the data %j is not base64 and refused",
    (data) => expect(codeOf(attach(data))).toBe("input.invalid"),
  );

  test("base64 is exactly what its bytes would be written as", () => {
    const near = fc.array(fc.constantFrom(..."ABab09+/=-_ \nÄ"), { maxLength: 12 }).map((letters) => letters.join(""));
    const sound = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("base64"));
    fc.assert(
      fc.property(fc.oneof(near, sound), (text) => {
        const bytes = Buffer.from(text, "base64");
        expect(decodeBase64(text)).toEqual(bytes.toString("base64") === text ? bytes : null);
      }),
      { numRuns: 2000 },
    );
  });

  test("the cap holds to the byte, and ten are enough", () => {
    const most = Buffer.alloc(ATTACHMENT_BYTES_MAX, 1);
    expect(eventOf(attach(most.toString("base64"))).envelope.content.media[0]?.bytes).toBe(ATTACHMENT_BYTES_MAX);
    for (const over of [1, 1000])
      expect(codeOf(attach(Buffer.alloc(ATTACHMENT_BYTES_MAX + over, 1).toString("base64")))).toBe("input.too_large");
    const one = { name: "a", mime: "text/plain", data: "" };
    expect(eventOf({ ...PLAIN, attachments: Array(10).fill(one) }).envelope.content.media).toHaveLength(10);
    expect(codeOf({ ...PLAIN, attachments: Array(11).fill(one) })).toBe("input.too_large");
  });
});

test("an acknowledgement is one whole number and nothing else", () => {
  expect(hookAck(bytesOf({ upto: 7 }))).toBe(7);
  for (const body of [
    "",
    "7",
    {},
    { upto: -1 },
    { upto: 1.5 },
    { upto: "7" },
    { upto: 2 ** 53 },
    { upto: 1, after: 1 },
    [1],
  ])
    expect(refusalOf(() => hookAck(bytesOf(body))).code).toBe("input.invalid");
});
