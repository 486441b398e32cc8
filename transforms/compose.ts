/**
 * `message.compose` without a model: a draft put together from what the instruction says, greeting to closing. Its text
 * is tier C: it goes to the room by its handle and to no agent (CONTRACT section 5). It adds no fact of its own; a
 * translation needs a model and is refused.
 */
import { z } from "zod";
import { Refusal } from "../src/core/refusal.ts";
import type { Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { ACTS, type Said, saidBy } from "./compose/acts.ts";
import { instructionOf, isTranslation } from "./compose/instruction.ts";
import { normalise } from "./text/unicode.ts";

const INSTRUCTION_CHARS_MAX = 2_000;
const DRAFT_CHARS_MAX = 4_000;
const ACTS_MAX = 12;

const input = z.strictObject({ instruction: z.string().min(1).max(INSTRUCTION_CHARS_MAX) });
const output = z.strictObject({
  text: z.string().max(DRAFT_CHARS_MAX).meta({ tier: "C" }),
  /** What the draft does, in order. */
  acts: z.array(z.enum(ACTS)).max(ACTS_MAX),
});
export type Draft = z.output<typeof output>;

type Courtesy = { readonly hello: (name: string | null) => string; readonly about: (topic: string) => string };
const COURTESIES: Readonly<Record<string, Courtesy>> = {
  en: { hello: (name) => `Hi${name === null ? "" : ` ${name}`},`, about: (topic) => `I am writing about ${topic}.` },
  de: { hello: (name) => `Hallo${name === null ? "" : ` ${name}`},`, about: (topic) => `es geht um ${topic}.` },
  fr: {
    hello: (name) => `Bonjour${name === null ? "" : ` ${name}`},`,
    about: (topic) => `je t'écris à propos de ${topic}.`,
  },
  es: { hello: (name) => `Hola${name === null ? "" : ` ${name}`}:`, about: (topic) => `te escribo por ${topic}.` },
};

const courtesyIn = (language: string): Courtesy =>
  (Object.hasOwn(COURTESIES, language) ? COURTESIES[language] : undefined) ?? (COURTESIES["en"] as Courtesy);

function draftOf(instruction: string, { language }: Surroundings): Draft {
  if (isTranslation(instruction))
    throw new Refusal("transform.failed", { hint: "A translation needs a language model." });
  const { to, about, parts } = instructionOf(normalise(instruction).text);
  const said = parts.map(saidBy).filter((part): part is Said => part !== null);
  if (parts.length === 0 && about === null)
    throw new Refusal("input.invalid", { hint: "Say what the draft is to say." });
  const courtesy = courtesyIn(language);
  const body = [...(about === null ? [] : [courtesy.about(about)]), ...said.map(({ sentence }) => sentence)];
  const text = `${courtesy.hello(to)}\n${body.join(" ")}`.trimEnd();
  return { text: text.slice(0, DRAFT_CHARS_MAX), acts: said.map(({ act }) => act) };
}

export const compose: Transform<typeof input, typeof output> = {
  id: "message.compose",
  version: 1,
  input,
  output,
  prepare: (_turns: readonly Turn[], { instruction }, surroundings) => ({
    kind: "value",
    value: draftOf(instruction, surroundings),
  }),
  finish: () => {
    throw new RangeError("message.compose asks no model");
  },
};
