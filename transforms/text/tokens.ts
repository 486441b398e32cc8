/** Words and numbers of a text with their places, read once, character by character. */
import { FLAG, SHAPE } from "./flags.ts";
import type { Vocabulary } from "./vocabulary.ts";

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
};

const CLASS = new Uint8Array(128);
for (let c = 97; c <= 122; c++) CLASS[c] = SHAPE.LOWER;
for (let c = 65; c <= 90; c++) CLASS[c] = SHAPE.UPPER;
for (let c = 48; c <= 57; c++) CLASS[c] = SHAPE.DIGIT;
CLASS[95] = SHAPE.UNDERSCORE;

/** 0 not looked at yet, 1 no letter, 2 lower or caseless, 3 upper, 4 digit. */
const WIDE_CLASS = new Uint8Array(65_536);
const WIDE_LETTER = /[\p{L}\p{M}]/u;
const WIDE_UPPER = /\p{Lu}/u;
const WIDE_DIGIT = /\p{Nd}/u;

/** Shape bits of a character beyond ASCII; 0 when it parts words. */
function wideShape(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  let known = WIDE_CLASS[unit] ?? 0;
  if (known === 0) {
    const high = unit >= 0xd800 && unit <= 0xdbff;
    const low = unit >= 0xdc00 && unit <= 0xdfff;
    const point = high ? text.codePointAt(at) : low && at > 0 ? text.codePointAt(at - 1) : unit;
    const sign = String.fromCodePoint(point ?? unit);
    known = WIDE_DIGIT.test(sign) ? 4 : !WIDE_LETTER.test(sign) ? 1 : WIDE_UPPER.test(sign) ? 3 : 2;
    if (!high && !low) WIDE_CLASS[unit] = known;
  }
  if (known === 1) return 0;
  if (known === 4) return SHAPE.WIDE | SHAPE.DIGIT;
  return SHAPE.WIDE | (known === 3 ? SHAPE.UPPER : SHAPE.LOWER);
}

export function shapeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (CLASS[code] ?? 0) : wideShape(text, at);
}

const FIRST_ROWS = 1024;
let rows = FIRST_ROWS;
let start = new Int32Array(rows);
let end = new Int32Array(rows);
let shape = new Uint8Array(rows);
let flags = new Int32Array(rows);
let kind = new Uint8Array(rows);
let hash = new Int32Array(rows);

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
}

const APOSTROPHE = 39;
const CURLED = 0x2019;

/** Hash of a lower-case ASCII word, as `tokenise` computes it while it reads. */
export function hashOf(word: string): number {
  let sum = 0;
  for (let at = 0; at < word.length; at++) sum = (Math.imul(sum, 31) + (word.charCodeAt(at) | 32)) | 0;
  return sum;
}

/** Linear. A word may hold an apostrophe between letters; every other sign parts words. */
export function tokenise(text: string, vocabulary: Vocabulary): Tokens {
  const length = text.length;
  makeRoom((length >> 1) + 2);
  let count = 0;
  let at = 0;
  while (at < length) {
    let code = text.charCodeAt(at);
    let bits = code < 128 ? (CLASS[code] ?? 0) : wideShape(text, at);
    if (bits === 0) {
      at++;
      continue;
    }
    const from = at;
    let all = (bits & SHAPE.UPPER) === 0 ? bits : bits | SHAPE.CAPITAL;
    let sum = 0;
    for (;;) {
      sum = (Math.imul(sum, 31) + (code | 32)) | 0;
      if (++at >= length) break;
      code = text.charCodeAt(at);
      bits = code < 128 ? (CLASS[code] ?? 0) : wideShape(text, at);
      if (bits === 0) {
        if (code !== APOSTROPHE && code !== CURLED) break;
        const next = at + 1 < length ? shapeAt(text, at + 1) : 0;
        if ((next & (SHAPE.LOWER | SHAPE.UPPER)) === 0) break;
        bits = code === CURLED ? SHAPE.APOSTROPHE | SHAPE.WIDE : SHAPE.APOSTROPHE;
      }
      all |= bits;
    }
    start[count] = from;
    end[count] = at;
    shape[count] = all;
    hash[count] = sum;
    kind[count] = 0;
    flags[count] =
      (all & (SHAPE.DIGIT | SHAPE.UNDERSCORE)) !== 0 ? FLAG.NUMERIC : vocabulary.flagsOf(text, from, at, sum, all);
    count++;
  }
  return { text, count, start, end, shape, flags, kind, hash };
}
