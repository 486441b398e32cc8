/**
 * `message.classify` without a model: one of the agent's own classes for each message. A class named after something of
 * the closed vocabulary (question, decision, task, greeting, complaint, urgent, …) is found by its signs; any other by
 * the words of its name. Everything that comes out is a bounded number (tier A, CONTRACT section 3).
 */
import { z } from "zod";
import type { Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { type Facts, kindNamed, OTHER } from "./classify/kinds.ts";
import { contentWords } from "./summary/content.ts";
import { maskedTurns } from "./summary/masked.ts";
import { Miner } from "./tasks/mine.ts";
import { findDates } from "./text/dates.ts";
import { plain } from "./text/sentences.ts";

const CLASSES_MAX = 8;
const CLASS_CHARS_MAX = 40;
const MESSAGES_MAX = 200;
/** A message that shares a word with the name of a class is of it, unless a sign of another is stronger. */
const BY_WORDS = 0.6;
const OTHERWISE = 0.1;

const name = z.string().min(1).max(CLASS_CHARS_MAX);
const input = z.strictObject({ classes: z.array(name).min(1).max(CLASSES_MAX) });
const output = z.strictObject({
  /** For each message of the range in order: 0 is none of the classes, n the nth. */
  classes: z.array(z.int().min(0).max(CLASSES_MAX).meta({ tier: "A" })).max(MESSAGES_MAX),
  /** How many messages there are of each class, in the order of the input. */
  counts: z.array(z.int().min(0).max(MESSAGES_MAX).meta({ tier: "A" })).max(CLASSES_MAX),
  /** Messages of the range that did not fit. */
  left_out: z.int().min(0).max(1_000_000).meta({ tier: "A" }),
});
export type Classes = z.output<typeof output>;

type Scorer = (facts: Facts) => number;

function scorerOf(title: string): Scorer {
  const kind = kindNamed(title);
  const words = new Set(contentWords(title));
  const byWords: Scorer = ({ text }) => (contentWords(text).some((word) => words.has(word)) ? BY_WORDS : 0);
  if (kind === null) return OTHER.test(title) ? () => OTHERWISE : byWords;
  return (facts) => Math.max(kind(facts), words.size > 1 ? byWords(facts) : 0);
}

/** Indexes of the messages in which something is asked for or promised. */
function tasksIn(turns: readonly Turn[], originals: readonly string[], language: string): ReadonlySet<number> {
  return new Set(new Miner(turns, originals, language).read().flatMap(({ sources }) => Math.min(...sources)));
}

function classesOf(given: readonly Turn[], classes: readonly string[], surroundings: Surroundings): Classes {
  const read = given.slice(0, MESSAGES_MAX);
  const turns = maskedTurns(read, surroundings);
  const { language } = surroundings;
  const tasks = tasksIn(
    turns,
    read.map(({ text }) => text),
    language,
  );
  const scorers = classes.map(scorerOf);
  const counts = classes.map(() => 0);
  const found = turns.map((turn) => {
    const text = plain(turn.text);
    const written = { sentAt: turn.sentAt, offsetMinutes: turn.offsetMinutes, language };
    const facts = {
      text,
      hasTask: tasks.has(turn.index),
      hasDate: findDates(text, written).length > 0,
      media: turn.media,
    };
    const scores = scorers.map((scorer) => scorer(facts));
    const best = Math.max(0, ...scores);
    const at = best === 0 ? -1 : scores.indexOf(best);
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
    return at + 1;
  });
  return { classes: found, counts, left_out: given.length - read.length };
}

export const classify: Transform<typeof input, typeof output> = {
  id: "message.classify",
  version: 1,
  input,
  output,
  prepare: (turns, { classes }, surroundings) => ({ kind: "value", value: classesOf(turns, classes, surroundings) }),
  finish: () => {
    throw new RangeError("message.classify asks no model");
  },
};
