/** Bodies that mean harm, from somebody who holds the secret: refused soon, and repeated nowhere. */
import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hookEvent } from "../connectors/webhook-body.ts";
import { HOOK_BODY_BYTES_MAX, TEXT_BYTES_MAX } from "../src/core/limits.ts";
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

test.each([
  ["nothing", ""],
  ["no JSON", "id=1"],
  ["a list", "[]"],
  ["null", "null"],
  ["a number", "1e999"],
  ["an unknown key", JSON.stringify({ ...PLAIN, role: "owner" })],
  ["an unknown key that hides", '{"id":"1","conversation":"c","sender":"s","text":"t","__proto__":{"kind":"edit"}}'],
  ["a spelled-out __proto__", '{"id":"1","conversation":"c","sender":"s","text":"t","\\u005f_proto__":1}'],
  ["a constructor", '{"id":"1","conversation":"c","sender":"s","text":"t","constructor":{"prototype":{}}}'],
  [
    "a hidden key in an attachment",
    '{"id":"1","conversation":"c","sender":"s","attachments":[{"name":"n","mime":"a/b","data":"","__proto__":1}]}',
  ],
  ["a byte order mark", `\ufeff${JSON.stringify(PLAIN)}`],
  ["a second value", `${JSON.stringify(PLAIN)}{}`],
])("%s is refused", (_name, body) => {
  expect(codeOf(body)).toBe("input.invalid");
  expect(({} as { kind?: string }).kind).toBeUndefined();
});

test("of a key that is said twice the last one counts, as everywhere in JSON", () => {
  const body = '{"id":"1","sender":"first","id":"2","conversation":"c","sender":"last","text":"t"}';
  const { delivery_id, sender } = eventOf(body).envelope;
  expect([delivery_id, sender.id]).toEqual(["2", "last"]);
});

test("bytes that are no UTF-8 are refused, not repaired", () => {
  const bytes = Buffer.concat([
    Buffer.from('{"id":"1","conversation":"c","sender":"s","text":"'),
    Buffer.from([0xff]),
    Buffer.from('"}'),
  ]);
  expect(refusalOf(() => hookEvent(bytes, PLACE)).code).toBe("input.invalid");
});

test("half a character in a text becomes a whole one, and is counted as such", () => {
  const { envelope, content } = eventOf('{"id":"1","conversation":"c","sender":"s","text":"a\\ud800"}');
  expect([content.text, envelope.content.bytes]).toEqual(["a\ufffd", 4]);
});

test("a text is measured in bytes", () => {
  expect(eventOf({ ...PLAIN, text: "x".repeat(TEXT_BYTES_MAX) }).envelope.content.bytes).toBe(TEXT_BYTES_MAX);
  expect(codeOf({ ...PLAIN, text: "Ω".repeat(TEXT_BYTES_MAX / 2 + 1) })).toBe("input.too_large");
  expect(codeOf({ ...PLAIN, text: "x".repeat(TEXT_BYTES_MAX + 1) })).toBe("input.too_large");
});

test("a text may be nothing but brackets", () => {
  expect(eventOf({ ...PLAIN, text: "[".repeat(TEXT_BYTES_MAX) }).envelope.content.bytes).toBe(TEXT_BYTES_MAX);
});

const half = HOOK_BODY_BYTES_MAX / 2;
test.each([
  ["deep", "[".repeat(2 * half)],
  ["deep and closed", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
  [
    "many members",
    `{"id":"1","conversation":"c","sender":"s","kind":"membership","members":[${"1,".repeat(half / 4)}1]}`,
  ],
  ["many attachments", `{"id":"1","conversation":"c","sender":"s","attachments":[${"{},".repeat(half / 3)}{}]}`],
  ["many keys", `{${Array.from({ length: 100_000 }, (_, at) => `"k${at}":1`).join()}}`],
  ["one long id", JSON.stringify({ ...PLAIN, id: "x".repeat(half) })],
])("%s is refused", (_name, body) => {
  expect(codeOf(body)).toMatch(/^input\.(?:invalid|too_large)$/);
});

test("a refusal repeats nothing of the body", () => {
  const canary = "c4nary";
  const bodies = [
    `{"${canary}":1`,
    JSON.stringify({ ...PLAIN, [canary]: 1 }),
    JSON.stringify({ ...PLAIN, kind: canary }),
    JSON.stringify({ ...PLAIN, sent_at: canary }),
    JSON.stringify({ ...PLAIN, attachments: [{ name: canary, mime: canary, data: canary }] }),
    JSON.stringify({ ...PLAIN, key: canary }),
  ];
  for (const body of bodies) {
    const refusal = refusalOf(() => eventOf(body));
    expect(inspect(refusal, { depth: 9, showHidden: true }) + JSON.stringify(refusal)).not.toContain(canary);
  }
});

test("whatever JSON says, it is an event that parses or a refusal", () => {
  const value = fc.oneof(
    fc.string(),
    fc.jsonValue(),
    fc.constantFrom("message", "edit", "e1", true, null, "__proto__"),
  );
  const keys = fc.constantFrom(
    ...["id", "conversation", "sender", "text", "thread", "reply_to", "kind", "target", "key", "members"],
    ...["addressed", "direct", "sent_at", "attachments", "__proto__", "toString"],
  );
  fc.assert(
    fc.property(fc.dictionary(keys, value), fc.boolean(), (drawn, sound) => {
      try {
        eventOf(sound ? { ...drawn, ...PLAIN } : drawn);
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

test("whatever the bytes are, it is an event that parses or a refusal", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(refusalOf(() => hookEvent(bytes, PLACE)).code).toBe("input.invalid");
    }),
    { numRuns: 300 },
  );
});
