/** What `lazaret try` says to a person, of a chat or a text on stdin. */

import type { Answer } from "../transforms/answer.ts";
import type { Draft } from "../transforms/compose.ts";
import type { Entities } from "../transforms/extract-entities.ts";
import type { Task } from "../transforms/extract-tasks.ts";
import type { Summary } from "../transforms/summarize.ts";
import { NOBODY, readChat, turnsOf } from "./chat-text.ts";
import type { TransformName } from "./cli/offline.ts";
import { MIB } from "./core/limits.ts";
import { Refusal } from "./core/refusal.ts";
import { type Lexicon, tryChat, tryRedact } from "./try.ts";

const TEXT_CHARS_MAX = 8 * MIB;
const BOXES = { open: "[ ]", done: "[x]", cancelled: "[-]" } as const;

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

function summaryLines({ points, topics, counts }: Summary): string[] {
  const { messages, people, questions } = counts;
  const what = [plural(messages, "message", "messages"), plural(people, "person", "people")];
  return [
    ...(points.length === 0 ? ["Nothing in it can be told in a sentence."] : points.map((point) => `- ${point}`)),
    "",
    ...(topics.length === 0 ? [] : [`Topics: ${topics.join(", ")}`]),
    `Read: ${what.join(" from ")}, ${plural(questions, "question", "questions")}`,
  ];
}

function taskLine({ title, assignee, due, priority, status, sources }: Task): string {
  const facts = [
    assignee,
    due === null ? null : `due ${due.replace("T", " ")}`,
    priority === "normal" ? null : `${priority} priority`,
    sources.length === 0 ? null : `message ${sources.map((index) => index + 1).join(", ")}`,
  ].filter((fact) => fact !== null);
  return `${BOXES[status]} ${title}${facts.length === 0 ? "" : ` (${facts.join("; ")})`}`;
}

function entityLines(entities: Entities): string[] {
  const lists = Object.entries(entities).filter(([, found]) => found.length > 0);
  if (lists.length === 0) return ["Nobody and nothing is named in it."];
  return lists.map(([kind, found]) => {
    const words = found.map(({ text, count }) => (count === 1 ? text : `${text} (${count})`));
    return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}: ${words.join(", ")}`;
  });
}

function answerLines({ found, date, amount, person, choice, text, sources }: Answer): string[] {
  if (!found) return ["Nothing in it answers that."];
  const sum = amount === null ? null : `${amount.hundredths / 100}${amount.unit === "count" ? "" : ` ${amount.unit}`}`;
  const typed = [date?.replace("T", " "), sum, person, choice].find((one) => one !== null && one !== undefined);
  return [
    ...(typed === undefined || typed === null ? [] : [typed]),
    ...(text === null ? [] : [text]),
    `Read in message ${sources.map((index) => index + 1).join(", ")}`,
  ];
}

const classLines = (classes: readonly (string | null)[]): string[] =>
  classes.map((name, index) => `${index + 1}: ${name ?? "-"}`);

/** The whole answer to a text, without a last line end. Refuses text longer than 8 MiB with `input.too_large`. */
export function tryText(transform: TransformName, text: string, lexicon: Lexicon, ask: string | null = null): string {
  if (text.length > TEXT_CHARS_MAX) throw new Refusal("input.too_large", { hint: "at most 8 MiB; or use --jsonl" });
  const chat = readChat(text);
  if (transform === "redact") {
    const senders = chat.map(({ sender }) => sender).filter((sender) => sender !== NOBODY);
    return tryRedact(text, senders, lexicon).text.replace(/\n+$/, "");
  }
  return wordsOf(transform, tryChat(transform, turnsOf(chat), lexicon, ask));
}

/** An answer as a person reads it. */
export function wordsOf(transform: Exclude<TransformName, "redact">, answer: object): string {
  const lines = linesOf(transform, answer);
  return (lines.length === 0 ? ["Nobody is asked to do anything in it."] : lines).join("\n");
}

function linesOf(transform: Exclude<TransformName, "redact">, answer: object): string[] {
  switch (transform) {
    case "summarize":
      return summaryLines(answer as Summary);
    case "extract_tasks":
      return (answer as { tasks: readonly Task[] }).tasks.map(taskLine);
    case "extract_entities":
      return entityLines(answer as Entities);
    case "answer":
      return answerLines(answer as Answer);
    case "classify":
      return classLines((answer as { classes: readonly (string | null)[] }).classes);
    case "compose":
      return [(answer as Draft).text];
  }
}
