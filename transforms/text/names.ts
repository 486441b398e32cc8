/**
 * Names and unknown words. Closed vocabulary: what is not an ordinary word is masked, so a name never seen is masked too; a capital inside a
 * sentence is a name until shown otherwise; a word that is also a name ("mark") is judged by its neighbours.
 */
import type { MaskKind } from "../../src/core/transform.ts";
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import { namedByNeighbours } from "./frames.ts";
import { PLACE_RESTS } from "./places.ts";

const KNOWN = FLAG.ORDINARY | FLAG.CLOSED;

export type Sentence = {
  /** First token and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Written without regard to case: all small, or shouted. */
  readonly caseless: boolean;
};

/** True when a sentence ends between two places: the next capital there means nothing. */
export function endsSentence(findings: Findings, before: number): boolean {
  const { text, start, end, flags } = findings.tokens;
  const from = end[before] ?? 0;
  const to = start[before + 1] ?? 0;
  if (to - from === 1) {
    const code = text.charCodeAt(from);
    if (code === 32 || code === 45 || code === 38 || code === 44 || code === 46 || code === 47) return false;
  }
  for (let at = from; at < to; at++) {
    const sign = text[at] ?? "";
    if (sign === ".") {
      const title = ((flags[before] ?? 0) & (FLAG.TITLE | FLAG.UNIT)) !== 0;
      const initial = from - (start[before] ?? 0) === 1;
      if (!title && !initial) return true;
    } else if (/[!?:;"\n\u201c\u201d\u201e\u00ab\u00bb\u2022\u2026|*>]/.test(sign)) return true;
  }
  return false;
}

/** Cuts the text into sentences and calls back with each. Linear. */
export function eachSentence(findings: Findings, visit: (sentence: Sentence) => void): void {
  const { count, shape, start, end, flags } = findings.tokens;
  let from = 0;
  let capitals = 0;
  let shouted = 0;
  let words = 0;
  for (let token = 0; token < count; token++) {
    const bits = shape[token] ?? 0;
    if (
      (bits & (SHAPE.LOWER | SHAPE.UPPER)) !== 0 &&
      (bits & SHAPE.DIGIT) === 0 &&
      (end[token] ?? 0) - (start[token] ?? 0) > 1
    ) {
      words++;
      if ((bits & SHAPE.LOWER) === 0 && ((flags[token] ?? 0) & KNOWN) !== 0) shouted++;
      if ((bits & SHAPE.CAPITAL) !== 0) capitals++;
    }
    if (token + 1 < count && !endsSentence(findings, token)) continue;
    const caseless = capitals === 0 || (shouted >= 3 && shouted >= words * 0.6);
    visit({ from, to: token + 1, caseless });
    from = token + 1;
    capitals = 0;
    shouted = 0;
    words = 0;
  }
}

function placePhraseAt(findings: Findings, token: number, to: number): number {
  const { text, start, end } = findings.tokens;
  const rests = PLACE_RESTS.get(text.slice(start[token], end[token]).toLowerCase()) ?? [];
  for (const rest of rests) {
    if (token + rest.length >= to) continue;
    const fits = rest.every(
      (word, at) =>
        text
          .slice(start[token + 1 + at], end[token + 1 + at])
          .toLowerCase()
          .replace(/'s$/, "") === word.replace(/'s$/, ""),
    );
    if (!fits) continue;
    for (let at = token; at <= token + rest.length; at++) findings.mask(at, "PLACE");
    return token + rest.length + 1;
  }
  return 0;
}

/** Masks the names and unknown words of one sentence. */
export function maskNames(findings: Findings, sentence: Sentence): void {
  const { flags } = findings.tokens;
  for (let token = sentence.from; token < sentence.to; token++) {
    if (findings.masked(token)) continue;
    const bits = flags[token] ?? 0;
    if ((bits & FLAG.NUMERIC) !== 0) continue;
    if ((bits & FLAG.PLACE_HEAD) !== 0) {
      const next = placePhraseAt(findings, token, sentence.to);
      if (next > 0) {
        token = next - 1;
        continue;
      }
    }
    const kind = kindOf(findings, token, sentence);
    if (kind !== undefined) findings.mask(token, kind);
  }
  for (let token = sentence.from; token < sentence.to; token++)
    if (
      !findings.masked(token) &&
      ((flags[token] ?? 0) & (FLAG.NAME | FLAG.GIVEN)) !== 0 &&
      namedByNeighbours(findings, token, sentence)
    )
      findings.mask(token, "PERSON");
}

function kindOf(findings: Findings, token: number, sentence: Sentence): MaskKind | undefined {
  const { flags, shape, start, end } = findings.tokens;
  const bits = flags[token] ?? 0;
  const form = shape[token] ?? 0;
  if ((bits & FLAG.PLACE) !== 0) return "PLACE";
  const single = (end[token] ?? 0) - (start[token] ?? 0) === 1;
  const capital = (form & SHAPE.CAPITAL) !== 0 && !sentence.caseless;
  if ((bits & KNOWN) === 0) {
    if (single && (form & SHAPE.WIDE) === 0) return undefined;
    return capital || (bits & FLAG.NAME) !== 0 ? "PERSON" : "WORD";
  }
  if (!capital || single || (bits & FLAG.CAPITAL_OK) !== 0) return undefined;
  if (token === sentence.from) return undefined;
  if ((bits & FLAG.MONTH) !== 0 || (bits & (FLAG.FUNCTION | FLAG.TITLE)) !== 0) return undefined;
  if ((form & SHAPE.LOWER) === 0 && (bits & FLAG.NAME) === 0)
    return shoutedTogether(findings, token, sentence) ? "WORD" : undefined;
  return (bits & (FLAG.ORG | FLAG.ORG_NOUN)) !== 0 ? "ORG" : "PERSON";
}

/** One ordinary word in capitals is stress, two are a name: "DEEP CREEK". */
function shoutedTogether(findings: Findings, token: number, sentence: Sentence): boolean {
  const { flags, shape } = findings.tokens;
  const shouts = (other: number) =>
    other >= sentence.from &&
    other < sentence.to &&
    ((shape[other] ?? 0) & (SHAPE.LOWER | SHAPE.DIGIT)) === 0 &&
    ((flags[other] ?? 0) & (FLAG.FUNCTION | FLAG.CAPITAL_OK)) === 0;
  return ((flags[token] ?? 0) & FLAG.CLOSED) === 0 && (shouts(token - 1) || shouts(token + 1));
}
