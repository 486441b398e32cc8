/** What belongs to a name that was found: titles, initials, particles, company forms; and the kind that neighbours share. */
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import type { Sentence } from "./names.ts";

const WRITTEN_TITLES =
  /^(?:mr|mrs|ms|miss|mx|dr|prof|herr|frau|fräulein|hr|fr|mag|ing|jr|sr|m|mme|mlle|monsieur|madame|mademoiselle|señor|señora|señorita|sra|srta|don|doña|signor|signora|sig|rev|sir|lady|lord|capt|sgt|lt|professor|doctor)$/;
const PARTICLES =
  /^(?:de|del|della|delle|di|da|dal|das|do|dos|du|des|van|von|vom|der|den|ter|ten|zu|zum|zur|la|las|le|les|los|el|al|bin|ibn|ben|y|na|nad|sur|sous|st|ste|san|santa|santo|sankt|och)$/;
const ORG_WORDS_MAX = 4;

function word(findings: Findings, token: number): string {
  const { text, start, end } = findings.tokens;
  return text.slice(start[token], end[token]).toLowerCase();
}

function gap(findings: Findings, left: number): string {
  const { text, start, end, count } = findings.tokens;
  return left < 0 || left + 1 >= count ? "\n" : text.slice(end[left], start[left + 1]);
}

function isName(findings: Findings, token: number): boolean {
  return findings.masked(token) && !findings.fixed(token);
}

/** Extends the names of one sentence over what stands beside them. */
export function joinNames(findings: Findings, sentence: Sentence): void {
  const { flags, shape, start, end } = findings.tokens;
  for (let token = sentence.from; token < sentence.to; token++) {
    const bits = flags[token] ?? 0;
    if (findings.masked(token)) {
      if (
        findings.kindOf(token) === "WORD" &&
        findings.kindOf(token - 1) === "PERSON" &&
        gap(findings, token - 1) === " "
      )
        findings.mask(token, "PERSON");
      if ((bits & FLAG.ORG) !== 0) orgLeft(findings, token, sentence);
      continue;
    }
    if ((bits & FLAG.TITLE) !== 0) title(findings, token, sentence);
    else if ((bits & FLAG.ORG) !== 0) orgLeft(findings, token, sentence);
    else if ((bits & FLAG.ORG_NOUN) !== 0) orgNoun(findings, token, sentence);
    else if ((bits & FLAG.PARTICLE) !== 0 && isName(findings, token - 1) && isName(findings, token + 1)) {
      if (gap(findings, token - 1) === " " && gap(findings, token) === " " && PARTICLES.test(word(findings, token)))
        findings.mask(token, findings.kindOf(token - 1) ?? "PERSON");
    } else if ((end[token] ?? 0) - (start[token] ?? 0) === 1 && ((shape[token] ?? 0) & SHAPE.UPPER) !== 0)
      initial(findings, token);
  }
}

function title(findings: Findings, token: number, sentence: Sentence): void {
  const { flags, shape } = findings.tokens;
  const next = token + 1;
  const name = word(findings, token);
  if ((name === "jr" || name === "sr") && isName(findings, token - 1)) {
    findings.mask(token, "PERSON");
    return;
  }
  if (next >= sentence.to || !/^\.? $/.test(gap(findings, token))) return;
  const bits = flags[next] ?? 0;
  const capital = !sentence.caseless && ((shape[next] ?? 0) & SHAPE.CAPITAL) !== 0;
  const firm = /^(?:mr|mrs|ms|mx|dr|prof|herr|frau|monsieur|madame|mme|mlle|señor|señora|sra|signor|signora)$/.test(
    name,
  );
  const fits =
    isName(findings, next) ||
    (firm && (capital || ((bits & FLAG.FUNCTION) === 0 && sentence.caseless))) ||
    (capital && (bits & FLAG.FUNCTION) === 0);
  if (!fits || findings.fixed(next)) return;
  if (WRITTEN_TITLES.test(name)) findings.mask(token, "PERSON");
  findings.mask(next, "PERSON");
}

function initial(findings: Findings, token: number): void {
  if (word(findings, token) === "i" && gap(findings, token) === " ") return;
  const left = isName(findings, token - 1) && gap(findings, token - 1) === " ";
  const right = isName(findings, token + 1) && /^\.? ?$/.test(gap(findings, token));
  if (word(findings, token) === "a" && !gap(findings, token).startsWith(".") && !(left && right)) return;
  if (left || right) findings.mask(token, findings.kindOf(left ? token - 1 : token + 1) ?? "PERSON");
}

/** "Acme Ltd", "Hoover, Morris and Johnson Inc", "kiddie city inc": the form and the words before it. */
function orgLeft(findings: Findings, token: number, sentence: Sentence): void {
  const { flags, shape } = findings.tokens;
  if (token === sentence.from || !/^,? $/.test(gap(findings, token - 1))) return;
  let first = token;
  while (first > sentence.from && token - first < ORG_WORDS_MAX && /^(?:,? | ?& ?|-)$/.test(gap(findings, first - 1))) {
    const before = first - 1;
    const bits = flags[before] ?? 0;
    const capital = ((shape[before] ?? 0) & SHAPE.CAPITAL) !== 0;
    if (findings.fixed(before) || (bits & (FLAG.FUNCTION | FLAG.NUMERIC | FLAG.DOES)) !== 0) break;
    if (!isName(findings, before) && !sentence.caseless && !capital) break;
    first--;
  }
  if (first < token) for (let at = first; at <= token; at++) findings.mask(at, "ORG");
}

function orgNoun(findings: Findings, token: number, sentence: Sentence): void {
  const { shape } = findings.tokens;
  const capital = ((shape[token] ?? 0) & SHAPE.CAPITAL) !== 0 && !sentence.caseless;
  if (
    token > sentence.from &&
    gap(findings, token - 1) === " " &&
    isName(findings, token - 1) &&
    (capital || sentence.caseless)
  )
    findings.mask(token, "ORG");
}
