/** Questions, counts and drafts: what the butler asks for, and what people read in a whole Lazaret. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { butler } from "../src/agents/butler.ts";
import { importLines } from "../src/gateway/import.ts";
import { ANA, done, drive, READ, Stage, V } from "./stage.ts";
import { type World, world } from "./world.ts";

const answered = (more: object) =>
  done({
    found: true,
    kind: "text",
    date: null,
    amount: null,
    person: null,
    choice: null,
    text: "Ana says so.",
    sources: [3],
    read: READ,
    ...more,
  });
const FOOTER = "Read 20 messages of 4 people, 10:30–13:30.";

test.each([
  ["a sentence", {}, V("text")],
  ["a date", { kind: "date", date: "2025-06-21" }, `Sat 21 Jun.\n${V("text")}`],
  ["an amount", { kind: "amount", amount: { hundredths: 8450, unit: "eur" } }, `84.50 €.\n${V("text")}`],
  ["a person", { kind: "person", person: ANA }, `${ANA}.\n${V("text")}`],
  ["a no", { kind: "choice", choice: "no" }, `No.\n${V("text")}`],
  ["no words", { kind: "date", date: "2025-06-21", text: null }, "Sat 21 Jun."],
  ["hidden words", { kind: "text", text: undefined }, V("text")],
  ["nothing to put in words", { kind: "none", text: null }, "One message is about that; I cannot put it in words."],
  ["nothing found", { found: false, kind: "none", text: null }, "I found no answer to that in these messages."],
] as const)("an answer with %s is told", async (_, more, said) => {
  const stage = await drive(
    new Stage({ intent: "question", text: "what about it?" }, { "message.answer": answered(more) }),
  );
  expect(stage.input("message.answer")).toEqual({ last: 200, question: "what about it?" });
  expect(stage.said()).toEqual([`${said}\n\n${FOOTER}`]);
});

test("whom a question names is the question's affair, not a filter", async () => {
  const stage = await drive(
    new Stage(
      { intent: "question", text: `when does ${ANA} come?`, slots: { person: ANA } },
      { "message.answer": answered({}) },
    ),
  );
  expect(stage.input("message.answer")).toEqual({ last: 200, question: `when does ${ANA} come?` });
});

test("messages of a kind are counted", async () => {
  const stage = await drive(
    new Stage(
      { intent: "question", text: "is there anything urgent?" },
      { "message.classify": done({ classes: [1, 0, 2], counts: [1, 1], left_out: 0, read: READ }) },
    ),
  );
  expect(stage.input("message.classify")).toEqual({ last: 200, classes: ["urgent", "other"] });
  expect(stage.said()).toEqual([`1 of 3 messages: urgent.\n\n${FOOTER}`]);
});

test("a draft is shown by its handle; without words for it, and for a translation, the way is said", async () => {
  const text = "draft a reply that we meet at nine";
  const stage = await drive(new Stage({ intent: "compose", text }, { "message.compose": done({ acts: ["inform"] }) }));
  expect(stage.input("message.compose")).toEqual({ last: 1, instruction: text });
  expect(stage.said()).toEqual([`A draft:\n${V("text")}`]);
  const empty = new Stage({ intent: "compose", text: "draft a reply" }, { "message.compose": "input.invalid" });
  expect((await drive(empty)).said()[0]).toMatch(/^Say what it should say/);
  const other = await drive(new Stage({ intent: "compose", text: "translate that" }));
  expect(other.said()[0]).toMatch(/^I cannot translate/);
});

const LINES = [
  ["Ana", "Who brings the tent on Saturday?"],
  ["Ben", "I will bring the tent and the stove."],
  ["Ana", "What does the campsite cost?"],
  ["Carla", "The campsite costs 84 euros for two nights."],
  ["Ana", "Can we go hiking on Thursday?"],
  ["Ben", "ok let's go hiking on Thursday then"],
  ["Ben", "The wifi password is hunter2, my number is +43 660 1234567"],
  ["Carla", "URGENT: the invoice is still not paid, the deadline is Friday"],
] as const;

describe("at the console of a whole Lazaret", () => {
  let here: World;
  beforeAll(async () => {
    here = await world({ drivers: [butler] });
    const now = here.home.clock.now();
    const lines = LINES.map(([sender, text], n) => ({ id: `q${n}`, sender, text, sent_at: now - (60 - n) * 60_000 }));
    await importLines(here.powers, "family", lines);
  });
  afterAll(async () => {
    await here.close();
    here.home.remove();
  });
  const ask = async (line: string): Promise<string> => {
    const before = here.said.length;
    await here.type(line);
    return here.said.slice(before).join("\n---\n");
  };

  test.each([
    ["who brings the tent in family?", /^Ben\.\nBen will bring the tent and the stove\./],
    ["how much is the campsite in family?", /^84 €\.\nCarla says/],
    ["what did Carla say about the invoice in family?", /^Carla says .*invoice/],
    ["did we decide on a date for hiking in family?", /^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) \d.*\.\n/],
    ["is there anything urgent in family?", /^1 of 8 messages: urgent\./],
    ["what colour is the submarine in family?", /^I found no answer to that/],
    [
      "draft a reply to Ben that we meet at nine and thank him for the tent",
      /^A draft:\nHi Ben,\nWe meet at nine\. Thank you for the tent\./,
    ],
  ])("“%s”", async (asked, said) => {
    const answer = await ask(asked);
    expect(answer).toMatch(said);
    expect(answer).not.toMatch(/hunter2|1234567|PERSON_/);
  });
});
