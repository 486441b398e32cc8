/** Everything that has a form: one pass over the tokens, looking only where a sign or a digit gives reason to. */

import { codeAt, ibanAt, mixedAt } from "./codes.ts";
import {
  birthAfter,
  codeAfter,
  coordinatesAt,
  expiryAfter,
  openLocationAt,
  passwordAfter,
  writtenDateAt,
} from "./cues.ts";
import { atSignBefore, roomBefore, spelledEmailAt } from "./email.ts";
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import { domainAt, urlAt } from "./links.ts";
import { networkAt } from "./network.ts";
import { numberAt, numericDateAt } from "./numbers.ts";
import { armouredKeys, longLettersAt, MIXED_CHARS_MIN, providerTokenAt, randomStringAt, runEnd } from "./secrets.ts";
import { isAnchor } from "./tokens.ts";

const LONG_WORD = 20;
const CUES = FLAG.SECRET_CUE | FLAG.CODE_CUE | FLAG.BIRTH_CUE | FLAG.MONTH | FLAG.DOT_WORD | FLAG.ID_CUE;

/** Cues come first: what follows "password is" is a secret whatever it looks like. */
function cues(findings: Findings): void {
  const { flags, hot, hotCount } = findings.tokens;
  for (let at = 0; at < hotCount; at++) {
    const token = hot[at] ?? 0;
    const bits = flags[token] ?? 0;
    if ((bits & CUES) === 0 || findings.fixed(token)) continue;
    if ((bits & FLAG.SECRET_CUE) !== 0) passwordAfter(findings, token);
    if ((bits & FLAG.CODE_CUE) !== 0) codeAfter(findings, token);
    if ((bits & FLAG.BIRTH_CUE) !== 0) birthAfter(findings, token);
    if ((bits & FLAG.MONTH) !== 0 && !findings.fixed(token)) writtenDateAt(findings, token, false);
    if ((bits & FLAG.ID_CUE) !== 0) expiryAfter(findings, token);
    if ((bits & FLAG.DOT_WORD) !== 0)
      for (let back = token - 1; back > 0 && back >= token - 4; back--) if (spelledEmailAt(findings, back) > 0) break;
  }
}

/**
 * Masks all that has a form. Linear: every detector walks outward from its anchor over a bounded stretch, or
 * over one that is read once.
 */
export function maskStructured(findings: Findings): void {
  const { text, start, end, flags, hot, hotCount } = findings.tokens;
  armouredKeys(findings);
  cues(findings);
  let read = 0;
  for (let at = 0; at < hotCount; at++) {
    const token = hot[at] ?? 0;
    if (findings.fixed(token)) continue;
    const from = start[token] ?? 0;
    const to = end[token] ?? 0;
    const before = from > 0 ? text.charCodeAt(from - 1) : 32;
    const after = to < text.length ? text.charCodeAt(to) : 32;
    const numeric = ((flags[token] ?? 0) & FLAG.NUMERIC) !== 0;
    const anchored = isAnchor(after) || (before !== 46 && isAnchor(before)) || to - from >= LONG_WORD;
    if (!numeric && !anchored && !codeHead(findings, token)) continue;
    if (anchored && signed(findings, token, before, after) > 0) continue;
    if (from >= read && (numeric || anchored)) {
      read = runEnd(text, from);
      if (read - from >= MIXED_CHARS_MIN) {
        if (providerTokenAt(findings, token) > 0) continue;
        randomStringAt(findings, token);
        if (findings.fixed(token)) continue;
      }
    }
    if (numeric) numbers(findings, token);
    else if (to - from >= LONG_WORD && longLettersAt(findings, token) > 0) continue;
    else if ((to - from <= 3 && codeAt(findings, token) > 0) || ibanAt(findings, token) > 0) continue;
  }
}

/** "AB 12 34 56 C", "DE 89 3704": two letters before digits. */
function codeHead(findings: Findings, token: number): boolean {
  const { start, end, flags, count } = findings.tokens;
  return (
    (end[token] ?? 0) - (start[token] ?? 0) === 2 && token + 1 < count && ((flags[token + 1] ?? 0) & FLAG.NUMERIC) !== 0
  );
}

/** Links, addresses and codes whose sign stands right beside the token. */
function signed(findings: Findings, token: number, before: number, after: number): number {
  const { text, end, start } = findings.tokens;
  const next = text.charCodeAt((end[token] ?? 0) + 1);
  const glued = after !== 32 && next > 32;
  if (before === 64) return atSignBefore(findings, token);
  if ((before === 35 || before === 33) && after === 58) return roomBefore(findings, token);
  if (!glued && !(before === 58 && text.charCodeAt((start[token] ?? 0) - 2) === 58)) return 0;
  if (after === 58 || after === 46) {
    const url = urlAt(findings, token);
    if (url > 0) return url;
  }
  // Inside a run that was looked at from its beginning.
  if (after === 64 || before === 46 || before === 45) return 0;
  if (after === 46 || after === 45) {
    const domain = domainAt(findings, token);
    if (domain > 0) {
      spelledEmailAt(findings, token - 1);
      return domain;
    }
  }
  if (after === 58 || after === 46 || after === 45 || before === 58) {
    const network = networkAt(findings, token);
    if (network > 0) return network;
  }
  return after === 43 ? openLocationAt(findings, token) : 0;
}

const DEGREE = 0xb0;
const MORE = Uint8Array.from({ length: 128 }, (_, code) => (".-/:()+".includes(String.fromCharCode(code)) ? 1 : 0));

/** Up to three digits with no sign and no other number beside them: nothing but a count. */
function isPlainNumber(findings: Findings, token: number): boolean {
  const { text, start, end, flags, count } = findings.tokens;
  const from = start[token] ?? 0;
  const to = end[token] ?? 0;
  if (to - from > 3 || (from > 0 && (MORE[text.charCodeAt(from - 1)] ?? 0) === 1)) return false;
  const after = to < text.length ? text.charCodeAt(to) : 32;
  if (after === DEGREE) return coordinatesAt(findings, token) === 0;
  if (after >= 128 || MORE[after] === 1) return false;
  const joined = token + 1 < count && (start[token + 1] ?? 0) - to <= 3;
  if (!joined || after !== 32) return true;
  const small = (end[token + 1] ?? 0) - (start[token + 1] ?? 0) <= 2;
  return ((flags[token + 1] ?? 0) & FLAG.NUMERIC) === 0 && !(small && after === 32 && text.charCodeAt(to + 1) === 176);
}

function numbers(findings: Findings, token: number): void {
  const { text, shape, start, end } = findings.tokens;
  const bits = shape[token] ?? 0;
  const digitsOnly = (bits & (SHAPE.LOWER | SHAPE.UPPER | SHAPE.UNDERSCORE)) === 0;
  if (digitsOnly && isPlainNumber(findings, token)) return;
  const after = text.charCodeAt(end[token] ?? 0);
  const glued = after === 46 || after === 58 || after === 45 || text.charCodeAt((start[token] ?? 0) - 1) === 58;
  if (!digitsOnly && ibanAt(findings, token) > 0) return;
  if (glued && networkAt(findings, token) > 0) return;
  if (digitsOnly && coordinatesAt(findings, token) > 0) return;
  if (openLocationAt(findings, token) > 0 || codeAt(findings, token) > 0) return;
  if (digitsOnly) numberAt(findings, token);
  else if (numericDateAt(findings, token) === 0) mixedAt(findings, token);
}
