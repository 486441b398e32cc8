/** A named thing a run may ask for, and the arithmetic of how much its output can say (CONTRACT sections 3 and 5). */
import { z } from "zod";
import type { Amounts } from "./budget.ts";
import { RANGE_MESSAGES_MAX, TIER_A_FIELD_BITS_MAX, TIER_B_FIELD_CHARS_MAX, TIER_R_CHARS_MAX } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { TIERS, type Tier } from "./value.ts";

export const CAPABILITY_IDS = [
  "conversation.list",
  "message.list",
  "request.read",
  "message.summarize",
  "message.extract_tasks",
  "message.extract_entities",
  "message.answer",
  "message.classify",
  "message.compose",
  "message.redact",
  "attachment.extract_text",
  "chat.reply",
  "chat.send",
  "http.request",
  "schedule.followup",
  "memory.note",
  "memory.recall",
  "plan.propose",
  "run.spawn",
] as const;
export type CapabilityId = (typeof CAPABILITY_IDS)[number];

const EFFECTS = ["none", "idempotent", "once"] as const;
export type Effect = (typeof EFFECTS)[number];

export type Manifest = {
  readonly id: CapabilityId;
  readonly version: number;
  readonly title: string;
  readonly effect: Effect;
  /** Where it sends, when it sends. */
  readonly egress?: "own" | "other" | "http";
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** The highest tier any field of the output has. */
  readonly tier: Tier;
  /** Set aside before each call; what was used is settled after. */
  readonly cost: Partial<Amounts>;
  readonly risk: "low" | "medium" | "high";
  /** Off until the owner enables it. */
  readonly off?: true;
  /** Where a rule asks, its handler puts the question. */
  readonly asks?: true;
};

type Schema = { readonly [key: string]: unknown };
const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** log2 of the days in the years 0000 to 9999, and of the seconds and zones that a time adds. */
const DATE_BITS = Math.log2(10_000 * 366);
const TIME_BITS = DATE_BITS + Math.log2(86_400 * 200);
const TOO_WIDE = Number.POSITIVE_INFINITY;

/**
 * Bits that one scalar field can carry; infinite for text of any kind.
 * Text fields declare their tier by `.meta({ tier })`.
 */
function fieldBits(schema: Schema): number {
  if (schema["const"] !== undefined) return 0;
  const choices = schema["enum"];
  if (Array.isArray(choices)) return Math.log2(choices.length);
  switch (schema["type"]) {
    case "null":
      return 0;
    case "boolean":
      return 1;
    case "integer": {
      const { minimum, maximum } = schema;
      return typeof minimum === "number" && typeof maximum === "number" ? Math.log2(maximum - minimum + 1) : TOO_WIDE;
    }
    case "string":
      // What is called an id or a date and takes any text would be text by another name.
      if (!isShaped(schema)) return TOO_WIDE;
      // An id of the input's own list says which of them, no more.
      if (schema["tier"] === "id") return Math.log2(RANGE_MESSAGES_MAX);
      if (schema["tier"] === "date") return DATE_BITS;
      return schema["tier"] === "time" ? TIME_BITS : TOO_WIDE;
    default:
      return TOO_WIDE;
  }
}

const SHAPED_CHARS_MAX = 64;
/**
 * A pattern that can go on for ever is none: `.` with a star, an open count. Classes and escapes are looked through.
 */
const isClosed = (pattern: string): boolean =>
  /^\^.*\$$/.test(pattern) && !/[+*]|\{\d*,\}/.test(pattern.replace(/\\.|\[(?:\\.|[^\]\\])*\]/g, ""));
const isShaped = ({ pattern, maxLength }: Schema): boolean =>
  (typeof pattern === "string" && isClosed(pattern)) ||
  (typeof maxLength === "number" && maxLength <= SHAPED_CHARS_MAX);

type Field = { readonly path: string; readonly schema: Schema };

/** The alternatives of a schema; `type: [a, b]` is short for two of them. Null when it is one thing. */
function optionsOf(schema: Schema): readonly Schema[] | null {
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(options)) return options.filter(isSchema);
  const { type } = schema;
  return Array.isArray(type) ? type.map((one: unknown) => ({ ...schema, type: one })) : null;
}

/** Every scalar of a JSON schema with its path. Unbounded arrays and open objects are refused by name. */
function fieldsOf(schema: Schema, path: string): readonly Field[] {
  const options = optionsOf(schema);
  if (options !== null) return options.flatMap((option) => fieldsOf(option, path));
  if (schema["type"] === "array") {
    if (typeof schema["maxItems"] !== "number") throw tooWide(path, "an array without a maximum");
    return isSchema(schema["items"]) ? fieldsOf(schema["items"], `${path}[]`) : [];
  }
  if (schema["type"] === "object") {
    if (schema["additionalProperties"] !== false) throw tooWide(path, "an object that takes unknown keys");
    const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
    return Object.entries(properties).flatMap(([key, field]) =>
      isSchema(field) ? fieldsOf(field, `${path}.${key}`) : [],
    );
  }
  return [{ path, schema }];
}

const tooWide = (path: string, why: string): Refusal =>
  new Refusal("capability.schema", { field: path, hint: `${path} is ${why}.` });

const CHARS_MAX: Readonly<Record<Exclude<Tier, "A">, number>> = {
  B: TIER_B_FIELD_CHARS_MAX,
  R: TIER_R_CHARS_MAX,
  C: Number.MAX_SAFE_INTEGER,
};

function tierOf({ path, schema }: Field): Tier {
  const { tier, maxLength } = schema;
  if (tier === "B" || tier === "R" || tier === "C") {
    if (typeof maxLength !== "number") throw tooWide(path, "text without a maximum length");
    if (maxLength > CHARS_MAX[tier])
      throw tooWide(path, `${maxLength} characters wide; tier ${tier} has ${CHARS_MAX[tier]}`);
    return tier;
  }
  const bits = fieldBits(schema);
  if (bits > TIER_A_FIELD_BITS_MAX) {
    const shown = bits === TOO_WIDE ? openBits(schema) : `${Math.ceil(bits)} bits wide`;
    throw tooWide(path, `${shown}; tier A has ${TIER_A_FIELD_BITS_MAX} bits a field and no free text`);
  }
  return "A";
}

/** A UTF-16 unit carries 16 bits. */
const openBits = (schema: Schema): string =>
  typeof schema["maxLength"] === "number" ? `text of ${16 * schema["maxLength"]} bits` : "unbounded";

/** The output's tier as computed from its schema. Throws `capability.schema` with the field and its bits. */
export function computedTier(output: z.ZodType): Tier {
  const schema = z.toJSONSchema(output, { io: "output", reused: "inline" });
  const tiers = fieldsOf(schema, "output").map(tierOf);
  return TIERS[Math.max(0, ...tiers.map((tier) => TIERS.indexOf(tier)))] ?? "A";
}

/** Registration: an output wider than the declared tier is an error that shows the bits. */
export function checkedManifest<M extends Manifest>(manifest: M): M {
  const computed = computedTier(manifest.output);
  if (TIERS.indexOf(computed) > TIERS.indexOf(manifest.tier)) {
    throw tooWide(manifest.id, `of tier ${computed} by its schema but declared ${manifest.tier}`);
  }
  return manifest;
}

export type Capacity = { readonly bits: number; readonly chars: number };

/**
 * What a concrete output says: bits of its tier-A fields, characters of its text.
 * Counted against the caps of section 3.
 */
export function capacityOf(output: z.ZodType, value: unknown): Capacity {
  const schema = z.toJSONSchema(output, { io: "output", reused: "inline" });
  return measure(schema, value);
}

function measure(schema: Schema, value: unknown): Capacity {
  const sum = (parts: readonly Capacity[]): Capacity =>
    parts.reduce((a, b) => ({ bits: a.bits + b.bits, chars: a.chars + b.chars }), { bits: 0, chars: 0 });
  const options = optionsOf(schema);
  if (options !== null) {
    // Which of the options it is says something too; charge the widest that could have produced the value.
    const widest = options.map((option) => measure(option, value));
    return widest.reduce((a, b) => ({ bits: Math.max(a.bits, b.bits), chars: Math.max(a.chars, b.chars) }), {
      bits: 1,
      chars: 0,
    });
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return isSchema(items) ? sum(value.map((item) => measure(items, item))) : { bits: 0, chars: 0 };
  }
  if (isSchema(value) && isSchema(schema["properties"])) {
    const properties = schema["properties"];
    return sum(
      Object.entries(value).map(([key, field]) => {
        const inner = properties[key];
        return isSchema(inner) ? measure(inner, field) : { bits: 0, chars: 0 };
      }),
    );
  }
  const bits = fieldBits(schema);
  if (bits !== TOO_WIDE) return { bits: value === null ? 0 : bits, chars: 0 };
  return { bits: 0, chars: typeof value === "string" ? value.length : 0 };
}
