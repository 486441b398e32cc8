/** Verbs about how secrets were used (CONTRACT section 10). */
import { z } from "zod";
import { Name, PrincipalId } from "../ids.ts";
import { Count, Instant, Pin, verb } from "./verb.ts";

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

const Passphrase = z.string().min(12, "12 characters or more").max(1024);

export const KEY_VERBS = {
  "key.rotate": verb(z.strictObject({ pin: Pin }), z.strictObject({ before: Count, epoch: Count }), "high"),
  /** Null goes back to a key file. */
  "key.passphrase": verb(
    z.strictObject({ next: Passphrase.nullable(), pin: Pin }),
    z.strictObject({ before: Count, epoch: Count }),
    "high",
  ),
  "key.recovery": verb(
    z.strictObject({ file: z.string().min(1).max(4096), passphrase: Passphrase, pin: Pin }),
    z.strictObject({ file: z.string().max(4096), epoch: Count }),
    "high",
  ),
  "key.recovery_check": verb(
    z.strictObject({ file: z.string().min(1).max(4096) }),
    z.strictObject({ ours: z.boolean(), stale: z.boolean(), file_epoch: Count, epoch: Count, made: Instant }),
  ),
  /** Everything kept of one person, sealed to an age key in a new 0600 file on the daemon's machine. */
  "export.make": verb(
    z.strictObject({
      principal: PrincipalId,
      recipient: z.string().min(20).max(3000),
      file: z.string().min(1).max(4096),
      pin: Pin,
    }),
    z.strictObject({ file: z.string().max(4096), messages: Count, bytes: Count }),
    "high",
  ),
  /** A receipt as `purge --receipt` shows it: its signature, its checkpoints and its entries. */
  "ledger.receipt": verb(
    z.strictObject({ text: z.string().min(2).max(60_000) }),
    z.strictObject({
      ok: z.boolean(),
      receipt: z.string().max(64).nullable(),
      reason: z.string().max(500).nullable(),
      at: Instant.nullable(),
      messages: Count,
    }),
  ),
  /** Newest first. */
  "secrets.uses": verb(
    z.strictObject({ name: Name.optional(), limit: z.number().int().min(1).max(1000).optional() }),
    z.strictObject({ uses: z.array(UseView).max(1000) }),
  ),
} as const;
