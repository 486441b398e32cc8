/** What only the words before it give away: passwords and codes in prose, dates of birth, coordinates. */
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import { wordSet } from "./word-set.ts";

const LOOK_AHEAD_MAX = 8;
const VALUE_CHARS_MAX = 256;
const SENTENCE_END = /[.!?;\n]\s|\n/;
/** What `redact` put there. */
const REPLACED = /^(?:\[[A-Z]{2,8}\]?|[A-Z]{2,7}_[0-9A-Za-z]{1,32})$/;
const WHITE = /\s/;
const CLOSING = /[.,;:)\]}"'\u201d\u2019]/;
const NAMED_VALUE = /^\s{0,2}(?::|=|->|=>|\u2192|-)\s{0,2}/;

/** What may follow "the password is" without being it. */
const NO_SECRET = wordSet(`
  wrong incorrect right correct invalid expired expiring required reset weak strong secure secret safe not no on
  in the a an too very also still always never case sensitive there here missing empty different same unchanged
  gone lost known unknown needed ready changed set being now only just really probably long short working broken
  stored saved hidden written encrypted hashed shared public private important mandatory optional to for with
  from by at of it that this what mine yours ours below above attached inside under next down up out falsch
  richtig abgelaufen nicht auf im in das ein eine sehr zu incorrecta correcta en el la no muy dans le expiré un
  une pas and or but if when because so why how who manager policy managers prompt field page protected
  protection
`);

/** Words that mean a credential only when what follows does not look like a word. */
const WEAK_CUES: ReadonlySet<string> = new Set(
  "key token secret pass parole credential credentials losung passe".split(" "),
);

/**
 * The end of the chunk without white space that begins at `from`, without a closing sign or full stop behind
 * it; "hunter2!" keeps its "!".
 */
function chunkEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && end - from < VALUE_CHARS_MAX && !WHITE.test(text[end] ?? " ")) end++;
  while (end > from + 1 && CLOSING.test(text[end - 1] ?? "")) end--;
  return end;
}

type Value = { readonly from: number; readonly token: number; readonly named: boolean };

/**
 * Where the value of a cue begins: behind a colon, an equals sign or a copula within a few words, or right
 * behind the cue.
 */
function valueAfter(findings: Findings, cue: number): Value | undefined {
  const { text, start, end, flags, count } = findings.tokens;
  for (let token = cue; token < count && token - cue <= LOOK_AHEAD_MAX; token++) {
    const to = end[token] ?? 0;
    const sign = NAMED_VALUE.exec(text.slice(to, to + 6));
    if (sign !== null && !(sign[0] === "-" && token > cue))
      return { from: to + sign[0].length, token: token + 1, named: true };
    const next = token + 1;
    if (next >= count || SENTENCE_END.test(text.slice(to, start[next]))) {
      if (token === cue) return undefined;
      break;
    }
    if (
      ((flags[next] ?? 0) & FLAG.COPULA) !== 0 &&
      next + 1 < count &&
      (start[next + 1] ?? 0) - (end[next] ?? 0) <= 3
    ) {
      let from = (end[next] ?? 0) + 1;
      while (/[\s"'\u201c\u201e\u00ab:`]/.test(text[from] ?? "x")) from++;
      return { from, token: next + 1, named: true };
    }
  }
  const next = cue + 1;
  return next < count ? { from: start[next] ?? 0, token: next, named: false } : undefined;
}

/** Masks the value of a password cue at this token, and up to five plain words of a passphrase. */
export function passwordAfter(findings: Findings, cue: number): void {
  const { text, start, end, flags, shape, count } = findings.tokens;
  const value = valueAfter(findings, cue);
  if (value === undefined || value.token >= count) return;
  const to = chunkEnd(text, value.from);
  if (to <= value.from || REPLACED.test(text.slice(value.from, to + 1))) return;
  const first = findings.word(value.token);
  const cueWord = findings.word(cue);
  const letters = ((shape[value.token] ?? 0) & (SHAPE.DIGIT | SHAPE.UNDERSCORE)) === 0;
  const known = ((flags[value.token] ?? 0) & (FLAG.ORDINARY | FLAG.CLOSED)) !== 0 || (!findings.lexical && letters);
  const bare = (end[value.token] ?? 0) >= to && (start[value.token] ?? 0) <= value.from;
  const phrase = cueWord.includes("phrase");
  if (bare && NO_SECRET.has(first) && !(phrase && value.named && findings.spaced(value.token + 1))) return;
  if ((!value.named || WEAK_CUES.has(cueWord)) && bare && known && letters) return;
  let until = to;
  for (let token = value.token + 1; phrase && token < count && token <= value.token + 12; token++) {
    if (!/^[ -]$/.test(text.slice(end[token - 1], start[token]))) break;
    until = end[token] ?? until;
  }
  findings.fix(value.token, value.from, until, "SECRET");
}

const CODE_VALUE = /[#*]?(?=[A-Za-z-]{0,6}\d)[A-Za-z0-9](?:[A-Za-z0-9*#]|[-](?=\w)|[ ](?=\d{2,4}(?!\w))){1,15}/y;

/** Masks the value of a code cue at this token ("pin is 4821", "code: 12B4", "the code for the door is 4711"). */
export function codeAfter(findings: Findings, cue: number): void {
  const { text, count } = findings.tokens;
  const value = valueAfter(findings, cue);
  if (value === undefined || value.token >= count) {
    numberBehind(findings, cue);
    return;
  }
  CODE_VALUE.lastIndex = value.from;
  const found = CODE_VALUE.exec(text);
  if (found !== null && !/^(?:19|20)\d\d$/.test(found[0])) {
    if (/^\d{1,2}(?:[ap]m|th|st|nd|rd)?$/i.test(found[0]) && !value.named) return;
    findings.fix(value.token, value.from, value.from + found[0].length, "SECRET");
    return;
  }
  if (!value.named && !numberAhead(findings, cue)) numberBehind(findings, cue);
}

const FAR_NUMBER = /^\d{3,10}$/;

/** "the pin for the alarm 0815" */
function numberAhead(findings: Findings, cue: number): boolean {
  const { start, end, count } = findings.tokens;
  for (let token = cue + 1; token < count && token - cue <= 6; token++) {
    if (SENTENCE_END.test(findings.gap(token - 1))) return false;
    if (!FAR_NUMBER.test(findings.word(token)) || /^[:.]\d/.test(findings.gap(token) + findings.word(token + 1)))
      continue;
    findings.fix(token, start[token] ?? 0, end[token] ?? 0, "SECRET");
    return true;
  }
  return false;
}

/** "4821 is the pin": the number before the cue, a few words back. */
function numberBehind(findings: Findings, cue: number): void {
  const { start, end, flags } = findings.tokens;
  for (let token = cue - 1; token >= 0 && cue - token <= 5; token--) {
    if (/[.!?\n]\s/.test(findings.gap(token))) return;
    if (FAR_NUMBER.test(findings.word(token))) {
      findings.fix(token, start[token] ?? 0, end[token] ?? 0, "SECRET");
      return;
    }
    if (((flags[token] ?? 0) & (FLAG.FUNCTION | FLAG.COPULA | FLAG.ORDINARY | FLAG.CLOSED)) === 0) return;
  }
}

const EXPIRY =
  /\s?[:=]?\s?(?:date|on|in|thru|through|am|bis|le)?\s?[:=]?\s?((?:0?[1-9]|1[0-2])\s?[/-]\s?(?:20)?[2-4]\d)(?!\d)/iy;

/** "exp 12/27": when a card runs out. */
export function expiryAfter(findings: Findings, cue: number): void {
  const { text, end } = findings.tokens;
  EXPIRY.lastIndex = end[cue] ?? 0;
  const date = EXPIRY.exec(text)?.[1];
  if (date !== undefined) findings.fix(cue + 1, EXPIRY.lastIndex - date.length, EXPIRY.lastIndex, "CARD");
}

const WRITTEN_DAY = /^\d{1,2}(?:st|nd|rd|th|er|\.)?$/i;
const YEAR = /^(?:1[89]|20)\d\d$/;
const BIRTH_LOOK_AHEAD_MAX = 8;

function isMonth(findings: Findings, token: number): boolean {
  return token >= 0 && token < findings.tokens.count && ((findings.tokens.flags[token] ?? 0) & FLAG.MONTH) !== 0;
}

function near(findings: Findings, left: number, right: number): boolean {
  const { text, start, end, count } = findings.tokens;
  if (left < 0 || right >= count) return false;
  return /^(?:[.,]?[ ]{1,2}|[-/.])$/.test(text.slice(end[left], start[right]));
}

/**
 * A date with its month in words at this token (the month). With a year it is masked ("14 March 1987", "March 3rd,
 * 1990", "3 de mayo de 1980"), without one only where a birth is spoken of: "see you on 14 March" stays.
 */
export function writtenDateAt(findings: Findings, month: number, birth: boolean): number {
  const { start, end } = findings.tokens;
  let first = month;
  let last = month;
  let day = false;
  let year = false;
  const before = isLinkWord(findings, month - 1) ? month - 2 : month - 1;
  if (before >= 0 && near(findings, month - 1, month) && WRITTEN_DAY.test(findings.word(before))) {
    first = before;
    day = true;
  }
  for (
    let token = month + 1;
    token < findings.tokens.count && token <= month + 4 && near(findings, token - 1, token);
    token++
  ) {
    const word = findings.word(token);
    if (!day && WRITTEN_DAY.test(word)) {
      day = true;
      last = token;
    } else if (YEAR.test(word) || (birth && /^\d\d$/.test(word))) {
      year = true;
      last = token;
      break;
    } else if (!isLinkWord(findings, token)) break;
  }
  if (!day && !(birth && year)) return 0;
  if (!year && !birth) return 0;
  return findings.fix(month, start[first] ?? 0, end[last] ?? 0, "DATE");
}

function isLinkWord(findings: Findings, token: number): boolean {
  return token >= 0 && token < findings.tokens.count && ["de", "of", "del", "the"].includes(findings.word(token));
}

/** Masks the day, the month or the year of birth that follows this cue. */
export function birthAfter(findings: Findings, cue: number): void {
  const { text, start, end, count } = findings.tokens;
  for (let token = cue + 1; token < count && token - cue <= BIRTH_LOOK_AHEAD_MAX; token++) {
    if (/[!?\n]|\.\s/.test(text.slice(end[token - 1], start[token])) && token > cue + 1) return;
    if (isMonth(findings, token) && writtenDateAt(findings, token, true) > 0) return;
    const word = findings.word(token);
    const short = /^\d{1,2}[/.]\d{1,2}(?![\d/.])/.exec(text.slice(start[token], (start[token] ?? 0) + 6));
    if (short !== null && !findings.fixed(token)) {
      findings.fix(token, start[token] ?? 0, (start[token] ?? 0) + short[0].length, "DATE");
      return;
    }
    if (YEAR.test(word) && !findings.fixed(token)) {
      findings.fix(token, start[token] ?? 0, end[token] ?? 0, "DATE");
      return;
    }
  }
}

const DEGREES = String.raw`[-+\u2212]?\d{1,3}\.\d{3,12}`;
const DECIMALS = new RegExp(
  String.raw`${DEGREES}\s?\u00b0?\s?[NSns]?\s?[,;/ ]\s{0,2}(?:(?:lon|lng|long|longitude)\s?[:=]?\s?)?` +
    String.raw`${DEGREES}(?!\d)(?:\s?\u00b0?\s?[EWew](?!\w))?`,
  "y",
);
const ARC =
  String.raw`\d{1,3}\s?\u00b0\s?\d{1,2}(?:\.\d{1,6})?\s?['\u2032\u2019]\s?` +
  String.raw`(?:\d{1,2}(?:\.\d{1,6})?\s?(?:"|''|\u2033|\u2032\u2032|\u201d)\s?)?[NSEWnsew]`;
const SEXAGESIMAL = new RegExp(String.raw`${ARC}(?:[,\s]{1,2}${ARC})?`, "y");

/** North, east, south or west, within reach of a degree sign. */
const QUARTER = /[NSEW](?![\p{L}])/iu;
const QUARTER_REACH = 28;

/** Coordinates that begin at this token of digits. Returns the first token behind them, or 0. */
export function coordinatesAt(findings: Findings, token: number): number {
  const { text, start, end } = findings.tokens;
  const from = start[token] ?? 0;
  const after = text[end[token] ?? 0];
  const pattern =
    after === "." ? DECIMALS : after === "\u00b0" || text[(end[token] ?? 0) + 1] === "\u00b0" ? SEXAGESIMAL : undefined;
  if (pattern === undefined) return 0;
  if (pattern === SEXAGESIMAL && !QUARTER.test(text.slice(from, from + QUARTER_REACH))) return 0;
  if (/[\d.]/.test(text[from - 1] ?? " ")) return 0;
  const signed = /[-+\u2212]/.test(text[from - 1] ?? " ") ? from - 1 : from;
  pattern.lastIndex = pattern === DECIMALS ? signed : from;
  const found = pattern.exec(text);
  return found === null ? 0 : findings.fix(token, pattern.lastIndex - found[0].length, pattern.lastIndex, "GEO");
}

const OPEN_LOCATION = /[23456789cfghjmpqrvwx]{4,8}\+[23456789cfghjmpqrvwx]{2,3}(?!\w)/iy;

/** An open location code ("8FVC9G8F+6X"). Returns the first token behind it, or 0. */
export function openLocationAt(findings: Findings, token: number): number {
  const { text, start, end } = findings.tokens;
  if (text[end[token] ?? 0] !== "+") return 0;
  OPEN_LOCATION.lastIndex = start[token] ?? 0;
  const found = OPEN_LOCATION.exec(text);
  return found === null ? 0 : findings.fix(token, start[token] ?? 0, OPEN_LOCATION.lastIndex, "GEO");
}
