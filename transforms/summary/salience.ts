/** How much a candidate tells about its conversation: a small linear model over countable facts. */
import type { Candidate } from "./candidates.ts";
import { ACTS } from "./statements.ts";

/** What counts, and how much: fitted by ridge regression to the share of a reference that a statement covers. */
const WEIGHTS: readonly (readonly [string, number])[] = [
  ["act.request", 0.071],
  ["act.wish", 0.071],
  ["act.suggest", 0.009],
  ["act.invite", 0.054],
  ["act.advice", -0.032],
  ["act.offer", -0.0],
  ["act.promise", -0.044],
  ["act.plan", 0.028],
  ["act.opinion", -0.021],
  ["act.like", -0.005],
  ["act.self", -0.04],
  ["act.other", -0.056],
  ["act.fact", -0.05],
  ["act.question", -0.001],
  ["act.recommend", 0.016],
  ["place", -0.008],
  ["early", -0.004],
  ["first", 0.054],
  ["late", 0.006],
  ["words", 0.082],
  ["long", 0.05],
  ["short", -0.02],
  ["content", 0.072],
  ["contentSquared", -0.133],
  ["central", 0.027],
  ["maximal", 0.02],
  ["addressee", 0.017],
  ["vague", -0.034],
  ["vagueSubject", 0.003],
  ["proper", 0.012],
  ["number", 0.005],
  ["question", -0.034],
];
const BIAS = 0.103;

/** The weight of a candidate with these feature values. */
export const weigh = (values: readonly number[]): number =>
  values.reduce((sum, value, i) => sum + value * (WEIGHTS[i]?.[1] ?? 0), BIAS);

const VAGUE = /\b(?:it|that|this|one|something|there|they|them|so)\b/giu;

/** The values of one candidate in the order of WEIGHTS. */
export function featuresOf(candidate: Candidate, counts: ReadonlyMap<string, number>, turns: number): number[] {
  const content = [...candidate.content];
  const shares = content.map((word) => ((counts.get(word) ?? 1) - 1) / Math.max(4, turns));
  const sum = shares.reduce((total, share) => total + share, 0);
  const { text, words, place } = candidate;
  const rest = text.slice(candidate.speaker.length);
  return [
    ...ACTS.map((act) => (candidate.act === act ? 1 : 0)),
    place,
    place < 0.25 ? 1 : 0,
    place === 0 ? 1 : 0,
    place > 0.8 ? 1 : 0,
    Math.min(words, 16) / 16,
    Math.max(0, words - 16) / 10,
    words < 7 ? 1 : 0,
    Math.min(content.length, 8) / 8,
    (Math.min(content.length, 8) / 8) ** 2,
    Math.min(1, sum * 2),
    Math.min(1, Math.max(0, ...shares) * 3),
    candidate.roles.addressee !== null && rest.includes(candidate.roles.addressee) ? 1 : 0,
    Math.min(3, (rest.match(VAGUE) ?? []).length) / 3,
    /\b(?:says|asks \S+ if|thinks|that) (?:it|that|this|there|they)\b/u.test(rest) ? 1 : 0,
    /\s\p{Lu}\p{Ll}+/u.test(rest.replaceAll(candidate.roles.addressee ?? " ", "")) ? 1 : 0,
    /\d/u.test(rest.replaceAll(candidate.roles.addressee ?? " ", "")) ? 1 : 0,
    candidate.question ? 1 : 0,
  ];
}
