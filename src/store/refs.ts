/** Platform ids: found by a keyed hash, kept sealed, gone with erasure; what must not come back leaves a tombstone. */
import type { RefDraft, RefKind } from "../core/batch.ts";
import { Refusal } from "../core/refusal.ts";
import { padded, unpadded } from "./blob.ts";
import type { Statements } from "./db.ts";
import type { ConversationKey, KeyRing } from "./keys.ts";
import { context, open, type RandomPool, SealBroken, seal, wipe } from "./seal.ts";

const DOMAIN = "lazaret.ref.v1";
const FRAME_BYTES = 64;
/** 128 bits of HMAC-SHA256 (RFC 2104 section 5). */
const MAC_BYTES = 16;
const NAMES_KEPT_MAX = 8192;

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
type Field = "platform" | "name";
/** The part of a row that its sealed fields are bound to. */
export type RefContext = Pick<Row, "kind" | "tenant" | "channel" | "id">;

export class RefTable {
  readonly #statements: Statements;
  readonly #pool: RandomPool;
  readonly #keys: KeyRing;
  /** Keyed hashes of display names as last written, so that a name which did not change is not sealed again. */
  readonly #names = new Map<string, string>();
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

  /** Inside a transaction. A platform id that has another id of ours already is a `conflict`: somebody was faster. */
  put(draft: RefDraft): void {
    const { kind, tenant, channel, platform, id, at } = draft;
    const mac = this.#mac(kind, tenant, channel, platform);
    if (kind === "delivery") {
      const { changes } = this.#statements.of("INSERT OR IGNORE INTO delivery VALUES (?, ?)").run(mac, at);
      if (changes === 0) throw new Refusal("conflict", { field: "delivery" });
      return;
    }
    const known = this.#statements.of("SELECT n, id, conv FROM ref WHERE mac = ?").get(mac) as
      | Pick<Row, "n" | "id" | "conv">
      | undefined;
    if (known === undefined) return this.#insert(draft, mac);
    if (known.id !== id) throw new Refusal("conflict", { field: kind });
    if (draft.name === undefined || !this.#isNewName(draft, draft.name)) return;
    const home = this.#keys.byNumber(known.conv);
    if (home === null) throw new Refusal("conflict", { field: kind });
    this.#statements
      .of("UPDATE ref SET name = ? WHERE n = ?")
      .run(this.#sealed(home, draft, "name", draft.name), known.n);
  }

  /** Inside a transaction: removes the references of our id; events and deliveries leave a tombstone. Answers how many. */
  erase(id: string, at: number): number {
    const rows = this.#rows(id);
    for (const row of rows) this.#bury(row, at);
    return rows.length;
  }

  /** Inside a transaction: the next rows of an erased conversation after row `after`; answers the last row's number. */
  sweep(conv: number, after: number, limit: number, at: number): number | null {
    const sql = "SELECT * FROM ref WHERE conv = ? AND n > ? ORDER BY n LIMIT ?";
    const rows = this.#statements.of(sql).all(conv, after, limit) as Row[];
    for (const row of rows) this.#bury(row, at);
    return rows.at(-1)?.n ?? null;
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

  /** Forgets what was remembered of names, after a rollback or an erasure. */
  forget(): void {
    this.#names.clear();
  }

  #insert(draft: RefDraft, mac: Buffer): void {
    const { kind, tenant, channel, platform, id, conversation, name, at } = draft;
    const home = this.#keys.ensure(tenant, conversation);
    const sealedName = name === undefined ? null : this.#sealed(home, draft, "name", name);
    if (name !== undefined) this.#isNewName(draft, name);
    this.#statements
      .of(
        "INSERT INTO ref (mac, kind, tenant, channel, id, conv, at, platform, name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      )
      .run(mac, kind, tenant, channel, id, home.n, at, this.#sealed(home, draft, "platform", platform), sealedName);
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

  #rows(id: string): readonly Row[] {
    return this.#statements.of("SELECT * FROM ref WHERE id = ? ORDER BY n DESC").all(id) as Row[];
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
    return this.#keys.mac("index", tenant).of(`${kind}\0${channel}\0${platform}`).subarray(0, MAC_BYTES);
  }
}

const refAad = (of: RefContext, field: string): Buffer =>
  context(DOMAIN, [field, of.kind, of.tenant, of.channel, of.id]);
