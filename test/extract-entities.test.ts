import fc from "fast-check";
import { expect, test } from "vitest";
import type { Surroundings, Turn } from "../src/core/transform.ts";
import { type Entities, extractEntities } from "../transforms/extract-entities.ts";

const ORDINARY = new Set(["invoice", "dinner", "tickets", "project", "rain"]);
const SURROUNDINGS: Surroundings = {
  people: [],
  tokenOf: (_, text) => text,
  isOrdinaryWord: (word) => ORDINARY.has(word),
  isName: (word) => word === "mary" || word === "peter",
  language: "en",
  now: 0,
  nowOffsetMinutes: 0,
};

const chat = (...lines: readonly string[]): Turn[] =>
  lines.map((line, index) => {
    const at = line.indexOf(": ");
    return {
      index,
      sender: line.slice(0, at),
      text: line.slice(at + 2),
      sentAt: Date.UTC(2026, 2, 11, 9),
      offsetMinutes: 60,
      replyTo: null,
      media: 0,
    };
  });

const entities = (turns: readonly Turn[], surroundings = SURROUNDINGS): Entities => {
  const prepared = extractEntities.prepare(turns, { each_max: 20 }, surroundings);
  return prepared.kind === "value" ? prepared.value : prepared.fallback;
};

test("people, organisations, places, dates, amounts and links are told apart and counted", () => {
  const found = entities(
    chat(
      "Ana: Mr. Brown from Acme GmbH comes to Vienna on friday at 10, it costs €1,200 or 50 euros. See " +
        "https://example.org/x?y=1.",
      "Ben: I think Peter Smith knows. Tickets were $30 for 12 people. Mary works at Google in Springfield",
      "Cara: ben, Mary comes tomorrow too. 20% off in Vienna!",
    ),
  );
  expect(found).toEqual({
    people: [
      { text: "Mary", count: 2 },
      { text: "Brown", count: 1 },
      { text: "Peter Smith", count: 1 },
      { text: "Ben", count: 1 },
    ],
    organisations: [
      { text: "Acme GmbH", count: 1 },
      { text: "Google", count: 1 },
    ],
    places: [
      { text: "Vienna", count: 2 },
      { text: "Springfield", count: 1 },
    ],
    dates: [
      { text: "friday at 10", count: 1 },
      { text: "tomorrow", count: 1 },
    ],
    amounts: [
      { text: "€1,200", count: 1 },
      { text: "50 euros", count: 1 },
      { text: "$30", count: 1 },
      { text: "12 people", count: 1 },
      { text: "20%", count: 1 },
    ],
    links: [{ text: "https://example.org/x?y=1", count: 1 }],
  });
});

test("an ordinary word at the start of a sentence is no name", () => {
  expect(entities(chat("Ana: Dinner was good. Rain again. However it went")).people).toEqual([]);
});

test("a mail address is no link", () => {
  expect(entities(chat("Ana: write to ana@example.org")).links).toEqual([]);
});

test("names and links come out as tokens where tokens are handed in", () => {
  const masked = {
    ...SURROUNDINGS,
    people: [{ names: ["Mary"], token: "PERSON_7f3a" }],
    tokenOf: (kind: string) => `${kind}_1b20`,
  };
  const found = entities(chat("Ana: Mary sent www.example.org to Peter Smith"), masked);
  expect(found.people.map((person) => person.text)).toEqual(["PERSON_7f3a", "PERSON_1b20"]);
  expect(found.links).toEqual([{ text: "URL_1b20", count: 1 }]);
});

test("whatever is written, lists are bounded and parse", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 80 }), { maxLength: 8 }), (texts) => {
      const turns = texts.map((text, index) => ({
        index,
        sender: "Ana",
        text,
        sentAt: null,
        offsetMinutes: 0,
        replyTo: null,
        media: 0,
      }));
      const found = entities(turns);
      expect(extractEntities.output.parse(found)).toEqual(found);
    }),
  );
});
