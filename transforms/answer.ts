/**
 * `message.answer` without a model: the messages that answer a question, what they say as a date, an amount, a person
 * or a choice (tier A), and the same in reported speech (tier B, CONTRACT sections 3 and 5). It extracts and never
 * concludes: what nobody said is not found.
 */
import { z } from "zod";
import type { Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { HUNDREDTHS_MAX, UNITS } from "./answer/amounts.ts";
import { type Evidence, evidenceFor, openQuestions } from "./answer/evidence.ts";
import { personIn } from "./answer/persons.ts";
import { type Question, questionOf } from "./answer/question.ts";
import type { Candidate } from "./summary/candidates.ts";
import { contentWords } from "./summary/content.ts";
import { maskedTurns } from "./summary/masked.ts";
import { castOf, statementsOf } from "./summary/points.ts";
import { echoesOf, isUnfit, POINT_CHARS_MAX } from "./summary/verify.ts";
import { echoes } from "./text/check.ts";

const QUESTION_CHARS_MAX = 500;
const SOURCES_MAX = 5;
const STATEMENTS_MAX = 3;
const INDEX_MAX = 1_000_000;
const NAME_CHARS_MAX = 64;
/** Evidence this much weaker than the best is none. */
const NEAR = 0.75;
const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2}))?$/;

const input = z.strictObject({ question: z.string().min(1).max(QUESTION_CHARS_MAX) });
const output = z.strictObject({
  found: z.boolean(),
  kind: z.enum(["date", "amount", "person", "choice", "text", "none"]).meta({ tier: "A" }),
  date: z.string().max(32).regex(DATE).meta({ tier: "time" }).nullable(),
  amount: z
    .strictObject({ hundredths: z.int().min(0).max(HUNDREDTHS_MAX).meta({ tier: "A" }), unit: z.enum(UNITS) })
    .nullable(),
  person: z.string().max(NAME_CHARS_MAX).meta({ tier: "id" }).nullable(),
  choice: z.enum(["yes", "no", "unclear"]).meta({ tier: "A" }).nullable(),
  text: z.string().max(POINT_CHARS_MAX).meta({ tier: "B" }).nullable(),
  sources: z.array(z.int().min(0).max(INDEX_MAX).meta({ tier: "A" })).max(SOURCES_MAX),
});
export type Answer = z.output<typeof output>;

const NOTHING: Answer = {
  found: false,
  kind: "none",
  date: null,
  amount: null,
  person: null,
  choice: null,
  text: null,
  sources: [],
};

const NEGATED = new RegExp(
  String.raw`(?<![\p{L}])(?:not|n't|never|no longer|cannot|can't|won't|isn't|hasn't|haven't|didn't|nicht|kein\p{L}*` +
    String.raw`|noch nicht|pas|jamais|no|nunca|todavía no)(?![\p{L}])`,
  "iu",
);

/** Yes, no, or unclear when the messages that answer say both. */
function choiceIn(near: readonly Evidence[]): Answer["choice"] {
  const said = new Set(near.map(({ reply, turn }) => reply ?? (NEGATED.test(turn.text) ? "no" : "yes")));
  return said.size === 1 ? ([...said][0] ?? "unclear") : "unclear";
}

/** The typed part of the answer, from the best message that has one. */
function typedIn(question: Question, near: readonly Evidence[], senders: readonly string[]): Partial<Answer> {
  const [best] = near;
  switch (question.wants) {
    case "date": {
      const date = near.find(({ dates }) => dates.length > 0)?.dates[0];
      return date === undefined ? {} : { kind: "date", date: date.value };
    }
    case "amount": {
      const amounts = near.flatMap(({ amount }) => (amount === null ? [] : [amount]));
      const amount = amounts.find(({ unit }) => (unit === "count") === question.counts) ?? amounts[0];
      return amount === undefined ? {} : { kind: "amount", amount };
    }
    case "person": {
      const person = best === undefined ? null : personIn(best.turn, senders);
      return person === null ? {} : { kind: "person", person: person.slice(0, NAME_CHARS_MAX) };
    }
    case "choice":
      return { kind: "choice", choice: choiceIn(near) };
    case "text":
      return {};
  }
}

/** The statements of these messages that share most with the question, in order, as far as one field holds them. */
function textOf(
  question: Question,
  chosen: readonly Turn[],
  statements: readonly Candidate[],
  originals: readonly string[],
) {
  const turns = new Set(chosen.map(({ index }) => index));
  const shared = ({ text }: Candidate): number => contentWords(text).filter((word) => question.words.has(word)).length;
  const ranked = statements.filter(({ turn }) => turns.has(turn)).sort((a, b) => shared(b) - shared(a));
  const kept: Candidate[] = [];
  let chars = 0;
  for (const statement of ranked) {
    if (kept.length >= STATEMENTS_MAX || chars + statement.text.length + 1 > POINT_CHARS_MAX) continue;
    if (kept.some(({ text, sentence }) => text === statement.text || sentence === statement.sentence)) continue;
    kept.push(statement);
    chars += statement.text.length + 1;
  }
  const text = kept
    .sort((a, b) => a.sentence - b.sentence)
    .map((statement) => statement.text)
    .join(" ");
  return text === "" || isUnfit(text) || echoes(text, originals) ? null : text;
}

function answerOf(given: readonly Turn[], asked: string, surroundings: Surroundings): Answer {
  const turns = maskedTurns(given, surroundings);
  const senders = [...new Set(turns.map(({ sender }) => sender))];
  const question = questionOf(asked, senders);
  const evidence = question.after === "open" ? [] : evidenceFor(question, turns, surroundings.language);
  const best = evidence[0]?.score ?? 0;
  const near = evidence.filter(({ score }) => score >= NEAR * best).slice(0, SOURCES_MAX);
  const chosen = question.after === "open" ? openQuestions(turns).slice(-SOURCES_MAX) : near.map(({ turn }) => turn);
  if (chosen.length === 0) return NOTHING;
  const originals = given.map(({ text }) => text);
  const seen = echoesOf([...originals, ...turns.map(({ text }) => text)]);
  const statements = statementsOf(turns, castOf(turns, senders), seen, true, surroundings);
  const text = textOf(question, chosen, statements, originals);
  const typed = typedIn(question, near, senders);
  if (typed.kind === undefined && text === null && question.words.size === 0) return NOTHING;
  const sources = chosen.map(({ index }) => index).sort((a, b) => a - b);
  return { ...NOTHING, found: true, kind: text === null ? "none" : "text", ...typed, text, sources };
}

export const answer: Transform<typeof input, typeof output> = {
  id: "message.answer",
  version: 1,
  input,
  output,
  prepare: (turns, { question }, surroundings) => ({ kind: "value", value: answerOf(turns, question, surroundings) }),
  finish: () => {
    throw new RangeError("message.answer asks no model");
  },
};
