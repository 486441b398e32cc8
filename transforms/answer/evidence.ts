/** Which messages answer a question, best first: shared words, what they name, and what they answer themselves. */
import type { Turn } from "../../src/core/transform.ts";
import { contentWords } from "../summary/content.ts";
import { NO, YES } from "../tasks/phrases.ts";
import { type FoundDate, findDates } from "../text/dates.ts";
import { plain } from "../text/sentences.ts";
import { type Amount, amountIn } from "./amounts.ts";
import type { Question } from "./question.ts";

export type Evidence = {
  readonly turn: Turn;
  readonly score: number;
  readonly dates: readonly FoundDate[];
  readonly amount: Amount | null;
  /** What it says to the question before it. */
  readonly reply: "yes" | "no" | null;
};

/** How many messages back a question may stand that this one answers. */
const ANSWERS_BACK = 3;
/** Words of the question that is answered count this much. */
const LENT = 0.7;
const COVER_LEAST = 0.34;
const SETTLES = new RegExp(
  String.raw`(?<![\p{L}])(?:let'?s (?:do|go|take|meet|make|have)|we'?ll (?:do|go|take|meet)|\p{L}+ it is(?=[.!,]|$)` +
    "|decided|agreed|settled|deal|booked|abgemacht|beschlossen|entschieden|wir (?:nehmen|machen|treffen uns)" +
    String.raw`|on (?:prend|fait|se voit)|décidé|quedamos|decidido)(?![\p{L}])`,
  "iu",
);

export const isQuestion = (text: string): boolean => /\?[\s\p{P}\p{S}]*$/u.test(text);

type Read = { readonly turn: Turn; readonly text: string; readonly words: ReadonlySet<string>; readonly asks: boolean };

const read = (turn: Turn): Read => {
  const text = plain(turn.text);
  return { turn, text, words: new Set(contentWords(text)), asks: isQuestion(text) };
};

const PREFIX_CHARS = 5;
/** One word, or two of one family: "invoice" and "invoicing". */
const matches = (words: ReadonlySet<string>, word: string): boolean =>
  words.has(word) ||
  (word.length >= PREFIX_CHARS &&
    [...words].some((other) => other.startsWith(word) || (other.length >= PREFIX_CHARS && word.startsWith(other))));

/** The question that a message answers: what it replies to, or one of another person just before. */
function askedBefore(all: readonly Read[], at: number): Read | null {
  const here = all[at];
  if (here === undefined || here.asks) return null;
  const replied = here.turn.replyTo === null ? undefined : all.find(({ turn }) => turn.index === here.turn.replyTo);
  if (replied !== undefined) return replied;
  for (let back = at - 1; back >= 0 && back >= at - ANSWERS_BACK; back -= 1) {
    const before = all[back];
    if (before?.asks === true && before.turn.sender !== here.turn.sender) return before;
  }
  return null;
}

/** Rare words tell more: each weighs by how few messages have it. */
function weigher(all: readonly Read[]): (word: string) => number {
  const counts = new Map<string, number>();
  for (const { words } of all) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return (word) => 1 + Math.log((all.length + 1) / ((counts.get(word) ?? 0) + 1));
}

/** Whether the question's own type of answer stands in the message. */
function fits({ wants, after }: Question, text: string, evidence: Omit<Evidence, "score">): number {
  const settled = after === "decision" && SETTLES.test(text) ? 0.4 : 0;
  if (wants === "date") return settled + (evidence.dates.length > 0 ? 0.5 : -0.1);
  if (wants === "amount") return settled + (evidence.amount !== null ? 0.5 : -0.1);
  if (wants === "choice") return settled + (evidence.reply !== null ? 0.4 : 0);
  if (wants === "person")
    return (
      settled +
      (/(?<![\p{L}])(?:i(?:'ll|'m| will| can| am)?|me|ich|je|moi|yo|PERSON_\w+)(?![\p{L}])/iu.test(text) ? 0.2 : 0)
    );
  return settled;
}

/**
 * The messages that answer, best first; those of one score in order. "Did we decide on a place?" names nothing that
 * was said: then whatever was settled answers it.
 */
export function evidenceFor(question: Question, turns: readonly Turn[], language: string): Evidence[] {
  const found = ranked(question, turns, language);
  if (found.length > 0 || question.after !== "decision") return found;
  const settled = turns.filter(({ text }) => SETTLES.test(text));
  return ranked({ ...question, words: new Set() }, settled, language);
}

function ranked(question: Question, turns: readonly Turn[], language: string): Evidence[] {
  const all = turns.map(read);
  const weight = weigher(all);
  const total = [...question.words].reduce((sum, word) => sum + weight(word), 0);
  const found: Evidence[] = [];
  // "Can she come?", when nobody here is called so: there is nothing to look for.
  const isEmpty = total === 0 && question.speakers.length + question.about.length === 0 && question.after === null;
  if (isEmpty && question.wants !== "text") return found;
  for (const [at, { turn, text, words, asks }] of all.entries()) {
    if (question.speakers.length > 0 && !question.speakers.includes(turn.sender)) continue;
    if (asks && question.after !== "open") continue;
    const asked = askedBefore(all, at);
    let cover = 0;
    for (const word of question.words) {
      if (matches(words, word)) cover += weight(word);
      else if (asked !== null && matches(asked.words, word)) cover += LENT * weight(word);
    }
    const share = total === 0 ? 0.5 : cover / total;
    if (share < COVER_LEAST) continue;
    const reply = asked === null ? null : NO.test(text) ? "no" : YES.test(text) ? "yes" : null;
    const written = { sentAt: turn.sentAt, offsetMinutes: turn.offsetMinutes, language };
    const evidence = { turn, dates: findDates(text, written), amount: amountIn(text), reply } as const;
    const own = question.about.includes(turn.sender) ? 0.2 : 0;
    const late = (0.1 * at) / all.length;
    found.push({ ...evidence, score: share + fits(question, text, evidence) + own + late });
  }
  return found.sort((a, b) => b.score - a.score || a.turn.index - b.turn.index);
}

/** Questions that nobody answered, in order. */
export function openQuestions(turns: readonly Turn[]): Turn[] {
  const all = turns.map(read);
  const answered = new Set(all.map((_, at) => askedBefore(all, at)?.turn.index));
  return all.filter(({ asks, turn }) => asks && !answered.has(turn.index)).map(({ turn }) => turn);
}
