/**
 * One commit is one batch of facts: everything in it is durable together or not at all
 * (HOUSE section 4). Batches are data.
 */
import type { EntryDraft } from "./entry.ts";
import type { BlobId, ConversationId, MessageId, OutboxId } from "./ids.ts";
import type { Label } from "./label.ts";
import type { InboundEvent, Message } from "./message.ts";
import type { OutboxRow } from "./outbox.ts";
import type { RecordKind, Records } from "./records.ts";

/** Content to be sealed under a fresh key of its own, wrapped by its conversation's key. */
export type SealDraft = {
  readonly id: BlobId;
  readonly tenant: string;
  /** Conversation whose key wraps it; `-` for what belongs to none (settings, prompts to the owner). */
  readonly conversation: ConversationId | "-";
  readonly kind: "message" | "attachment" | "value" | "note" | "call" | "prompt" | "outbox" | "name";
  readonly schema: string;
  readonly label: Label;
  readonly created: number;
  readonly expires: number | null;
  readonly bytes: Uint8Array;
};

/** `expect` is the version that must be stored now; null means the record must not exist yet. */
export type RecordPut = {
  [K in RecordKind]: {
    readonly kind: K;
    readonly id: string;
    readonly expect: number | null;
    readonly value: Records[K];
  };
}[RecordKind];
export type RecordDrop = { readonly kind: RecordKind; readonly id: string };

const REF_KINDS = ["conversation", "principal", "event", "thread", "delivery"] as const;
export type RefKind = (typeof REF_KINDS)[number];
/** A platform's own id and our id for it. On disk: a keyed hash of the first, with the original sealed beside it. */
export type RefDraft = {
  readonly kind: RefKind;
  readonly tenant: string;
  readonly channel: string;
  readonly platform: string;
  /** Our id; for a delivery the empty string. */
  readonly id: string;
  /** Conversation whose erasure takes the reference with it; `-` for none. */
  readonly conversation: ConversationId | "-";
  /** Display name as last seen, sealed. */
  readonly name?: string;
  readonly at: number;
};

export type Batch = {
  readonly entries?: readonly EntryDraft[];
  readonly seal?: readonly SealDraft[];
  readonly put?: readonly RecordPut[];
  readonly drop?: readonly RecordDrop[];
  /** Messages and their index columns; `expect` is the revision stored now, null for a new one. */
  readonly messages?: readonly { readonly expect: number | null; readonly value: Message }[];
  readonly dropMessages?: readonly MessageId[];
  /**
   * Blobs whose key and ciphertext go (expired handles, replaced revisions). Erasure with an epoch is `Store.erase`.
   */
  readonly dropBlobs?: readonly BlobId[];
  readonly refs?: readonly RefDraft[];
  /** Raw events and the network's cursor, sealed. */
  readonly inbox?: {
    readonly tenant: string;
    readonly channel: string;
    readonly cursor: string | null;
    readonly events: readonly InboundEvent[];
  };
  /** Inbox rows that this batch has dealt with: shredded. */
  readonly taken?: readonly number[];
  readonly outbox?: readonly OutboxRow[];
  /** `expect` is the state the row must be in now. */
  readonly outboxMoves?: readonly { readonly expect: OutboxRow["state"]; readonly row: OutboxRow }[];
  /** Rows that nobody needs any more. */
  readonly dropOutbox?: readonly OutboxId[];
  readonly secrets?: readonly { readonly tenant: string; readonly name: string; readonly bytes: Uint8Array | null }[];
};

/** What erasure takes (CONTRACT sections 4 and 12). Every level above what is erased gets new keys. */
export type ErasePlan = {
  readonly tenant: string;
  /** Conversations that go as a whole: their key, and everything under it. */
  readonly conversations: readonly ConversationId[];
  readonly messages: readonly MessageId[];
  readonly blobs: readonly BlobId[];
  readonly drop: readonly RecordDrop[];
  readonly put: readonly RecordPut[];
  /** Our ids whose references (platform id, display name) go; a tombstone of events and deliveries stays. */
  readonly refs: readonly string[];
  readonly entries: readonly EntryDraft[];
};
export type Erased = {
  readonly blobs: number;
  readonly messages: number;
  readonly records: number;
  readonly references: number;
  /** Epochs before and after. */
  readonly epoch: readonly [number, number];
  /** False while an open reader keeps old pages in the journal; then the state is `pending`. */
  readonly journalClean: boolean;
};
