/**
 * Names and unknown words. Closed vocabulary: what is not an ordinary word is masked, so a name never seen is
 * masked too; a capital inside a sentence is a name until shown otherwise; a word that is also a name ("mark") is
 * judged by its neighbours.
 */
import type { MaskKind } from "../../src/core/transform.ts";
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import { isMonth, namedByNeighbours } from "./frames.ts";
import { PLACE_RESTS } from "./places.ts";

const KNOWN = FLAG.ORDINARY | FLAG.CLOSED;

export type Sentence = {
  /** First token and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Its part of the list of hot tokens. */
  readonly hotFrom: number;
  readonly hotTo: number;
  /** Written without regard to case: all small, or shouted. */
  readonly caseless: boolean;
};

/** Calls back with each sentence that holds a token worth a look. Linear: no token is in two sentences. */
export function eachSentence(findings: Findings, visit: (sentence: Sentence) => void): void {
  const { count, shape, hot, hotCount } = findings.tokens;
  let floor = 0;
  for (let hotFrom = 0; hotFrom < hotCount; ) {
    const token = hot[hotFrom] ?? 0;
    let from = token;
    while (from > floor && ((shape[from] ?? 0) & SHAPE.OPENS) === 0) from--;
    let to = token + 1;
    while (to < count && ((shape[to] ?? 0) & SHAPE.OPENS) === 0) to++;
    let hotTo = hotFrom + 1;
    while (hotTo < hotCount && (hot[hotTo] ?? 0) < to) hotTo++;
    visit({ from, to, hotFrom, hotTo, caseless: isCaseless(findings, from, to) });
    floor = to;
    hotFrom = hotTo;
  }
}

/** All small, or shouted: three known words and most of the sentence in capitals. */
function isCaseless(findings: Findings, from: number, to: number): boolean {
  const { shape, start, end, flags } = findings.tokens;
  let capitals = 0;
  let shouted = 0;
  let words = 0;
  for (let token = from; token < to; token++) {
    const bits = shape[token] ?? 0;
    if ((bits & SHAPE.DIGIT) !== 0 || (end[token] ?? 0) - (start[token] ?? 0) <= 1) continue;
    words++;
    if ((bits & SHAPE.LOWER) === 0 && ((flags[token] ?? 0) & KNOWN) !== 0) shouted++;
    if ((bits & SHAPE.CAPITAL) !== 0) capitals++;
  }
  return capitals === 0 || (shouted >= 3 && shouted >= words * 0.6);
}

const POSSESSIVE_TAIL = /'s$/;

/** Masks a place of several words that begins here. */
function placePhraseAt(findings: Findings, token: number, to: number): boolean {
  for (const rest of PLACE_RESTS.get(findings.word(token)) ?? []) {
    if (token + rest.length >= to) continue;
    const fits = rest.every(
      (word, at) => findings.word(token + 1 + at).replace(POSSESSIVE_TAIL, "") === word.replace(POSSESSIVE_TAIL, ""),
    );
    if (!fits) continue;
    for (let at = token; at <= token + rest.length; at++) findings.mask(at, "PLACE");
    return true;
  }
  return false;
}

/** Masks the names and unknown words of one sentence. */
export function maskNames(findings: Findings, sentence: Sentence): void {
  const { flags, hot } = findings.tokens;
  for (let at = sentence.hotFrom; at < sentence.hotTo; at++) {
    const token = hot[at] ?? 0;
    const bits = flags[token] ?? 0;
    if ((bits & FLAG.NUMERIC) !== 0 || findings.masked(token)) continue;
    if ((bits & FLAG.PLACE_HEAD) !== 0 && placePhraseAt(findings, token, sentence.to)) continue;
    const kind = kindOf(findings, token, sentence);
    if (kind !== undefined) findings.mask(token, kind);
  }
  for (let at = sentence.hotFrom; at < sentence.hotTo; at++) {
    const token = hot[at] ?? 0;
    if (((flags[token] ?? 0) & (FLAG.NAME | FLAG.GIVEN)) === 0 || findings.masked(token)) continue;
    if (namedByNeighbours(findings, token, sentence)) findings.mask(token, "PERSON");
  }
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
  if ((bits & FLAG.MONTH) !== 0 && (bits & FLAG.NAME) !== 0 && (bits & FLAG.ORDINARY) === 0)
    return isMonth(findings, token, sentence.from) ? undefined : "PERSON";
  if (!capital || single || (bits & FLAG.CAPITAL_OK) !== 0) return undefined;
  if (token === sentence.from) return undefined;
  if ((bits & (FLAG.MONTH | FLAG.TITLE)) !== 0) return undefined;
  if ((bits & FLAG.FUNCTION) !== 0) return isSurname(findings, token) ? "PERSON" : undefined;
  if ((form & SHAPE.LOWER) === 0 && (bits & FLAG.NAME) === 0)
    return shoutedTogether(findings, token, sentence) ? "WORD" : undefined;
  return (bits & (FLAG.ORG | FLAG.ORG_NOUN)) !== 0 ? "ORG" : "PERSON";
}

const NEVER_SURNAMES =
  /^(?:and|or|of|the|in|at|on|for|to|a|an|is|from|with|by|as|but|und|et|y|i|my|your|our|his|her|no|yes|not)$/;

/** A capital on a common word right behind a name: "Tami Want". */
function isSurname(findings: Findings, token: number): boolean {
  const { text, start, end, shape } = findings.tokens;
  if (((shape[token] ?? 0) & SHAPE.LOWER) === 0 || findings.kindOf(token - 1) !== "PERSON") return false;
  if (text.slice(end[token - 1], start[token]) !== " ") return false;
  return !NEVER_SURNAMES.test(text.slice(start[token], end[token]).toLowerCase());
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
