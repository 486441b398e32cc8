/**
 * Tokens of letters and digits: IBAN, national numbers, number plates, document numbers; and what is merely an
 * amount with its unit.
 */
import { iban, nationalId, nino } from "./checksums.ts";
import type { Findings } from "./findings.ts";
import { SHAPE } from "./flags.ts";

/** ISO 13616 registry: length by country. */
const IBAN_REGISTRY = `
  NO15 BE16 DK18 FI18 FO18 GL18 NL18 SD18 FK18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 MN20 CH21 HR21 LI21
  LV21 BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 OM23 SO23 TL23 AD24 CZ24 ES24 MD24
  PK24 RO24 SA24 SE24 SK24 TN24 VG24 LY25 PT25 ST25 IS26 TR26 BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28
  BY28 CY28 DO28 GT28 HN28 HU28 LB28 NI28 PL28 SV28 BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 SC31 LC32 RU33 MT31
  YE30
`;
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  IBAN_REGISTRY.trim()
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2).toLowerCase(), Number(entry.slice(2))]),
);
const IBAN_CHARS_MIN = 15;
const IBAN_CHARS_MAX = 34;
/** Countries whose account numbers are digits alone (ISO 13616 registry). */
const IN_DIGITS: ReadonlySet<string> = new Set(
  "no be dk fi fo gl si at ba ee lt xk mn hr cr de me rs va ae il iq tl cz es sk se pt st is ly hu pl".split(" "),
);

/** 1 digit, 2 letter, 3 a sign that may part the groups of an IBAN. */
const IBAN_SIGNS = Uint8Array.from({ length: 128 }, (_, code) =>
  code >= 48 && code <= 57 ? 1 : (code | 32) >= 97 && (code | 32) <= 122 ? 2 : code === 32 || code === 45 ? 3 : 0,
);

/** An IBAN at this token, in one piece or in groups, small letters too. Returns the first token behind it, or 0. */
export function ibanAt(findings: Findings, token: number): number {
  const { text, start } = findings.tokens;
  const from = start[token] ?? 0;
  const sign = (at: number) => IBAN_SIGNS[text.charCodeAt(at)] ?? 0;
  const digits = sign(from + 2) === 3 ? from + 3 : from + 2;
  if (sign(from) !== 2 || sign(from + 1) !== 2 || sign(digits) !== 1 || sign(digits + 1) !== 1) return 0;
  if (from > 0 && (sign(from - 1) & 3) !== 0 && sign(from - 1) !== 3) return 0;
  const country = text.slice(from, from + 2).toLowerCase();
  const length = IBAN_LENGTHS[country];
  if (length === undefined) return foreignIban(findings, token, from);
  const allDigits = IN_DIGITS.has(country);
  let size = 0;
  let numerals = 0;
  let end = from;
  for (let at = from; size < length; at++) {
    const kind = sign(at);
    // Where accounts have no letters, the next word ends it: "de89 de89 …" costs no walk.
    if (kind === 2 && allDigits && size >= 2) return 0;
    if (kind === 0 || (kind === 3 && (sign(at + 1) & 3) % 3 === 0)) break;
    if (kind === 3) continue;
    size++;
    if (kind === 1) numerals++;
    end = at + 1;
  }
  if (size !== length) return 0;
  if (sign(end) === 1 || sign(end) === 2) return 0;
  const sound = numerals >= 10 || iban(text.slice(from, end).replace(/[ -]/g, ""));
  return sound ? findings.fix(token, from, end, "IBAN") : 0;
}

/** One of a country that is not in the list: in one piece, with a right check. */
function foreignIban(findings: Findings, token: number, from: number): number {
  if ((findings.tokens.end[token] ?? 0) - from < IBAN_CHARS_MIN) return 0;
  const one = /^[a-z0-9]{15,34}(?![a-z0-9])/i.exec(findings.tokens.text.slice(from, from + IBAN_CHARS_MAX + 1))?.[0];
  return one !== undefined && iban(one) ? findings.fix(token, from, from + one.length, "IBAN") : 0;
}

const SPACED_NINO = /[a-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[a-d](?!\w)/iy;
const GROUPED_INSEE = /[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[ab]) ?\d{3} ?\d{3} ?\d{2}(?!\w)/iy;
const DASHED_DNI = /(?:[xyz][ -]?)?\d{1,2}(?:[.]?\d{3}){2}[ -]?[a-z](?!\w)/iy;
const BRITISH_PLATE = /[a-z]{2}\d{2} ?[a-z]{3}(?!\w)/iy;
/** Italy's too. */
const FRENCH_PLATE = /[a-z]{2}-\d{3}-[a-z]{2}(?!\w)/iy;
const SPANISH_PLATE = /\d{4} ?[bcdfghjklmnprstvwxyz]{3}(?!\w)/iy;
/** DE and AT; only in capitals and with the hyphen. */
const GERMAN_PLATE = /[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?\d{1,4}[EH]?(?!\w)|[A-Z]{1,2}-\d{2,5} ?[A-Z]{1,3}(?!\w)/y;

function fixMatch(
  findings: Findings,
  token: number,
  pattern: RegExp,
  kind: "ID" | "PLATE",
  check?: (compact: string) => boolean,
): number {
  const { text, start } = findings.tokens;
  const from = start[token] ?? 0;
  pattern.lastIndex = from;
  const found = pattern.exec(text)?.[0];
  if (found === undefined || (check !== undefined && !check(found.replace(/[ .-]/g, "")))) return 0;
  return findings.fix(token, from, from + found.length, kind);
}

/** National numbers and plates that begin at this token. Returns the first token behind them, or 0. */
export function codeAt(findings: Findings, token: number): number {
  const { text, start, end, shape } = findings.tokens;
  const from = start[token] ?? 0;
  if (/[\w-]/.test(text[from - 1] ?? " ")) return 0;
  if (/\d/.test(text[from] ?? "")) return numericCodeAt(findings, token);
  const length = (end[token] ?? 0) - from;
  const next = token + 1;
  const nextLength = findings.spaced(token) ? (end[next] ?? 0) - (start[next] ?? 0) : 0;
  const beforeDigits = nextLength > 0 && shape[next] === SHAPE.DIGIT;
  const hyphen = text[end[token] ?? 0] === "-";
  const ninoLike = (length >= 8 && length <= 9) || (beforeDigits && nextLength <= 6);
  const found =
    (ninoLike ? fixMatch(findings, token, SPACED_NINO, "ID", nino) : 0) ||
    (/[xyz]/i.test(text[from] ?? "") ? fixMatch(findings, token, DASHED_DNI, "ID", nationalId) : 0);
  if (found > 0) return found;
  if (length === 7 || (length === 4 && nextLength === 3)) return fixMatch(findings, token, BRITISH_PLATE, "PLATE");
  if (!hyphen) return 0;
  return fixMatch(findings, token, FRENCH_PLATE, "PLATE") || fixMatch(findings, token, GERMAN_PLATE, "PLATE");
}

function numericCodeAt(findings: Findings, token: number): number {
  const found =
    fixMatch(findings, token, GROUPED_INSEE, "ID", nationalId) ||
    fixMatch(findings, token, DASHED_DNI, "ID", nationalId);
  if (found > 0) return found;
  return findings.tokens.shape[token] === SHAPE.DIGIT ? plateInCapitals(findings, token, SPANISH_PLATE) : 0;
}

function plateInCapitals(findings: Findings, token: number, plate: RegExp): number {
  const { text, start } = findings.tokens;
  const from = start[token] ?? 0;
  return /^\d{4} ?[A-Z]{3}/.test(text.slice(from, from + 8)) ? fixMatch(findings, token, plate, "PLATE") : 0;
}

/** An amount with its unit, a time of day, an ordinal. */
const UNITS = `
  st nd rd th am pm a p h hr hrs uhr min mins m k km kg g mg mb gb tb x s sec d w wk wks y yr yrs yo er e ème
  eme ers o px ft in cm mm ml l cl dl oz lb lbs mi mph kmh eur usd gbp hz mhz ghz kw kwh w v p fps bn mio c f
  ish s
`
  .trim()
  .replace(/\s+/g, "|");
const MEASURED = new RegExp(String.raw`^\d{1,6}(?:${UNITS})$|^\d{1,2}h\d{2}$|^x\d{1,3}$`, "i");
const TERM_FORMS = String.raw`
  mp[34] h26[45] covid19 v\d{1,3} b2[bc] p2p [234]d [48]k [2-6]g a[3-5] ps[1-5] q[1-4] fy\d{2} gpt\d i[3579]
  m[1-4] h[12] web[23] s3 ec2 k8s i18n a11y l10n x86 x64 utf8 sha\d{1,3} md5 base64 ipv[46] http[23] c4 w3c
  [bg]4 gr8 l8r? m8 2nite 2moro 2day 4ever b12 d3 win\d{1,2} es\d{1,4} oauth2 wifi[567]? usb[23c] top\d{1,3}
  f[12] \d{2}s u2 4x4 24x7 mi[56] o2 h2o co2 r2 ui\d ch\d{1,2} p\d{1,3} t\d{1,2} no\d{1,2}
`
  .trim()
  .replace(/\s+/g, "|");
const TERMS = new RegExp(`^(?:${TERM_FORMS})$`, "i");
const TERM_CHARS_MAX = 8;
const SMALL_X = 120;
/** What `redact` puts in the place of something: text that was redacted once stays as it is. */
const STAND_IN = /^(?:PERSON|ORG|PLACE|ADDRESS|PHONE|EMAIL|HANDLE|IP|MAC|PLATE|LINK|CODE|URL|WORD)_[0-9A-Za-z]{1,32}$/;

/** A token of letters and digits that nothing else explained: harmless, a number of something, or unknown. */
export function mixedAt(findings: Findings, token: number): void {
  const { text, start, end } = findings.tokens;
  const from = start[token] ?? 0;
  const to = end[token] ?? 0;
  const word = text.slice(from, to);
  const head = word.charCodeAt(0) | 32;
  const measured = (head < 64 || head === SMALL_X) && MEASURED.test(word);
  if (measured || (word.length <= TERM_CHARS_MAX && TERMS.test(word)) || (word.includes("_") && STAND_IN.test(word)))
    return;
  let digits = 0;
  for (let at = 0; at < word.length; at++) if (word.charCodeAt(at) >= 48 && word.charCodeAt(at) <= 57) digits++;
  findings.fix(token, from, to, digits >= 5 && !word.includes("_") ? "ID" : "WORD");
}
