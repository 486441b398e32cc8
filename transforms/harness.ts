/**
 * Runs one transform and checks what it says before anybody sees it: schema, tiers, copies of a source (CONTRACT
 * section 3). Pure.
 */
import { z } from "zod";
import type { TransformCall, TransformOutcome } from "../src/core/ports.ts";
import { isRefusal, Refusal } from "../src/core/refusal.ts";
import type { Prepared, Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { isSchema, issuePath, type Schema, type TextField, textFields } from "./fields.ts";
import { transformById } from "./index.ts";
import { type Known, withoutItems, wrongFields } from "./output-check.ts";
import { escaped, type Hmac, Pseudonyms } from "./pseudonyms.ts";

export type Lexicon = Pick<Surroundings, "isOrdinaryWord" | "isName">;

/**
 * Throws `capability.unknown`, `input.invalid` (field of the input) or `transform.failed` (field of the output). No
 * refusal says anything that stood in a text: fields are named by the schema's words.
 */
export function runTransform(
  call: TransformCall,
  lexicon: Lexicon,
  hmac: Hmac,
  find: (id: string) => Transform | undefined = transformById,
): TransformOutcome {
  const transform = find(call.transform);
  if (transform === undefined) throw new Refusal("capability.unknown");
  const names = new Pseudonyms(call, hmac);
  const input = parsed(transform.input, call.input, "input.invalid");
  const around = surroundingsOf(call, lexicon, names);
  const turns = escaped(call.turns);
  const prepared = guarded(() => prepare(transform, turns, input, around, call.answers));
  const known: Known = {
    names,
    around,
    sources: turns.map((turn) => turn.text),
    listed: new Set([...stringsOf(call.input), ...call.turns.map((turn) => turn.sender)]),
  };
  const check = (value: unknown): unknown => checked(transform, value, known, call.answers !== undefined);
  if (prepared.kind === "value") return { kind: "value", value: check(prepared.value), found: names.found };
  return { kind: "model", requests: prepared.requests, fallback: check(prepared.fallback), found: names.found };
}

function prepare(
  transform: Transform,
  turns: readonly Turn[],
  input: unknown,
  around: Surroundings,
  answers: readonly unknown[] | undefined,
): Prepared<unknown> {
  if (answers === undefined) return transform.prepare(turns, input, around);
  return { kind: "value", value: transform.finish(answers, turns, input, around) };
}

const surroundingsOf = (call: TransformCall, lexicon: Lexicon, pseudonyms: Pseudonyms): Surroundings => ({
  people: call.people,
  tokenOf: (kind, text) => pseudonyms.tokenOf(kind, text),
  isOrdinaryWord: lexicon.isOrdinaryWord,
  isName: lexicon.isName,
  language: call.language,
  now: call.now,
  nowOffsetMinutes: call.nowOffsetMinutes,
  ...(call.model === undefined ? {} : { model: call.model }),
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

function checked(transform: Transform, value: unknown, known: Known, isModels: boolean): unknown {
  const wrongIn = (parsedValue: unknown): readonly TextField[] =>
    wrongFields(textFields(schemaOf(transform.output, "output"), parsedValue), known);
  const output = parsed(transform.output, value, "transform.failed");
  const wrong = wrongIn(output);
  if (wrong.length === 0) return output;
  const refusal = new Refusal("transform.failed", { field: wrong[0]?.path ?? "" });
  // A model is asked again. The built-in would say the same again, and cannot see what stands behind a token: its
  // other items stay.
  const rest = isModels ? null : withoutItems(output, wrong);
  if (rest === null) throw refusal;
  const shorter = parsed(transform.output, rest, "transform.failed");
  if (wrongIn(shorter).length > 0) throw refusal;
  return shorter;
}

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(stringsOf);
  return isSchema(value) ? Object.values(value).flatMap(stringsOf) : [];
}
