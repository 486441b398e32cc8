/** What requests about later and about memory ask for, read from the words alone. */
import { expect, test } from "vitest";
import { type Later, laterOf } from "../transforms/request/later.ts";

/** A Wednesday, 14:30 in Vienna. */
const AT = Date.UTC(2025, 5, 18, 12, 30);
const read = (text: string): Later | null => laterOf(text, { at: AT, offsetMinutes: 120, language: "en" });
const ALL = [1, 2, 3, 4, 5, 6, 7];
const WORK = [1, 2, 3, 4, 5];

test.each<[string, Partial<Later>]>([
  ["remind me tomorrow at 9 to call Ben", { when: { day: "2025-06-19", minute: 540 }, about: "call Ben" }],
  ["Please remind me to call Ben tomorrow at 9", { when: { day: "2025-06-19", minute: 540 }, about: "call Ben" }],
  ["remind me in 20 minutes to check the oven", { when: { in_minutes: 20 }, about: "check the oven" }],
  ["remind me in half an hour about the oven", { when: { in_minutes: 30 }, about: "the oven" }],
  ["remind us on Friday about the party", { when: { day: "2025-06-20", minute: 540 }, about: "the party" }],
  ["remind me at 18:00: bins out", { when: { day: "2025-06-18", minute: 1080 }, about: "bins out" }],
  ["remind me tonight to water the plants", { when: { day: "2025-06-18", minute: 1140 }, about: "water the plants" }],
  ["set a reminder for 3 December at 10am to pay", { when: { day: "2025-12-03", minute: 600 }, about: "pay" }],
  ["remind me to call Ben", { about: "call Ben" }],
  ["remind me when somebody answers", { when: { event: "message" }, about: "" }],
  [
    "erinnere mich morgen um 9 daran, Ben anzurufen",
    { when: { day: "2025-06-19", minute: 540 }, about: "Ben anzurufen" },
  ],
  ["erinnere mich in 2 Stunden an den Zahnarzt", { when: { in_minutes: 120 }, about: "den Zahnarzt" }],
  ["remind me every day at 7am to take the pills", { when: { weekdays: ALL, minute: 420 }, about: "take the pills" }],
  ["every Monday and Thursday at 19:30 remind me of choir", { when: { weekdays: [1, 4], minute: 1170 } }],
])("%s", (text, want) => {
  const found = read(text);
  expect(found).toMatchObject({ intent: "schedule", ...want });
  expect(found?.when).toEqual(want.when);
});

test.each<[string, Partial<Later>]>([
  [
    "every weekday at 8 summarise family",
    { when: { weekdays: WORK, minute: 480 }, does: "summarize", about: "summarise family" },
  ],
  [
    "summarise family every weekday at 8",
    { when: { weekdays: WORK, minute: 480 }, does: "summarize", about: "summarise family" },
  ],
  ["daily at 18:00 make a to-do list from family", { when: { weekdays: ALL, minute: 1080 }, does: "tasks" }],
  [
    "every evening summarise today",
    { when: { weekdays: ALL, minute: 1140 }, does: "summarize", about: "summarise today" },
  ],
  ["every month on 8:15 summarise family", { when: { date: 18, minute: 495 }, does: "summarize" }],
  ["in 2 hours summarise family", { when: { in_minutes: 120 }, does: "summarize" }],
  ["tomorrow at 9 summarise family", { when: { day: "2025-06-19", minute: 540 }, does: "summarize" }],
  ["summarise family tomorrow at 9", { when: { day: "2025-06-19", minute: 540 }, does: "summarize" }],
  ["jeden Montag um 8 Uhr fass family zusammen", { when: { weekdays: [1], minute: 480 }, does: "summarize" }],
])("%s is done then", (text, want) => {
  expect(read(text)).toMatchObject({ intent: "schedule", ...want });
});

test.each<[string, Later]>([
  ["what is scheduled", { intent: "scheduled" }],
  ["What's scheduled?", { intent: "scheduled" }],
  ["list my reminders", { intent: "scheduled" }],
  ["was ist geplant?", { intent: "scheduled" }],
  ["stop the digest", { intent: "unschedule", does: "summarize" }],
  ["cancel my reminder", { intent: "unschedule", does: "remind" }],
  ["stop 2", { intent: "unschedule", pick: 2 }],
  ["cancel reminder 3", { intent: "unschedule", does: "remind", pick: 3 }],
  ["stop all reminders", { intent: "unschedule", does: "remind", pick: "all" }],
  ["stop everything", { intent: "unschedule", pick: "all" }],
  ["what do you remember", { intent: "recall" }],
  ["show my notes", { intent: "recall" }],
  ["forget everything", { intent: "forget", pick: "all" }],
  ["forget note 2", { intent: "forget", pick: 2 }],
  ["forget the wifi code", { intent: "forget" }],
  ["remember that the key is under the mat", { intent: "remember", about: "the key is under the mat" }],
  ["Merk dir, dass Ben keine Nüsse isst", { intent: "remember", about: "Ben keine Nüsse isst" }],
])("%s", (text, want) => {
  expect(read(text)).toEqual(want);
});

test.each([
  "summarise the last 20 messages",
  "what did I miss since yesterday",
  "tasks for tomorrow",
  "did Ana remember the tent",
  "remember when we went to the lake?",
  "what happened on Monday at 9",
  "summarise what was said about tomorrow",
  "stop",
  "summarise everything since 9",
  "who comes on Friday",
  "list my chats",
])("%s is about now", (text) => {
  expect(read(text)).toBeNull();
});

test("what is joined by nothing but marks takes no longer for being long", () => {
  const long = `remind me tomorrow ${"-, ".repeat(1300)}x ${" please at".repeat(100)}`;
  // Many times over: what backtracks does not end within the time of a test.
  for (let n = 0; n < 20; n++) read(long);
});
