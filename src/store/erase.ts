/**
 * Erasure: keys first, new keys for every level above, survivors rewrapped in one commit; then rows, pages, journal.
 */
import { assert } from "../core/assert.ts";
import type { Erased, ErasePlan } from "../core/batch.ts";
import type { BlobId } from "../core/ids.ts";
import { DELIVERY_MEMORY_MS } from "../core/limits.ts";
import { type KeyContext, unwrapKey, wrapKey } from "./blob.ts";
import type { Committer } from "./commit.ts";
import { shrink, truncateJournal } from "./db.ts";
import type { EpochFiles } from "./epoch.ts";
import {
  type ConversationKey,
  conversationKeyContext,
  type HomeKeyName,
  homeKeyContext,
  pseudonymKeyContext,
  refKeyOf,
} from "./keys.ts";
import { settleNext, writeNext } from "./rekey.ts";
import { type RandomPool, SealBroken, wipe } from "./seal.ts";
import { type Counts, pause, Sweeper } from "./sweep.ts";
import { dropMessage, type Tables } from "./tables.ts";
import type { Tally } from "./tally.ts";
import { nextUnlock } from "./unlock.ts";

const SHRINK_PAGES = 256;
const TRUNCATE_TRIES = 5;

const NOTHING = { conversations: [], messages: [], blobs: [], drop: [], put: [], refs: [], entries: [] };

export class Eraser {
  readonly #tables: Tables;
  readonly #committer: Committer;
  readonly #files: EpochFiles;
  readonly #pool: RandomPool;
  readonly #sweeper: Sweeper;
  #last: Promise<unknown> = Promise.resolve();

  constructor(tables: Tables, committer: Committer, files: EpochFiles, pool: RandomPool) {
    this.#tables = tables;
    this.#committer = committer;
    this.#files = files;
    this.#pool = pool;
    this.#sweeper = new Sweeper(tables, committer);
  }

  /** One after another. A plan without anything in it is a rotation of the epoch. Rejects as a commit does. */
  erase(plan: ErasePlan): Promise<Erased> {
    const run = this.#last.then(() => this.#erase(plan));
    // Whoever asked hears of the failure; the next in line only waits for the end.
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** A new epoch under another unlock: in force with its commit, whatever is cut off. */
  rekey(tenant: string, passphrase: Uint8Array | null): Promise<Erased> {
    const run = this.#last.then(async () => {
      const next = this.#tables.keys.epoch + 1;
      const { files, material } = await nextUnlock(passphrase, this.#pool);
      files.set("ledger.key", this.#files.resealed(material));
      writeNext(this.#files.keysDir, next, files);
      this.#tables.probe("rekey.written");
      const before = this.#files.exchange(material);
      try {
        return await this.#erase({ tenant, ...NOTHING });
      } finally {
        const isNow = this.#tables.keys.epoch === next;
        wipe(isNow ? before : this.#files.exchange(before));
        settleNext(this.#files.keysDir, this.#tables.keys.epoch, this.#tables.probe);
      }
    });
    this.#last = run.catch(() => undefined);
    return run;
  }

  sweeping(): { readonly gone: number; readonly left: number } | null {
    return this.#sweeper.progress();
  }

  /** At start: finishes what a crash interrupted. The unreadable step is never half done. */
  async resume(): Promise<void> {
    this.#files.keepOnly(this.#tables.keys.epoch);
    if (this.#sweeper.isPending()) await this.#sweeper.sweep();
  }

  close(): void {
    this.#files.close();
  }

  async #erase(plan: ErasePlan): Promise<Erased> {
    const before = this.#tables.keys.epoch;
    this.#enter(before + 1, (tally) => this.#unreadable(plan, before, before + 1, tally));
    const counts = await this.#sweeper.sweep();
    return { ...counts, epoch: [before, before + 1], journalClean: await this.#clean() };
  }

  /**
   * New key file, then the commit, then the end of the old file. Whatever fails, the file that the database names
   * stays.
   */
  #enter(epoch: number, work: (tally: Tally) => void): void {
    const { keys, refs, probe } = this.#tables;
    this.#committer.flush();
    this.#files.write(epoch);
    probe("erase.key.written");
    try {
      this.#committer.alone(work);
    } finally {
      refs.forget();
      if (this.#meta("epoch") === epoch) keys.enter(epoch, this.#files.kek(epoch));
      probe("erase.committed");
      this.#files.keepOnly(keys.epoch);
      probe("erase.key.destroyed");
    }
  }

  #unreadable(plan: ErasePlan, before: number, epoch: number, tally: Tally): void {
    const { records, quarantine, refs, ledger, clock, statements } = this.#tables;
    const now = clock.now();
    const counts: Counts = { blobs: 0, messages: 0, records: 0, references: 0 };
    for (const conversation of plan.conversations) this.#kill(plan.tenant, conversation);
    const blobsBefore = tally.blobs;
    for (const id of plan.messages) if (dropMessage(this.#tables, id, now, tally)) counts.messages++;
    for (const id of plan.blobs) quarantine.drop(id, tally);
    counts.blobs += blobsBefore - tally.blobs;
    for (const id of plan.refs) counts.references += refs.erase(id, now);
    for (const put of plan.put) records.put(put);
    for (const drop of plan.drop) if (records.drop(drop)) counts.records++;
    refs.forgetDeliveries(now - DELIVERY_MEMORY_MS);
    refs.forgetUnknown(now - DELIVERY_MEMORY_MS);
    const kek = this.#files.kek(epoch);
    const broken = this.#rewrapAll(kek, epoch, tally);
    wipe(kek);
    statements.of("UPDATE meta SET value = ? WHERE name = 'epoch'").run(epoch);
    const { tenant } = plan;
    this.#sweeper.begin({ tenant, epoch, counts });
    ledger.append(
      [
        ...plan.entries,
        ...broken.map((blob) => ({
          type: "quarantine.integrity_failed" as const,
          tenant,
          body: { blob, check: "rewrap" },
        })),
        { type: "key.rotated", tenant, actor: "daemon", body: { from: before, to: epoch } },
      ],
      () => new Map(),
    );
  }

  /** The conversation's key goes; its rows follow in steps, and are counted as they go: nobody waits for that here. */
  #kill(tenant: string, conversation: string): void {
    const { keys, statements } = this.#tables;
    const found = keys.find(tenant, conversation);
    if (found === null) return;
    statements.of("UPDATE conversation_key SET dead = 1, wrapped = x'' WHERE n = ?").run(found.n);
    statements.of("DELETE FROM pseudonym_key WHERE conversation = ?").run(conversation);
    this.#tables.probe("erase.killed");
  }

  /**
   * Everything that lives, under the next key-encryption key; what lost something, under a new key of its own as well.
   */
  #rewrapAll(kek: Uint8Array, epoch: number, tally: Tally): readonly BlobId[] {
    const { keys, statements } = this.#tables;
    const broken: BlobId[] = [];
    const sql = "SELECT n, dirty FROM conversation_key WHERE dead = 0";
    for (const { n, dirty } of statements.of(sql).all() as { n: number; dirty: number }[]) {
      const from = keys.byNumber(n);
      assert(from !== null, "a living conversation has a key");
      const to = dirty === 0 ? from : this.#redrawn(from, epoch, broken);
      const of = conversationKeyContext(from.tenant, from.conversation, epoch);
      statements
        .of("UPDATE conversation_key SET wrapped = ?, drawn = ?, dirty = 0 WHERE n = ?")
        .run(wrapKey(kek, of, to.key, this.#pool.salt()), to.drawn, n);
      if (to !== from) wipe(to.key);
    }
    this.#rewrapHome(kek, epoch, tally);
    this.#rewrapPseudonyms(kek, epoch);
    this.#tables.probe("erase.rewrapped");
    return broken;
  }

  #redrawn(from: ConversationKey, epoch: number, broken: BlobId[]): ConversationKey {
    const key = this.#pool.key();
    const to = { ...from, drawn: epoch, key, refKey: refKeyOf(key) };
    broken.push(...this.#tables.quarantine.rewrap(from, to));
    this.#tables.refs.reseal(from, to);
    wipe(to.refKey);
    return to;
  }

  #rewrapHome(kek: Uint8Array, epoch: number, tally: Tally): void {
    const { keys, statements, inbox, vault } = this.#tables;
    const rows = statements.of("SELECT name, tenant, drawn FROM home_key").all();
    for (const { name, tenant, drawn } of rows as { name: HomeKeyName; tenant: string; drawn: number }[]) {
      const from = keys.home(name, tenant);
      const isRedrawn = name === "inbox" || name === "vault";
      const to = isRedrawn ? this.#pool.key() : from;
      if (name === "inbox") inbox.reseal(tenant, from, to, tally);
      if (name === "vault") vault.reseal(tenant, from, to);
      statements
        .of("UPDATE home_key SET wrapped = ?, drawn = ? WHERE name = ? AND tenant = ?")
        .run(
          wrapKey(kek, homeKeyContext(name, tenant, epoch), to, this.#pool.salt()),
          isRedrawn ? epoch : drawn,
          name,
          tenant,
        );
      if (to !== from) wipe(to);
    }
  }

  #rewrapPseudonyms(kek: Uint8Array, epoch: number): void {
    const { keys, statements } = this.#tables;
    const rows = statements.of("SELECT conversation, wrapped FROM pseudonym_key").all();
    for (const { conversation, wrapped } of rows as { conversation: string; wrapped: Uint8Array }[]) {
      const key = unwrapOrNull(keys.kek, pseudonymKeyContext(conversation, keys.epoch), wrapped);
      if (key === null) {
        // Altered: its pseudonyms cannot be told any more, which is what a lost key means.
        statements.of("DELETE FROM pseudonym_key WHERE conversation = ?").run(conversation);
        continue;
      }
      const again = wrapKey(kek, pseudonymKeyContext(conversation, epoch), key, this.#pool.salt());
      wipe(key);
      statements.of("UPDATE pseudonym_key SET wrapped = ? WHERE conversation = ?").run(again, conversation);
    }
  }

  /** Free pages back to the system and the journal truncated; busy readers make it false, never an error. */
  async #clean(): Promise<boolean> {
    const { db, probe } = this.#tables;
    while (shrink(db, SHRINK_PAGES)) await pause();
    probe("erase.shrunk");
    for (let tries = 0; tries < TRUNCATE_TRIES; tries++) {
      if (truncateJournal(db)) return true;
      await pause();
    }
    return false;
  }

  #meta(name: string): unknown {
    return this.#tables.statements.of("SELECT value FROM meta WHERE name = ?").pluck().get(name);
  }
}

function unwrapOrNull(kek: Uint8Array, of: KeyContext, wrapped: Uint8Array): Uint8Array | null {
  try {
    return unwrapKey(kek, of, wrapped);
  } catch (error) {
    if (error instanceof SealBroken) return null;
    throw error;
  }
}
