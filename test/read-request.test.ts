import { expect, test } from "vitest";
import type { Intent, ReadRequest, Slots } from "../src/core/request.ts";
import type { Surroundings } from "../src/core/transform.ts";
import { readLexicon } from "../src/word-lists.ts";
import { readRequest } from "../transforms/read-request.ts";

const lexicon = readLexicon();

/** Wednesday 2025-06-18, 14:30 in Vienna (UTC+2). */
const NOW = Date.UTC(2025, 5, 18, 12, 30);
const vienna = (month: number, day: number, hour = 0, minute = 0): number =>
  Date.UTC(2025, month - 1, day, hour - 2, minute);
const today = vienna(6, 18);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const ME = "PERSON_0a0a";
const ANA = "PERSON_7f3a";
const MARK = "PERSON_91bb";
const ALIASES = ["family", "work", "book-club", "hausverein"];

const surroundings: Surroundings = {
  people: [
    { names: ["Ana", "Ana Horvat"], token: ANA },
    { names: ["Mark"], token: MARK },
    { names: ["Lena"], token: ME },
  ],
  tokenOf: (kind, text) => `${kind}_${(text.length % 16).toString(16).repeat(4)}`,
  ...lexicon,
  language: "en",
  now: NOW,
  nowOffsetMinutes: 120,
};

function read(text: string): ReadRequest {
  const turn = { index: 0, sender: ME, text, sentAt: NOW, offsetMinutes: 120, replyTo: null, media: 0 };
  const prepared = readRequest.prepare([turn], { aliases: ALIASES, me: ME, due: false }, surroundings);
  if (prepared.kind !== "value") throw new Error("a request was not read at once");
  return prepared.value;
}

const NO_SLOTS: Slots = {
  last: null,
  since: null,
  until: null,
  scope: null,
  person: null,
  conversation: null,
  to: null,
};

const TABLE: readonly (readonly [string, Intent, Partial<Slots>?])[] = [
  // Summaries
  ["summarise the last 20 messages", "summarize", { last: 20 }],
  ["Summarize the last twenty messages please", "summarize", { last: 20 }],
  ["@lazaret: can you summarise this thread?", "summarize", { scope: "thread" }],
  ["/summarize", "summarize"],
  ["lazaret, summarise the past two hundred messages", "summarize", { last: 200 }],
  ["tl;dr", "summarize"],
  ["TLDR of the last 100?", "summarize", { last: 100 }],
  ["give me a summary of today", "summarize", { since: today }],
  ["please recap yesterday", "summarize", { since: today - DAY, until: today }],
  ["sum up this week", "summarize", { since: vienna(6, 16) }],
  ["key points since monday", "summarize", { since: vienna(6, 16) }],
  ["summary of the last hour", "summarize", { since: NOW - HOUR }],
  ["summarise the last 30 minutes", "summarize", { since: NOW - HOUR / 2 }],
  ["summarise the last 3 days", "summarize", { since: NOW - 3 * DAY }],
  ["summarise last week", "summarize", { since: vienna(6, 9), until: vienna(6, 16) }],
  ["summarise what was said in the last week", "summarize", { since: NOW - 7 * DAY }],
  [
    "summarise everything since 10:30",
    "summarize",
    { last: 1000, since: vienna(6, 18, 10, 30), scope: "conversation" },
  ],
  ["summarise since 5pm", "summarize", { since: vienna(6, 17, 17) }],
  ["summarise since yesterday 10am", "summarize", { since: vienna(6, 17, 10) }],
  ["summarise 12 June", "summarize", { since: vienna(6, 12), until: vienna(6, 13) }],
  ["recap since 2025-06-10", "summarize", { since: vienna(6, 10) }],
  ["summarise from Monday to Tuesday", "summarize", { since: vienna(6, 16), until: today }],
  ["summarise what happened 2 days ago", "summarize", { since: vienna(6, 16), until: vienna(6, 17) }],
  ["summarise the last message", "summarize", { last: 1 }],
  ["summarise Ana's messages from today", "summarize", { person: ANA, since: today }],
  ["what did Ana say since yesterday?", "summarize", { person: ANA, since: today - DAY }],
  ["what has Mark written today?", "summarize", { person: MARK, since: today }],
  ["summarise family to me privately", "summarize", { conversation: "family", to: "direct" }],
  ["send me a summary of the book club, privately", "summarize", { conversation: "book-club", to: "direct" }],
  ["recap the work chat", "summarize", { conversation: "work" }],
  ["what did they talk about this morning?", "summarize", { since: today }],
  ["what is this thread about?", "summarize", { scope: "thread" }],
  ["fass die letzten 20 Nachrichten zusammen", "summarize", { last: 20 }],
  ["Kannst du bitte den Chat seit gestern zusammenfassen?", "summarize", { since: today - DAY }],
  ["Zusammenfassung von heute bitte", "summarize", { since: today }],
  ["résume les 30 derniers messages", "summarize", { last: 30 }],
  ["peux-tu résumer la conversation depuis hier ?", "summarize", { since: today - DAY, scope: "conversation" }],
  ["resume los últimos 15 mensajes", "summarize", { last: 15 }],
  ["hazme un resumen de hoy", "summarize", { since: today }],
  ["the last 20 please", "summarize", { last: 20 }],
  ["since yesterday", "summarize", { since: today - DAY }],
  ["summary since my last message", "summarize"],
  ["summarise May", "summarize", { since: vienna(5, 1), until: vienna(6, 1) }],
  ["schick mir die Zusammenfassung privat", "summarize", { to: "direct" }],
  // Catching up
  ["what did I miss since yesterday", "catch_up", { since: today - DAY }],
  ["What did I miss?", "catch_up"],
  ["catch me up", "catch_up"],
  ["hey, anything new since this morning?", "catch_up", { since: today }],
  ["bring me up to speed on work", "catch_up"],
  ["what's new in the family chat", "catch_up", { conversation: "family" }],
  ["what happened here over the weekend?", "catch_up", { since: vienna(6, 14), until: vienna(6, 16) }],
  ["fill me in", "catch_up"],
  ["was habe ich seit Montag verpasst?", "catch_up", { since: vienna(6, 16) }],
  ["was gibt's Neues?", "catch_up"],
  ["was ist hier passiert?", "catch_up"],
  ["qu'est-ce que j'ai raté ?", "catch_up"],
  ["quoi de neuf depuis lundi ?", "catch_up", { since: vienna(6, 16) }],
  ["¿qué me perdí ayer?", "catch_up", { since: today - DAY, until: today }],
  // Tasks
  ["make a to-do list from this thread", "tasks", { scope: "thread" }],
  ["any tasks for me?", "tasks", { person: ME }],
  ["what do I have to do this week", "tasks", { person: ME }],
  ["anything I must do before Friday?", "tasks", { person: ME }],
  ["what do I have to do from the last 2 days", "tasks", { person: ME, since: NOW - 2 * DAY }],
  ["todos from the last fifty messages", "tasks", { last: 50 }],
  ["action items for Ana", "tasks", { person: ANA }],
  ["who does what?", "tasks"],
  ["list the open tasks of Mark", "tasks", { person: MARK }],
  ["summarise the tasks", "tasks"],
  ["welche Aufgaben gibt es für mich?", "tasks", { person: ME }],
  ["mach eine To-do-Liste aus diesem Thread", "tasks", { scope: "thread" }],
  ["fais une liste des tâches", "tasks"],
  ["lista de tareas de hoy", "tasks", { since: today }],
  // Who and what is mentioned
  ["who is mentioned", "entities"],
  ["who was mentioned in the last 40 messages?", "entities", { last: 40 }],
  ["list all the links", "entities"],
  ["which dates came up today?", "entities", { since: today }],
  ["what places were mentioned", "entities"],
  ["wer wird erwähnt?", "entities"],
  ["qui est mentionné ?", "entities"],
  // Redaction
  ["redact the last 5 messages", "redact", { last: 5 }],
  ["give me an anonymised copy of today", "redact", { since: today }],
  ["schwärze die letzten fünf Nachrichten", "redact", { last: 5 }],
  // Questions
  ["what did Ana say about the boat?", "question", { person: ANA }],
  ["when is the meeting?", "question"],
  ["did Ana finish her task?", "question", { person: ANA }],
  ["remind me what the door code was", "question"],
  ["wann ist das Treffen?", "question"],
  ["how much did we spend?", "question"],
  // Sending
  ["send that to family", "send", { conversation: "family" }],
  ["forward this to the book club", "send", { conversation: "book-club" }],
  ["send a summary of today to family", "send", { conversation: "family", since: today }],
  ["tell work that I'm late", "send", { conversation: "work" }],
  ["schick das an hausverein", "send", { conversation: "hausverein" }],
  // Scheduling
  ["remind me tomorrow", "schedule", { when: { day: "2025-06-19", minute: 540 }, does: "remind" }],
  [
    "remind me tomorrow at 9 to call Ana",
    "schedule",
    { person: ANA, when: { day: "2025-06-19", minute: 540 }, does: "remind" },
  ],
  ["every Monday summarise the last week", "schedule", { when: { weekdays: [1], minute: 540 }, does: "summarize" }],
  ["erinnere mich morgen an den Müll", "schedule", { when: { day: "2025-06-19", minute: 540 }, does: "remind" }],
  ["rappelle-moi demain", "schedule"],
  ["recuérdame mañana", "schedule"],
  // Writing
  ["draft a reply to Ana", "compose", { person: ANA }],
  ["translate the last message", "compose"],
  ["schreib eine Antwort", "compose"],
  ["redacta un correo", "compose"],
  // Attachments
  ["what is in the file?", "file"],
  ["what's in this attachment", "file"],
  ["summarise the attachment", "file"],
  ["can you read the attached document please", "file"],
  ["tl;dr of the pdf", "file"],
  ["show me the text of the document", "file"],
  ["was steht in der Datei?", "file"],
  ["fass den Anhang zusammen", "file"],
  ["résume le document", "file"],
  ["¿qué dice el archivo?", "file"],
  ["who sent the file?", "question"],
  ["did Ana open the file?", "question", { person: ANA }],
  ["send the file to family", "send", { conversation: "family" }],
  ["summarise the messages about the file", "summarize"],
  // Conversations
  ["which conversations can you see?", "conversations"],
  ["list my chats", "conversations"],
  ["welche Gruppen kennst du?", "conversations"],
  // Courtesy
  ["hi", "greeting"],
  ["Hello there!", "greeting"],
  ["help", "greeting"],
  ["what can you do?", "greeting"],
  ["Hallo, was kannst du?", "greeting"],
  ["?", "greeting"],
  ["thanks a lot!", "thanks"],
  ["danke", "thanks"],
  // Neither
  ["don't summarise this", "unknown"],
  ["the boat is blue", "unknown"],
  ["👍", "unknown"],
  ["", "unknown"],
];

test.each(TABLE.map(([text, intent, slots]) => [text, intent, slots ?? {}] as const))(
  "%j asks for %s",
  (text, intent, slots) => {
    const request = read(text);
    expect(request.intent).toBe(intent);
    expect(request.slots).toEqual({ ...NO_SLOTS, ...slots });
  },
);

test("a quoted or fenced request is material, not a request", () => {
  expect(read("> summarise family\nnice weather today").intent).toBe("unknown");
  expect(read("```\nsend that to family\n```").slots.conversation).toBeNull();
});

test("a conversation that the caller did not list is never named", () => {
  expect(read("summarise the board chat").slots.conversation).toBeNull();
  expect(read("what work did Ana mention?").slots.conversation).toBeNull();
});

test("a name that is also a word needs to be written as a name", () => {
  expect(read("summarise the mark scheme").slots.person).toBeNull();
  expect(read("summarise what Mark wrote").slots.person).toBe(MARK);
});

test("two persons named are no choice between them", () => {
  expect(read("tasks for Ana and Mark").slots.person).toBeNull();
});

test("what stands after the first thousand characters is no request", () => {
  expect(read(`the boat is blue ${"and blue ".repeat(200)} summarise the last 20 messages`).intent).toBe("unknown");
  expect(read(`summarise the last 20 messages ${"and blue ".repeat(200)}`).slots.last).toBe(20);
});

test("a text made to be slow is read within its bounds", { timeout: 20_000 }, () => {
  const parts = [
    "last ",
    "20 messages ",
    "what did ",
    "twenty ",
    "and to ",
    "@@@@",
    "a-a-a-",
    "from monday to ",
    "1. ",
  ];
  for (const part of parts) expect(read(part.repeat(8000).slice(0, 64_000)).text.length).toBeLessThanOrEqual(4000);
});
