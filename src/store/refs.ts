/** Platform ids: found by a keyed hash, kept sealed, gone with erasure; what must not come back leaves a tombstone. */
import type { RefDraft, RefKind } from "../core/batch.ts";
import { Refusal } from "../core/refusal.ts";
import { padded, unpadded } from "./blob.ts";
import type { Statements } from "./db.ts";
import { idBytes } from "./id-bytes.ts";
import type { ConversationKey, KeyRing } from "./keys.ts";
import { context, open, type RandomPool, SealBroken, seal, wipe } from "./seal.ts";

const DOMAIN = "lazaret.ref.v1";
const FRAME_BYTES = 64;
/** 128 bits of HMAC-SHA256 (RFC 2104 section 5). */
const MAC_BYTES = 16;
const NAMES_KEPT_MAX = 8192;
const MACS_KEPT_MAX = 1024;

type Row = {
  readonly n: number;
  readonly kind: RefKind;
  readonly tenant: string;
  readonly channel: string;
  readonly id: string;
  readonly conv: number;
  readonly platform: Uint8Array;
  readonly name: Uint8Array | null;
};
type Known = Pick<Row, "n" | "id" | "conv">;
type Field = "platform" | "name";
/** The part of a row that its sealed fields are bound to. */
export type RefContext = Pick<Row, "kind" | "tenant" | "channel" | "id">;

export class RefTable {
  readonly #statements: Statements;
  readonly #pool: RandomPool;
  readonly #keys: KeyRing;
  /** Keyed hashes of display names as last written, so that a name which did not change is not sealed again. */
  readonly #names = new Map<string, string>();
  /** Hashes of ids that were looked up in this turn: what is looked up is mostly written next. */
  readonly #macs = new Map<string, Buffer>();
  #hasTombstones: boolean;

  constructor(statements: Statements, pool: RandomPool, keys: KeyRing) {
    this.#statements = statements;
    this.#pool = pool;
    this.#keys = keys;
    this.#hasTombstones = statements.of("SELECT 1 FROM tombstone LIMIT 1").get() !== undefined;
  }

  find(kind: RefKind, tenant: string, channel: string, platform: string): string | null | "erased" {
    const mac = this.#mac(kind, tenant, channel, platform);
    if (kind === "delivery") {
      return this.#statements.of("SELECT 1 FROM delivery WHERE mac = ?").get(mac) === undefined ? null : "";
    }
    const row = this.#statements.of("SELECT id, conv FROM ref WHERE mac = ?").get(mac) as
      | Pick<Row, "id" | "conv">
      | undefined;
    if (row !== undefined) {
      if (this.#keys.byNumber(row.conv) !== null) return row.id;
      // Its conversation was erased and its row is about to go.
      return kind === "event" ? "erased" : null;
    }
    if (!this.#hasTombstones) return null;
    return this.#statements.of("SELECT 1 FROM tombstone WHERE mac = ?").get(mac) === undefined ? null : "erased";
  }

  platformOf(kind: RefKind, id: string): string | null {
    const row = this.#rows(id).find((found) => found.kind === kind);
    return row === undefined ? null : this.#opened(row, "platform", row.platform);
  }

  /** Display names of our ids; those without one are absent. */
  names(ids: readonly string[]): ReadonlyMap<string, string> {
    const names = new Map<string, string>();
    for (const id of ids) {
      const row = this.#rows(id).find(({ name }) => name !== null);
      const name = row?.name == null ? null : this.#opened(row, "name", row.name);
      if (name !== null) names.set(id, name);
    }
    return names;
  }

  /** The hash that a platform id is found by. */
  macOf({ kind, tenant, channel, platform }: RefDraft): Buffer {
    return this.#mac(kind, tenant, channel, platform);
  }

  /**
   * Inside a transaction. A platform id that has another id of ours already is a `conflict`: somebody was faster.
   * `isKept` when a message of the same batch keeps the hash, so that the row is found through it.
   */
  put(draft: RefDraft, isKept: boolean): void {
    const { kind, at } = draft;
    const mac = this.macOf(draft);
    if (kind === "delivery") {
      const { changes } = this.#statements.of("INSERT OR IGNORE INTO delivery VALUES (?, ?)").run(mac, at);
      if (changes === 0) throw new Refusal("conflict", { field: "delivery" });
      return;
    }
    // Events are nearly always new: their unique hash tells without a look first.
    const known = kind === "event" ? undefined : this.#known(mac);
    if (known === undefined && this.#insert(draft, mac, isKept)) return;
    const there = known ?? this.#known(mac);
    if (there === undefined) throw new Refusal("conflict", { field: kind });
    this.#rename(draft, there);
  }

  #known(mac: Buffer): Known | undefined {
    return this.#statements.of("SELECT n, id, conv FROM ref WHERE mac = ?").get(mac) as Known | undefined;
  }

  #rename(draft: RefDraft, known: Known): void {
    const { kind, id } = draft;
    if (known.id !== id) throw new Refusal("conflict", { field: kind });
    if (draft.name === undefined || !this.#isNewName(draft, draft.name)) return;
    const home = this.#keys.byNumber(known.conv);
    if (home === null) throw new Refusal("conflict", { field: kind });
    this.#statements
      .of("UPDATE ref SET name = ? WHERE n = ?")
      .run(this.#sealed(home, draft, "name", draft.name), known.n);
  }

  /**
   * Inside a transaction: removes the references of our id; events and deliveries leave a tombstone. Answers how many.
   */
  erase(id: string, at: number): number {
    const rows = this.#rows(id);
    for (const row of rows) this.#bury(row, at);
    return rows.length;
  }

  /** Inside a transaction: the next rows of an erased conversation after row `after`. Answers the last one's number. */
  sweep(conv: number, after: number, limit: number, at: number): { readonly count: number; readonly last: number } {
    const sql = "SELECT * FROM ref WHERE conv = ? AND n > ? ORDER BY n LIMIT ?";
    const rows = this.#statements.of(sql).all(conv, after, limit) as Row[];
    for (const row of rows) this.#bury(row, at);
    return { count: rows.length, last: rows.at(-1)?.n ?? after };
  }

  /** Inside a transaction: seals a key row's references anew under its next key. What does not open goes. */
  reseal(from: ConversationKey, to: Pick<ConversationKey, "refKey">): void {
    const update = this.#statements.of("UPDATE ref SET platform = ?, name = ? WHERE n = ?");
    for (const row of this.#statements.of("SELECT * FROM ref WHERE conv = ?").all(from.n) as Row[]) {
      const again = (field: Field, sealed: Uint8Array): Buffer => {
        const frame = open(from.refKey, refAad(row, field), sealed);
        const fresh = seal(to.refKey, refAad(row, field), frame, this.#pool.salt());
        wipe(frame);
        return fresh;
      };
      try {
        update.run(again("platform", row.platform), row.name === null ? null : again("name", row.name), row.n);
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
        this.#statements.of("DELETE FROM ref WHERE n = ?").run(row.n);
      }
    }
  }

  /** Inside a transaction: deliveries from before a time can no longer be told from new ones. */
  forgetDeliveries(before: number): void {
    this.#statements.of("DELETE FROM delivery WHERE at < ?").run(before);
  }

  /** Inside a transaction: ids of what never came, or of nods, that were remembered before a time. */
  forgetUnknown(before: number): void {
    const sql =
      "DELETE FROM ref INDEXED BY ref_id WHERE kept = 0 AND id >= 'msg_' AND id < 'msg`' AND kind = 'event' AND at < ?";
    this.#statements.of(sql).run(before);
  }

  /** Forgets what was remembered of names, after a rollback or an erasure. */
  forget(): void {
    this.#names.clear();
    this.#macs.clear();
  }

  /** Forgets the platform ids that were looked up for the batches which are now written. */
  settle(): void {
    this.#macs.clear();
  }

  /** False when the hash is there already. */
  #insert(draft: RefDraft, mac: Buffer, isKept: boolean): boolean {
    const { kind, tenant, channel, platform, id, conversation, name, at } = draft;
    const home = this.#keys.ensure(tenant, conversation);
    const sealed = this.#sealed(home, draft, "platform", platform);
    const sealedName = name === undefined ? null : this.#sealed(home, draft, "name", name);
    if (name !== undefined) this.#isNewName(draft, name);
    const sql = `INSERT INTO ref (mac, kind, tenant, channel, id, conv, at, kept, platform, name)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mac) DO NOTHING`;
    const row = [mac, kind, tenant, channel, id, home.n, at, Number(isKept), sealed, sealedName];
    return this.#statements.of(sql).run(...row).changes === 1;
  }

  #bury(row: Row, at: number): void {
    if (row.kind === "event") {
      this.#statements.of("INSERT OR IGNORE INTO tombstone SELECT mac, ? FROM ref WHERE n = ?").run(at, row.n);
      this.#hasTombstones = true;
    }
    this.#statements.of("DELETE FROM ref WHERE n = ?").run(row.n);
    this.#statements.of("UPDATE conversation_key SET dirty = 1 WHERE n = ? AND dirty = 0").run(row.conv);
    this.#names.delete(row.id);
  }

  /** The references of our id, the newest first. */
  #rows(id: string): readonly Row[] {
    const rows = this.#statements.of("SELECT * FROM ref WHERE kept = 0 AND id = ? ORDER BY n DESC").all(id) as Row[];
    if (!id.startsWith("msg_")) return rows;
    const sql = "SELECT r.* FROM message m JOIN ref r ON r.mac = m.ref WHERE m.id = ? AND r.kept = 1";
    return [...(this.#statements.of(sql).all(idBytes(id)) as Row[]), ...rows];
  }

  #isNewName({ id, tenant }: RefDraft, name: string): boolean {
    const mark = this.#keys.mac("index", tenant).of(`name\0${id}\0${name}`).toString("latin1");
    if (this.#names.get(id) === mark) return false;
    if (this.#names.size >= NAMES_KEPT_MAX) this.#names.clear();
    this.#names.set(id, mark);
    return true;
  }

  #sealed(home: ConversationKey, of: RefContext, field: Field, text: string): Buffer {
    const bytes = Buffer.from(text, "utf8");
    const frame = padded(bytes, Math.ceil((bytes.length + 4) / FRAME_BYTES) * FRAME_BYTES);
    const sealed = seal(home.refKey, refAad(of, field), frame, this.#pool.salt());
    frame.fill(0);
    return sealed;
  }

  #opened(row: Row, field: Field, sealed: Uint8Array): string | null {
    const home = this.#keys.byNumber(row.conv);
    if (home === null) return null;
    const frame = open(home.refKey, refAad(row, field), sealed);
    const text = Buffer.from(unpadded(frame)).toString("utf8");
    wipe(frame);
    return text;
  }

  /** HMAC(index key, kind ‖ 0 ‖ channel ‖ 0 ‖ platform id); two channels of one network never share a hash. */
  #mac(kind: RefKind, tenant: string, channel: string, platform: string): Buffer {
    const text = `${kind}\0${channel}\0${platform}`;
    const id = `${tenant}\0${text}`;
    let mac = this.#macs.get(id);
    if (mac === undefined) {
      if (this.#macs.size >= MACS_KEPT_MAX) this.#macs.clear();
      mac = this.#keys.mac("index", tenant).of(text).subarray(0, MAC_BYTES);
      this.#macs.set(id, mac);
    }
    return mac;
  }
}

const refAad = (of: RefContext, field: string): Buffer =>
  context(DOMAIN, [field, of.kind, of.tenant, of.channel, of.id]);
