/** Verbs about standing yes: what may be done without a question, and ending it (CONTRACT sections 7 and 14). */
import { z } from "zod";
import { ApprovalId, GrantId, Name } from "../ids.ts";
import { Count, Done, Instant, Nothing, verb, Words } from "./verb.ts";

const GrantView = z.strictObject({
  id: GrantId,
  state: z.enum(["active", "revoked", "expired", "used_up", "changed"]),
  capability: z.string().max(64),
  destination: Words,
  /** The most that it may carry, in words. */
  label: Words,
  /** Where the requests come from. */
  alias: Name.nullable(),
  agent: z.string().max(64),
  uses: Count,
  uses_max: Count,
  expires_at: Instant,
  /** The owner's yes. */
  approval: ApprovalId,
});

export const GRANT_VERBS = {
  "grants.list": verb(Nothing, z.strictObject({ grants: z.array(GrantView).max(1000) })),
  "grants.revoke": verb(z.strictObject({ grant: GrantId }), Done),
} as const;
