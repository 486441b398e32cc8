/** Which statements make the summary: a short pair for a dialogue of two, a dense list for a group. */
import type { Candidate } from "./candidates.ts";
import { featuresOf, weigh } from "./salience.ts";

/** `charsMax`: of all points together. `pairwise`: the dialogue of two, told in two statements. */
export type Room = { readonly pointsMax: number; readonly charsMax: number; readonly pairwise: boolean };

export type Weighed = { readonly candidate: Candidate; readonly weight: number };

const PAIR_WORDS_MAX = 26;
const OVERLAP_COST = 0.03;
const SAME_SPEAKER_COST = 0.03;

/** Facts that a reader of a group must not miss: who does what, when, how much. */
const DUTIES: ReadonlySet<string> = new Set(["request", "promise", "plan", "suggest", "offer", "recommend", "advice"]);
const WHEN =
  /\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:tomorrow|today|tonight|morning|evening|noon|weekend|week|month|deadline)\b|\b(?:jan|febr)uary\b|\b\d{1,2}(?:[:.]\d{2}|\s?[ap]m)\b/iu;

/** All candidates with their weights, in order of the conversation. */
export function weighed(
  candidates: readonly Candidate[],
  counts: ReadonlyMap<string, number>,
  turns: number,
  pairwise: boolean,
): Weighed[] {
  return candidates.map((candidate) => {
    const base = weigh(featuresOf(candidate, counts, turns));
    if (pairwise) return { candidate, weight: base };
    const { text, act, speaker, content, question } = candidate;
    const rest = text.slice(speaker.length);
    const bonus =
      (DUTIES.has(act) ? 0.06 : 0) +
      (WHEN.test(rest) ? 0.08 : 0) +
      (/\d/u.test(rest) ? 0.05 : 0) +
      (/\s\p{Lu}[\p{Ll}_]/u.test(rest) ? 0.03 : 0) -
      (question ? 0.04 : 0) -
      (content.size < 2 ? 0.1 : 0);
    return { candidate, weight: base + bonus };
  });
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
  const rest = [...all].sort((a, b) => b.weight - a.weight).slice(0, 400);
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
      const cost = (room.pairwise ? OVERLAP_COST : 0.2) * overlap(candidate, covered);
      const value = item.weight - cost - same;
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
