/** The contracts that the centre owns. The gateway reaches everything else through these; main.ts hands them in. */
import type { Batch, Erased, ErasePlan, RefKind } from "./batch.ts";
import type { Entry } from "./entry.ts";
import type { BlobId, ConversationId, MessageId, OutboxId, PrincipalId, ThreadId } from "./ids.ts";
import type { InboundEvent, Message } from "./message.ts";
import type { Operation, OperationKind, OutboxRow, Outcome } from "./outbox.ts";
import type { Pseudonym } from "./people.ts";
import type { Permit } from "./permit.ts";
import type { IndexOf, RecordKind, Records } from "./records.ts";
import type { SecretHit } from "./secret-source.ts";
import type { MaskKind, ModelRequest, ModelRoom, Turn } from "./transform.ts";

/** Stops waiting or working. A port cannot name the platform's AbortSignal; every AbortSignal fits this. */
export interface Stop {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Milliseconds since 1970 UTC, and waking up later. Tests hand in one they turn by hand. */
export interface Clock {
  now(): number;
  /** Calls back once `at` has come; returns a function that forgets it. Never keeps the process alive. */
  at(at: number, wake: () => void): () => void;
}

export interface Random {
  /** Cryptographically secure bytes. */
  bytes(count: number): Uint8Array;
}

export interface Hashing {
  sha256(bytes: Uint8Array): Uint8Array;
  /** Offset of a zone (IANA name) from UTC at an instant, in minutes, east positive; null for an unknown zone. */
  offsetMinutes(zone: string, at: number): number | null;
  utf8(text: string): Uint8Array;
  text(bytes: Uint8Array): string;
}

export type Versioned<T> = { readonly version: number; readonly value: T };
export type Opened = { readonly id: BlobId; readonly bytes: Uint8Array };
export type Page = { readonly limit: number; readonly newestFirst?: boolean };
export type Range = {
  readonly conversation: ConversationId;
  readonly thread?: ThreadId | null;
  readonly sender?: PrincipalId;
  /** Sent at or after, milliseconds. */
  readonly since?: number;
  /** The newest so many, returned oldest first. */
  readonly last: number;
};

/** Everything that is kept. Reads are synchronous and never return content; `commit` resolves once durable. */
export interface Store {
  /**
   * Rejects with `conflict` when an `expect` fails, `store.full` when the disk is
   * (and then takes no intake until it is not).
   */
  commit(batch: Batch): Promise<void>;

  get<K extends RecordKind>(kind: K, id: string): Versioned<Records[K]> | null;
  find<K extends RecordKind>(kind: K, index: IndexOf<K>, key: string, page: Page): readonly Versioned<Records[K]>[];
  all<K extends RecordKind>(kind: K, page: Page & { readonly after?: string }): readonly Versioned<Records[K]>[];

  message(id: MessageId): Message | null;
  messages(range: Range): readonly Message[];
  /** For erasure and sweeps: ids by scope, bounded by the page. */
  messageIds(by: MessageScope, page: Page): readonly MessageId[];

  /** Our id for a platform's id, or null. A tombstone answers `erased`. */
  ref(kind: RefKind, tenant: string, channel: string, platform: string): string | null | "erased";
  /** The platform's id behind ours, for the connector's last step; null when erased. */
  platformOf(kind: RefKind, id: string): string | null;
  /** Display names behind our ids, unsealed with a permit for `names`; those that nobody said are absent. */
  names(permit: Permit, ids: readonly string[]): ReadonlyMap<string, string>;

  /**
   * The only door to sealed content: it exists inside `use`. Absent, foreign, expired, erased: `not_found`. Altered:
   * `quarantine.integrity`.
   */
  open<T>(permit: Permit, ids: readonly BlobId[], use: (opened: readonly Opened[]) => T | Promise<T>): Promise<T>;
  /** A secret's bytes inside `use`, wiped after. `not_found` when there is none. */
  useSecret<T>(permit: Permit, tenant: string, name: string, use: (bytes: Uint8Array) => T | Promise<T>): Promise<T>;
  secretNames(tenant: string): readonly string[];
  /** Another value has another version; null when there is none. What comes from elsewhere has one once it was used. */
  secretVersion(tenant: string, name: string): string | null;
  /** Stretches of these bytes that hold a live secret of 8 bytes or more, plain or encoded, in order. */
  secretsIn(tenant: string, bytes: Uint8Array): readonly SecretHit[];

  /**
   * Keyed hash for pseudonyms of a conversation, and for anything else that must not be guessed:
   * hexadecimal, 64 characters.
   */
  mac(scope: "pseudonym" | "idempotency", id: string, bytes: Uint8Array): string;

  cursor(channel: string): string | null;
  /** Oldest first; each row is one sealed event that was not dealt with. */
  inbox(
    limit: number,
  ): readonly { readonly seq: number; readonly at: number; readonly event: InboundEvent | "altered" }[];
  inboxCount(): number;

  outbox(
    by: { readonly channel: string; readonly after?: number; readonly states: readonly OutboxRow["state"][] },
    page: Page,
  ): readonly OutboxRow[];
  outboxRow(id: OutboxId): OutboxRow | null;

  /** Keys first, then rows, one commit for the unreadable step; then pages and journal. */
  erase(plan: ErasePlan): Promise<Erased>;
  /** Rows of erased conversations, gone and still to go; null when none are left. */
  sweeping(): { readonly gone: number; readonly left: number } | null;
  /** Truncates the journal and says whether it is clean. */
  clean(): boolean;

  ledger: LedgerPort;
  counts(): StoreCounts;
  close(): Promise<void>;
}

export type MessageScope =
  | { readonly conversation: ConversationId }
  | { readonly sender: PrincipalId }
  | { readonly channel: string }
  | { readonly sentBefore: number }
  | { readonly expiredAt: number };

export type StoreCounts = {
  readonly messages: number;
  readonly blobs: number;
  readonly blobBytes: number;
  readonly entries: number;
  readonly inbox: number;
  readonly outbox: number;
};

export type LedgerReport = {
  readonly ok: boolean;
  readonly entries: number;
  /** First entry that does not fit, when there is one. */
  readonly badSeq: number | null;
  readonly reason: string | null;
  /** Intents without an outcome. */
  readonly dangling: readonly number[];
  readonly checkpoints: number;
  /** What this verification cannot exclude, in a sentence; null with an outside checkpoint. */
  readonly notExcluded: string | null;
  readonly root: string;
};

export interface LedgerPort {
  size(): number;
  entries(after: number, limit: number): readonly Entry[];
  /** Signs the tree as it stands (C2SP checkpoint text) and returns it. */
  checkpoint(): Promise<string>;
  /** `against` is a checkpoint kept outside. Reads in pages and lets others work between them. */
  verify(against: string | null): Promise<LedgerReport>;
  /**
   * Proof (RFC 6962 section 2.1.2, base64 hashes) that the first `older` entries are the beginning of the first
   * `newer`.
   */
  consistency(older: number, newer: number): readonly string[];
  /**
   * C2SP tlog-proof text that entry `seq` is under a checkpoint signed now. `not_found` when there is no such entry.
   */
  inclusion(seq: number): Promise<string>;
  /** Every checkpoint that was signed, the smallest first; `at` in milliseconds. */
  checkpoints(): readonly { readonly size: number; readonly at: number; readonly text: string }[];
  /** What an outsider needs to check our signatures. */
  verifierKey(): string;
  /** Signs a statement of ours with the key of the checkpoints: base64 Ed25519, and the key that checks it. */
  attest(statement: string): { readonly key: string; readonly signature: string };
  /** Was it signed by a ledger of this home, the present one or one before? */
  isAttested(statement: string, by: { readonly key: string; readonly signature: string }): boolean;
}

export type ConnectorBatch = { readonly cursor: string | null; readonly events: readonly InboundEvent[] };

export type ConnectorAbilities = {
  readonly kinds: readonly InboundEvent["envelope"]["kind"][];
  readonly operations: readonly OperationKind[];
  readonly textUnitsMax: number;
  readonly threads: boolean;
  /** native: the same operation id never lands twice. */
  readonly idempotency: "native" | "none";
  /** Token buckets of the network: so many operations in a window, for the account or for each conversation. */
  readonly limits: readonly {
    readonly scope: "account" | "conversation";
    readonly count: number;
    readonly windowMs: number;
  }[];
  readonly transport: "e2ee" | "transport" | "local";
  readonly buttons: boolean;
};

export type ConnectorHealth = {
  readonly state: "stopped" | "connecting" | "live" | "backoff" | "failed";
  readonly code: string | null;
};

/**
 * One network account. `open` is one attempt at a live stream: pulling the next batch acknowledges the previous one, so
 * it must not be pulled before the batch is durable. `send` makes exactly one wire attempt and never throws for what
 * the network did. Neither retries, deduplicates nor stores anything: that is the gateway's.
 */
export interface Connector {
  readonly channel: string;
  readonly kind: "console" | "webhook" | "telegram" | "matrix";
  readonly abilities: ConnectorAbilities;
  open(options: { readonly cursor: string | null; readonly stop: Stop }): AsyncIterable<ConnectorBatch>;
  send(operation: Operation, stop: Stop): Promise<Outcome>;
  health(): ConnectorHealth;
  /** Is this person in the conversation now, by the network's own word? null where it does not say. Never rejects. */
  isMember?(conversation: string, person: string, stop: Stop): Promise<boolean | null>;
  /** An id as the network's own export writes it, as the one under which the same event comes in live. */
  exportedId?(conversation: string, id: string): string;
  /** One proved round trip for `lazaret verify`: resolves when what went out came back, rejects with why it did not. */
  probe?(stop: Stop): Promise<void>;
  /** Destroys what only it keeps of a conversation. False when it could not: it is asked again. Never rejects. */
  forget?(conversation: string, stop: Stop): Promise<boolean>;
  close(): Promise<void>;
}

/** For networks that call us: bytes in, durable or refused before the answer. */
export type HookAnswer = "committed" | "duplicate" | "refused";

/** Names in any case. One that is repeated, as an array or in two spellings, is refused where it is asked for. */
export type HookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A text of the outbox in the words of CONTRACT section 13; `expires_at` is RFC 3339. */
export type HookItem = {
  readonly seq: number;
  readonly id: OutboxId;
  readonly conversation: string;
  readonly thread?: string;
  readonly reply_to?: string;
  readonly text: string;
  readonly approval?: { readonly id: string; readonly code: string; readonly expires_at: string };
};

/**
 * The door of one channel. Bytes are as they came over the wire, nothing decoded. Whatever is refused is a thrown
 * Refusal, whose code gives the status; of accept's answers `committed` is 202 and `duplicate` 200.
 */
export interface HookDoor {
  accept(headers: HookHeaders, bytes: Uint8Array): Promise<Exclude<HookAnswer, "refused">>;
  /** `target` is path and query exactly as on the wire. Waits at most as long as the query says. */
  outbox(headers: HookHeaders, target: string): Promise<{ readonly items: readonly HookItem[] }>;
  ack(headers: HookHeaders, bytes: Uint8Array): Promise<void>;
}

/** The outbox rows of one channel whose network fetches them itself; the gateway's side of the door. */
export interface HookRows {
  /** What is not acknowledged yet, `seq` ascending, greater than `after`; at most `limit`. */
  rows(after: number, limit: number): Promise<readonly { readonly seq: number; readonly operation: Operation }[]>;
  /** Rows up to and including `upto` have landed. Repeating it changes nothing. */
  ack(upto: number): Promise<void>;
  /** Resolves at once when there is a row after `after`, else when one comes or `ms` have passed. Never rejects. */
  wait(after: number, ms: number): Promise<void>;
}

export type TransformCall = {
  readonly transform: string;
  readonly turns: readonly Turn[];
  readonly input: unknown;
  readonly people: readonly { readonly names: readonly string[]; readonly token: string }[];
  /** Key for tokens of what is found in the text, and the tokens that exist already in the conversation. */
  readonly tokenKey: Uint8Array;
  readonly known: readonly Pick<Pseudonym, "token" | "mac">[];
  readonly language: string;
  readonly now: number;
  readonly nowOffsetMinutes: number;
  /** There when a model may be asked; the same for both passes of a call. */
  readonly model?: ModelRoom;
  /** The model's answers to the requests of an earlier `model` outcome. */
  readonly answers?: readonly unknown[];
};
export type TransformOutcome =
  | { readonly kind: "value"; readonly value: unknown; readonly found: readonly Found[] }
  | {
      readonly kind: "model";
      readonly requests: readonly ModelRequest[];
      readonly fallback: unknown;
      readonly found: readonly Found[];
    };
/** A token that a transform gave to something it found, with what it stands for: sealed by the gateway at once. */
export type Found = {
  readonly token: string;
  readonly mac: string;
  readonly kind: MaskKind;
  readonly original: string;
};

/** Runs transforms on threads, which are ended at the deadline (`transform.timeout`) and at `stop` (`run.ended`). */
export interface TransformRunner {
  run(call: TransformCall, deadlineMs: number, stop?: Stop): Promise<TransformOutcome>;
  /** A call will come soon: what takes time before the first one happens now. */
  warm(): void;
  close(): Promise<void>;
}
