import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Surroundings, Turn } from "../src/core/transform.ts";
import { type Summary, summarize } from "../transforms/summarize.ts";

const SURROUNDINGS: Surroundings = {
  people: [],
  tokenOf: (_, text) => text,
  isOrdinaryWord: () => false,
  isName: () => false,
  language: "en",
  now: 0,
  nowOffsetMinutes: 0,
};
const ASKING: Surroundings = { ...SURROUNDINGS, model: { nonce: "0123456789abcdef", charsMax: 1_000_000 } };

/** Lines `sender: text`. */
const chat = (...lines: readonly string[]): Turn[] =>
  lines.map((line, index) => {
    const at = line.indexOf(": ");
    return {
      index,
      sender: line.slice(0, at),
      text: line.slice(at + 2),
      sentAt: null,
      offsetMinutes: 0,
      replyTo: null,
      media: 0,
    };
  });

const summary = (turns: readonly Turn[], points_max = 12): Summary => {
  const prepared = summarize.prepare(turns, { points_max }, SURROUNDINGS);
  return prepared.kind === "value" ? prepared.value : prepared.fallback;
};

const DIALOGUE = chat(
  "Mira: Hello!",
  "Jon: Hi, how can I help you?",
  "Mira: I'd like to rent a canoe for the afternoon. Can you give me a discount?",
  "Jon: Sure. It costs forty euros and you should wear a life vest.",
  "Mira: OK, I'll take it. Thank you.",
);

const GROUP = chat(
  "Mira: Morning all, the picnic is on Saturday, right?",
  "Jon: Yes, at 2pm near the old mill.",
  "Tess: I'll bring the blankets and the big salad.",
  "Jon: Can you also bring your camera, Tess?",
  "Tess: Sure!",
  "Mira: My door code is 4711-22, don't forget it.",
  "Omar: I can drive four people, but I have to leave at seven.",
  "Mira: Let's meet at the station at 1pm then.",
  "Omar: Fine. See http://example.org/map for the way.",
  "Jon: Who pays the parking fee?",
  "Mira: I will pay the parking fee this time.",
  "Tess: haha ok",
);

describe("a dialogue of two", () => {
  test("is retold in one sentence in the third person, with the right people", () => {
    expect(summary(DIALOGUE).points).toEqual([
      "Mira wants to rent a canoe for the afternoon and asks Jon to give Mira a discount.",
    ]);
  });

  test("of generic senders writes them as names", () => {
    const { points } = summary(
      chat("person1: Can you help me to fix my bike on Sunday?", "person2: Of course, I will bring my tools."),
    );
    expect(points.join(" ")).toMatch(/^Person1 asks Person2 to help .*, and Person2 will bring Person2's tools\.$/);
  });
});

describe("a group", () => {
  test("keeps who does what and when", () => {
    const text = summary(GROUP).points.join(" ");
    expect(text).toMatch(/Tess/);
    expect(text).toMatch(/1pm/);
  });

  test("leaves codes and addresses out", () => {
    const text = summary(GROUP).points.join(" ");
    expect(text).not.toMatch(/4711|example\.org/);
  });

  test("is told in a quarter of its length, or the floor", () => {
    const length = GROUP.reduce((sum, turn) => sum + turn.text.length, 0);
    expect(summary(GROUP).points.join(" ").length).toBeLessThanOrEqual(Math.max(160, length / 4));
  });

  test("counts people, messages and what was not read", () => {
    const turns = [
      ...GROUP,
      { index: 12, sender: "Omar", text: "", sentAt: null, offsetMinutes: 0, replyTo: null, media: 2 },
    ];
    const { counts, not_read, participants } = summary(turns);
    expect(counts).toMatchObject({ messages: 13, people: 4, media: 2 });
    expect(not_read).toEqual({ media: 2, without_text: 1 });
    expect(participants[0]).toEqual({ name: "Mira", messages: 4 });
  });
});

test("in the daemon names of others and unknown words come out as tokens", () => {
  const masking = {
    ...SURROUNDINGS,
    isName: (word: string) => word === "rosalind",
    isOrdinaryWord: (word: string) =>
      /^(?:please|bring|the|tent|to|on|can|you|and|will|i|her|give|keys|sure|house)$/.test(word),
    people: [{ names: ["Omar"], token: "PERSON_1b20" }],
    tokenOf: (kind: string) => `${kind}_7f3a`,
  };
  const turns = chat("PERSON_aa01: Can you give the keys to Omar and bring the tent to Rosalind?", "PERSON_bb02: Sure");
  const prepared = summarize.prepare(turns, { points_max: 12 }, masking);
  const text = JSON.stringify(prepared);
  expect(text).toMatch(/PERSON_aa01 asks PERSON_bb02 to give .*keys to PERSON_1b20/);
  expect(text).not.toMatch(/omar|rosalind/i);
});

test("the same chat gives the same summary", () => {
  expect(summary(GROUP)).toEqual(summary(GROUP));
});

test("two people who write the same are told once", () => {
  const twice = chat("Ana: The dispensary is over there", "Ben: The dispensary is over there", "Cleo: hm");
  expect(new Set(summary(twice).points).size).toBe(summary(twice).points.length);
});

test("a combining mark stays with its letter, and hides no whole message", () => {
  const hebrew = "0 \u05d9\u05b4\ua4d0";
  for (const point of summary(chat(`Ana: ${hebrew}`)).points) {
    expect(point).not.toContain(hebrew);
    expect(point).not.toMatch(/\s\p{M}/u);
  }
});

test("nothing gives no points", () => {
  expect(summary([])).toMatchObject({ points: [], topics: [], participants: [] });
});

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .replaceAll("'", "")
    .match(/[\p{L}\p{N}_]+/gu) ?? [];

/** The rule of tier B as the contract words it, written down a second time. */
function repeats(point: string, sources: readonly string[]): boolean {
  const said = ` ${words(point).join(" ")} `;
  return sources.some((source) => {
    const list = words(source);
    if (list.length >= 3 && said.includes(` ${list.join(" ")} `)) return true;
    return list.some((_, i) => i + 8 <= list.length && said.includes(` ${list.slice(i, i + 8).join(" ")} `));
  });
}

const said = fc.oneof(
  fc.constantFrom(
    "I think we should take the early train because it is cheaper than the later one",
    "The dispensary is over there",
    "Can you please send me the list by friday?",
    "ok",
    "What is the name of the hotel where we stay next week?",
    "My sister's new flat is close to the river and it has a garden with two apple trees",
    "{{v:1}} and `code` at https://example.org now",
    "call me at +43 660 1234567 or write to a@example.org",
    "Let's go, shall we?",
    "don't you think that it's too late to change what we have already agreed on",
  ),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        "I",
        "you",
        "will",
        "the",
        "meet",
        "not",
        "is",
        "we",
        ",",
        "and",
        "Ben",
        "9",
        "?",
        ".",
        "my",
        "do",
      ),
      { maxLength: 25 },
    )
    .map((list) => list.join(" ")),
);

test("whatever is written, points are bounded, parse, repeat no source and hold nothing that tier B refuses", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ sender: fc.constantFrom("Ana", "Ben", "PERSON_7f3a", "person1"), text: said }), {
        maxLength: 14,
      }),
      (messages) => {
        const turns = messages.map((message, index) => ({
          ...message,
          index,
          sentAt: null,
          offsetMinutes: 0,
          replyTo: null,
          media: 0,
        }));
        const value = summarize.output.parse(summary(turns));
        for (const point of value.points) {
          expect(
            repeats(
              point,
              turns.map((turn) => turn.text),
            ),
          ).toBe(false);
          expect(point).not.toMatch(/[{}<>`@]|https?:|\d{6}/);
        }
        const told = { points: value.points, topics: value.topics };
        if (told.points.length > 0) expect(summarize.finish([told], turns, { points_max: 12 }, ASKING)).toEqual(value);
      },
    ),
    { numRuns: 60 },
  );
});

describe("an answer of a model", () => {
  const finish = (change: Partial<Summary>): unknown =>
    summarize.finish([{ points: [], topics: [], ...change }], GROUP, { points_max: 12 }, ASKING);

  test("passes when it is short and in own words", () => {
    expect(() => finish({ points: ["The group plans a picnic for Saturday."] })).not.toThrow();
  });

  test.each([
    ["a link", "See www.example.org for more."],
    ["a whole message", "Jon said: Yes, at 2pm near the old mill."],
    ["a template", "Show {{v:1}} now."],
    ["length", "x".repeat(281)],
  ])("is refused for %s", (_, point) => {
    expect(() => finish({ points: [point] })).toThrow();
  });

  test("is refused for an unknown key", () => {
    const more = { points: ["The group plans a picnic."], topics: [], more: 1 };
    expect(() => summarize.finish([more], GROUP, { points_max: 12 }, ASKING)).toThrow();
  });
});

test.each([
  ["commas", ",".repeat(60_000)],
  ["commas and a date", `please send it ${", ".repeat(20_000)} tomorrow`],
  ["small words", `I will ${"the by on at ".repeat(5_000)} tomorrow`],
  ["questions", "who is it? ".repeat(5_000)],
  ["one word", "a".repeat(60_000)],
  ["spaces", `I will send ${" ".repeat(60_000)}it`],
  ["capitals", "Ana Ben ".repeat(8_000)],
  ["numbers", "1,1.1:1 ".repeat(8_000)],
  ["quotes", "\"'` ".repeat(20_000)],
])("a message of nothing but %s is read in bounded time", (_, text) => {
  // One that is quadratic in this does not end within the time of a test.
  summary(chat(`Ana: ${text}`, "Ben: ok, I will do it tomorrow", `Ana: ${text}`));
});
