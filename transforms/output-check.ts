/**
 * The reference check of everything a transform says: is each text what its tier promises, and does none repeat a
 * source (CONTRACT section 3).
 */
import { TIER_R_CHARS_MAX } from "../src/core/limits.ts";
import type { Surroundings } from "../src/core/transform.ts";
import { isSchema, type TextField } from "./fields.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import { echoes, refuseB } from "./text/check.ts";
import { detect } from "./text/detect.ts";
import { isNormal } from "./text/unicode.ts";

/** What a value may name and must not repeat. */
export type Known = {
  readonly names: Pseudonyms;
  readonly around: Pick<Surroundings, "people" | "isOrdinaryWord" | "isName">;
  /** Texts as they were read. */
  readonly sources: readonly string[];
  /** Everything that a field of tier `id` may say. */
  readonly listed: ReadonlySet<string>;
};

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Is the text what its tier says? Text without a tier never is. */
function fits({ tier, text }: TextField, { listed, names, around }: Known): boolean {
  switch (tier) {
    case "B":
      return refuseB(text) === null && !namesSomebody(text, around);
    case "R":
      return text.length <= TIER_R_CHARS_MAX && isNormal(text);
    case "C":
      return true;
    case "id":
      return listed.has(text) || names.isKnown(text);
    case "date":
      return DATE.test(text);
    case "time":
      return DATE.test(text) || TIME.test(text);
    default:
      return false;
  }
}

/** Known people come out as tokens alone. */
const namesSomebody = (text: string, around: Known["around"]): boolean =>
  detect(text, around, { depth: "structured" }).some(({ type }) => type === "PERSON");

const TOKEN = /\b[A-Z]{2,8}_[0-9a-f]{4,64}\b/g;
/** Names are written in several ways; this many of them are tried. */
const WAYS = 2;
/** Stands between fields so that no run of words goes across; no word of a chat. */
const FENCE = " qxfencexq0 ";

/**
 * Every field that may not leave. The copies cost one reading of all sources, more only when there is something to
 * find.
 */
export function wrongFields(fields: readonly TextField[], known: Known): readonly TextField[] {
  const copied = copies(
    fields.filter(({ tier }) => tier === "B"),
    known,
  );
  return fields.filter((field) => copied.has(field) || !fits(field, known));
}

/** Tier-B fields that repeat a source, also when the repetition is hidden by tokens standing for names. */
function copies(fields: readonly TextField[], { names, sources }: Known): ReadonlySet<TextField> {
  const spoken = (way: number) => (text: string) =>
    text.replace(TOKEN, (token) => names.namesOf(token)[way] ?? names.namesOf(token)[0] ?? token);
  const ways = [(text: string) => text, ...Array.from({ length: WAYS }, (_, way) => spoken(way))];
  const tried = new Set<string>();
  const found = new Set<TextField>();
  for (const written of ways) {
    const joined = fields.map(({ text }) => written(text)).join(FENCE);
    if (tried.has(joined)) continue;
    tried.add(joined);
    if (!echoes(joined, sources)) continue;
    for (const field of fields) if (echoes(written(field.text), sources)) found.add(field);
  }
  return found;
}

/** The value without the list items that hold a wrong field; null when one stands outside every list. */
export function withoutItems(value: unknown, wrong: readonly TextField[]): unknown {
  return wrong.every(({ path }) => path.includes("[")) ? pruned(value, "", wrong) : null;
}

function pruned(value: unknown, path: string, wrong: readonly TextField[]): unknown {
  if (Array.isArray(value)) {
    const kept: unknown[] = [];
    for (const [at, item] of value.entries()) {
      const here = `${path}[${at}]`;
      const isWrong = wrong.some(
        (field) => field.path.startsWith(here) && !field.path.slice(here.length).includes("["),
      );
      if (!isWrong) kept.push(pruned(item, here, wrong));
    }
    return kept;
  }
  if (!isSchema(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, pruned(field, path === "" ? key : `${path}.${key}`, wrong)]),
  );
}
