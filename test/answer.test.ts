/** Questions about a chat, answered from what was said in it; classes of its messages; drafts. Labelled by hand. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Surroundings, Turn } from "../src/core/transform.ts";
import { readLexicon } from "../src/word-lists.ts";
import { type Answer, answer } from "../transforms/answer.ts";
import { classify } from "../transforms/classify.ts";
import { compose } from "../transforms/compose.ts";
import { echoes } from "../transforms/text/check.ts";

const SURROUNDINGS: Surroundings = {
  ...readLexicon(),
  people: [],
  tokenOf: (_, text) => text,
  language: "en",
  now: 0,
  nowOffsetMinutes: 0,
};
/** A Tuesday. */
const SENT = Date.parse("2026-06-16T18:05:00+02:00");
const chat = (...lines: readonly string[]): Turn[] =>
  lines.map((line, index) => ({
    index,
    sender: line.slice(0, line.indexOf(": ")),
    text: line.slice(line.indexOf(": ") + 2),
    sentAt: SENT + index * 60_000,
    offsetMinutes: 120,
    replyTo: null,
    media: 0,
  }));

const GROUP = chat(
  "Nora: Time to plan the team offsite",
  "Theo: Where do we go? Lake or mountains?",
  "Sam: lake too",
  "Nora: ok lake it is. The house in Altsee is free from 12 to 14 July",
  "Priya: Who books the house?",
  "Theo: I'll book it today",
  "Nora: Thanks Theo! The deposit is 300 euros",
  "Sam: the door code is 88121, my number is +43 660 1234567",
  "Priya: I'll take care of the food, we need a list of allergies by Friday",
  "Theo: Do we need a projector?",
  "Nora: No, no slides this time, promised",
  "Sam: How many seats do we need in the van?",
  "Nora: We need nine seats for everybody",
  "Priya: let's do the boat tour on Saturday afternoon",
  "Sam: has anybody seen my blue jacket",
  "Theo: Did anybody pay the insurance?",
);
const ask = (question: string, turns: readonly Turn[] = GROUP): Answer => {
  const prepared = answer.prepare(turns, { question }, SURROUNDINGS);
  return prepared.kind === "value" ? prepared.value : prepared.fallback;
};

test.each<readonly [string, Partial<Answer>]>([
  ["who books the house?", { kind: "person", person: "Theo" }],
  ["who takes care of the food?", { kind: "person", person: "Priya" }],
  ["how much is the deposit?", { kind: "amount", amount: { hundredths: 30_000, unit: "eur" }, sources: [6] }],
  ["how many seats do we need?", { kind: "amount", amount: { hundredths: 900, unit: "count" } }],
  ["when is the boat tour?", { kind: "date", date: "2026-06-20", sources: [13] }],
  ["until when do we need the allergies?", { kind: "date", date: "2026-06-19", sources: [8] }],
  ["do we need a projector?", { kind: "choice", choice: "no" }],
  ["what did Priya say about the food?", { kind: "text", sources: [8] }],
  ["did we decide where to go?", { found: true }],
  ["what colour is the submarine?", { found: false, kind: "none", text: null, sources: [] }],
  ["what did Theo say about the food?", { found: false }],
])("“%s”", (question, expected) => {
  expect(ask(question)).toMatchObject(expected);
});

test("a sentence is reported speech that repeats nothing and holds no secret", () => {
  for (const question of [
    "what is the door code?",
    "what is Sam's number?",
    "who books the house?",
    "what did Sam say?",
  ]) {
    const { text } = ask(question);
    expect(text ?? "").not.toMatch(/88121|1234567/);
    expect(
      echoes(
        text ?? "",
        GROUP.map((turn) => turn.text),
      ),
    ).toBe(false);
  }
  expect(ask("who books the house?").text).toBe("Theo will book the house today.");
});

test.each([
  ["wer kümmert sich um den Kuchen?", { kind: "person", person: "Jo" }],
  ["qui s'occupe de la salade ?", { kind: "person", person: "Léa" }],
  ["¿cuánto cuesta la casa?", { kind: "amount", amount: { hundredths: 12_000, unit: "eur" } }],
  ["wann ist der Umzug?", { kind: "date", date: "2026-06-23" }],
])("in another language: “%s”", (question, expected) => {
  const turns = chat(
    "Jo: ich backe den Kuchen",
    "Léa: je fais la salade",
    "Luz: la casa cuesta 120 euros",
    "Jo: der Umzug ist nächsten Dienstag",
  );
  expect(ask(question, turns)).toMatchObject(expected);
});

test("open questions are those that nobody answered", () => {
  expect(ask("which questions are still open?").sources).toEqual([15]);
});

test("whatever is asked of whatever was said, the answer is of its schema and repeats nothing", () => {
  const words = fc.constantFrom(
    "who",
    "when",
    "the",
    "boat",
    "did",
    "we",
    "decide",
    "Ana",
    "9",
    "€",
    "?",
    "said",
    "not",
  );
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.array(words, { maxLength: 12 }).map((all) => all.join(" ")),
  );
  const said = fc.array(fc.record({ sender: fc.constantFrom("Ana", "Ben", "PERSON_7f3a"), text }), { maxLength: 10 });
  fc.assert(
    fc.property(
      text.filter((one) => one !== ""),
      said,
      (question, messages) => {
        const turns = chat(...messages.map((one) => `${one.sender}: ${one.text}`));
        const value = answer.output.parse(ask(question, turns));
        if (value.text !== null)
          expect(
            echoes(
              value.text,
              turns.map((turn) => turn.text),
            ),
          ).toBe(false);
        for (const source of value.sources) expect(source).toBeLessThan(turns.length);
      },
    ),
    { numRuns: 60 },
  );
});

describe("classes", () => {
  const classed = (classes: readonly string[], turns: readonly Turn[]): readonly (string | null)[] => {
    const prepared = classify.prepare(turns, { classes: [...classes] }, SURROUNDINGS);
    const value = prepared.kind === "value" ? prepared.value : prepared.fallback;
    expect(value.counts).toHaveLength(classes.length);
    return value.classes.map((nth) => classes[nth - 1] ?? null);
  };

  test.each([
    ["question", "When do we leave?"],
    ["decision", "ok the blue one it is. Decided!"],
    ["task", "Ben, please bring the tent"],
    ["greeting", "Good morning everyone"],
    ["complaint", "this is unacceptable, the lift is still not working"],
    ["urgent", "call me ASAP, it is urgent"],
    ["thanks", "thank you so much"],
    ["money", "the rent is 400 euros"],
    ["Frage", "Wann fahren wir?"],
    ["Beschwerde", "das nervt, die Heizung geht nicht"],
  ])("%s", (name, text) => {
    expect(classed([name, "other"], chat(`Ana: ${text}`))).toEqual([name]);
    expect(classed([name, "other"], chat("Ana: mhm"))).toEqual(["other"]);
  });

  test("a class of the agent's own is found by its words, and nothing else is of it", () => {
    const turns = chat("Ana: the jackets are late", "Ben: I like cake");
    expect(classed(["jacket"], turns)).toEqual(["jacket", null]);
  });

  test("200 messages and no more are read", () => {
    const many = chat(...Array.from({ length: 230 }, () => "Ana: hello"));
    const prepared = classify.prepare(many, { classes: ["greeting"] }, SURROUNDINGS);
    expect(prepared).toMatchObject({ value: { counts: [200], left_out: 30 } });
  });
});

describe("drafts", () => {
  const drafted = (instruction: string): string => {
    const prepared = compose.prepare([], { instruction }, SURROUNDINGS);
    return (prepared.kind === "value" ? prepared.value : prepared.fallback).text;
  };
  test.each([
    [
      "draft a reply to Anna that I can't come and thank her for the invitation",
      "Hi Anna,\nI can't come. Thank you for the invitation.",
    ],
    [
      "reply to PERSON_ab12 that I'll bring cake, ask her if she needs plates",
      "Hi PERSON_ab12,\nI'll bring cake. Could you tell me if you need plates?",
    ],
    ["write a short message saying we meet at 7", "Hi,\nWe meet at 7."],
    ["draft a polite answer that declines", "Hi,\nI am sorry, but I cannot."],
    ["schreib eine Antwort an Ben, dass ich später komme", "Hi Ben,\nIch komme später."],
  ])("“%s”", (instruction, text) => {
    expect(drafted(instruction)).toBe(text);
  });

  test("without anything to say, and for a translation, there is none", () => {
    expect(() => drafted("draft a reply")).toThrow(expect.objectContaining({ code: "input.invalid" }));
    expect(() => drafted("translate this to French")).toThrow(expect.objectContaining({ code: "transform.failed" }));
  });
});
