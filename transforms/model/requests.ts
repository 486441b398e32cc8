/** One isolated question for each batch of sources, or none where a model may not be asked or would take too long. */
import { z } from "zod";
import { MODEL_BATCHES_MAX } from "../../src/core/limits.ts";
import type { ModelRequest, ModelRoom, Surroundings, Turn } from "../../src/core/transform.ts";
import { type Batch, batchesOf, marking, materialOf } from "./material.ts";

export type Batched = { readonly room: ModelRoom; readonly batches: readonly Batch[] };

/** The same for the question and for its answer. Null: there is nothing to ask. */
export function batched(turns: readonly Turn[], around: Surroundings): Batched | null {
  const { model: room } = around;
  if (room === undefined || turns.every((turn) => turn.text.trim() === "")) return null;
  const batches = batchesOf(turns, around, room);
  return batches.length > MODEL_BATCHES_MAX ? null : { room, batches };
}

const TOKENS_MAX = 2048;

/** `task` says what is wanted; what is data is said after it. */
export function requestsOf({ room, batches }: Batched, task: string, answer: z.ZodType): readonly ModelRequest[] {
  const schema = z.toJSONSchema(answer, { io: "input", reused: "inline" }) as Record<string, unknown>;
  return batches.map((batch) => ({
    instructions: `${task} ${marking(room)}`,
    material: materialOf(batch, room),
    answer: schema,
    tokensMax: TOKENS_MAX,
  }));
}
