/** Which statements make the summary: a short pair for a dialogue of two, a dense list for a group. */
import type { Candidate } from "./candidates.ts";
import { pack } from "./pack.ts";
import { featuresOf, weigh } from "./salience.ts";
import type { Act } from "./statements.ts";

/** `charsMax`: of all points together. `pairwise`: the dialogue of two, told in two statements. */
export type Room = { readonly pointsMax: number; readonly charsMax: number; readonly pairwise: boolean };

export type Weighed = { readonly candidate: Candidate; readonly weight: number };

const PAIR_WORDS_MAX = 24;
const OVERLAP_COST = 0.03;
const SAME_SPEAKER_COST = 0.03;
/** In a group a statement that tells less than this is not worth its place. */
const WORTH_LEAST = 1;
/** A statement that shares more than this part of its words with a better one is a repetition. */
const GROUP_OVERLAP = 0.6;
const PACKED_MAX = 80;

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
  "\\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|tomorrow|today|tonight|noon|weekend|deadline|next " +
    "(?:week|month)|" +
    "(?:jan|febr)uary|march|april|june|july|august|(?:septem|octo|novem|decem)ber|\\d{1,2}(?:[:.]\\d{2}|" +
    "\\s?[ap]m)|o'clock)\\b",
  "giu",
);
const MONEY = /[€$£]\s?\d|\d\s?(?:[€$£]|euros?\b|dollars?\b|pounds?\b|bucks\b|francs?\b|percent\b|%)/giu;
const TROUBLE = new RegExp(
  String.raw`\b(?:broken?|crash\w*|leak\w*|lost|ill|sick|allerg\w*|vegan|vegetarian|sprained|cancel\w*` +
    String.raw`|delay\w*|late|moved|problem|bug|down|missing|cannot come|not come|hurts?|storm\w*|closed)\b`,
  "iu",
);
const DANGLING = /\b(?:it|that|this|these|those|there|one|he|she|him|her|them|something|so|ok|okay)\b/giu;

/** How much a reader of a group would miss without it: who does what, when, how much, what is wrong. */
function worth(candidate: Candidate, text: string): number {
  const { act, speaker, content, question } = candidate;
  const rest = text.startsWith(speaker) ? text.slice(speaker.length) : text;
  const many = (pattern: RegExp): number => (rest.match(pattern) ?? []).length;
  return (
    0.8 * Math.min(2, many(WHEN)) +
    0.5 * Math.min(2, many(/(?<![\p{L}\p{N}])\d[\d.,:]*/gu)) +
    1.3 * Math.min(1, many(MONEY)) +
    0.3 * Math.min(2, many(/(?<=\s)\p{Lu}[\p{L}\p{N}_]+/gu)) +
    0.3 * Math.min(5, content.size) +
    (DUTIES[act] ?? 0) +
    (/^They agree on /u.test(text) ? 1.2 : 0) +
    (/^\S+(?: \S+)? will /u.test(text) && act === "request" ? 0.7 : 0) +
    (TROUBLE.test(rest) ? 0.6 : 0) -
    (/^\S+ (?:if|when|because|unless)\b/u.test(text) ? 2 : 0) -
    (/^(?:Her|His|Their|They|It|That|This|He|She|All should (?:not )?(?:be|get|have))\b/u.test(text) ? 0.4 : 0) -
    1.0 * Math.min(2, many(DANGLING)) -
    (act === "question" || (question && act === "fact") ? 1.5 : 0) -
    (content.size < 2 ? 1.2 : 0) -
    (content.size < 3 && /\bit\b|\bnot$/u.test(rest) ? 1 : 0)
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
    weight: pairwise ? weigh(featuresOf(candidate, counts, turns)) : worth(candidate, candidate.text) - WORTH_LEAST,
  }));
}

function overlap(candidate: Candidate, covered: ReadonlySet<string>): number {
  if (candidate.content.size === 0) return 0;
  let shared = 0;
  for (const word of candidate.content) if (covered.has(word)) shared += 1;
  return shared / candidate.content.size;
}

/** One sentence told in two ways, or two people who wrote the same. */
const saysTheSame = (a: Candidate, b: Candidate): boolean => a.sentence === b.sentence || a.text === b.text;

/** Two statements of a dialogue: the best, then the best next to it that is short enough and adds something. */
function choosePair(all: readonly Weighed[]): Candidate[] {
  const chosen: Candidate[] = [];
  const covered = new Set<string>();
  let words = 0;
  while (chosen.length < 2) {
    let best: Weighed | null = null;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const item of all) {
      const { candidate } = item;
      if (chosen.some((other) => saysTheSame(other, candidate))) continue;
      if (chosen.length > 0 && words + candidate.words > PAIR_WORDS_MAX) continue;
      const same = chosen[0]?.speaker === candidate.speaker ? SAME_SPEAKER_COST : 0;
      const value = item.weight - OVERLAP_COST * overlap(candidate, covered) - same;
      if (value > bestValue) {
        best = item;
        bestValue = value;
      }
    }
    if (best === null) break;
    chosen.push(best.candidate);
    words += best.candidate.words;
    for (const word of best.candidate.content) covered.add(word);
  }
  return chosen;
}

/** What a group said: no statement twice, and as much as there is room for. */
function choosePacked(all: readonly Weighed[], room: Room): Candidate[] {
  const distinct: Weighed[] = [];
  for (const item of all.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight)) {
    if (distinct.length >= PACKED_MAX) break;
    const { candidate } = item;
    const repeated = distinct.some(
      ({ candidate: other }) => saysTheSame(other, candidate) || overlap(candidate, other.content) > GROUP_OVERLAP,
    );
    if (!repeated) distinct.push(item);
  }
  // Each is about one fact: a heavy one is not worth two.
  const items = distinct.map(({ candidate, weight }) => ({
    value: weight / (1 + weight),
    chars: candidate.text.length + 1,
  }));
  return pack(items, room.charsMax + 1, room.pointsMax).flatMap((i) => distinct[i]?.candidate ?? []);
}

/** The statements of the summary, in the order of the conversation. */
export function choose(all: readonly Weighed[], room: Room): Candidate[] {
  const packed = room.pairwise ? [] : choosePacked(all, room);
  const chosen = packed.length > 0 ? packed : choosePair(all).slice(0, room.pointsMax);
  return chosen.sort((a, b) => a.sentence - b.sentence);
}
