/**
 * A verb of the owner: what the command line asks the daemon over its socket.
 * Input and answer are strict schemas (section 13).
 */
import { z } from "zod";

export type Verb<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> = {
  readonly input: In;
  readonly output: Out;
  /** high: asks for the owner's PIN where one is set; the verb itself is the answer. */
  readonly assurance: "none" | "high";
};

export const verb = <In extends z.ZodType, Out extends z.ZodType>(
  input: In,
  output: Out,
  assurance: "none" | "high" = "none",
): Verb<In, Out> => ({ input, output, assurance });

export const Nothing = z.strictObject({});
export const Done = z.strictObject({ done: z.literal(true) });
/** Milliseconds since 1970 UTC. */
export const Instant = z.number().int().min(0).max(8_640_000_000_000_000);
export const Count = z.number().int().min(0);
/** Text that the daemon made itself from closed words and numbers; never content. */
export const Words = z.string().max(2000);
export const Pin = z.string().min(4).max(128).optional();
