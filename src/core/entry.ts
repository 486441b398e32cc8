/** One line of the ledger: metadata only (CONTRACT section 11). */
import type { Canonical } from "./canonical.ts";
import type { BlobId, PrincipalId, RunId, SessionId } from "./ids.ts";

export const ENTRY_TYPES = [
  "daemon.started",
  "daemon.stopped",
  "clock.stepped",
  "message.received",
  "message.rejected",
  "message.edited",
  "message.deleted",
  "message.gap",
  "quarantine.accessed",
  "quarantine.integrity_failed",
  "transform.completed",
  "transform.failed",
  "value.revealed",
  "label.lowered",
  "decision.made",
  "approval.requested",
  "approval.decided",
  "approval.consumed",
  "approval.voided",
  "approval.expired",
  "run.started",
  "run.stepped",
  "run.paused",
  "run.resumed",
  "run.done",
  "run.failed",
  "run.cancelled",
  "budget.reserved",
  "budget.settled",
  "budget.warned",
  "budget.exhausted",
  "effect.intended",
  "effect.done",
  "effect.failed",
  "effect.unknown",
  "egress.checked",
  "schedule.set",
  "schedule.fired",
  "schedule.cancelled",
  "secret.set",
  "secret.used",
  "secret.removed",
  "policy.loaded",
  "channel.connected",
  "channel.degraded",
  "channel.removed",
  "principal.paired",
  "principal.linked",
  "principal.removed",
  "conversation.allowed",
  "conversation.changed",
  "conversation.blocked",
  "token.created",
  "token.revoked",
  "key.rotated",
  "hold.added",
  "hold.removed",
  "retention.swept",
  "purge.started",
  "purge.completed",
  "export.made",
  "backup.made",
  "backup.restored",
  "auth.denied",
] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

/** What somebody wants written. The store gives it its number and time when it is released. */
export type EntryDraft = {
  readonly type: EntryType;
  readonly tenant: string;
  readonly session?: SessionId;
  readonly run?: RunId;
  /** Internal id of who acted: a principal, a token id, `daemon` or an agent's name. */
  readonly actor?: PrincipalId | string;
  readonly body: { readonly [key: string]: Canonical | undefined };
  /** Content is never written: `body[name]` becomes the HMAC of `bytes` under a key that dies with `blob`. */
  readonly commits?: readonly { readonly name: string; readonly blob: BlobId; readonly bytes: Uint8Array }[];
};

export type Entry = {
  readonly seq: number;
  readonly time: number;
  readonly tenant: string;
  readonly type: EntryType;
  readonly session?: SessionId;
  readonly run?: RunId;
  readonly actor?: string;
  readonly body: { readonly [key: string]: Canonical | undefined };
};
