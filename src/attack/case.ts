/**
 * An attack as it is written down: what is tried, on which channel, and what must come of it. docs/attacks.md explains
 * it.
 */
import { z } from "zod";
import type { SourceText } from "../../policy/load.ts";
import { type PackError, readYaml } from "../../policy/yaml-source.ts";
import { ENTRY_TYPES } from "../core/entry.ts";
import { REFUSAL_CODES } from "../core/refusal.ts";

export const ATTACK_CHANNELS = ["console", "webhook", "telegram", "matrix"] as const;
export type AttackChannel = (typeof ATTACK_CHANNELS)[number];

const LONG_CHARS_MAX = 200_000;
const words = z.string().min(1).max(2000);
const text = z.string().max(LONG_CHARS_MAX);
const name = z.string().min(1).max(64);
const many = <T extends z.ZodType>(item: T) => z.array(item).max(100);
const count = z.number().int().min(0).max(10_000);

/** Somebody wrote this before anybody asks: material. On the console it is imported, on the webhook it is posted. */
const Given = z.strictObject({ from: name, text, name: z.string().max(512).optional() });

/** One call of an agent that is the attacker's. `$HANDLE` in its input is the handle of the newest value. */
const Call = z.strictObject({
  call: name,
  input: z.unknown().optional(),
  key: z.string().max(128).optional(),
  justification: z.string().max(1000).optional(),
  /** So many times, each with a key of its own. */
  times: z.number().int().min(1).max(500).optional(),
});

const Step = z.union([
  /** The one who may ask does: the owner on the console, the member ana, by a mention, on the webhook. */
  z.strictObject({ ask: text }),
  /** A body for the webhook as CONTRACT section 13 describes it; id, conversation and sender have defaults. */
  z.strictObject({
    post: z.record(name, z.unknown()),
    signed: z.enum(["right", "wrong", "none", "old"]).optional(),
  }),
  /** The body before once more, byte by byte. */
  z.strictObject({ repeat: z.literal(true) }),
  /** Somebody answers the newest question: by its code, a reaction on it, or its button. */
  z.strictObject({
    answer: z.enum(["code", "reaction", "action"]),
    from: name,
    yes: z.boolean(),
    /** Instead of the right one. */
    code: z.string().max(64).optional(),
    /** Put before the code, such as a word with a letter that looks like another. */
    word: z.string().max(64).optional(),
    /** Said after the code; of a reaction its emoji, of a press what it says. Not on Telegram. */
    more: z.string().max(64).optional(),
    room: name.optional(),
    kind: z.enum(["edit"]).optional(),
    target: name.optional(),
  }),
  z.strictObject({ wait: z.string().regex(/^\d{1,4}[smhd]$/) }),
  z.strictObject({ restart: z.literal(true) }),
]);

const States = z.record(name, count);
const Expect = z.strictObject({
  /** Each is in something that was sent. */
  said: many(words).optional(),
  /** None is in anything that was sent. */
  unsaid: many(words).optional(),
  /** None is in anything that the agent was given. */
  unseen: many(words).optional(),
  /** None is in any file of the home. */
  unkept: many(words).optional(),
  /** How many texts were sent. */
  texts: count.optional(),
  /**
   * What came of the agent's calls, in order: a code, `done` or `approval_required`; the last ones when there are more.
   */
  calls: many(z.enum(["done", "approval_required", ...REFUSAL_CODES])).optional(),
  /** What the door answered to the last post: `committed`, `duplicate` or a code. */
  door: z.enum(["committed", "duplicate", ...REFUSAL_CODES]).optional(),
  /** Runs by state with reason, such as `done` or `failed(budget.steps)`. */
  runs: States.optional(),
  approvals: States.optional(),
  /** Entries by type; 0 is none at all. */
  entries: z.partialRecord(z.enum(ENTRY_TYPES), count).optional(),
});

const Case = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$/),
  attack: words,
  /** The safe outcome in words; what follows under `expect` is checked. */
  expected: words,
  on: z.array(z.enum(ATTACK_CHANNELS)).min(1).max(ATTACK_CHANNELS.length),
  packs: many(name).optional(),
  assurance: z.enum(["low", "medium"]).optional(),
  given: many(Given).optional(),
  /** Instead of the butler. */
  agent: many(Call).optional(),
  steps: many(Step),
  expect: Expect,
});
const Corpus = z.strictObject({ version: z.literal(1), cases: z.array(Case).max(1000) });

export type AttackCase = z.output<typeof Case>;
export type AttackStep = AttackCase["steps"][number];
export type AttackCall = z.output<typeof Call>;
export type Expected = z.output<typeof Expect>;

export type CorpusReading =
  | { readonly ok: true; readonly cases: readonly AttackCase[] }
  | { readonly ok: false; readonly errors: readonly PackError[] };

/** Never throws on any text. Errors have line, column and key. */
export function readCorpus({ name: file, text: source }: SourceText): CorpusReading {
  const yaml = readYaml(file, source);
  if (!yaml.ok) return yaml;
  const parsed = Corpus.safeParse(yaml.value);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) =>
      yaml.places.errorAt(
        path.map((step) => (typeof step === "number" ? step : String(step))),
        message,
      ),
    );
    return { ok: false, errors };
  }
  const seen = new Set<string>();
  const errors = parsed.data.cases.flatMap(({ id }, at) => {
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew ? [] : [yaml.places.errorAt(["cases", at, "id"], `the id ${id} is already taken`)];
  });
  return errors.length > 0 ? { ok: false, errors } : { ok: true, cases: parsed.data.cases };
}

const LONG_CHARS = 15_000;
/** Every text that is the word LONG becomes a long one. */
export function lengthened(value: unknown): unknown {
  if (value === "LONG") return "many words ".repeat(LONG_CHARS / 11);
  if (Array.isArray(value)) return value.map(lengthened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, lengthened(of)]));
}
