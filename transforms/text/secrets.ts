/** Credentials by their form: what providers issue, private keys, JSON web tokens, and strings too random for words. */
import { codiceFiscale } from "./checksums.ts";
import type { Findings } from "./findings.ts";
import { SHAPE } from "./flags.ts";

/** Prefixes as the providers document them; the bodies are bounded so that no text makes them slow. */
const PROVIDERS: readonly RegExp[] = [
  /gh[pousr]_[A-Za-z0-9]{20,255}/y, // GitHub
  /github_pat_[A-Za-z0-9_]{20,255}/y,
  /gl(?:pat|ptt|rt|dt|soat|cbt|imt|agent|ft)-[\w.-]{16,255}/y, // GitLab
  /(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,28}/y, // AWS
  /xox[abeoprs]-[\w-]{8,255}/y, // Slack
  /xapp-[\w-]{8,255}/y,
  /sk-(?:proj-|ant-|svcacct-|or-)?[\w-]{16,255}/y, // OpenAI, Anthropic
  /(?:sk|pk|rk)_(?:live|test)_\w{10,255}/y, // Stripe
  /whsec_[\w+/=]{16,255}/y,
  /AIza[\w-]{30,80}/y, // Google
  /ya29\.[\w-]{20,255}/y,
  /GOCSPX-[\w-]{20,80}/y,
  /SG\.[\w-]{16,64}\.[\w-]{16,128}/y, // SendGrid
  /key-[0-9a-f]{32}/y, // Mailgun
  /SK[0-9a-f]{32}|AC[0-9a-f]{32}/y, // Twilio
  /npm_[A-Za-z0-9]{30,80}/y,
  /pypi-[\w-]{30,255}/y,
  /dop_v1_[0-9a-f]{40,80}|doo_v1_[0-9a-f]{40,80}/y, // DigitalOcean
  /hf_[A-Za-z0-9]{20,80}/y, // Hugging Face
  /shp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,80}/y, // Shopify
  /sq0(?:atp|csp)-[\w-]{20,80}/y, // Square
  /EAA[A-Za-z0-9]{40,255}/y, // Meta
  /\d{6,12}:AA[\w-]{30,40}/y, // Telegram bots
  /syt_[\w-]{4,128}_[\w-]{8,64}_[\w-]{4,16}/y, // Matrix
  /[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{25,64}/y, // Discord
  /(?:lin_api|figd|dckr_pat|pul|tskey|nfp|rnd|sbp|vc[pk]|ops_eyJ|hvs|hvb)[_.-][\w.-]{16,255}/y,
  /(?:atlasv1|glsa|xai|gsk|r8|fo1|phc|sntrys)[_.-][\w.-]{16,255}/y,
  /AGE-SECRET-KEY-1[0-9A-Z]{20,80}/y,
  /eyJ[\w-]{6,4096}\.[\w-]{6,8192}(?:\.[\w-]{0,4096})?/y, // JWT, RFC 7519
  /[5KL][1-9A-HJ-NP-Za-km-z]{50,51}(?!\w)/y, // Bitcoin private key
  /xprv[1-9A-HJ-NP-Za-km-z]{60,140}/y,
];
/** Tokens of a provider begin so; anything else is not worth trying. */
const HEADS = String.raw`
  gh[pousr]_ github_ gl[a-z]{2,5}- AKIA ASIA ABIA ACCA A3T xox xapp sk[-_] pk_ rk_ whsec AIza ya29 GOCSPX SG\.
  key- SK[0-9a-f] AC[0-9a-f] npm_ pypi- do[op]_ hf_ shp sq0 EAA \d{6,12}:AA syt_ [MNO][\w-]{23} lin_ figd dckr
  pul tskey nfp rnd sbp vc[pk] ops_ hv[sb] atlas glsa xai gsk r8 fo1 phc sntrys AGE- eyJ [5KL][1-9A-Za-z]{50}
  xprv
`
  .trim()
  .replace(/\s+/g, "|");
const PROVIDER_HEAD = new RegExp(HEADS, "y");

const BODY = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9_+/=.~-]/.test(String.fromCharCode(code)) ? 1 : 0,
);
const BODY_END = Uint8Array.from({ length: 128 }, (_, code) => (/[.=~/-]/.test(String.fromCharCode(code)) ? 1 : 0));
const ENTROPY_CHARS_MIN = 20;
export const MIXED_CHARS_MIN = 12;
const RUN_CHARS_MAX = 8192;
const HEX_KEY = /^[0-9a-f]{32,}$/i;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** A provider's token at this token. Returns the first token behind it, or 0. */
export function providerTokenAt(findings: Findings, token: number): number {
  const { text, start } = findings.tokens;
  const from = start[token] ?? 0;
  PROVIDER_HEAD.lastIndex = from;
  if (!PROVIDER_HEAD.test(text)) return 0;
  for (const pattern of PROVIDERS) {
    pattern.lastIndex = from;
    const found = pattern.exec(text);
    if (found !== null) return findings.fix(token, from, runEnd(text, from + found[0].length), "SECRET");
  }
  return 0;
}

/** The end of the run of signs that credentials are made of, without a full stop or the like behind it. */
export function runEnd(text: string, from: number): number {
  const limit = Math.min(text.length, from + RUN_CHARS_MAX);
  let end = from;
  while (end < limit && BODY[text.charCodeAt(end)] === 1) end++;
  while (end > from && BODY_END[text.charCodeAt(end - 1)] === 1) end--;
  return end;
}

/** How often the class of characters changes: words and numbers change seldom, random strings at every other place. */
function switches(run: string): number {
  let before = 0;
  let count = 0;
  for (let at = 0; at < run.length; at++) {
    const c = run.charCodeAt(at);
    const kind = c >= 97 && c <= 122 ? 1 : c >= 65 && c <= 90 ? 2 : c >= 48 && c <= 57 ? 3 : 4;
    // A word's own capital is no switch.
    if (kind !== before && before !== 0 && !(before === 2 && kind === 1)) count++;
    before = kind;
  }
  return count;
}

function isRandom(part: string): boolean {
  if (part.length < MIXED_CHARS_MIN || !/\d/.test(part) || !/[A-Za-z]/.test(part)) return false;
  const share = switches(part) / part.length;
  const mixedCase = /[a-z]/.test(part) && /[A-Z]/.test(part);
  return part.length >= ENTROPY_CHARS_MIN ? share >= 0.14 || mixedCase : share >= (mixedCase ? 0.2 : 0.3);
}

/**
 * Strings too random to be words or amounts in the run of such characters that begins at this token.
 */
export function randomStringAt(findings: Findings, token: number): void {
  const { text, start } = findings.tokens;
  const from = start[token] ?? 0;
  const to = runEnd(text, from);
  const run = text.slice(from, to);
  if (UUID.test(run) || codiceFiscale(run)) findings.fix(token, from, to, "ID");
  else if (HEX_KEY.test(run) && /\d/.test(run)) findings.fix(token, from, to, "SECRET");
  else if (/^[A-Za-z0-9+/]{20,}={0,2}$/.test(run) && isRandom(run) && /[A-Z]/.test(run))
    findings.fix(token, from, to, "SECRET");
  else
    for (const part of run.matchAll(/[A-Za-z0-9]+/g))
      if (isRandom(part[0])) findings.fix(token, from + part.index, from + part.index + part[0].length, "SECRET");
}

/** Long letters without a space ("dGhpcyBpcyBub3QgYSB3b3Jk") change case where no word does. */
export function longLettersAt(findings: Findings, token: number): number {
  const { text, start, end, shape } = findings.tokens;
  const from = start[token] ?? 0;
  const bits = shape[token] ?? 0;
  if ((bits & SHAPE.UPPER) === 0 || (bits & SHAPE.LOWER) === 0 || (bits & SHAPE.WIDE) !== 0) return 0;
  const run = text.slice(from, end[token]);
  return switches(run) / run.length >= 0.2 ? findings.fix(token, from, runEnd(text, from), "SECRET") : 0;
}

const KEY_HEAD = "-----BEGIN ";
const KEY_TAIL = /-----END [A-Z0-9 ]{1,64}-----/g;

/** Armoured keys and certificates, to their last line or the end of the text. One look over the text. */
export function armouredKeys(findings: Findings): void {
  const { text } = findings.tokens;
  let from = text.indexOf(KEY_HEAD);
  while (from >= 0) {
    KEY_TAIL.lastIndex = from;
    const tail = KEY_TAIL.exec(text);
    const end = tail === null ? text.length : tail.index + tail[0].length;
    findings.fix(firstTokenFrom(findings, from), from, end, "SECRET");
    from = tail === null ? -1 : text.indexOf(KEY_HEAD, end);
  }
}

function firstTokenFrom(findings: Findings, place: number): number {
  const { end, count } = findings.tokens;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((end[middle] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
