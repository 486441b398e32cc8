/** Runs one transform and checks what it says before anybody sees it: schema, tiers, copies of a source (CONTRACT section 3). Pure. */
import { z } from "zod";
import { TIER_R_CHARS_MAX } from "../src/core/limits.ts";
import type { TransformCall, TransformOutcome } from "../src/core/ports.ts";
import { isRefusal, Refusal } from "../src/core/refusal.ts";
import type { Prepared, Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { isSchema, issuePath, type Schema, type TextField, textFields } from "./fields.ts";
import { transformById } from "./index.ts";
import { type Hmac, Pseudonyms } from "./pseudonyms.ts";
import { echoes, refuseB } from "./text/check.ts";
import { isNormal } from "./text/unicode.ts";

export type Lexicon = Pick<Surroundings, "isOrdinaryWord" | "isName">;

/**
 * Throws `capability.unknown`, `input.invalid` (field of the input) or `transform.failed` (field of the output). No refusal says
 * anything that stood in a text: fields are named by the schema's words. `find` is the list of transforms.
 */
export function runTransform(
  call: TransformCall,
  lexicon: Lexicon,
  hmac: Hmac,
  find: (id: string) => Transform | undefined = transformById,
): TransformOutcome {
  const transform = find(call.transform);
  if (transform === undefined) throw new Refusal("capability.unknown");
  const pseudonyms = new Pseudonyms(call, hmac);
  const input = parsed(transform.input, call.input, "input.invalid");
  const prepared = guarded(() => prepare(transform, call, input, surroundingsOf(call, lexicon, pseudonyms)));
  const check = (value: unknown): unknown => checked(transform, value, call, pseudonyms);
  if (prepared.kind === "value") {
    return { kind: "value", value: check(prepared.value), found: pseudonyms.found };
  }
  const fallback = check(prepared.fallback);
  return { kind: "model", request: prepared.request, fallback, found: pseudonyms.found };
}

function prepare(transform: Transform, call: TransformCall, input: unknown, around: Surroundings): Prepared<unknown> {
  if (call.answer === undefined) return transform.prepare(call.turns, input, around);
  return { kind: "value", value: transform.finish(call.answer, call.turns, input, around) };
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

function checked(transform: Transform, value: unknown, call: TransformCall, pseudonyms: Pseudonyms): unknown {
  const output = parsed(transform.output, value, "transform.failed");
  const fields = textFields(schemaOf(transform.output, "output"), output);
  const listed = new Set([...stringsOf(call.input), ...call.turns.map((turn) => turn.sender)]);
  for (const field of fields) {
    if (!fits(field, listed, pseudonyms)) throw new Refusal("transform.failed", { field: field.path });
  }
  const copied = copiedField(
    fields.filter(({ tier }) => tier === "B"),
    call.turns,
    pseudonyms,
  );
  if (copied !== undefined) throw new Refusal("transform.failed", { field: copied.path });
  return output;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Is the text what its tier says? Text without a tier never is. */
function fits({ tier, text }: TextField, listed: ReadonlySet<string>, pseudonyms: Pseudonyms): boolean {
  switch (tier) {
    case "B":
      return refuseB(text) === null;
    case "R":
      return text.length <= TIER_R_CHARS_MAX && isNormal(text);
    case "C":
      return true;
    case "id":
      return listed.has(text) || pseudonyms.isKnown(text);
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
function copiedField(fields: readonly TextField[], turns: readonly Turn[], names: Pseudonyms): TextField | undefined {
  const sources = turns.map((turn) => turn.text);
  const ways = [
    (text: string): string => text,
    ...Array.from({ length: WAYS }, (_, way) => (text: string): string => {
      return text.replace(TOKEN, (token) => names.namesOf(token)[way] ?? names.namesOf(token)[0] ?? token);
    }),
  ];
  for (const written of ways) {
    const texts = fields.map(({ text }) => written(text));
    // One look at everything, because reading the sources is what costs; the field is looked for when there is something to find.
    if (!echoes(texts.join(FENCE), sources)) continue;
    const at = texts.findIndex((text) => echoes(text, sources));
    if (at >= 0) return fields[at];
  }
  return undefined;
}
