/** Verbs about the models that the owner configured (CONTRACT section 14). */
import { z } from "zod";
import { Name } from "../ids.ts";
import { Count, Nothing, verb, Words } from "./verb.ts";

const ModelView = z.strictObject({
  name: Name,
  kind: z.enum(["openai", "anthropic"]),
  model: z.string().max(128),
  host: z.string().max(300),
  where: z.enum(["loopback", "remote"]),
  use: z.array(z.enum(["transforms", "agent"])).max(2),
  /** Category names that a call may carry. */
  accepts: z.array(z.string().max(32)).max(5),
  /** Millionths of a dollar for a million tokens. */
  price: z.strictObject({ in: Count, out: Count }).nullable(),
  tokens_in: Count,
  tokens_out: Count,
  /** Why it is not asked; null when it is. */
  blocked: Words.nullable(),
});
export type ModelView = z.infer<typeof ModelView>;

export const MODEL_VERBS = {
  "model.list": verb(Nothing, z.strictObject({ models: z.array(ModelView).max(20) })),
  /** One question without content; `code` is a refusal's when it failed. */
  "model.test": verb(
    z.strictObject({ name: Name }),
    z.strictObject({
      name: Name,
      ok: z.boolean(),
      /** It kept to the schema that it was given. */
      structured: z.boolean(),
      ms: Count,
      tokens: Count.nullable(),
      cost_micros: Count,
      code: z.string().max(64).nullable(),
      hint: Words.nullable(),
    }),
  ),
} as const;
