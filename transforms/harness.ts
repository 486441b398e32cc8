/** Runs one transform and checks what it says before anybody sees it: schema, tiers, copies of a source (CONTRACT section 3). Pure. */
import { z } from "zod";
import { TIER_R_CHARS_MAX } from "../src/core/limits.ts";
import type { TransformCall, TransformOutcome } from "../src/core/ports.ts";
import { isRefusal, Refusal } from "../src/core/refusal.ts";
import type { Prepared, Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { isSchema, issuePath, type Schema, type TextField, textFields } from "./fields.ts";
import { readsPlain, transformById } from "./index.ts";
import { masked } from "./mask.ts";
import { type Hmac, Pseudonyms } from "./pseudonyms.ts";
import { echoes, refuseB } from "./text/check.ts";
import { isNormal } from "./text/unicode.ts";

export type Lexicon = Pick<Surroundings, "isOrdinaryWord" | "isName">;

/** Transforms by their id, and which of them mask for themselves what they give out. */
export type Catalogue = {
  readonly find: (id: string) => Transform | undefined;
  readonly readsPlain: (id: string) => boolean;
};
const ALL: Catalogue = { find: transformById, readsPlain };

/**
 * Throws `capability.unknown`, `input.invalid` (field of the input) or `transform.failed` (field of the output). No refusal says
 * anything that stood in a text: fields are named by the schema's words.
 */
export function runTransform(
  call: TransformCall,
  lexicon: Lexicon,
  hmac: Hmac,
  { find, readsPlain: isPlain }: Catalogue = ALL,
): TransformOutcome {
  const transform = find(call.transform);
  if (transform === undefined) throw new Refusal("capability.unknown");
  const names = new Pseudonyms(call, hmac);
  const input = parsed(transform.input, call.input, "input.invalid");
  const around = surroundingsOf(call, lexicon, names);
  const turns = guarded(() => (isPlain(transform.id) ? call.turns : masked(call.turns, around)));
  const prepared = guarded(() => prepare(transform, turns, input, around, call.answer));
  const sources = [...new Set([...call.turns, ...turns].map((turn) => turn.text))];
  const check = (value: unknown): unknown => checked(transform, value, call, { names, sources });
  if (prepared.kind === "value") return { kind: "value", value: check(prepared.value), found: names.found };
  return { kind: "model", request: prepared.request, fallback: check(prepared.fallback), found: names.found };
}

function prepare(
  transform: Transform,
  turns: readonly Turn[],
  input: unknown,
  around: Surroundings,
  answer: unknown,
): Prepared<unknown> {
  if (answer === undefined) return transform.prepare(turns, input, around);
  return { kind: "value", value: transform.finish(answer, turns, input, around) };
}

const surroundingsOf = (call: TransformCall, lexicon: Lexicon, pseudonyms: Pseudonyms): Surroundings => ({
  people: call.people,
  tokenOf: (kind, text) => pseudonyms.tokenOf(kind, text),
  isOrdinaryWord: lexicon.isOrdinaryWord,
  isName: lexicon.isName,
  language: call.language,
  now: call.now,
  nowOffsetMinutes: call.nowOffsetMinutes,
});

/** Whatever a transform throws may quote what it read; only the fact passes. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Refusal(isRefusal(error) ? error.code : "transform.failed");
  }
}

const SCHEMAS = new WeakMap<z.ZodType, Schema>();

function schemaOf(type: z.ZodType, io: "input" | "output"): Schema {
  const known = SCHEMAS.get(type);
  if (known !== undefined) return known;
  const made: unknown = z.toJSONSchema(type, { io, reused: "inline", unrepresentable: "any" });
  const schema = isSchema(made) ? made : {};
  SCHEMAS.set(type, schema);
  return schema;
}

function parsed(type: z.ZodType, value: unknown, code: "input.invalid" | "transform.failed"): unknown {
  const result = type.safeParse(value);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path ?? [];
  const field = issuePath(schemaOf(type, code === "input.invalid" ? "input" : "output"), path);
  throw new Refusal(code, field === "" ? {} : { field });
}

/** What a value may name and must not repeat. */
type Known = { readonly names: Pseudonyms; readonly sources: readonly string[] };

function checked(transform: Transform, value: unknown, call: TransformCall, known: Known): unknown {
  const output = parsed(transform.output, value, "transform.failed");
  const fields = textFields(schemaOf(transform.output, "output"), output);
  const listed = new Set([...stringsOf(call.input), ...call.turns.map((turn) => turn.sender)]);
  const unfit = fields.find((field) => !fits(field, listed, known.names));
  const wrong =
    unfit ??
    copiedField(
      fields.filter(({ tier }) => tier === "B"),
      known,
    );
  if (wrong !== undefined) throw new Refusal("transform.failed", { field: wrong.path });
  return output;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Is the text what its tier says? Text without a tier never is. */
function fits({ tier, text }: TextField, listed: ReadonlySet<string>, names: Pseudonyms): boolean {
  switch (tier) {
    case "B":
      return refuseB(text) === null;
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

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(stringsOf);
  return isSchema(value) ? Object.values(value).flatMap(stringsOf) : [];
}

const TOKEN = /\b[A-Z]{2,8}_[0-9a-f]{4,64}\b/g;
/** Names are written in several ways; this many of them are tried. */
const WAYS = 2;
/** Stands between fields so that no run of words goes across; no word of a chat. */
const FENCE = " qxfencexq0 ";

/** First tier-B field that repeats a source, also when the repetition is hidden by tokens standing for names. */
function copiedField(fields: readonly TextField[], { names, sources }: Known): TextField | undefined {
  const plain = fields.map(({ text }) => text);
  const spoken = Array.from({ length: WAYS }, (_, way) =>
    plain.map((text) => text.replace(TOKEN, (token) => names.namesOf(token)[way] ?? names.namesOf(token)[0] ?? token)),
  );
  const tried = new Set<string>();
  for (const texts of [plain, ...spoken]) {
    // One look at everything, because reading the sources is what costs; the field is looked for when there is something to find.
    const joined = texts.join(FENCE);
    if (tried.has(joined)) continue;
    tried.add(joined);
    if (!echoes(joined, sources)) continue;
    const at = texts.findIndex((text) => echoes(text, sources));
    if (at >= 0) return fields[at];
  }
  return undefined;
}
