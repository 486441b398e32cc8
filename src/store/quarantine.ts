/**
 * Sealed content. It gets in by a batch and out through `openAll`, which only the store's door calls, with a permit in
 * hand.
 */
import type { SealDraft } from "../core/batch.ts";
import type { BlobId } from "../core/ids.ts";
import type { Opened } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import { type BlobContext, openBlob, sealBlob, unwrapKey, wrapKey } from "./blob.ts";
import type { Statements } from "./db.ts";
import { blobId, idBytes } from "./id-bytes.ts";
import { blobKeyContext, type ConversationKey, type KeyRing } from "./keys.ts";
import type { LabelTexts } from "./label-texts.ts";
import { derivedKey, type RandomPool, SealBroken, wipe } from "./seal.ts";
import type { Tally } from "./tally.ts";

type BlobRow = {
  readonly n: number;
  readonly conv: number;
  readonly kind: SealDraft["kind"];
  readonly schema: string;
  readonly label: string;
  readonly created: number;
  readonly expires: number | null;
  readonly sealed: Uint8Array;
};

const COMMIT_PURPOSE = "lazaret.commit.v1";
// Two short statements: SQLite takes three times as long over their join.
const BLOB_SQL = "SELECT n, conv, kind, schema, label, created, expires, sealed FROM blob WHERE id = ?";
const WRAPPED_SQL = "SELECT wrapped FROM blob_key WHERE n = ?";
const READ_TOGETHER_MAX = 32;
/** By the number of ids: one statement for several rows costs little more than one for one. */
const BLOBS_SQL = Array.from({ length: READ_TOGETHER_MAX + 1 }, (_, count) =>
  BLOB_SQL.replace("SELECT n,", "SELECT id, n,").replace("= ?", `IN (${Array(count).fill("?").join(", ")})`),
);

/** A blob that does not open, with its name, so that the ledger can say which. */
export class BlobBroken extends Error {
  override readonly name = "BlobBroken";
  readonly blob: BlobId;
  readonly check: SealBroken["check"];

  constructor(blob: BlobId, check: SealBroken["check"]) {
    super(`${blob} does not open: ${check}`);
    this.blob = blob;
    this.check = check;
  }
}

export class Quarantine {
  readonly #statements: Statements;
  readonly #pool: RandomPool;
  readonly #keys: KeyRing;
  readonly #labelTexts: LabelTexts;

  constructor(statements: Statements, pool: RandomPool, keys: KeyRing, labelTexts: LabelTexts) {
    this.#statements = statements;
    this.#pool = pool;
    this.#keys = keys;
    this.#labelTexts = labelTexts;
  }

  /**
   * Inside a transaction: seals under a fresh key, which it returns for the batch's commitments; the caller wipes it.
   */
  seal(draft: SealDraft, tally: Tally): Uint8Array {
    const home = this.#keys.ensure(draft.tenant, draft.conversation);
    const key = this.#pool.key();
    const label = this.#labelTexts.of(draft.label);
    const { id, tenant, conversation, kind, schema, created } = draft;
    const of: BlobContext = { id, tenant, conversation, kind, schema, label, created };
    const sealed = sealBlob(key, of, draft.bytes, this.#pool.salt());
    const wrapped = wrapKey(home.key, blobKeyContext(id, home), key, this.#pool.salt());
    const { lastInsertRowid } = this.#statements
      .of("INSERT INTO blob (id, conv, kind, schema, label, created, expires, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .run(idBytes(id), home.n, kind, schema, label, created, draft.expires, sealed);
    this.#statements.of("INSERT INTO blob_key VALUES (?, ?)").run(lastInsertRowid, wrapped);
    tally.blobs++;
    tally.blobBytes += sealed.length;
    return key;
  }

  /**
   * Inside a transaction: the key goes first, then the ciphertext; the conversation's key is due for the next epoch.
   */
  drop(id: BlobId, tally: Tally): boolean {
    const row = this.#statements
      .of("SELECT n, conv, length(sealed) AS bytes FROM blob WHERE id = ?")
      .get(idBytes(id)) as { readonly n: number; readonly conv: number; readonly bytes: number } | undefined;
    if (row === undefined) return false;
    this.#statements.of("DELETE FROM blob_key WHERE n = ?").run(row.n);
    this.#statements.of("DELETE FROM blob WHERE n = ?").run(row.n);
    this.#statements.of("UPDATE conversation_key SET dirty = 1 WHERE n = ? AND dirty = 0").run(row.conv);
    tally.blobs--;
    tally.blobBytes -= row.bytes;
    return true;
  }

  /** Inside a transaction: the next rows of an erased conversation, whose key is gone. Answers how many went. */
  sweep(conv: number, limit: number, tally: Tally): number {
    const sql = "SELECT n, length(sealed) AS bytes FROM blob WHERE conv = ? LIMIT ?";
    const rows = this.#statements.of(sql).all(conv, limit) as { readonly n: number; readonly bytes: number }[];
    for (const { n, bytes } of rows) {
      this.#statements.of("DELETE FROM blob_key WHERE n = ?").run(n);
      this.#statements.of("DELETE FROM blob WHERE n = ?").run(n);
      tally.blobs--;
      tally.blobBytes -= bytes;
    }
    return rows.length;
  }

  /**
   * Inside a transaction: wraps the surviving keys of a conversation under its next key. Gives the ids of those that
   * are broken.
   */
  rewrap(from: ConversationKey, to: ConversationKey): readonly BlobId[] {
    const sql = "SELECT b.n, k.wrapped, b.id FROM blob b JOIN blob_key k ON k.n = b.n WHERE b.conv = ?";
    const rows = this.#statements.of(sql).all(from.n) as { n: number; wrapped: Uint8Array; id: Uint8Array }[];
    const update = this.#statements.of("UPDATE blob_key SET wrapped = ? WHERE n = ?");
    const broken: BlobId[] = [];
    for (const row of rows) {
      const id = blobId(row.id);
      try {
        const key = unwrapKey(from.key, blobKeyContext(id, from), row.wrapped);
        update.run(wrapKey(to.key, blobKeyContext(id, to), key, this.#pool.salt()), row.n);
        wipe(key);
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
        this.#statements.of("DELETE FROM blob_key WHERE n = ?").run(row.n);
        broken.push(id);
      }
    }
    return broken;
  }

  /**
   * Opens all or none. Absent, expired and erased are one refusal, `not_found`; an altered one throws BlobBroken.
   * The caller wipes the bytes after use.
   */
  openAll(ids: readonly BlobId[], now: number): readonly Opened[] {
    const rows = this.#rows(ids);
    const opened: Opened[] = [];
    try {
      for (const id of ids) opened.push({ id, bytes: this.#open(id, rows.get(id), now) });
      return opened;
    } catch (error) {
      for (const { bytes } of opened) wipe(bytes);
      throw error;
    }
  }

  /** Key for commitments to content, derived from the blob's own key, so that it dies with the blob. */
  commitKey(id: BlobId, blobKey: Uint8Array | undefined): Uint8Array {
    if (blobKey !== undefined) return derivedKey(blobKey, COMMIT_PURPOSE);
    const row = this.#row(id);
    if (row === undefined) throw new Refusal("not_found", { field: "commits" });
    const key = this.#key(id, row);
    const commit = derivedKey(key, COMMIT_PURPOSE);
    wipe(key);
    return commit;
  }

  #row(id: BlobId): BlobRow | undefined {
    return this.#statements.of(BLOB_SQL).get(idBytes(id)) as BlobRow | undefined;
  }

  #rows(ids: readonly BlobId[]): ReadonlyMap<BlobId, BlobRow> {
    const found = new Map<BlobId, BlobRow>();
    for (let from = 0; from < ids.length; from += READ_TOGETHER_MAX) {
      const some = ids.slice(from, from + READ_TOGETHER_MAX).map(idBytes);
      const rows = this.#statements.of(BLOBS_SQL[some.length] ?? "").all(...some) as (BlobRow & { id: Uint8Array })[];
      for (const row of rows) found.set(blobId(row.id), row);
    }
    return found;
  }

  #open(id: BlobId, row: BlobRow | undefined, now: number): Uint8Array {
    if (row === undefined || (row.expires !== null && row.expires <= now)) throw new Refusal("not_found");
    const key = this.#key(id, row);
    try {
      const { tenant, conversation } = this.#conversation(row);
      const { kind, schema, label, created } = row;
      return openBlob(key, { id, tenant, conversation, kind, schema, label, created }, row.sealed);
    } catch (error) {
      throw error instanceof SealBroken ? new BlobBroken(id, error.check) : error;
    } finally {
      wipe(key);
    }
  }

  #key(id: BlobId, row: BlobRow): Uint8Array {
    const wrapped = this.#statements.of(WRAPPED_SQL).pluck().get(row.n) as Uint8Array | undefined;
    if (wrapped === undefined) throw new Refusal("not_found");
    try {
      const home = this.#conversation(row);
      return unwrapKey(home.key, blobKeyContext(id, home), wrapped);
    } catch (error) {
      throw error instanceof SealBroken ? new BlobBroken(id, error.check) : error;
    }
  }

  #conversation(row: BlobRow): ConversationKey {
    const home = this.#keys.byNumber(row.conv);
    // A blob whose conversation was erased is as absent as one that was.
    if (home === null) throw new Refusal("not_found");
    return home;
  }
}
