/** Words and numbers of a text with their places, read once, character by character. */
import { FLAG, SHAPE } from "./flags.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { wordSet } from "./word-set.ts";

/** Columns, one row a token; valid until the next call of `tokenise`. */
export type Tokens = {
  readonly text: string;
  readonly count: number;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly shape: Uint8Array;
  readonly flags: Int32Array;
  /** Index in KINDS of what masks the token, 0 for nothing. */
  readonly kind: Uint8Array;
  /** Hash of the lower-case ASCII word; for a look at a filter only. */
  readonly hash: Int32Array;
  /** The tokens, in order, that some detector may have to look at: all but plain known words. */
  readonly hot: Int32Array;
  readonly hotCount: number;
  /** True when every character is printable ASCII, a line feed or a tab. */
  readonly plain: boolean;
};

/** By code point: 0 not looked at yet, 1 no letter, 2 lower or caseless, 3 upper, 4 digit. */
const WIDE_POINTS = 0x2_0000;
const WIDE_CLASS = new Uint8Array(WIDE_POINTS);
const WIDE_LETTER = /[\p{L}\p{M}]/u;
const WIDE_UPPER = /\p{Lu}/u;
const WIDE_DIGIT = /\p{Nd}/u;

/** Shape bits of a character beyond ASCII; 0 when it parts words. */
function wideShape(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  const high = unit >= 0xd800 && unit <= 0xdbff;
  const low = unit >= 0xdc00 && unit <= 0xdfff;
  const point = (high ? text.codePointAt(at) : low && at > 0 ? text.codePointAt(at - 1) : unit) ?? unit;
  let known = WIDE_CLASS[point] ?? 0;
  if (known === 0) {
    const sign = String.fromCodePoint(point);
    known = WIDE_DIGIT.test(sign) ? 4 : !WIDE_LETTER.test(sign) ? 1 : WIDE_UPPER.test(sign) ? 3 : 2;
    if (point < WIDE_POINTS) WIDE_CLASS[point] = known;
  }
  if (known === 1) return 0;
  if (known === 4) return SHAPE.WIDE | SHAPE.DIGIT;
  return SHAPE.WIDE | (known === 3 ? SHAPE.UPPER : SHAPE.LOWER);
}

/** Shape bits of the character at `at`; 0 when it parts words. */
function shapeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 128) return wideShape(text, at);
  if (code >= 97) return code <= 122 ? SHAPE.LOWER : 0;
  if (code >= 65) return code <= 90 ? SHAPE.UPPER : code === 95 ? SHAPE.UNDERSCORE : 0;
  return code >= 48 && code <= 57 ? SHAPE.DIGIT : 0;
}

const FIRST_ROWS = 1024;
let rows = FIRST_ROWS;
let start = new Int32Array(rows);
let end = new Int32Array(rows);
let shape = new Uint8Array(rows);
let flags = new Int32Array(rows);
let kind = new Uint8Array(rows);
let hash = new Int32Array(rows);
let hot = new Int32Array(rows);

/** The columns are kept between calls: they hold places, never content. */
function makeRoom(count: number): void {
  if (count <= rows) return;
  rows = count;
  start = new Int32Array(rows);
  end = new Int32Array(rows);
  shape = new Uint8Array(rows);
  flags = new Int32Array(rows);
  kind = new Uint8Array(rows);
  hash = new Int32Array(rows);
  hot = new Int32Array(rows);
}

const APOSTROPHE = 39;
const CURLED = 0x2019;
const LONG_WORD = 20;

/** Signs beside a token that may make more of it than a word. */
const ANCHOR = new Uint8Array(128);
for (const sign of "@#!:./-_+=~") ANCHOR[sign.charCodeAt(0)] = 1;
const DEGREE = 0xb0;

export function isAnchor(code: number): boolean {
  return code < 128 ? ANCHOR[code] === 1 : code === DEGREE;
}

/** What makes a known word worth a look. */
const HOT =
  FLAG.NAME |
  FLAG.GIVEN |
  FLAG.TITLE |
  FLAG.STREET |
  FLAG.UNIT |
  FLAG.ORG |
  FLAG.ORG_NOUN |
  FLAG.MONTH |
  FLAG.PLACE |
  FLAG.PLACE_HEAD |
  FLAG.PARTICLE |
  FLAG.SECRET_CUE |
  FLAG.CODE_CUE |
  FLAG.BIRTH_CUE |
  FLAG.DOT_WORD |
  FLAG.ID_CUE |
  FLAG.NUMERIC;
const KNOWN = FLAG.ORDINARY | FLAG.CLOSED;

/** Two hashes of a lower-case ASCII word, as `tokenise` computes them while it reads. */
export function hashesOf(word: string): readonly [number, number] {
  let one = 0;
  let two = 0;
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at) | 32;
    one = (Math.imul(one, 31) + code) | 0;
    two = Math.imul(two ^ code, 0x5bd1e995);
  }
  return [one, two];
}

/** Signs that end a sentence wherever they stand; a full stop does so only before white space. */
const ENDS: ReadonlySet<number> = new Set(
  Array.from('!?:;"\n\u201c\u201d\u201e\u00ab\u00bb\u2022\u2026|*>', (sign) => sign.charCodeAt(0)),
);
const ENDS_ASCII = Uint8Array.from({ length: 128 }, (_, code) => (ENDS.has(code) ? 1 : 0));
const FULL_STOP = 46;
const SPACE = 32;

function endsSentence(code: number): boolean {
  return code < 128 ? ENDS_ASCII[code] === 1 : ENDS.has(code);
}

/** Shape bits of an apostrophe that has a letter behind it; 0 otherwise. */
function apostropheAt(text: string, at: number, code: number): number {
  if (code !== APOSTROPHE && code !== CURLED) return 0;
  const next = at + 1 < text.length ? shapeAt(text, at + 1) : 0;
  if ((next & (SHAPE.LOWER | SHAPE.UPPER)) === 0) return 0;
  return code === CURLED ? SHAPE.APOSTROPHE | SHAPE.WIDE : SHAPE.APOSTROPHE;
}

const ABBREVIATED = wordSet(`
  mr mrs ms mx dr prof jr sr hr fr mag ing dipl rev hon capt sgt lt col gen maj mme mlle sra srta sig dott messrs
`);

/** Does the full stop between this token and the one at `from` end a sentence? Not in "a.b", "Dr. B", "J. B". */
function stopEnds(text: string, token: number, from: number): boolean {
  if (token < 0) return true;
  const to = end[token] ?? 0;
  const length = to - (start[token] ?? 0);
  if (length === 1 || ((flags[token] ?? 0) & FLAG.UNIT) !== 0) return false;
  if (((flags[token] ?? 0) & FLAG.TITLE) !== 0 && ABBREVIATED.has(text.slice(start[token], to).toLowerCase()))
    return false;
  // "done.Good" lacks its space, "example.com" does not.
  return from - to > 1 || (length > 2 && (shapeAt(text, from) & SHAPE.UPPER) !== 0);
}

/** Shape bits of a word whose letters left their bit 32 in `small`, and its complement in `capital`. */
function shapeOf(text: string, from: number, small: number, capital: number, other: number, opens: boolean): number {
  let all = other;
  if ((small & 32) !== 0) all |= SHAPE.LOWER;
  if ((capital & 32) !== 0) all |= SHAPE.UPPER;
  if ((all & SHAPE.UPPER) !== 0 && (shapeAt(text, from) & SHAPE.UPPER) !== 0) all |= SHAPE.CAPITAL;
  return opens ? all | SHAPE.OPENS : all;
}

/** Is a word worth a look? `after` is the sign behind it when another sign follows without a space, else a space. */
function isHot(meaning: number, shape: number, length: number, before: number, after: number): boolean {
  if ((meaning & HOT) !== 0 || (meaning & KNOWN) === 0 || length >= LONG_WORD) return true;
  if (after !== SPACE && isAnchor(after)) return true;
  if (before !== SPACE && before !== FULL_STOP && isAnchor(before)) return true;
  if (length <= 2 && (meaning & (FLAG.FUNCTION | FLAG.CAPITAL_OK)) === 0) return true;
  // A capital at the head of a sentence says nothing about a known word.
  return (shape & (SHAPE.CAPITAL | SHAPE.OPENS)) === SHAPE.CAPITAL && (meaning & FLAG.CAPITAL_OK) === 0;
}

/** Linear. A word may hold an apostrophe between letters; every other sign parts words. */
export function tokenise(text: string, vocabulary: Vocabulary): Tokens {
  const length = text.length;
  makeRoom((length >> 1) + 2);
  let count = 0;
  let hotCount = 0;
  let plain = true;
  let at = 0;
  let before = 10;
  let ended = true;
  let stopped = false;
  while (at < length) {
    let code = text.charCodeAt(at);
    let folded = code | 32;
    let bits = code === SPACE ? 0 : folded >= 97 && folded <= 122 ? SHAPE.LOWER : shapeAt(text, at);
    if (bits === 0) {
      if (code > 126 || (code < 32 && code !== 10 && code !== 9)) plain = false;
      if (endsSentence(code)) ended = true;
      else if (code === FULL_STOP) stopped = true;
      before = code;
      at++;
      continue;
    }
    const from = at;
    let one = 0;
    let two = 0;
    let small = 0;
    let capital = 0;
    let other = 0;
    for (;;) {
      one = (Math.imul(one, 31) + folded) | 0;
      two = Math.imul(two ^ folded, 0x5bd1e995);
      if (folded >= 97 && folded <= 122) {
        small |= code;
        capital |= ~code;
      } else other |= bits;
      code = ++at < length ? text.charCodeAt(at) : SPACE;
      folded = code | 32;
      if (folded >= 97 && folded <= 122) continue;
      if (code === SPACE) break;
      bits = shapeAt(text, at) || apostropheAt(text, at, code);
      if (bits === 0) break;
    }
    const opens = ended || (stopped && stopEnds(text, count - 1, from));
    const all = shapeOf(text, from, small, capital, other, opens);
    if ((all & SHAPE.WIDE) !== 0) plain = false;
    const meaning =
      (all & (SHAPE.DIGIT | SHAPE.UNDERSCORE)) !== 0 ? FLAG.NUMERIC : vocabulary.flagsOf(text, from, at, one, two, all);
    start[count] = from;
    end[count] = at;
    shape[count] = all;
    hash[count] = one;
    kind[count] = 0;
    flags[count] = meaning;
    const after = at + 1 < length && text.charCodeAt(at + 1) > SPACE ? code : SPACE;
    if (isHot(meaning, all, at - from, before, after)) hot[hotCount++] = count;
    count++;
    ended = false;
    stopped = false;
  }
  return { text, count, start, end, shape, flags, kind, hash, hot, hotCount, plain };
}
