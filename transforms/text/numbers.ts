/** Numbers: dates, cards, national numbers, phones, postcodes; a run of digit groups is read once from its first. */
import { luhn, nationalId, ssn } from "./checksums.ts";
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";

const GROUPS_MAX = 24;
const INSEE_GROUPS_MAX = 7;
const CARD_DIGITS_MIN = 13;
const CARD_DIGITS_MAX = 19;
const PHONE_DIGITS_MIN = 7;
const PHONE_DIGITS_MAX = 15;
const GAP = /^(?:[ .\-/\u2010-\u2013]|[ ]?[()\-\u2013/][ ]?|\)[ ]?[-/]|[ ]{2})$/;

const TIME_OF_DAY = String.raw`[T ,]{1,2}\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})?`;
const ISO_DATE = new RegExp(
  String.raw`(?:1[89]|20)\d{2}([-/.])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|0?[1-9])(?:${TIME_OF_DAY})?(?!\d)`,
  "y",
);
const DATE = /(?:3[01]|[12]\d|0?[1-9])([-/.])[ ]?(?:3[01]|[12]\d|0?[1-9])\1[ ]?(?:(?:1[89]|20)\d{2}|\d{2})(?!\d)/y;
const CLOCKS = /\d{1,2}[.:]\d{2}\s?[-\u2013]\s?\d{1,2}[.:]\d{2}(?!\d)/y;
const YEAR = /^(?:19|20)\d{2}$/;

function onlyDigits(findings: Findings, token: number): boolean {
  const bits = findings.tokens.shape[token] ?? 0;
  return (bits & SHAPE.DIGIT) !== 0 && (bits & (SHAPE.LOWER | SHAPE.UPPER | SHAPE.UNDERSCORE)) === 0;
}

/** A date written in digits at this token, with a time of day behind it. Returns the first token behind it, or 0. */
export function numericDateAt(findings: Findings, token: number): number {
  const { text, start } = findings.tokens;
  const from = start[token] ?? 0;
  if (/[\d./-]/.test(text[from - 1] ?? " ") && /\d/.test(text[from - 2] ?? " ")) return 0;
  for (const pattern of [ISO_DATE, DATE]) {
    pattern.lastIndex = from;
    const found = pattern.exec(text);
    if (found === null || /^[-/.]\d/.test(text.slice(from + found[0].length, from + found[0].length + 2))) continue;
    const day = /^(\d{1,2})\D{1,2}(\d{1,2})\D/.exec(found[0]);
    if (day !== null && Number(day[1]) > 12 && Number(day[2]) > 12) continue;
    return findings.fix(token, from, from + found[0].length, "DATE");
  }
  return 0;
}

/** The last token of the run of digit groups that begins at `first`. */
function runOf(findings: Findings, first: number): number {
  const { text, start, end, count } = findings.tokens;
  let last = first;
  while (last + 1 < count && last - first < GROUPS_MAX && onlyDigits(findings, last + 1) && !findings.fixed(last + 1)) {
    const from = end[last] ?? 0;
    const to = start[last + 1] ?? 0;
    if (to - from > 3 || !GAP.test(text.slice(from, to))) break;
    last++;
  }
  return last;
}

const CURRENCY_BEFORE = /[$\u20ac\u00a3\u00a5\u20b9]\s?$/;
const CURRENCY_AFTER = /^\s?[$\u20ac\u00a3\u00a5\u20b9%\u00b0]/;

/** True when money, a percentage or a unit stands right beside the stretch from the first to the last token. */
function isAmount(findings: Findings, first: number, last: number): boolean {
  const { text, start, end, flags, count } = findings.tokens;
  const from = start[first] ?? 0;
  const to = end[last] ?? 0;
  if (CURRENCY_BEFORE.test(text.slice(Math.max(0, from - 2), from))) return true;
  if (CURRENCY_AFTER.test(text.slice(to, to + 2))) return true;
  const after = last + 1;
  if (after < count && (start[after] ?? 0) - to <= 1 && ((flags[after] ?? 0) & FLAG.MEASURE) !== 0) return true;
  const before = text.slice(Math.max(0, from - 5), from).toLowerCase();
  return /(?:^|\W)(?:eur|usd|gbp|chf|rs\.?) ?$/.test(before);
}

function digitsOf(findings: Findings, first: number, last: number): string {
  const { text, start, end } = findings.tokens;
  return text.slice(start[first], end[last]).replace(/\D/g, "");
}

function cardAt(findings: Findings, first: number, last: number): number {
  const { text, start, end } = findings.tokens;
  let best = -1;
  let regular = true;
  let size = 0;
  for (let token = first; token <= last; token++) {
    const gap = token === first ? 32 : text.charCodeAt(end[token - 1] ?? 0);
    if (token > first && ((gap !== 32 && gap !== 45) || (start[token] ?? 0) - (end[token - 1] ?? 0) !== 1)) break;
    const length = (end[token] ?? 0) - (start[token] ?? 0);
    size += length;
    if (size > CARD_DIGITS_MAX) break;
    if (token < last) regular &&= length >= 4;
    if (size < CARD_DIGITS_MIN) continue;
    const digits = digitsOf(findings, first, token);
    if (/^[2-6]/.test(digits) && (luhn(digits) || (regular && size === 16))) best = token;
  }
  return best < 0 ? 0 : findings.fix(first, start[first] ?? 0, end[best] ?? 0, "CARD");
}

/** Numbers in the groups of a US social security number, or with a national check digit. */
function nationalAt(findings: Findings, first: number, last: number): number {
  const { text, start, end } = findings.tokens;
  const from = start[first] ?? 0;
  const size = (end[first] ?? 0) - from;
  if (size < 2 && last - first > INSEE_GROUPS_MAX) return 0;
  const whole = text.slice(from, end[last]);
  const three = /^(\d{3})([ .-])(\d{2})\2(\d{4})(?!\d)/.exec(whole);
  if (three !== null && (ssn(three[0].replace(/\D/g, "")) || three[2] === "-"))
    return findings.fix(first, from, from + three[0].length, "ID");
  const digits = digitsOf(findings, first, last);
  if ((digits.startsWith("0") && last > first) || text[from - 1] === "+") return 0;
  if (last > first && (digits.length < 9 || !nationalId(digits) || digits.length === 10)) return 0;
  if (last === first && !nationalId(digits)) return 0;
  return findings.fix(first, from, end[last] ?? 0, "ID");
}

function phoneStart(text: string, from: number): number {
  let start = from;
  if (text[start - 1] === "(") start--;
  if (text[start - 1] === "+") start--;
  if (text[start - 1] === "(") start--;
  return start;
}

/**
 * What a run of seven or more digits is when it is nothing with a check: a phone, or a number that identifies
 * something.
 */
function longRunAt(findings: Findings, first: number, last: number): number {
  const { text, start, end, flags } = findings.tokens;
  const from = start[first] ?? 0;
  const digits = digitsOf(findings, first, last);
  const prefixed = text[from - 1] === "+";
  const dialled = prefixed || digits.startsWith("0") || text[from - 1] === "(";
  const tokens = last - first + 1;
  if (
    digits.length < PHONE_DIGITS_MIN &&
    !(dialled && digits.length >= 6 && tokens > 1) &&
    !(prefixed && digits.length >= 5)
  )
    return 0;
  const plain = text.slice(from, end[last]);
  if (/^(?:19|20)\d{2}(?:\D{1,3}(?:19|20)\d{2})+$/.test(plain)) return 0;
  CLOCKS.lastIndex = from;
  if (CLOCKS.test(text)) return 0;
  if (!dialled && isAmount(findings, first, last)) return 0;
  const cued = first > 0 && ((flags[first - 1] ?? 0) & FLAG.PHONE_CUE) !== 0;
  const phone = digits.length <= PHONE_DIGITS_MAX && (dialled || tokens > 1 || cued || /^[1-9]\d{9}$/.test(digits));
  return findings.fix(first, phoneStart(text, from), end[last] ?? 0, phone ? "PHONE" : "ID");
}

/** All that can be made of the digits at this token. Returns the first token behind what was masked or judged. */
export function numberAt(findings: Findings, token: number): number {
  const last = runOf(findings, token);
  for (let first = token; first <= last; ) {
    const next =
      numericDateAt(findings, first) ||
      cardAt(findings, first, last) ||
      nationalAt(findings, first, last) ||
      longRunAt(findings, first, last) ||
      singleAt(findings, first);
    first = Math.max(next, first + 1);
  }
  return last + 1;
}

/** A number by itself: five digits and more are masked, four unless they are a year, a round number or an amount. */
function singleAt(findings: Findings, token: number): number {
  const { text, start, end } = findings.tokens;
  const from = start[token] ?? 0;
  const to = end[token] ?? 0;
  const length = to - from;
  if (length < 4 || findings.fixed(token)) return token + 1;
  const fraction = /[.,]/.test(text[from - 1] ?? " ") && /\d/.test(text[from - 2] ?? " ");
  if (fraction) return token + 1;
  const digits = text.slice(from, to);
  if (length === 4 && (YEAR.test(digits) || digits.endsWith("00"))) return token + 1;
  if (length <= 7 && isAmount(findings, token, token)) return token + 1;
  return findings.fix(token, from, to, length === 5 ? "ADDRESS" : length < PHONE_DIGITS_MIN ? "WORD" : "ID");
}
