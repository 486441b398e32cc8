/**
 * Postal addresses: a street word with its number, units and boxes, and the numbers beside masked words in a
 * line of an address.
 */
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import { wordSet } from "./word-set.ts";

const REACH_MAX = 4;
const HOUSE_NUMBER = /^\d{1,5}[a-z]?$/i;
/** Streets in one word: "Hauptstraße", "Degnehøjvej", "Sahankatu". */
const COMPOUND = new RegExp(
  "(?:straße|strasse|str|gasse|weg|platz|allee|ring|damm|ufer|vej|gade|gatan|gata|" +
    "vägen|utca|laan|straat|plein|katu|tie|ulice)$",
);

function isNumber(findings: Findings, token: number): boolean {
  if (token < 0 || token >= findings.tokens.count) return false;
  if (((findings.tokens.flags[token] ?? 0) & FLAG.NUMERIC) === 0) return false;
  const kind = findings.kindOf(token);
  if (findings.fixed(token) && kind !== "WORD" && kind !== "ADDRESS") return false;
  return HOUSE_NUMBER.test(findings.word(token)) && !isClock(findings, token);
}

/** 19:30 and 19.30 are times, 3.5 an amount. */
function isClock(findings: Findings, token: number): boolean {
  const { text, start, end } = findings.tokens;
  const after = text[end[token] ?? 0];
  const before = text[(start[token] ?? 0) - 1];
  const digitAfter = /\d/.test(text[(end[token] ?? 0) + 1] ?? " ");
  const digitBefore = /\d/.test(text[(start[token] ?? 0) - 2] ?? " ");
  return (
    ((after === ":" || after === "." || after === ",") && digitAfter) ||
    ((before === ":" || before === "." || before === ",") && digitBefore)
  );
}

/** Marks the parts of addresses that lie around street words, units and boxes, then the numbers beside masked words. */
export function maskAddresses(findings: Findings): void {
  const { flags, start, end, hot, hotCount } = findings.tokens;
  for (let at = 0; at < hotCount; at++) {
    const token = hot[at] ?? 0;
    const bits = flags[token] ?? 0;
    if ((bits & FLAG.UNIT) !== 0) unit(findings, token);
    if ((bits & FLAG.STREET) !== 0) street(findings, token);
    else if (isNumber(findings, token + 1) && findings.masked(token) && COMPOUND.test(findings.word(token)))
      numberRight(findings, token);
  }
  for (let at = 0; at < hotCount; at++) {
    const token = hot[at] ?? 0;
    if ((end[token] ?? 0) - (start[token] ?? 0) <= 2) scrap(findings, token);
    else if (findings.kindOf(token) === "ADDRESS" && token > 0) scrap(findings, token - 1);
  }
  for (let at = 0; at < hotCount; at++) {
    const token = hot[at] ?? 0;
    if (isNumber(findings, token) && besideMasked(findings, token)) findings.mask(token, "ADDRESS");
  }
  for (let at = hotCount - 1; at >= 0; at--) {
    const token = hot[at] ?? 0;
    const chained = findings.masked(token + 1) && isNumber(findings, token + 1) && findings.spaced(token);
    if (chained && !findings.masked(token) && isNumber(findings, token)) findings.mask(token, "ADDRESS");
  }
}

/** Is the token one that an address may hold: no function word, on the same line? */
function mayBelong(findings: Findings, token: number): boolean {
  const { flags } = findings.tokens;
  const bits = flags[token] ?? 0;
  if (findings.fixed(token)) return findings.kindOf(token) === "ADDRESS" || findings.kindOf(token) === "WORD";
  if (findings.masked(token)) return true;
  if ((bits & FLAG.PARTICLE) !== 0) return true;
  return (bits & (FLAG.FUNCTION | FLAG.DOES | FLAG.NUMERIC | FLAG.ADDRESS_CUE)) === 0;
}

/** "97 Guildry Street", "old mill road": left to a house number, or over what is masked already. */
function street(findings: Findings, token: number): void {
  const { shape, flags } = findings.tokens;
  let first = token;
  let steps = 0;
  while (first > 0 && steps < REACH_MAX && /^[ .'-]{1,2}$/.test(findings.gap(first - 1))) {
    if (isNumber(findings, first - 1)) break;
    if (!mayBelong(findings, first - 1)) break;
    first--;
    steps++;
  }
  if (first < token && isNumber(findings, first - 1) && /^[ ,]{1,2}$/.test(findings.gap(first - 1))) {
    let number = first - 1;
    while (number > 0 && isNumber(findings, number - 1) && /^[ -]$/.test(findings.gap(number - 1))) number--;
    for (let at = number; at <= token; at++) findings.mask(at, "ADDRESS");
    return;
  }
  const left = token - 1;
  const word = findings.word(token);
  const capital = ((shape[token] ?? 0) & SHAPE.CAPITAL) !== 0;
  const geographic = GEOGRAPHIC.test(word) && findings.spaced(left) && findings.masked(left);
  if (!capital && WORDS_TOO.has(word) && !geographic) {
    streetRight(findings, token);
    return;
  }
  const possessive = ((flags[left] ?? 0) & FLAG.POSSESSIVE) !== 0 || /['\u2019]s$/.test(findings.word(left));
  if (left >= 0 && findings.spaced(left) && findings.masked(left) && !findings.fixed(left) && !possessive) {
    for (let at = left; at >= first && findings.masked(at) && !findings.fixed(at); at--) findings.mask(at, "ADDRESS");
    findings.mask(token, "ADDRESS");
  } else if (
    !capital &&
    /^(?:street|st|road|rd|avenue|ave|lane|drive|boulevard|blvd|terrace|crescent)$/.test(word) &&
    left >= 1 &&
    findings.spaced(left) &&
    isStreetName(findings, left) &&
    ((flags[left - 1] ?? 0) & FLAG.FUNCTION) !== 0 &&
    /^(?:on|at|in|to|from|near|off)$/.test(findings.word(left - 1))
  ) {
    findings.mask(left, "ADDRESS");
    findings.mask(token, "ADDRESS");
  }
  streetRight(findings, token);
}

/** In small letters these mean a street only behind a house number. */
const WORDS_TOO = wordSet(`
  place close row way drive walk court square circle alley trail pike gardens grove view ring route passage
  cours via tie hill hills beach bay lake falls springs ridge bridge village island islands junction forest
  creek valley heights ct pl ln av ter weg ut ul plaza corso largo rua mews quay terrace strada
`);

const GEOGRAPHIC = /^(?:heights|forest|creek|hill|hills|valley|island|islands|bay|falls|springs|ridge|village)$/;

function isStreetName(findings: Findings, token: number): boolean {
  const bits = findings.tokens.flags[token] ?? 0;
  return (bits & FLAG.ORDINARY) !== 0 && (bits & (FLAG.FUNCTION | FLAG.CLOSED)) === 0;
}

/** "Via Moiariello 102", "rue de la Paix 5", "calle mayor 3": right over masked words and particles to a number. */
function streetRight(findings: Findings, token: number): void {
  const { count } = findings.tokens;
  let last = token;
  for (let steps = 0; steps < REACH_MAX && last + 1 < count && /^\.? ?(?:')?$/.test(findings.gap(last)); steps++) {
    if (isNumber(findings, last + 1)) break;
    if (!findings.masked(last + 1) && !mayBelong(findings, last + 1)) break;
    last++;
  }
  if (last > token && isNumber(findings, last + 1) && /^,? $/.test(findings.gap(last))) {
    for (let at = token; at <= last + 1; at++) findings.mask(at, "ADDRESS");
  } else if (findings.masked(token)) numberRight(findings, token);
  else {
    while (last > token && !findings.masked(last)) last--;
    let first = token;
    while (last > token && isNumber(findings, first - 1) && /^,? $/.test(findings.gap(first - 1))) first--;
    if (last > token) for (let at = first; at <= last; at++) findings.mask(at, "ADDRESS");
  }
}

function numberRight(findings: Findings, token: number): void {
  if (isNumber(findings, token + 1) && /^\.? $/.test(findings.gap(token))) findings.mask(token + 1, "ADDRESS");
}

/** "Apt. 870", "suite 212", "P.O. Box 108", "flat 3b", "room 4" */
function unit(findings: Findings, token: number): void {
  const { count } = findings.tokens;
  if (token + 1 >= count || !/^[.:]? ?#? ?(?:no\.? ?)?$/i.test(findings.gap(token)) || !isNumber(findings, token + 1))
    return;
  const name = findings.word(token);
  if (/^(?:room|rm|floor|etage|stock|piso|lot|block|building|top)$/.test(name) && !findings.masked(token - 1)) return;
  findings.mask(token + 1, "ADDRESS");
  findings.mask(token, "ADDRESS");
  if (name !== "box") return;
  if (findings.word(token - 1) === "o" && findings.word(token - 2) === "p") {
    findings.mask(token - 1, "ADDRESS");
    findings.mask(token - 2, "ADDRESS");
  } else if (findings.word(token - 1) === "po") findings.mask(token - 1, "ADDRESS");
}

const OPENS_ADDRESS = /^(?:at|is|to|in|on|of|near|from|around|address|live|lives|with|wohnt|nach|à|au|en|a)$/;

/** One letter or two that stand in an address between what is masked: "R", "u.", "C/", a state before its postcode. */
function scrap(findings: Findings, token: number): void {
  const { start, end, text } = findings.tokens;
  const length = (end[token] ?? 0) - (start[token] ?? 0);
  const next = token + 1;
  if (findings.masked(token) || length > 3 || !/\p{L}/u.test(text[start[token] ?? 0] ?? "")) return;
  const postcode = findings.kindOf(next) === "ADDRESS" && (findings.tokens.end[next] ?? 0) - (start[next] ?? 0) === 5;
  const apart = token === 0 || /[\n,]|^ $/.test(findings.gap(token - 1));
  if (length === 2 && postcode && /^[ \n]{1,2}$/.test(findings.gap(token)) && apart && findings.masked(token - 1))
    findings.mask(token, "ADDRESS");
  if (length > 1 || !isMasked(findings, token - 1, /^ $/)) {
    if (length === 1 && isNumber(findings, token - 1) && isMasked(findings, next, /^(?:\.? |\/ ?)$/)) {
      findings.mask(token, "ADDRESS");
      findings.mask(token - 1, "ADDRESS");
    }
    return;
  }
  const number = isNumber(findings, next) && /^\.? $/.test(findings.gap(token));
  if (number) {
    findings.mask(token, "ADDRESS");
    findings.mask(next, "ADDRESS");
  }
}

/** Masked, and apart from its left neighbour by a gap of this form. */
function isMasked(findings: Findings, token: number, between: RegExp): boolean {
  const left = findings.masked(token) && between.test(findings.gap(token - 1));
  return left || (findings.masked(token) && between.test(findings.gap(token)));
}

/** A number beside a masked word, where the line reads as an address rather than "Tom 2 tickets". */
function besideMasked(findings: Findings, token: number): boolean {
  if (findings.masked(token) && !findings.fixed(token)) return false;
  const { count, flags } = findings.tokens;
  const right =
    token + 1 < count &&
    /^[ ]{1,2}$/.test(findings.gap(token)) &&
    findings.masked(token + 1) &&
    !isTimeish(findings, token + 1);
  const left = token > 0 && /^(?:,? |\.? |\n ?)$/.test(findings.gap(token - 1)) && findings.masked(token - 1);
  const after = findings.gap(token);
  const ends = token + 1 >= count || /^[\s]*[\n,.;!?)]/.test(after);
  if (right) return true;
  if (!left) return false;
  if (ends && !((flags[token - 1] ?? 0) & FLAG.FUNCTION)) return true;
  return (
    token + 1 < count &&
    (isNumber(findings, token + 1) ||
      ((flags[token + 1] ?? 0) & FLAG.UNIT) !== 0 ||
      OPENS_ADDRESS.test(findings.word(token - 2)))
  );
}

function isTimeish(findings: Findings, token: number): boolean {
  const kind = findings.kindOf(token);
  return kind === "DATE" || kind === "PHONE" || kind === "SECRET" || kind === "EMAIL" || kind === "URL";
}
