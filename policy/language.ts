/**
 * The rule language: what a pack may say, checked strictly, with the place and the nearest valid word for every slip.
 */
import { z } from "zod";
import {
  BECAUSE_CHARS_MAX,
  COUNTER_MAX,
  ERRORS_MAX,
  GROUPS_MAX,
  PACKS_MAX,
  ROUTES_MAX,
  RULES_MAX,
  TESTS_MAX,
  VALUES_MAX,
  WORD_CHARS_MAX,
} from "./bounds.ts";
import { CATEGORIES, CLOSED, COUNTERS, DIMENSIONS, OPEN } from "./request.ts";
import { nearestWord } from "./spelling.ts";
import { nowhere, type PackError, type Path, type Places, readYaml } from "./yaml-source.ts";

const EFFECTS = ["deny", "ask", "allow"] as const;
export const ASSURANCES = ["low", "medium", "high"] as const;
const APPROVERS = ["owner", "approver"] as const;
export type Effect = (typeof EFFECTS)[number];
export type Assurance = (typeof ASSURANCES)[number];
export type Approver = (typeof APPROVERS)[number];

const word = z.string().min(1).max(WORD_CHARS_MAX);
const ruleId = z
  .string()
  .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, "an id is lower-case words joined by . or -")
  .max(64);
const packName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "a name is lower-case words joined by -")
  .max(64);
const words = z.array(word).min(1).max(VALUES_MAX);
const category = z.enum(["public", ...Object.keys(CATEGORIES)] as ["public", ...(keyof typeof CATEGORIES)[]]);
const categories = z.array(category).max(6);

/** A list of values, or `group:NAME`; the values are spelled out for editors and checked when a pack is resolved. */
function valueList(values: readonly string[]) {
  return words.meta({
    items: { anyOf: [{ enum: [...values] }, { type: "string", pattern: "^group:[a-z0-9-]+$" }] },
  });
}

const closedWhen = Object.fromEntries(
  Object.entries(CLOSED).map(([name, values]) => [name, valueList(values).optional()]),
) as { [D in keyof typeof CLOSED]: z.ZodOptional<typeof words> };
const openWhen = Object.fromEntries(OPEN.map((name) => [name, words.optional()])) as {
  [D in (typeof OPEN)[number]]: z.ZodOptional<typeof words>;
};
const counterWhen = Object.fromEntries(COUNTERS.map((name) => [name, words.optional()])) as {
  [D in (typeof COUNTERS)[number]]: z.ZodOptional<typeof words>;
};

const when = z.strictObject({
  ...closedWhen,
  ...openWhen,
  ...counterWhen,
  cats: z.strictObject({ within: categories.optional(), any: categories.min(1).optional() }).optional(),
  time: words.optional(),
});

const rule = z.strictObject({
  id: ruleId,
  effect: z.enum(EFFECTS),
  /** The explanation a person reads. Without one a rule is refused. */
  because: z.string().trim().min(10).max(BECAUSE_CHARS_MAX),
  when: when.default({}),
  assurance: z.enum(ASSURANCES).optional(),
  approvers: z.array(z.enum(APPROVERS)).min(1).max(APPROVERS.length).optional(),
  four_eyes: z.boolean().optional(),
  /** Where it is asked: `here`, `direct`, `cli`, or a channel's name; several at once, and the first answer wins. */
  route: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/))
    .min(1)
    .max(ROUTES_MAX)
    .optional(),
  locked: z.literal(true).optional(),
  until: z.string().max(20).optional(),
});

const closedGiven = Object.fromEntries(
  Object.entries(CLOSED).map(([name, values]) => [name, z.enum(values as readonly [string, ...string[]]).optional()]),
) as { [D in keyof typeof CLOSED]: z.ZodOptional<z.ZodEnum<{ [V in (typeof CLOSED)[D][number]]: V }>> };
const openGiven = Object.fromEntries(OPEN.map((name) => [name, word.optional()])) as {
  [D in (typeof OPEN)[number]]: z.ZodOptional<typeof word>;
};
const count = z.int().min(0).max(COUNTER_MAX);
const counterGiven = Object.fromEntries(COUNTERS.map((name) => [name, count.optional()])) as {
  [D in (typeof COUNTERS)[number]]: z.ZodOptional<typeof count>;
};

/** A request as a scenario writes it: category names, `mon 09`, an instant in RFC 3339. */
export const Given = z.strictObject({
  ...closedGiven,
  ...openGiven,
  ...counterGiven,
  cats: categories.optional(),
  time: z.string().max(8).optional(),
  now: z.string().max(20).optional(),
});
export type Given = z.output<typeof Given>;

const test = z.strictObject({
  name: z.string().min(1).max(BECAUSE_CHARS_MAX).optional(),
  request: Given,
  expect: z.enum(EFFECTS),
  rule: z.string().max(64).optional(),
  assurance: z.enum(ASSURANCES).optional(),
});

const Pack = z.strictObject({
  version: z.literal(1),
  pack: packName,
  /** For a person: what this pack is for. */
  title: z.string().max(BECAUSE_CHARS_MAX).optional(),
  /** Makes this pack the overlay of one tenant: its rules hold for that tenant alone and may only narrow. */
  tenant: word.optional(),
  extends: z.array(packName).max(PACKS_MAX).optional(),
  groups: z
    .record(packName, words)
    .refine((groups) => Object.keys(groups).length <= GROUPS_MAX)
    .optional(),
  rules: z.array(rule).max(RULES_MAX),
  /** What the requests of `tests` have in common. */
  given: Given.optional(),
  tests: z.array(test).max(TESTS_MAX).optional(),
});
export type Pack = z.output<typeof Pack>;
export type PackRule = Pack["rules"][number];
export type PackTest = NonNullable<Pack["tests"]>[number];

/** A pack that was read, with what is needed to point into its text. */
export type PackSource = { readonly file: string; readonly pack: Pack; readonly places: Places };
export type PackReading =
  | ({ readonly ok: true } & PackSource)
  | { readonly ok: false; readonly errors: readonly PackError[] };

/**
 * Text of a pack to its strict form; at most 50 errors, each with its place. Never throws on any text. `before`: what
 * came of it before, for a caller who kept it.
 */
export function readPack(file: string, text: string, before?: Pack): PackReading {
  if (before !== undefined) return { ok: true, file, pack: before, places: nowhere(file) };
  const source = readYaml(file, text);
  if (!source.ok) return source;
  const parsed = Pack.safeParse(source.value);
  if (parsed.success) return { ok: true, file, pack: parsed.data, places: source.places };
  const errors = parsed.error.issues.flatMap((issue) => explainIssue(issue, source.value, source.places));
  return { ok: false, errors: errors.slice(0, ERRORS_MAX) };
}

/** JSON Schema of a pack, for editors. */
export function packJsonSchema(): unknown {
  return z.toJSONSchema(Pack, { io: "input", unrepresentable: "any" });
}

function explainIssue(issue: z.core.$ZodIssue, root: unknown, places: Places): PackError[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") {
    const valid = validKeys(path);
    return issue.keys.map((key) => {
      const nearest = nearestWord(key, valid);
      const hint = nearest === undefined ? `known are ${valid.join(", ")}` : `did you mean ${nearest}?`;
      return places.errorAt([...path, key], `unknown key ${key}: ${hint}`, { atKey: true, nearest });
    });
  }
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    const given = String(valueAt(root, path));
    if (valueAt(root, path) === undefined) return [places.errorAt(path, `${String(path.at(-1))} is missing`)];
    const nearest = nearestWord(given, values);
    return [places.errorAt(path, `${given.slice(0, 64)} is not one of ${values.join(", ")}`, { nearest })];
  }
  if (issue.code === "invalid_type" && valueAt(root, path) === undefined)
    return [places.errorAt(path, `${String(path.at(-1))} is missing`)];
  return [places.errorAt(path, issue.message)];
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** The keys that the object at `path` may have, by the shape of the path. */
function validKeys(path: Path): readonly string[] {
  const shape = path.map((step) => (typeof step === "number" ? "#" : step)).join(".");
  switch (shape) {
    case "":
      return Object.keys(Pack.shape);
    case "rules.#":
      return Object.keys(rule.shape);
    case "rules.#.when":
      return DIMENSIONS.filter((name) => name !== "now");
    case "rules.#.when.cats":
      return ["within", "any"];
    case "tests.#":
      return Object.keys(test.shape);
    default:
      return [...DIMENSIONS];
  }
}
