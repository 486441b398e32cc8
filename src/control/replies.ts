/** What bearer routes may answer: strict, so that a field nobody meant to give cannot slip out. */
import { z } from "zod";
import { ApprovalId, Handle, Name, RunId } from "../core/ids.ts";
import { REFUSAL_CODES, type RefusalCode } from "../core/refusal.ts";
import { RunView } from "../core/verbs/evidence.ts";
import { Count, Instant, Words } from "../core/verbs/verb.ts";

const Tier = z.enum(["A", "B", "R", "C"]);

export const Capabilities = z.strictObject({
  capabilities: z
    .array(
      z.strictObject({
        id: z.string().max(64),
        version: Count,
        title: Words,
        effect: z.enum(["none", "idempotent", "once"]),
        tier: Tier,
        risk: z.enum(["low", "medium", "high"]),
        input: z.json(),
        output: z.json(),
      }),
    )
    .max(200),
});

export const Conversations = z.strictObject({
  conversations: z
    .array(z.strictObject({ alias: Name, kind: z.string().max(16), context: z.string().max(16) }))
    .max(10_000),
});

export const Value = z.strictObject({
  handle: Handle,
  kind: z.string().max(128),
  tier: Tier,
  label: Words,
  chars: Count,
  created_at: Instant,
  expires_at: Instant,
});

export const RunToken = z.strictObject({ token: z.string().max(128), expires_at: Instant });

export const Runs = z.strictObject({ runs: z.array(RunView).max(1000) });

export const InvocationReply = z.strictObject({
  status: z.enum(["done", "approval_required", "refused", "failed"]),
  output: z.json().optional(),
  values: z
    .array(z.strictObject({ handle: Handle, kind: z.string().max(128), label: Words, chars: Count }))
    .max(1000)
    .optional(),
  code: z.enum(REFUSAL_CODES as [RefusalCode, ...RefusalCode[]]).optional(),
  hint: Words.optional(),
  retryable: z.boolean().optional(),
  approval: z.strictObject({ id: ApprovalId, expires_at: Instant, where: Words }).optional(),
  budget_left: RunView.shape.limit,
  next: z.enum(["invoke", "wait", "ended"]),
});

/** One event as it goes over a WebSocket or as server-sent event. */
export const Event = z.strictObject({
  seq: Count,
  type: z.string().max(64),
  time: Instant,
  conversation: z.string().max(64).optional(),
  run: RunId.optional(),
  body: z.record(z.string().max(64), z.json()),
});

export const ConsoleLine = z.strictObject({
  conversation: z.string().max(300),
  kind: z.enum(["text", "edit", "typing"]),
  text: z.string().max(65_536),
  approval: z.strictObject({ id: ApprovalId, code: z.string().max(32), expires_at: Instant }).optional(),
});

export const Checkpoint = z.strictObject({ checkpoint: z.string().max(4096) });
export const Health = z.strictObject({ ok: z.literal(true) });
export const Readiness = z.strictObject({ ready: z.boolean() });
export const Metrics = z.string().max(1_048_576);
export const OpenApi = z.record(z.string().max(64), z.json());
