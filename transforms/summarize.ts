/**
 * `message.summarize` without a model: what was asked, wanted, suggested, decided and said, retold in the third person.
 * Every point is written for tier B (CONTRACT section 3): short, no repetition of its sources, no identifier.
 */
import { z } from "zod";
import type { Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { summaryRequests, summaryTold } from "./model/summary.ts";
import { choose, weighed } from "./summary/choose.ts";
import { contentWords, isStop, spread, stem } from "./summary/content.ts";
import { maskedTurns } from "./summary/masked.ts";
import { castOf, statementsOf } from "./summary/points.ts";
import { toldAsOne, toldByTopic } from "./summary/telling.ts";
import { echoesOf, isUnfit, POINT_CHARS_MAX } from "./summary/verify.ts";
import { echoes } from "./text/check.ts";
import { lowerWords } from "./text/sentences.ts";

const POINTS_MAX = 12;
const POINTS_CHARS_MAX = 2000;
const TOPICS_MAX = 5;
const TOPIC_CHARS_MAX = 40;
const PARTICIPANTS_MAX = 32;
const NAME_CHARS_MAX = 64;
const COUNT_MAX = 1_000_000;
/** A summary of a group is at most this part of what was written, and never less than the floor. */
const GROUP_SHARE = 0.25;
const GROUP_CHARS_MIN = 160;
/** A dialogue of two longer than this is summarised like a group: two statements would say too little. */
const PAIR_TURNS_MAX = 24;

const count = z.int().min(0).max(COUNT_MAX).meta({ tier: "A" });
const input = z.strictObject({ points_max: z.int().min(1).max(POINTS_MAX).default(POINTS_MAX) });
const output = z.strictObject({
  points: z
    .array(z.string().max(POINT_CHARS_MAX).meta({ tier: "B" }))
    .max(POINTS_MAX)
    .refine((points) => points.reduce((sum, point) => sum + point.length, 0) <= POINTS_CHARS_MAX, "too long together"),
  topics: z.array(z.string().max(TOPIC_CHARS_MAX).meta({ tier: "B" })).max(TOPICS_MAX),
  participants: z
    .array(z.strictObject({ name: z.string().max(NAME_CHARS_MAX).meta({ tier: "id" }), messages: count }))
    .max(PARTICIPANTS_MAX),
  counts: z.strictObject({ messages: count, people: count, media: count, questions: count }),
  not_read: z.strictObject({ media: count, without_text: count }),
});

export type Summary = z.output<typeof output>;

function topicsOf(turns: readonly Turn[], senders: readonly string[], counts: ReadonlyMap<string, number>): string[] {
  const names = new Set(senders.flatMap((sender) => lowerWords(sender)).map(stem));
  const surface = new Map<string, string>();
  for (const { text } of turns) {
    for (const word of lowerWords(text)) {
      const key = stem(word);
      if (!surface.has(key) && word.length >= 4 && !isStop(word) && /^\p{L}+$/u.test(word)) surface.set(key, word);
    }
  }
  return [...counts]
    .filter(([key, turnsWith]) => turnsWith >= 2 && surface.has(key) && !names.has(key))
    .sort((a, b) => b[1] - a[1] || b[0].length - a[0].length || (a[0] < b[0] ? -1 : 1))
    .map(([key]) => surface.get(key) ?? key)
    .filter((word) => word.length <= TOPIC_CHARS_MAX && !isUnfit(word))
    .slice(0, TOPICS_MAX);
}

function pointsOf(
  turns: readonly Turn[],
  originals: readonly string[],
  senders: readonly string[],
  counts: ReadonlyMap<string, number>,
  pointsMax: number,
  surroundings: Surroundings,
): string[] {
  const pairwise = senders.length === 2 && turns.length <= PAIR_TURNS_MAX;
  const chars = turns.reduce((sum, turn) => sum + turn.text.length, 0);
  const charsMax = Math.min(POINTS_CHARS_MAX, Math.max(GROUP_CHARS_MIN, Math.floor(chars * GROUP_SHARE)));
  const seen = echoesOf([...originals, ...turns.map((turn) => turn.text)]);
  const cast = castOf(turns, senders);
  const fit = statementsOf(turns, cast, seen, pairwise, surroundings);
  const room = { pointsMax, charsMax: pairwise ? POINTS_CHARS_MAX : charsMax, pairwise };
  const chosen = choose(weighed(fit, counts, turns.length, pairwise), room);
  const told = pairwise ? toldAsOne(chosen) : chosen.map((candidate) => candidate.text);
  const sound = (texts: readonly string[]): string[] =>
    texts.filter((text) => !isUnfit(text) && !echoes(text, originals));
  const points = sound(told);
  return points.length > 0 ? points : sound(toldByTopic(senders.map(cast.nameOf), topicsOf(turns, senders, counts)));
}

function summaryOf(given: readonly Turn[], pointsMax: number, surroundings: Surroundings): Summary {
  const turns = maskedTurns(given, surroundings);
  const originals = given.map((turn) => turn.text);
  const bySender = new Map<string, number>();
  for (const { sender } of turns) bySender.set(sender, (bySender.get(sender) ?? 0) + 1);
  const senders = [...bySender.keys()];
  const counts = spread(turns.map((turn) => contentWords(turn.text)));
  const media = turns.reduce((sum, turn) => sum + turn.media, 0);
  const total = (value: number): number => Math.min(value, COUNT_MAX);
  return {
    points: pointsOf(turns, originals, senders, counts, pointsMax, surroundings),
    topics: topicsOf(turns, senders, counts),
    participants: [...bySender]
      .sort((a, b) => b[1] - a[1])
      .slice(0, PARTICIPANTS_MAX)
      .map(([name, messages]) => ({ name: name.slice(0, NAME_CHARS_MAX), messages: total(messages) })),
    counts: {
      messages: total(turns.length),
      people: total(senders.length),
      media: total(media),
      questions: total(turns.filter((turn) => turn.text.includes("?")).length),
    },
    not_read: { media: total(media), without_text: total(turns.filter((turn) => turn.text.trim() === "").length) },
  };
}

/** Tier B points, topics; tier A counts. A model words the points and topics; the counts are ours. */
export const summarize: Transform<typeof input, typeof output> = {
  id: "message.summarize",
  version: 2,
  input,
  output,
  prepare: (turns, { points_max }, surroundings) => {
    const value = summaryOf(turns, points_max, surroundings);
    const requests = summaryRequests(turns, points_max, surroundings);
    return requests === null ? { kind: "value", value } : { kind: "model", requests, fallback: value };
  },
  finish: (answers, turns, { points_max }, surroundings) => {
    const told = summaryTold(answers, turns, points_max, surroundings);
    return output.parse({ ...summaryOf(turns, points_max, surroundings), ...told });
  },
};
