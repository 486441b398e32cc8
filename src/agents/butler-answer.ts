/** Errands of one question: what was said about something, how many messages are of a kind, and a draft. */
import type { Scope } from "../core/scope.ts";
import { type AnswerWords, answerWordsIn } from "./butler-answer-words.ts";
import { Declined, type Got, type Hands } from "./butler-hands.ts";
import { type Asked, isFields } from "./butler-request.ts";
import { dueText } from "./butler-texts.ts";
import type { Words } from "./butler-words.ts";

/** As in transforms/answer.ts and transforms/compose.ts. */
const QUESTION_CHARS_MAX = 500;
const INSTRUCTION_CHARS_MAX = 2_000;
const CURRENCIES: Readonly<Record<string, string>> = { eur: " €", usd: " $", gbp: " £", chf: " CHF", percent: " %" };

const place = (got: Got, field: string): string => (got.handle === null ? "" : `{{v:${got.handle}.${field}}}`);

function amountText(value: unknown): string {
  if (!isFields(value) || typeof value["hundredths"] !== "number") return "";
  const { hundredths, unit } = value;
  const number = hundredths as number;
  return `${number % 100 === 0 ? number / 100 : (number / 100).toFixed(2)}${CURRENCIES[String(unit)] ?? ""}`;
}

/** The typed part of an answer in words; "" when there is none. */
function typedText(output: Readonly<Record<string, unknown>>, asked: Asked, words: Words, own: AnswerWords): string {
  switch (output["kind"]) {
    case "date":
      return typeof output["date"] === "string" ? `${dueText(output["date"], asked, words)}.` : "";
    case "amount":
      return `${amountText(output["amount"])}.`;
    case "person":
      return typeof output["person"] === "string" ? `${output["person"]}.` : "";
    case "choice":
      return output["choice"] === "yes" ? own.yes : output["choice"] === "no" ? own.no : own.unclear;
    default:
      return "";
  }
}

/** What stands above the line that says what was read. */
export function answerText(asked: Asked, got: Got, words: Words): string {
  const own = answerWordsIn(asked.language);
  const { output } = got;
  if (!isFields(output)) return place(got, "text");
  if (output["found"] !== true) return own.notFound;
  const typed = typedText(output, asked, words, own);
  // Null: nothing could be put in a sentence. Absent: it may be shown here, but not to the butler.
  const isTold = typeof output["text"] === "string" || (output["text"] === undefined && output["kind"] === "text");
  const text = isTold ? place(got, "text") : "";
  const sources = Array.isArray(output["sources"]) ? output["sources"].length : 0;
  const all = [typed, text].filter((part) => part !== "").join("\n");
  return all === "" ? own.unsaid(sources) : all;
}

/** The question without the place that it names: that is where it is asked, not what about. */
export function questionIn({ text, slots }: Asked): { readonly question: string } {
  const alias = slots.conversation;
  const before = "(?:in|from|of|at|on|aus|dans|en) (?:the |our )?";
  const where = alias === null ? null : new RegExp(`,? ${before}${alias}(?![\\w-])`, "giu");
  const question = where === null ? text : text.replace(where, "");
  return { question: (question.trim() === "" ? text : question).slice(0, QUESTION_CHARS_MAX) };
}

const KIND = new RegExp(
  "^(?:(?:hey|hi|and|so),? )?(?:is there|are there|any|anything|was there|were there|how many|gibt es|wie ?viele) " +
    "(?:\\S+ ){0,3}?(urgent|complaints?|problems?|questions?|jokes?|dringende?s?|beschwerden?|fragen?|probleme?)\\b",
  "iu",
);

/** "anything urgent?", "how many questions were asked?": the kind of message that is counted, or null. */
export const kindIn = ({ text }: Asked): string | null => KIND.exec(text)?.[1]?.toLowerCase() ?? null;

/** "3 of 20 messages: urgent." */
export function countText(kind: string, got: Got, asked: Asked): string {
  const own = answerWordsIn(asked.language);
  const counts = isFields(got.output) ? got.output["counts"] : undefined;
  const classes = isFields(got.output) ? got.output["classes"] : undefined;
  if (!Array.isArray(counts) || !Array.isArray(classes)) return own.notFound;
  return own.ofKind(kind, Number(counts[0] ?? 0), classes.length);
}

const TRANSLATE = /(?<![\p{L}])(?:translat|übersetz|tradui|traduire|traduc)/iu;

/** A draft in the run's own conversation. Throws `Declined` for anything but an instruction that says nothing. */
export async function composed(asked: Asked, hands: Hands): Promise<string> {
  const own = answerWordsIn(asked.language);
  if (TRANSLATE.test(asked.text)) return own.translate;
  const input: Scope & { readonly instruction: string } = {
    last: 1,
    instruction: asked.text.slice(0, INSTRUCTION_CHARS_MAX),
  };
  try {
    const got = await hands("message.compose", input, "Put the draft together.", "work-1");
    return `${own.draft}\n${place(got, "text")}`;
  } catch (error) {
    if (error instanceof Declined && error.code === "input.invalid") return own.sayWhat;
    throw error;
  }
}
