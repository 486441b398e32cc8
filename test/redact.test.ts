import fc from "fast-check";
import { expect, test } from "vitest";
import type { MaskKind, Surroundings, Turn } from "../src/core/transform.ts";
import { readLexicon } from "../src/word-lists.ts";
import { messageRedact, REDACTED_CHARS_MAX, REDACTED_MESSAGES_MAX, redact } from "../transforms/redact.ts";
import { isNormal } from "../transforms/text/unicode.ts";

const asked: string[] = [];
const surroundings: Surroundings = {
  ...readLexicon(),
  people: [{ names: ["Ana Silva", "Ana"], token: "PERSON_ana" }],
  tokenOf: (kind: MaskKind, text: string) => {
    asked.push(`${kind} ${text}`);
    return `${kind}_${text.length}`;
  },
  language: "en",
  now: 0,
  nowOffsetMinutes: 0,
};

function turn(index: number, text: string): Turn {
  return { index, sender: "PERSON_x", text, sentAt: null, offsetMinutes: 0, replyTo: null, media: 0 };
}

test("each kind gets its stand-in: a person's token, a pseudonym, a number, a fixed word", () => {
  const text =
    "Ana asked Tomislav to pay with 4111 1111 1111 1111, " +
    "see https://a.example/x and https://b.example/y, again https://a.example/x. " +
    "The password is hunter2. Run `ls -la` now.";
  expect(redact(text, surroundings).text).toBe(
    "PERSON_ana asked PERSON_8 to pay with [CARD], see LINK_1 and LINK_2, again LINK_1. " +
      "The password is [SECRET]. Run CODE_1 now.",
  );
});

test("two spellings of a name or a number ask for the same token", () => {
  asked.length = 0;
  redact("tomislav met TOMISLAV. Call +43 664 1234567 or +43-664-1234567", surroundings);
  expect(asked).toEqual(["PERSON tomislav", "PERSON tomislav", "PHONE +436641234567", "PHONE +436641234567"]);
});

test("a secret, a card, an account or an identifier is never handed to the maker of pseudonyms", () => {
  asked.length = 0;
  redact(
    "pw: hunter2, card 4111 1111 1111 1111, iban DE89 3704 0044 0532 0130 00, ssn 536-90-4399, pin is 4711",
    surroundings,
  );
  expect(asked).toEqual([]);
});

test("spans and explanation lie over the text as given, and the counts agree", () => {
  const text = "mail a\u200bna@example.com, ask Ana";
  const { spans, explain, counts } = redact(text, surroundings);
  expect(spans.map(({ start, end, type }) => [type, text.slice(start, end)])).toEqual([
    ["EMAIL", "a\u200bna@example.com"],
    ["PERSON", "Ana"],
  ]);
  expect(explain.map(({ replacement }) => replacement)).toEqual(["EMAIL_15", "PERSON_ana"]);
  expect(counts).toEqual({ EMAIL: 1, PERSON: 1 });
});

test("code is replaced whole, fenced, inline or left open", () => {
  expect(redact("a ```\nconst x = 1;\n``` b `y` c ```open", surroundings).text).toBe("a CODE_1 b CODE_2 c CODE_3");
  expect(redact("it's 5` long", surroundings).text).toBe("it's 5` long");
});

test("what was redacted once stays as it is", () => {
  const text =
    "Tomislav lives at 22 Old Mill Road, call +43 664 1234567 or write to x@example.com, " +
    "password is abc123, see https://a.example";
  const once = redact(text, surroundings).text;
  expect(redact(once, surroundings).text).toBe(once);
});

test("the result is normal and holds nothing of what was marked as personal", () => {
  const personal = fc.constantFrom(
    "zqxsecretname",
    "k.mustermann@example.org",
    "DE89370400440532013000",
    "4111111111111111",
    "+436641234567",
  );
  const filler = fc.constantFrom("we met ", "\u200b", "ok, ", "e\u0301 ", "\n", "the cake is here. ", "\u{1f600} ");
  fc.assert(
    fc.property(
      fc.array(filler, { maxLength: 6 }),
      personal,
      fc.array(filler, { maxLength: 6 }),
      (before, secret, after) => {
        const { text } = redact(`${before.join("")} ${secret} ${after.join("")}`, surroundings);
        return isNormal(text) && !text.includes(secret);
      },
    ),
    { numRuns: 200 },
  );
});

test("message.redact answers by itself, in its schema, for each message", () => {
  const input = messageRedact.input.parse({});
  const prepared = messageRedact.prepare([turn(0, "ask Tomislav"), turn(1, "fine")], input, surroundings);
  expect(prepared).toEqual({
    kind: "value",
    value: {
      messages: [
        { index: 0, text: "ask PERSON_8", counts: { PERSON: 1 }, cut: false },
        { index: 1, text: "fine", counts: {}, cut: false },
      ],
      spans: 1,
      left_out: 0,
    },
  });
  expect(() => messageRedact.input.parse({ x: 1 })).toThrow();
});

test("message.redact is bounded in messages and in characters, and says what it left out", () => {
  const turns = Array.from({ length: REDACTED_MESSAGES_MAX + 7 }, (_, index) => turn(index, "fine "));
  turns[0] = turn(0, "fine \u{1f600}".repeat(REDACTED_CHARS_MAX));
  const prepared = messageRedact.prepare(turns, {}, surroundings);
  if (prepared.kind !== "value") expect.fail("it asks no model");
  const value = messageRedact.output.parse(prepared.value);
  expect(value.messages.length).toBe(REDACTED_MESSAGES_MAX);
  expect(value.left_out).toBe(7);
  expect(value.messages[0]?.cut).toBe(true);
  expect(value.messages[0]?.text.length).toBeLessThanOrEqual(REDACTED_CHARS_MAX);
  expect(isNormal(value.messages[0]?.text ?? "")).toBe(true);
});
