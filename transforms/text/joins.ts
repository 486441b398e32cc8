/**
 * What belongs to a name that was found: titles, initials, particles, company forms; and the kind that
 * neighbours share.
 */
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import type { Sentence } from "./names.ts";
import { wordSet } from "./word-set.ts";

const WRITTEN_TITLES = wordSet(`
  mr mrs ms miss mx dr prof herr frau fräulein hr fr mag ing jr sr m mme mlle monsieur madame mademoiselle señor
  señora señorita sra srta don doña signor signora sig rev sir lady lord capt sgt lt professor doctor
`);
const PARTICLES = wordSet(`
  de del della delle di da dal das do dos du des van von vom der den ter ten zu zum zur la las le les los el al
  bin ibn ben y na nad sur sous st ste san santa santo sankt och
`);
const ORG_WORDS_MAX = 4;

function isName(findings: Findings, token: number): boolean {
  return findings.masked(token) && !findings.fixed(token);
}

/** Extends the names of one sentence over what stands beside them. */
export function joinNames(findings: Findings, sentence: Sentence): void {
  const { flags, shape, start, end, hot } = findings.tokens;
  for (let at = sentence.hotFrom; at < sentence.hotTo; at++) {
    const token = hot[at] ?? 0;
    const bits = flags[token] ?? 0;
    if (findings.fixed(token)) continue;
    if (findings.masked(token)) {
      if (findings.kindOf(token) === "WORD" && findings.kindOf(token - 1) === "PERSON" && findings.spaced(token - 1))
        findings.mask(token, "PERSON");
      joinHyphen(findings, token, sentence);
      if ((bits & FLAG.ORG) !== 0) orgLeft(findings, token, sentence);
      continue;
    }
    if ((bits & FLAG.TITLE) !== 0) title(findings, token, sentence);
    else if ((bits & FLAG.ORG) !== 0) orgLeft(findings, token, sentence);
    else if ((bits & FLAG.ORG_NOUN) !== 0) orgNoun(findings, token, sentence);
    else if ((bits & FLAG.PARTICLE) !== 0) particle(findings, token);
    else if ((end[token] ?? 0) - (start[token] ?? 0) === 1 && ((shape[token] ?? 0) & SHAPE.UPPER) !== 0)
      initial(findings, token);
  }
}

/**
 * "Mayo-Walters" at the head of a sentence, "golden gate": the head of a name whose rest was masked for its
 * capitals.
 */
function joinHyphen(findings: Findings, token: number, sentence: Sentence): void {
  const left = token - 1;
  if (left < sentence.from || findings.masked(left) || findings.fixed(token)) return;
  const { flags, shape } = findings.tokens;
  const capitals = ((shape[left] ?? 0) & (shape[token] ?? 0) & SHAPE.CAPITAL) !== 0 && !sentence.caseless;
  if (!capitals || ((flags[left] ?? 0) & (FLAG.FUNCTION | FLAG.NUMERIC | FLAG.CAPITAL_OK)) !== 0) return;
  const between = findings.gap(left);
  const verb = ((flags[left] ?? 0) & (FLAG.TAKES_PERSON | FLAG.GREETING | FLAG.TITLE | FLAG.DOES)) !== 0;
  const ordinary = ((flags[token] ?? 0) & FLAG.ORDINARY) !== 0 && ((flags[token] ?? 0) & FLAG.GIVEN) === 0;
  if (between === "-" || (between === " " && ordinary && !verb))
    findings.mask(left, findings.kindOf(token) ?? "PERSON");
}

const BEFORE_SURNAMES = /^(?:van|von|della|ibn|abu)$/;
const SAINTS = /^(?:san|santa|saint|sainte|st|ste|são|sankt)$/;

/** "de", "van der" between two names; "santa marta" before one. */
function particle(findings: Findings, token: number): void {
  const here = findings.word(token);
  if (!PARTICLES.has(here) || !/^[ -]$/.test(findings.gap(token))) return;
  if ((SAINTS.test(here) || BEFORE_SURNAMES.test(here)) && isName(findings, token + 1))
    findings.mask(token, findings.kindOf(token + 1) ?? "PLACE");
  if (!isName(findings, token - 1) || !findings.spaced(token - 1)) return;
  const double = PARTICLES.has(findings.word(token + 1)) && findings.spaced(token + 1);
  if (!isName(findings, token + 1) && !(double && isName(findings, token + 2))) return;
  findings.mask(token, findings.kindOf(token - 1) ?? "PERSON");
}

function title(findings: Findings, token: number, sentence: Sentence): void {
  const { flags, shape } = findings.tokens;
  const next = token + 1;
  const name = findings.word(token);
  if ((name === "jr" || name === "sr") && isName(findings, token - 1)) {
    findings.mask(token, "PERSON");
    return;
  }
  if (next >= sentence.to || !/^\.? $/.test(findings.gap(token))) return;
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
  if (WRITTEN_TITLES.has(name)) findings.mask(token, "PERSON");
  findings.mask(next, "PERSON");
}

/** "J." before another initial or a name. */
function isInitial(findings: Findings, token: number): boolean {
  const { start, end, shape } = findings.tokens;
  if (token < 0 || (end[token] ?? 0) - (start[token] ?? 0) !== 1) return false;
  return ((shape[token] ?? 0) & SHAPE.UPPER) !== 0 && /^\. ?$/.test(findings.gap(token));
}

function initial(findings: Findings, token: number): void {
  if (findings.word(token) === "i" && findings.spaced(token)) return;
  const left = isName(findings, token - 1) && findings.spaced(token - 1);
  const right = isName(findings, token + 1) && /^\.? ?$/.test(findings.gap(token));
  if (findings.word(token) === "a" && !findings.gap(token).startsWith(".") && !(left && right)) return;
  if (!left && !right) return;
  const kind = findings.kindOf(left ? token - 1 : token + 1) ?? "PERSON";
  findings.mask(token, kind);
  for (let at = token - 1; isInitial(findings, at) && !findings.masked(at); at--) findings.mask(at, kind);
}

/** "Acme Ltd", "Hoover, Morris and Johnson Inc", "kiddie city inc": the form and the words before it. */
function orgLeft(findings: Findings, token: number, sentence: Sentence): void {
  const { flags, shape } = findings.tokens;
  if (token === sentence.from || !/^,? $/.test(findings.gap(token - 1))) return;
  let first = token;
  while (first > sentence.from && token - first < ORG_WORDS_MAX && /^(?:,? | ?& ?|-)$/.test(findings.gap(first - 1))) {
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
    findings.spaced(token - 1) &&
    isName(findings, token - 1) &&
    (capital || sentence.caseless)
  )
    findings.mask(token, "ORG");
}
