import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Surroundings, Turn } from "../src/core/transform.ts";
import { extractTasks, type Task } from "../transforms/extract-tasks.ts";

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

/** Lines `sender: text`, a minute apart, from Wednesday 2026-03-11 10:00 in Vienna. */
const chat = (...lines: readonly string[]): Turn[] =>
  lines.map((line, index) => {
    const at = line.indexOf(": ");
    const sentAt = Date.UTC(2026, 2, 11, 9, index);
    return {
      index,
      sender: line.slice(0, at),
      text: line.slice(at + 2),
      sentAt,
      offsetMinutes: 60,
      replyTo: null,
      media: 0,
    };
  });

const tasks = (turns: readonly Turn[]): readonly Task[] => {
  const prepared = extractTasks.prepare(turns, { tasks_max: 50 }, SURROUNDINGS);
  return prepared.kind === "value" ? prepared.value.tasks : prepared.fallback.tasks;
};
const only = (...lines: readonly string[]): Task | undefined => tasks(chat(...lines))[0];

describe("who", () => {
  test.each([
    [
      "the other one of two for a request",
      ["ana: can you send me the report by friday?", "ben: sure"],
      "Send the report",
      "ben",
    ],
    ["the speaker for a promise", ["ana: I'll bring the projector tomorrow", "ben: ok"], "Bring the projector", "ana"],
    ["the one who is mentioned", ["ana: @cara can you call the plumber?", "ben: hm"], "Call the plumber", "cara"],
    [
      "the one who is called without a comma",
      ["ana: ben can you book the flights?", "cara: hi", "ben: hm"],
      "Book the flights",
      "ben",
    ],
    ["the one who is named", ["ana: Ben will fetch the tent", "cara: hi"], "Fetch the tent", "Ben"],
    [
      "the volunteer",
      ["ana: someone needs to book the restaurant", "ben: I'll do it", "cara: hi"],
      "Book the restaurant",
      "ben",
    ],
    ["nobody yet", ["ana: we need to pay the invoice", "ben: hm", "cara: hi"], "Pay the invoice", null],
    [
      "the one whose offer is accepted",
      ["ana: should I bring cake?", "ben: yes please", "cara: hi"],
      "Bring cake",
      "ana",
    ],
  ])("%s", (_, lines, title, assignee) => {
    expect(only(...lines)).toMatchObject({ title, assignee });
  });

  test("a task goes to who takes it over", () => {
    expect(
      tasks(chat("Ana: Ben will bring the tent", "Ben: can't, sorry", "Cara: I'll bring it instead")),
    ).toMatchObject([{ assignee: "Cara" }]);
  });
});

describe("until when", () => {
  test.each([
    ["can you send the report by friday?", "2026-03-13"],
    ["please call the bank tomorrow at 9", "2026-03-12T09:00:00+01:00"],
    ["can you water the plants in two weeks?", "2026-03-25"],
    ["please send the photos from yesterday", null],
  ])("%s", (text, due) => {
    expect(only(`Ana: ${text}`, "Ben: ok")?.due).toBe(due);
  });

  test("a moved task has the new date", () => {
    expect(only("Ana: can you pay the invoice by monday?", "Ben: ok", "Ana: moved to friday")).toMatchObject({
      due: "2026-03-13",
      sources: [0, 2],
    });
  });
});

describe("what became of it", () => {
  test.each([
    ["done", ["Ana: @Ben can you call the plumber?", "Ben: done!"]],
    ["done", ["Ana: ben can you book the flights?", "Ben: Booked the flights this morning"]],
    ["cancelled", ["Ana: can you order the pizza?", "Ben: ok", "Ana: never mind, not needed anymore"]],
    ["open", ["Ana: can you order the pizza?", "Ben: not done yet"]],
  ])("%s: %j", (status, lines) => {
    expect(tasks(chat(...lines))).toMatchObject([{ status }]);
  });

  test("a repeated request is one task", () => {
    expect(tasks(chat("Ana: can you book the hotel?", "Ben: yes", "Ana: don't forget to book the hotel"))).toHaveLength(
      1,
    );
  });
});

test.each([
  ["please fix the heating asap", "high"],
  ["please sort the photos, no rush", "low"],
  ["please sort the photos", "normal"],
])("%s is of %s priority", (text, priority) => {
  expect(only(`Ana: ${text}`, "Ben: ok")?.priority).toBe(priority);
});

test.each([
  ["kannst du bitte bis Freitag den Bericht schicken?", "Den Bericht schicken", "2026-03-13"],
  ["Peux-tu acheter du pain demain ?", "Acheter du pain", "2026-03-12"],
  ["¿puedes llamar al médico mañana a las 10?", "Llamar al médico", "2026-03-12T10:00:00+01:00"],
])("%s is a task in its language", (text, title, due) => {
  expect(only(`Ana: ${text}`, "Luis: vale")).toMatchObject({ title, due, assignee: "Luis" });
});

test.each([
  "I'll be late",
  "can you believe it?",
  "if you want we can go",
  "can you tell me where it is?",
  "I will never understand this",
])("%s is no task", (text) => {
  expect(tasks(chat(`Ana: ${text}`, "Ben: ok"))).toEqual([]);
});

test("a title never repeats a whole message", () => {
  const turns = chat("Ana: water the plants", "Ben: please water the plants");
  for (const { title } of tasks(turns)) expect(title.toLowerCase()).not.toContain("water the plants");
});

test("whatever is written, tasks parse, are bounded and pass their own check", () => {
  const word = fc.constantFrom(
    "can",
    "you",
    "please",
    "I'll",
    "send",
    "the",
    "report",
    "tomorrow",
    "done",
    "moved",
    "to",
    "friday",
    "never",
    "mind",
    "it",
    "@ana",
    "ben",
    "?",
    "todo:",
    ",",
    "bitte",
    "{{x}}",
    "we",
    "need",
    "yes",
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          sender: fc.constantFrom("ana", "ben", "PERSON_7f3a"),
          text: fc.array(word, { maxLength: 12 }).map((list) => list.join(" ")),
        }),
        { maxLength: 10 },
      ),
      (messages) => {
        const turns = messages.map((message, index) => ({
          ...message,
          index,
          sentAt: Date.UTC(2026, 2, 11),
          offsetMinutes: 60,
          replyTo: null,
          media: 0,
        }));
        const value = { tasks: [...tasks(turns)] };
        const told = value.tasks.filter(
          ({ assignee }) => assignee === null || turns.some(({ sender }) => sender === assignee),
        );
        if (told.length > 0)
          expect(() => extractTasks.finish([{ tasks: told }], turns, { tasks_max: 50 }, ASKING)).not.toThrow();
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  ["a link", { title: "Open www.example.org" }],
  ["a source that is not there", { sources: [9] }],
  ["a date that is none", { due: "friday" }],
])("an answer of a model is refused for %s", (_, change) => {
  const turns = chat("Ana: can you call the plumber?", "Ben: ok");
  const good = {
    title: "Ring up the plumber",
    assignee: "Ben",
    due: null,
    priority: "normal",
    status: "open",
    sources: [0],
  };
  const finish = (task: object): unknown => extractTasks.finish([{ tasks: [task] }], turns, { tasks_max: 50 }, ASKING);
  expect(() => finish(good)).not.toThrow();
  expect(() => finish({ ...good, ...change })).toThrow();
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
  tasks(chat(`Ana: ${text}`, "Ben: ok, I will do it tomorrow", `Ana: ${text}`));
});
