/** Verbs about runs, approvals, ledger and erasure (CONTRACT sections 7, 8, 11, 12 and 14). */
import { z } from "zod";
import { ASSURANCE } from "../approval.ts";
import { UNITS } from "../budget.ts";
import { ApprovalId, ConversationId, HoldId, Name, PrincipalId, ReceiptId, RunId, SessionId, TokenId } from "../ids.ts";
import { PLAN_STEPS_MAX } from "../limits.ts";
import { Count, Done, Instant, Nothing, Pin, verb, Words } from "./verb.ts";

const Amounts = z.strictObject(
  Object.fromEntries(UNITS.map((unit) => [unit, Count])) as Record<(typeof UNITS)[number], typeof Count>,
);

export const RunView = z.strictObject({
  id: RunId,
  session: SessionId,
  conversation: ConversationId,
  alias: Name.nullable(),
  agent: z.string().max(64),
  state: z.enum(["active", "paused.approval", "paused.event", "done", "failed", "cancelled"]),
  reason: Words.nullable(),
  created_at: Instant,
  steps: Count,
  replies: Count,
  limit: Amounts,
  used: Amounts,
});
export type RunView = z.infer<typeof RunView>;

export const EntryView = z.strictObject({
  seq: Count,
  time: Instant,
  type: z.string().max(64),
  session: z.string().max(64).optional(),
  run: z.string().max(64).optional(),
  actor: z.string().max(128).optional(),
  body: z.record(z.string().max(64), z.json()),
});

export const SessionView = z.strictObject({
  id: SessionId,
  conversation: ConversationId,
  alias: Name.nullable(),
  /** A token where an agent began by itself. */
  requester: z.union([PrincipalId, TokenId]),
  state: z.enum(["open", "closed"]),
  created_at: Instant,
  last_at: Instant,
  runs: Count,
});

const APPROVAL_STATES = ["pending", "granted", "denied", "expired", "void", "consumed"] as const;
/** Numbers of a plan's steps, as its prompt shows them. */
export const StepNumbers = z.array(z.number().int().min(1).max(PLAN_STEPS_MAX)).min(1).max(PLAN_STEPS_MAX);

export const ApprovalView = z.strictObject({
  id: ApprovalId,
  capability: z.string().max(64),
  state: z.enum(APPROVAL_STATES),
  assurance: z.enum(ASSURANCE),
  conversation: ConversationId.nullable(),
  alias: Name.nullable(),
  destination: Words,
  label: Words,
  created_at: Instant,
  expires_at: Instant,
  digest: z.string().length(64),
  /** Of a plan: its steps, each with what a yes to it has to prove. */
  steps: z
    .array(
      z.strictObject({
        step: z.number().int().min(1).max(PLAN_STEPS_MAX),
        capability: z.string().max(64),
        destination: Words,
        assurance: z.enum(ASSURANCE),
        state: z.enum(APPROVAL_STATES),
      }),
    )
    .max(PLAN_STEPS_MAX)
    .optional(),
});

const LedgerView = z.strictObject({
  ok: z.boolean(),
  entries: Count,
  bad_seq: Count.nullable(),
  reason: Words.nullable(),
  dangling: z.array(Count).max(1000),
  checkpoints: Count,
  not_excluded: Words.nullable(),
  root: z.string().max(64),
});

export const PurgeScope = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("conversation"), conversation: z.string().min(1).max(300) }),
  z.strictObject({ by: z.literal("sender"), principal: PrincipalId }),
  z.strictObject({ by: z.literal("session"), session: SessionId }),
  z.strictObject({ by: z.literal("channel"), channel: Name }),
  z.strictObject({ by: z.literal("before"), time: Instant }),
  z.strictObject({ by: z.literal("all") }),
]);
export type PurgeScope = z.infer<typeof PurgeScope>;

const PurgeView = z.strictObject({
  state: z.enum(["dry_run", "pending", "done", "approval_required"]),
  messages: Count,
  blobs: Count,
  values: Count,
  approvals: Count,
  runs: Count,
  held: Count,
  receipt: ReceiptId.nullable(),
  /** What erasure cannot reach, in sentences. */
  unreachable: z.array(Words).max(50),
});

const PurgeProgress = z.strictObject({
  receipt: ReceiptId,
  by: z.enum(["conversation", "sender", "session", "channel", "before", "all"]),
  state: z.enum(["unreadable", "pending"]),
  reason: z.enum(["rows", "journal"]),
  /** Rows that were removed, and that are still to be, over all erasures. */
  gone: Count,
  left: Count,
});

const Limit = z.number().int().min(1).max(1000).optional();

export const EVIDENCE_VERBS = {
  "runs.list": verb(
    z.strictObject({ open: z.boolean().optional(), limit: Limit }),
    z.strictObject({ runs: z.array(RunView).max(1000) }),
  ),
  "runs.show": verb(
    z.strictObject({ run: RunId }),
    z.strictObject({ run: RunView, entries: z.array(EntryView).max(2000) }),
  ),
  "runs.cancel": verb(z.strictObject({ run: RunId }), RunView),
  "sessions.list": verb(z.strictObject({ limit: Limit }), z.strictObject({ sessions: z.array(SessionView).max(1000) })),
  "sessions.show": verb(
    z.strictObject({ session: SessionId }),
    z.strictObject({ session: SessionView, runs: z.array(RunView).max(1000) }),
  ),
  "trace.export": verb(
    z.strictObject({ session: SessionId }),
    z.strictObject({ session: SessionId, entries: z.array(EntryView).max(100_000) }),
  ),
  /** Folds the session's entries and compares with what is stored; the digest is that of the folded state. */
  "trace.replay": verb(
    z.strictObject({ session: SessionId }),
    z.strictObject({
      session: SessionId,
      ok: z.boolean(),
      entries: Count,
      runs: Count,
      approvals: Count,
      calls: Count,
      digest: z.string().length(64),
      difference: z.strictObject({ seq: Count.nullable(), what: Words }).nullable(),
    }),
  ),
  "approvals.list": verb(
    z.strictObject({ open: z.boolean().optional() }),
    z.strictObject({ approvals: z.array(ApprovalView).max(1000) }),
  ),
  "approvals.show": verb(
    z.strictObject({ approval: ApprovalId }),
    ApprovalView.extend({ prompt: z.string().max(20_000) }),
  ),
  "approvals.decide": verb(
    z.strictObject({
      approval: ApprovalId,
      yes: z.boolean(),
      /** Of a plan: these alone, and the others are refused. */
      steps: StepNumbers.optional(),
      reason: z.string().max(200).optional(),
      pin: Pin,
    }),
    ApprovalView,
    "high",
  ),
  "ledger.entries": verb(
    z.strictObject({
      after: Count,
      limit: Limit,
      run: RunId.optional(),
      type: z.string().max(64).optional(),
      /** Waits so long for the first entry after `after`. */
      wait_ms: z.number().int().min(0).max(30_000).optional(),
    }),
    z.strictObject({ size: Count, entries: z.array(EntryView).max(1000) }),
  ),
  "ledger.verify": verb(z.strictObject({ against: z.string().max(4096).optional() }), LedgerView),
  "ledger.checkpoint": verb(Nothing, z.strictObject({ checkpoint: z.string().max(4096) })),
  /** Writes every entry as it is stored, and a fresh checkpoint, to a new 0600 file on the daemon's machine. */
  "ledger.export": verb(
    z.strictObject({ file: z.string().min(1).max(4096) }),
    z.strictObject({ file: z.string().max(4096), entries: Count, bytes: Count }),
  ),
  "ledger.replay": verb(
    Nothing,
    z.strictObject({
      ok: z.boolean(),
      entries: Count,
      runs: Count,
      approvals: Count,
      differences: z.array(Words).max(100),
    }),
  ),
  purge: verb(z.strictObject({ scope: PurgeScope, dry_run: z.boolean().optional(), pin: Pin }), PurgeView, "high"),
  /** Newest first. */
  "purge.list": verb(
    /** Answers after so long: whoever watches an erasure asks no more often. */
    z.strictObject({ wait_ms: z.number().int().min(0).max(5000).optional() }),
    z.strictObject({
      receipts: z.array(z.strictObject({ receipt: ReceiptId, at: Instant })).max(1000),
      /** Unreadable from the first moment; `pending` says what the receipt still waits for. */
      under_way: z.array(PurgeProgress).max(1000),
    }),
  ),
  "purge.receipt": verb(
    z.strictObject({ receipt: ReceiptId }),
    z.strictObject({ receipt: ReceiptId, text: z.string().max(100_000) }),
  ),
  "hold.add": verb(
    z.strictObject({ scope: z.enum(["conversation", "principal", "session"]), target: z.string().min(1).max(300) }),
    z.strictObject({ hold: HoldId }),
  ),
  "hold.remove": verb(z.strictObject({ hold: HoldId, pin: Pin }), Done, "high"),
  "hold.list": verb(
    Nothing,
    z.strictObject({
      holds: z
        .array(z.strictObject({ id: HoldId, scope: z.string().max(32), target: z.string().max(300), at: Instant }))
        .max(1000),
    }),
  ),
} as const;
