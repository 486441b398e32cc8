/**
 * The sources as the built-ins read them: redacted first, so that nothing personal can come out at the other end.
 * Dates of life stay masked, other dates are typed (tier A) and are needed to say when something is due.
 */
import type { MaskKind, Surroundings, Turn } from "../../src/core/transform.ts";
import { redact } from "../redact.ts";
import { peopleIndex, tokenOfKnown } from "../text/people.ts";
import { normalise } from "../text/unicode.ts";

/**
 * Never told, not even to the owner: a summary is no place for them. The brackets make the check refuse the statement.
 */
const NEVER: ReadonlySet<MaskKind> = new Set([
  "SECRET",
  "CARD",
  "IBAN",
  "ID",
  "GEO",
  "PHONE",
  "EMAIL",
  "IP",
  "MAC",
  "URL",
  "CODE",
  "PLATE",
]);
const BIRTH = /\b(?:born|birth\w*|dob|geboren|geburt\w*|née?|naissance|nacid[oa]|nacimiento)\b/iu;
const LIFE_YEAR = /\b(?:1\d{3}|20[01]\d)\b/u;

/** The stand-in for something found in a text; the text itself where names are shown as given (`lazaret try`). */
export function standIn(kind: MaskKind, original: string, surroundings: Surroundings): string {
  const canonical = normalise(original).text.trim().toLowerCase().replace(/\s+/gu, " ");
  if (kind === "PERSON") {
    const known = tokenOfKnown(peopleIndex(surroundings.people), canonical);
    if (known !== undefined) return known;
  }
  const token = surroundings.tokenOf(kind, canonical);
  return token === canonical ? original : token;
}

function replacement(kind: MaskKind, original: string, text: string, surroundings: Surroundings): string {
  if (NEVER.has(kind)) return `[${kind}]`;
  if (kind === "DATE") return BIRTH.test(text) || LIFE_YEAR.test(original) ? "[DATE]" : original;
  const shown = standIn(kind, original, surroundings);
  if (kind !== "WORD") return shown;
  // An unknown word: told as "something", but never a number of some kind.
  if (/\d{3}/u.test(original)) return "[WORD]";
  return shown === original ? original : "something";
}

/** The same text with what must not be told replaced. Linear. */
export function masked(text: string, surroundings: Surroundings): string {
  const normal = normalise(text).text;
  let out = "";
  let from = 0;
  for (const { start, end, type } of redact(normal, surroundings).spans) {
    out += normal.slice(from, start) + replacement(type, normal.slice(start, end), normal, surroundings);
    from = end;
  }
  return out + normal.slice(from);
}

export const maskedTurns = (turns: readonly Turn[], surroundings: Surroundings): Turn[] =>
  turns.map((turn) => ({ ...turn, text: masked(turn.text, surroundings) }));
