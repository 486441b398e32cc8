/** The hierarchy in use: key-encryption key of the epoch → keys of the home and of conversations → keys of blobs. */
import { assert } from "../core/assert.ts";
import { type KeyContext, unwrapKey, wrapKey } from "./blob.ts";
import type { Statements } from "./db.ts";
import { Mac } from "./hashing.ts";
import { derivedKey, type RandomPool, wipe } from "./seal.ts";

/**
 * Keys of the home. Erasure draws the first two anew. The others stay: `index` hashes platform ids, tombstones
 * included, so it is outside what the erasure of pseudonyms takes.
 */
export type HomeKeyName = "inbox" | "vault" | "idempotency" | "index";

/** An unwrapped conversation key with its row's number. `-` is the conversation of what belongs to none. */
export type ConversationKey = {
  readonly n: number;
  readonly tenant: string;
  readonly conversation: string;
  readonly drawn: number;
  readonly key: Uint8Array;
  /** Seals platform ids and display names. */
  readonly refKey: Uint8Array;
  /** The channel its messages came from, once there was one. */
  channel: string | null;
};

type KeyRow = {
  readonly n: number;
  readonly tenant: string;
  readonly conversation: string;
  readonly drawn: number;
  readonly channel: string | null;
  readonly wrapped: Uint8Array;
};

const CACHED_MAX = 8192;
const KEY_SQL = "SELECT n, tenant, conversation, drawn, channel, wrapped FROM conversation_key";
const REF_PURPOSE = "lazaret.ref-key.v1";

export const homeKeyContext = (name: string, tenant: string, epoch: number): KeyContext => ({
  id: `${name}/${tenant}`,
  parent: "kek",
  epoch,
});
export const conversationKeyContext = (tenant: string, conversation: string, epoch: number): KeyContext => ({
  id: `conversation/${tenant}/${conversation}`,
  parent: "kek",
  epoch,
});
export const pseudonymKeyContext = (conversation: string, epoch: number): KeyContext => ({
  id: `pseudonym/${conversation}`,
  parent: "kek",
  epoch,
});
/** `epoch` is the one in which the conversation's key was drawn, so rewrapping that key leaves its blobs alone. */
export const blobKeyContext = (id: string, of: ConversationKey): KeyContext => ({
  id,
  parent: `${of.tenant}/${of.conversation}`,
  epoch: of.drawn,
});

export const refKeyOf = (conversationKey: Uint8Array): Uint8Array => derivedKey(conversationKey, REF_PURPOSE);

export class KeyRing {
  readonly #statements: Statements;
  readonly #pool: RandomPool;
  #kek: Uint8Array;
  #epoch: number;
  readonly #byName = new Map<string, ConversationKey>();
  readonly #byNumber = new Map<number, ConversationKey>();
  readonly #home = new Map<string, Uint8Array>();
  readonly #macs = new Map<string, Mac>();
  #fresh: ConversationKey[] = [];

  constructor(statements: Statements, pool: RandomPool, kek: Uint8Array, epoch: number) {
    this.#statements = statements;
    this.#pool = pool;
    this.#kek = kek;
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get kek(): Uint8Array {
    return this.#kek;
  }

  /** A key of the home, made at its first use. Throws SealBroken when the key-encryption key does not fit. */
  home(name: HomeKeyName, tenant: string): Uint8Array {
    const id = `${name}/${tenant}`;
    const known = this.#home.get(id);
    if (known !== undefined) return known;
    const row = this.#statements.of("SELECT wrapped FROM home_key WHERE name = ? AND tenant = ?").get(name, tenant) as
      | { readonly wrapped: Uint8Array }
      | undefined;
    const of = homeKeyContext(name, tenant, this.#epoch);
    const key = row === undefined ? this.#pool.key() : unwrapKey(this.#kek, of, row.wrapped);
    if (row === undefined) {
      const wrapped = wrapKey(this.#kek, of, key, this.#pool.salt());
      this.#statements.of("INSERT INTO home_key VALUES (?, ?, ?, ?)").run(name, tenant, this.#epoch, wrapped);
    }
    this.#home.set(id, key);
    return key;
  }

  /** Keyed hashing under a key of the home. */
  mac(name: "index" | "idempotency", tenant: string): Mac {
    return this.#mac(`${name}/${tenant}`, () => this.home(name, tenant));
  }

  /** Keyed hashing under a conversation's own key for pseudonyms, made at its first use. */
  pseudonymMac(conversation: string): Mac {
    return this.#mac(`pseudonym/${conversation}`, () => {
      const row = this.#statements.of("SELECT wrapped FROM pseudonym_key WHERE conversation = ?").get(conversation) as
        | { readonly wrapped: Uint8Array }
        | undefined;
      const of = pseudonymKeyContext(conversation, this.#epoch);
      if (row !== undefined) return unwrapKey(this.#kek, of, row.wrapped);
      const key = this.#pool.key();
      const wrapped = wrapKey(this.#kek, of, key, this.#pool.salt());
      this.#statements.of("INSERT INTO pseudonym_key VALUES (?, ?, ?)").run(conversation, this.#epoch, wrapped);
      return key;
    });
  }

  /** The key of a conversation, made at its first use. */
  ensure(tenant: string, conversation: string): ConversationKey {
    const known = this.find(tenant, conversation);
    if (known !== null) return known;
    const key = this.#pool.key();
    const of = conversationKeyContext(tenant, conversation, this.#epoch);
    const wrapped = wrapKey(this.#kek, of, key, this.#pool.salt());
    const { lastInsertRowid } = this.#statements
      .of("INSERT INTO conversation_key (tenant, conversation, drawn, wrapped) VALUES (?, ?, ?, ?)")
      .run(tenant, conversation, this.#epoch, wrapped);
    const row = { n: Number(lastInsertRowid), tenant, conversation, drawn: this.#epoch, channel: null };
    const made = this.#keep(row, key);
    this.#fresh.push(made);
    return made;
  }

  /** Inside a transaction: remembers which channel a conversation is on, once. */
  placeOn(home: ConversationKey, channel: string): void {
    if (home.channel !== null) return;
    this.#statements.of("UPDATE conversation_key SET channel = ? WHERE n = ?").run(channel, home.n);
    home.channel = channel;
    this.#fresh.push(home);
  }

  find(tenant: string, conversation: string): ConversationKey | null {
    const known = this.#byName.get(`${tenant}/${conversation}`);
    if (known !== undefined) return known;
    const sql = `${KEY_SQL} WHERE tenant = ? AND conversation = ? AND dead = 0`;
    return this.#load(this.#statements.of(sql).get(tenant, conversation) as KeyRow | undefined);
  }

  byNumber(n: number): ConversationKey | null {
    const known = this.#byNumber.get(n);
    if (known !== undefined) return known;
    const sql = `${KEY_SQL} WHERE n = ? AND dead = 0`;
    return this.#load(this.#statements.of(sql).get(n) as KeyRow | undefined);
  }

  /**
   * All live rows of a conversation id; ids are random, so there is more than one only for `-`, which every tenant has.
   */
  numbersOf(conversation: string): readonly number[] {
    const sql = "SELECT n FROM conversation_key WHERE conversation = ? AND dead = 0";
    return this.#statements.of(sql).pluck().all(conversation) as number[];
  }

  /** Begins a batch: keys made from here on are forgotten when it is rolled back. */
  mark(): void {
    this.#fresh = [];
  }

  rollback(): void {
    // A key that was only placed on a channel is read again as well; that is cheaper than telling the two apart.
    for (const made of this.#fresh) {
      this.#byName.delete(`${made.tenant}/${made.conversation}`);
      this.#byNumber.delete(made.n);
    }
    this.#fresh = [];
    this.#home.clear();
    this.#macs.clear();
  }

  /** Forgets everything unwrapped; the rows are read again when needed. */
  forget(): void {
    for (const { key, refKey } of this.#byNumber.values()) {
      wipe(key);
      wipe(refKey);
    }
    for (const key of this.#home.values()) wipe(key);
    for (const mac of this.#macs.values()) mac.wipe();
    this.#byName.clear();
    this.#byNumber.clear();
    this.#home.clear();
    this.#macs.clear();
    this.#fresh = [];
  }

  /** After an epoch's commit: from now on this key unwraps. */
  enter(epoch: number, kek: Uint8Array): void {
    this.forget();
    wipe(this.#kek);
    this.#kek = kek;
    this.#epoch = epoch;
  }

  close(): void {
    this.forget();
    wipe(this.#kek);
  }

  #mac(id: string, key: () => Uint8Array): Mac {
    let mac = this.#macs.get(id);
    if (mac === undefined) {
      if (this.#macs.size >= CACHED_MAX) this.#macs.clear();
      mac = new Mac(key());
      this.#macs.set(id, mac);
    }
    return mac;
  }

  #load(row: KeyRow | undefined): ConversationKey | null {
    if (row === undefined) return null;
    const of = conversationKeyContext(row.tenant, row.conversation, this.#epoch);
    return this.#keep(row, unwrapKey(this.#kek, of, row.wrapped));
  }

  #keep(row: Omit<KeyRow, "wrapped">, key: Uint8Array): ConversationKey {
    assert(row.n > 0, "a key row has a number");
    if (this.#byNumber.size >= CACHED_MAX) {
      this.#byNumber.clear();
      this.#byName.clear();
    }
    const { n, tenant, conversation, drawn, channel } = row;
    const kept = { n, tenant, conversation, drawn, channel, key, refKey: refKeyOf(key) };
    this.#byNumber.set(n, kept);
    this.#byName.set(`${tenant}/${conversation}`, kept);
    return kept;
  }
}
