/** E-mail addresses and handles: found at the `@`, then outward; and addresses spelled out in words. */
import type { Findings } from "./findings.ts";
import { FLAG } from "./flags.ts";
import { isDomainEnding } from "./links.ts";

const LOCAL_MAX = 64;
const LOCAL = /[\p{L}\p{N}\p{M}._%+\-=!#$&'*/?^|~]/u;
const LOCAL_FIRST = /[\p{L}\p{N}_%+]/u;
const DOMAIN = /[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})(?:\.[\p{L}\p{N}][\p{L}\p{N}-]{0,62}){0,8}/uy;
const MATRIX = /[\p{L}\p{N}._=/+-]{1,128}:[\p{L}\p{N}][\p{L}\p{N}.-]{0,252}(?::\d{1,5})?/uy;
const HANDLE = /[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]{0,62}[\p{L}\p{N}_])?(?:@[\p{L}\p{N}][\p{L}\p{N}.-]{0,252})?/uy;
const CLOCK = /^\d{1,2}(?:[ap]m|h|uhr)?$/i;

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

/** Where the local part before an `@` at `at` begins; `at` when there is none. Never goes behind `floor`. */
function localStart(text: string, at: number, floor: number): number {
  let from = at;
  while (from > floor && at - from < LOCAL_MAX && LOCAL.test(text[from - 1] ?? "")) from--;
  while (from < at && !LOCAL_FIRST.test(text[from] ?? "")) from++;
  return from;
}

/** What hangs on the `@` just before this token. Returns the first token behind it, or 0. */
export function atSignBefore(findings: Findings, token: number): number {
  const { text, start, end } = findings.tokens;
  const from = start[token] ?? 0;
  const at = from - 1;
  if (text[at] !== "@") return 0;
  let floor = 0;
  if (token > 0) floor = findings.fixed(token - 1) ? (end[token - 1] ?? 0) : 0;
  const local = localStart(text, at, floor);
  if (local < at) {
    const length = matchAt(DOMAIN, text, from);
    return length === 0 ? 0 : findings.fix(token, local, trimmed(text, from, from + length), "EMAIL");
  }
  const matrix = matchAt(MATRIX, text, from);
  if (matrix > 0) return findings.fix(token, at, trimmed(text, from, from + matrix), "HANDLE");
  if (CLOCK.test(text.slice(from, end[token] ?? 0))) return 0;
  const handle = matchAt(HANDLE, text, from);
  return handle === 0 ? 0 : findings.fix(token, at, trimmed(text, from, from + handle), "HANDLE");
}

/** `#room:server` and `!id:server`. Returns the first token behind it, or 0. */
export function roomBefore(findings: Findings, token: number): number {
  const { text, start } = findings.tokens;
  const from = start[token] ?? 0;
  const sign = text[from - 1];
  if (sign !== "#" && sign !== "!") return 0;
  const length = matchAt(MATRIX, text, from);
  return length === 0 ? 0 : findings.fix(token, from - 1, trimmed(text, from, from + length), "HANDLE");
}

function trimmed(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && /[.\-:]/.test(text[end - 1] ?? "")) end--;
  return end;
}

const GAP_CHARS_MAX = 4;
const SPELLED_GAP = /^[ \t]{0,2}[[({<]?[ \t]?$|^[ \t]?[\])}>]?[ \t]{0,2}$/;
const BRACKETED = /[[({<]/;
const LABELS_MAX = 6;

function gapFits(findings: Findings, token: number): boolean {
  const { text, start, end, count } = findings.tokens;
  if (token < 0 || token + 1 >= count) return false;
  const from = end[token] ?? 0;
  const to = start[token + 1] ?? 0;
  return to - from <= GAP_CHARS_MAX && SPELLED_GAP.test(text.slice(from, to));
}

const DOTS: ReadonlySet<string> = new Set(["dot", "punkt", "point", "punto"]);
const ATS: ReadonlySet<string> = new Set(["at", "ät", "arobase", "arroba", "chiocciola"]);

/**
 * "ana at example dot com", "ana (at) example.com" with the "at" at this token: walks right over labels and dots to
 * a known ending, then left over the local part ("ana dot silva"). Returns the first token behind it, or 0.
 */
export function spelledEmailAt(findings: Findings, token: number): number {
  const { text, start, end, flags, count } = findings.tokens;
  if (!ATS.has(findings.word(token)) || token === 0 || !gapFits(findings, token - 1) || !gapFits(findings, token))
    return 0;
  const bracketed = BRACKETED.test(text.slice(end[token - 1], start[token]));
  let last = token + 1;
  let dots = 0;
  while (last + 1 < count && dots < LABELS_MAX) {
    const dotted = text[end[last] ?? 0] === "." && start[last + 1] === (end[last] ?? 0) + 1;
    if (dotted) last += 1;
    else if (
      DOTS.has(findings.word(last + 1)) &&
      gapFits(findings, last) &&
      gapFits(findings, last + 1) &&
      last + 2 < count
    )
      last += 2;
    else break;
    dots++;
  }
  if (dots === 0 || (!isDomainEnding(findings.word(last)) && !bracketed)) return 0;
  const plainDomain = dots === 1 && last === token + 2;
  let first = token - 1;
  const strange = (flags[first] ?? 0) & (FLAG.ORDINARY | FLAG.CLOSED) ? bracketed : true;
  if (plainDomain && !strange) return 0;
  for (let steps = 0; steps < LABELS_MAX && first > 0; steps++) {
    const glued = start[first] === (end[first - 1] ?? 0) + 1 && /[._+-]/.test(text[end[first - 1] ?? 0] ?? "");
    if (glued) first -= 1;
    else if (
      DOTS.has(findings.word(first - 1)) &&
      first >= 2 &&
      gapFits(findings, first - 1) &&
      gapFits(findings, first - 2)
    )
      first -= 2;
    else break;
  }
  return findings.fix(token, start[first] ?? 0, end[last] ?? 0, "EMAIL");
}
