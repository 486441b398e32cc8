/** Which statements make the summary: a short pair for a dialogue of two, a dense list for a group. */
import type { Candidate } from "./candidates.ts";
import { featuresOf, weigh } from "./salience.ts";
import type { Act } from "./statements.ts";

/** `charsMax`: of all points together. `pairwise`: the dialogue of two, told in two statements. */
export type Room = { readonly pointsMax: number; readonly charsMax: number; readonly pairwise: boolean };

export type Weighed = { readonly candidate: Candidate; readonly weight: number };

const PAIR_WORDS_MAX = 26;
const OVERLAP_COST = 0.03;
const SAME_SPEAKER_COST = 0.03;
/** In a group a statement is worth what it tells for its length. */
const LENGTH_FLOOR = 10;
const LENGTH_POWER = 1;
const WORTH_LEAST = 1;
const GROUP_OVERLAP = 0.7;

/** What puts something on somebody's list, or settles it, by kind of statement. */
const DUTIES: Readonly<Partial<Record<Act, number>>> = {
  request: 1.5,
  promise: 1.8,
  offer: 1.2,
  plan: 0.8,
  advice: 0.7,
  suggest: 0.5,
  invite: 0.4,
  wish: 0.5,
  recommend: 0.3,
};
const WHEN = new RegExp(
  "\\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|tomorrow|today|tonight|noon|weekend|deadline|next (?:week|month)|" +
    "(?:jan|febr)uary|march|april|june|july|august|(?:septem|octo|novem|decem)ber|\\d{1,2}(?:[:.]\\d{2}|\\s?[ap]m)|o'clock)\\b",
  "giu",
);
const MONEY = /[€$£]\s?\d|\d\s?(?:[€$£]|euros?\b|dollars?\b|pounds?\b|bucks\b|francs?\b|percent\b|%)/giu;
const TROUBLE =
  /\b(?:broken?|crash\w*|leak\w*|lost|ill|sick|allerg\w*|vegan|vegetarian|sprained|cancel\w*|delay\w*|late|moved|problem|bug|down|missing|cannot come|not come|hurts?|storm\w*|closed)\b/iu;
const DANGLING = /\b(?:it|that|this|these|those|there|one|he|she|him|her|something|so|ok|okay)\b/giu;

/** How much a reader of a group would miss without it: who does what, when, how much, what is wrong. */
export function worth(candidate: Candidate, text: string): number {
  const { act, speaker, content, question } = candidate;
  const rest = text.startsWith(speaker) ? text.slice(speaker.length) : text;
  const many = (pattern: RegExp): number => (rest.match(pattern) ?? []).length;
  return (
    1.0 * Math.min(2, many(WHEN)) +
    0.5 * Math.min(2, many(/(?<![\p{L}\p{N}])\d[\d.,:]*/gu)) +
    0.9 * Math.min(1, many(MONEY)) +
    0.3 * Math.min(2, many(/(?<=\s)\p{Lu}[\p{L}\p{N}_]+/gu)) +
    0.3 * Math.min(5, content.size) +
    (DUTIES[act] ?? 0) +
    (/^They agree on /u.test(text) ? 1.2 : 0) +
    (/^\S+(?: \S+)? will /u.test(text) && act === "request" ? 0.7 : 0) +
    (TROUBLE.test(rest) ? 0.6 : 0) -
    (/^(?:Her|His|Their|They|It|That|This|He|She|All should (?:not )?(?:be|get|have))\b/u.test(text) ? 0.4 : 0) -
    0.5 * Math.min(2, many(DANGLING)) -
    (question ? 1.5 : 0) -
    (content.size < 2 ? 0.6 : 0)
  );
}

/** All candidates with their weights, in order of the conversation. */
export function weighed(
  candidates: readonly Candidate[],
  counts: ReadonlyMap<string, number>,
  turns: number,
  pairwise: boolean,
): Weighed[] {
  return candidates.map((candidate) => ({
    candidate,
    weight: pairwise
      ? weigh(featuresOf(candidate, counts, turns))
      : (worth(candidate, candidate.text) - WORTH_LEAST) / (candidate.text.length + LENGTH_FLOOR) ** LENGTH_POWER,
  }));
}

function overlap(candidate: Candidate, covered: ReadonlySet<string>): number {
  if (candidate.content.size === 0) return 0;
  let shared = 0;
  for (const word of candidate.content) if (covered.has(word)) shared += 1;
  return shared / candidate.content.size;
}

/** Takes the best statement, then the best next to it, until the room is full. In order of the conversation. */
export function choose(all: readonly Weighed[], room: Room): Candidate[] {
  const chosen: Candidate[] = [];
  const covered = new Set<string>();
  const limit = room.pairwise ? 2 : room.pointsMax;
  const rest = all
    .filter(({ weight }) => room.pairwise || weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, 400);
  let words = 0;
  let chars = 0;
  while (chosen.length < limit) {
    let best: Weighed | null = null;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const item of rest) {
      const { candidate } = item;
      if (chosen.some((other) => other.sentence === candidate.sentence)) continue;
      if (chosen.length > 0 && room.pairwise && words + candidate.words > PAIR_WORDS_MAX) continue;
      if (chars + candidate.text.length + 2 > room.charsMax && chosen.length > 0) continue;
      const same = room.pairwise && chosen[0]?.speaker === candidate.speaker ? SAME_SPEAKER_COST : 0;
      const known = overlap(candidate, covered);
      const value = room.pairwise
        ? item.weight - OVERLAP_COST * known - same
        : item.weight * (1 - GROUP_OVERLAP * known);
      if (value > bestValue) {
        best = item;
        bestValue = value;
      }
    }
    if (best === null) break;
    const { candidate } = best;
    chosen.push(candidate);
    words += candidate.words;
    chars += candidate.text.length + 2;
    for (const word of candidate.content) covered.add(word);
  }
  return chosen.sort((a, b) => a.sentence - b.sentence);
}
