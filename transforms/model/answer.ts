/**
 * What a quarantined model answered, taken for an attacker's: normalised to a fixed point, read by a strict schema,
 * refused when a text in it is anything but a short statement about the sources (CONTRACT section 3, tier B).
 */
import type { z } from "zod";
import type { Turn } from "../../src/core/transform.ts";
import { assertFit } from "../summary/verify.ts";
import { normalise } from "../text/unicode.ts";
import type { Batch } from "./material.ts";

const ROUNDS_MAX = 4;
const DEPTH_MAX = 8;
const TOKEN = /[A-Za-z]{2,8}_[0-9a-fA-F]{4,64}/g;

/** Again until nothing changes: what one round assembles, the next one sees. */
function settled(text: string): string {
  let now = text;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const next = normalise(now).text.trim();
    if (next === now) return now;
    now = next;
  }
  throw new Error("a text does not come to rest");
}

function normalised(value: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) throw new Error("too deep");
  if (typeof value === "string") return settled(value);
  if (Array.isArray(value)) return value.map((item) => normalised(item, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, normalised(field, depth + 1)]));
}

/** Throws when the answer is not exactly of the schema. */
export const answerIn = <T extends z.ZodType>(schema: T, answer: unknown): z.output<T> =>
  schema.parse(normalised(answer));

/** Throws when a text repeats a source, masked or as it was, names a token that nobody gave the model, or is unfit. */
export function assertTold(texts: readonly string[], batch: Batch, originals: readonly Turn[]): void {
  const given = new Set([...batch.text.matchAll(TOKEN)].map(([token]) => token));
  for (const text of texts)
    for (const [token] of text.matchAll(TOKEN)) if (!given.has(token)) throw new Error("a token that nobody gave");
  assertFit(
    texts,
    [...originals, ...batch.turns].map((turn) => turn.text),
  );
}
