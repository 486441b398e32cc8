/** Everything one home's database holds, each noun by its own file, and one batch applied to all of it. */
import type { Batch } from "../core/batch.ts";
import type { EntryDraft } from "../core/entry.ts";
import type { BlobId, MessageId } from "../core/ids.ts";
import type { Clock } from "../core/ports.ts";
import type { Db, Probe, Statements } from "./db.ts";
import { Mac } from "./hashing.ts";
import type { Inbox } from "./inbox.ts";
import type { KeyRing } from "./keys.ts";
import type { Committed, Ledger } from "./ledger.ts";
import type { MessageTable } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import type { Quarantine } from "./quarantine.ts";
import type { RecordTable } from "./records.ts";
import type { RefTable } from "./refs.ts";
import { wipe } from "./seal.ts";
import { emptyTally, type Tally } from "./tally.ts";
import type { Vault } from "./vault.ts";

export type Tables = {
  readonly db: Db;
  readonly statements: Statements;
  readonly clock: Clock;
  readonly probe: Probe;
  readonly keys: KeyRing;
  readonly quarantine: Quarantine;
  readonly vault: Vault;
  readonly records: RecordTable;
  readonly messages: MessageTable;
  readonly refs: RefTable;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly ledger: Ledger;
};

/**
 * Inside a transaction: what may conflict comes first, the entries last, so that a batch which fails leaves nothing in
 * memory. Returns what it added to the counts.
 */
export function applyBatch(t: Tables, batch: Batch, now: number): Tally {
  const tally = emptyTally();
  for (const put of batch.put ?? []) t.records.put(put);
  for (const move of batch.outboxMoves ?? []) t.outbox.move(move.expect, move.row);
  const kept = new Map<string, Buffer>();
  for (const ref of batch.refs ?? []) if (ref.kind === "event") kept.set(ref.id, t.refs.macOf(ref));
  for (const { value, expect } of batch.messages ?? []) {
    t.messages.put(value, expect, kept.get(value.id) ?? null, tally);
  }
  const found = new Set(batch.messages?.map(({ value }) => value.id as string));
  for (const ref of batch.refs ?? []) t.refs.put(ref, ref.kind === "event" && found.has(ref.id));
  for (const drop of batch.drop ?? []) t.records.drop(drop);
  for (const id of batch.dropMessages ?? []) dropMessage(t, id, now, tally);
  for (const id of batch.dropBlobs ?? []) t.quarantine.drop(id, tally);
  for (const seq of batch.taken ?? []) t.inbox.take(seq, tally);
  if (batch.inbox !== undefined) t.inbox.put(batch.inbox, now, tally);
  for (const row of batch.outbox ?? []) t.outbox.put(row, tally);
  for (const id of batch.dropOutbox ?? []) t.outbox.drop(id, tally);
  for (const { tenant, name, bytes } of batch.secrets ?? []) t.vault.set(tenant, name, bytes);
  const blobKeys = new Map<BlobId, Uint8Array>();
  try {
    for (const draft of batch.seal ?? []) blobKeys.set(draft.id, t.quarantine.seal(draft, tally));
    t.ledger.append(batch.entries ?? [], (draft) => committed(t, draft, blobKeys));
  } finally {
    for (const key of blobKeys.values()) wipe(key);
  }
  return tally;
}

/** A message goes with its content, its attachments and its platform id; the tombstone keeps it from coming back. */
export function dropMessage(t: Tables, id: MessageId, now: number, tally: Tally): boolean {
  t.refs.erase(id, now);
  const message = t.messages.drop(id, tally);
  if (message === null) return false;
  for (const blob of [message.blob, ...message.attachments]) t.quarantine.drop(blob, tally);
  return true;
}

const NOTHING: Committed = new Map();

/** HMAC-SHA256 of content under a key that dies with its blob. */
function committed(t: Tables, draft: EntryDraft, blobKeys: ReadonlyMap<BlobId, Uint8Array>): Committed {
  if (draft.commits === undefined || draft.commits.length === 0) return NOTHING;
  const found = new Map<string, string>();
  for (const { name, blob, bytes } of draft.commits) {
    const key = t.quarantine.commitKey(blob, blobKeys.get(blob));
    const mac = new Mac(key);
    found.set(name, mac.of(bytes).toString("hex"));
    mac.wipe();
    wipe(key);
  }
  return found;
}
