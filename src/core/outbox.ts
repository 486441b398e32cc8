/** What is to be said on a network, and what came of it (CONTRACT section 9). */
import type { ApprovalId, BlobId, CallId, ConversationId, MessageId, OutboxId, RunId, ThreadId } from "./ids.ts";
import type { Label } from "./label.ts";

/** One wire operation, with the platform's own ids filled in at the last moment. */
export type Operation = {
  /** Our own transaction id; the same for every attempt of this row. */
  readonly id: OutboxId;
  readonly conversation: string;
  readonly thread?: string;
  /** Which piece of a text it is that went as several, from 0. */
  readonly part?: number;
} & (
  | {
      readonly op: "text";
      readonly text: string;
      readonly replyTo?: string;
      /** A question to people: networks with buttons show them. */
      readonly approval?: {
        readonly id: ApprovalId;
        readonly code: string;
        readonly expiresAt: number;
        /** Here a yes would not count: no button offers one. */
        readonly denyOnly?: boolean;
        /** A plan: the steps that a press may allow one by one. */
        readonly steps?: readonly number[];
      };
    }
  | {
      readonly op: "edit";
      readonly target: string;
      readonly text: string;
      /** A plan that is answered in part: buttons for these steps stay. Without it they go. */
      readonly approval?: { readonly id: ApprovalId; readonly steps: readonly number[] };
    }
  | { readonly op: "redact"; readonly target: string }
  | { readonly op: "react"; readonly target: string; readonly key: string }
  | { readonly op: "typing" }
);
export type OperationKind = Operation["op"];

export const OUTCOME_CODES = [
  "rate_limited",
  "unreachable",
  "timeout",
  "server_error",
  "auth",
  "forbidden",
  "not_found",
  "too_long",
  "bad_request",
  "unsupported",
  "nobody_listens",
  "aborted",
] as const;
export type OutcomeCode = (typeof OUTCOME_CODES)[number];

/** `sent` and `not_sent` are proven; `unknown` may or may not have landed and is never sent again. */
export type Outcome =
  | { readonly state: "sent"; readonly eventIds: readonly string[] }
  | { readonly state: "not_sent"; readonly code: OutcomeCode; readonly retryAfterMs: number | null }
  | { readonly state: "unknown"; readonly code: OutcomeCode };

/** A row of the outbox. It is written before the first attempt. */
export type OutboxRow = {
  readonly id: OutboxId;
  /** Given by the store; grows by one a row. 0 in a draft. */
  readonly seq: number;
  readonly tenant: string;
  readonly channel: string;
  readonly conversation: ConversationId;
  readonly thread: ThreadId | null;
  readonly op: OperationKind;
  /** Sealed JSON of the operation without platform ids. */
  readonly blob: BlobId | null;
  readonly label: Label;
  readonly replyTo: MessageId | null;
  readonly target: MessageId | null;
  readonly run: RunId | null;
  readonly call: CallId | null;
  readonly approval: ApprovalId | null;
  /** Id that the message will have among ours once it is out. */
  readonly message: MessageId | null;
  readonly state: "pending" | "sending" | "sent" | "failed" | "unknown";
  readonly code: OutcomeCode | null;
  readonly attempts: number;
  readonly dueAt: number;
  readonly createdAt: number;
};
