/** Verbs about how secrets were used (CONTRACT section 10). */
import { z } from "zod";
import { Name } from "../ids.ts";
import { Count, Instant, verb } from "./verb.ts";

const UseView = z.strictObject({
  seq: Count,
  time: Instant,
  name: Name,
  version: z.string().max(64).nullable(),
  capability: z.string().max(64),
  place: z.string().max(300),
  slot: z.string().max(600),
  rule: z.string().max(128),
  call: z.string().max(64),
  run: z.string().max(64).nullable(),
  /** Who asked for the run, and who said yes, as far as the records are still there. */
  requester: z.string().max(64).nullable(),
  approval: z.string().max(64).nullable(),
  by: z.string().max(64).nullable(),
});
export type UseView = z.infer<typeof UseView>;

export const KEY_VERBS = {
  /** Newest first. */
  "secrets.uses": verb(
    z.strictObject({ name: Name.optional(), limit: z.number().int().min(1).max(1000).optional() }),
    z.strictObject({ uses: z.array(UseView).max(1000) }),
  ),
} as const;
