/**
 * What a sync brought, in ONE transaction: every event raw, what is missing, the rooms as they are, and the token from
 * which the next sync goes on. Everything is sealed; rooms and events are found by keyed hashes.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { MemoryStore } from "matrix-js-sdk/lib/store/memory.js";
import { type ISyncResponse, SyncAccumulator } from "matrix-js-sdk/lib/sync-accumulator.js";
import type { RawEvent, Row } from "./inbox.ts";
import type { SyncInbox } from "./session.ts";
import type { Database } from "./sqlite.ts";

const TIMELINE_EVENTS = 20;
/** Ids of events that were dealt with: what comes again within so many is dropped here; the gateway drops the rest. */
const REMEMBERED_MAX = 200_000;
const SCHEMA = `
CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL, sub INTEGER NOT NULL, state TEXT NOT NULL,
  sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS inbox_order ON inbox (state, seq, sub);
CREATE TABLE IF NOT EXISTS seen (mac BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS kept (mac BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;
`;

/** Where a row lies that only the right key opens; no keyed hash is as short. */
const PROOF = Buffer.from([0]);

type Arrival = Pick<Row, "room" | "kind" | "raw" | "fresh" | "at">;
type Stored = { readonly id: number; readonly state: Row["state"]; readonly sealed: Uint8Array };
type Saved = { readonly nextBatch: string; readonly roomsData: unknown; readonly accountData: readonly unknown[] };

export type SyncStorePowers = {
  readonly db: Database;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly now: () => number;
  readonly random: (count: number) => Uint8Array;
};

export class SyncStore extends MemoryStore implements SyncInbox {
  onRows: () => void = () => {};
  onFault: (error: unknown) => void = () => {};
  readonly #db: Database;
  readonly #now: () => number;
  readonly #seal: Sealing;
  readonly #accumulator = new SyncAccumulator({ maxTimelineEntries: TIMELINE_EVENTS });
  readonly #joined = new Set<string>();
  #token: string | null = null;
  #isPoisoned = false;
  #seq: number;

  constructor({ db, key, now, random }: SyncStorePowers) {
    super({});
    this.#db = db;
    this.#now = now;
    this.#seal = new Sealing(key, random);
    db.exec(SCHEMA);
    this.#proveKey();
    this.#seq = Number(db.prepare("SELECT coalesce(max(seq), 0) FROM inbox").pluck().get());
    const saved = this.get("sync") as Saved | null;
    if (saved === null) return;
    const before = { next_batch: saved.nextBatch, rooms: saved.roomsData, account_data: { events: saved.accountData } };
    this.#accumulator.accumulate(before as never, true);
    this.#token = saved.nextBatch;
    for (const room of Object.keys((saved.roomsData as { join?: object } | undefined)?.join ?? {}))
      this.#joined.add(room);
  }

  /** With another key everything would just not be found, and a second history begin beside the first. */
  #proveKey(): void {
    const proof = this.#db.prepare("SELECT sealed FROM kept WHERE mac = ?").pluck().get(PROOF);
    if (proof !== undefined) this.#seal.open("proof", proof as Uint8Array);
    else this.#db.prepare("INSERT INTO kept VALUES (?, ?)").run(PROOF, this.#seal.seal("proof", null));
  }

  override async isNewlyCreated(): Promise<boolean> {
    return this.#token === null;
  }

  override async getSavedSyncToken(): Promise<string | null> {
    return this.#token;
  }

  override async getSavedSync(): ReturnType<MemoryStore["getSavedSync"]> {
    return this.#token === null ? null : (structuredClone(this.#accumulator.getJSON(true)) as never);
  }

  /** The SDK never moves the token by itself: it moves with what came. */
  override wantsSave(): boolean {
    return false;
  }

  override async getClientOptions(): ReturnType<MemoryStore["getClientOptions"]> {
    return (this.get("options") ?? undefined) as never;
  }

  override async storeClientOptions(options: object): Promise<void> {
    this.put("options", JSON.parse(JSON.stringify(options)));
  }

  poison(): void {
    this.#isPoisoned = true;
  }

  /** Rejects, and says so, when it cannot be made durable: then the same comes again. */
  override async setSyncData(response: ISyncResponse): Promise<void> {
    if (this.#isPoisoned) throw new Error("a sync before this one was not dealt with");
    const arrivals = this.#arrivals(response);
    try {
      this.#accumulator.accumulate(response);
      const saved = this.#accumulator.getJSON(true);
      this.#db.transaction(() => {
        for (const arrival of arrivals) this.#insert(arrival, ++this.#seq, 0);
        this.put("sync", saved);
      })();
    } catch (error) {
      this.#isPoisoned = true;
      this.onFault(error);
      throw error;
    }
    this.#token = response.next_batch;
    for (const room of Object.keys(response.rooms?.join ?? {})) this.#joined.add(room);
    for (const room of Object.keys(response.rooms?.leave ?? {})) this.#joined.delete(room);
    if (arrivals.length > 0) this.onRows();
  }

  #arrivals({ rooms = {} as NonNullable<ISyncResponse["rooms"]> }: ISyncResponse): readonly Arrival[] {
    const at = this.#now();
    const arrivals: Arrival[] = [];
    for (const [room, { timeline }] of Object.entries(rooms.join ?? {})) {
      const fresh = !this.#joined.has(room);
      const gap = { prev_batch: timeline?.prev_batch ?? null, since: this.#token };
      if (timeline?.limited === true && !fresh && this.#token !== null)
        arrivals.push({ room, kind: "gap", raw: gap, at, fresh });
      for (const event of timeline?.events ?? []) arrivals.push({ room, kind: "event", raw: { ...event }, at, fresh });
    }
    for (const [room, invite] of Object.entries(rooms.invite ?? {})) {
      const events = invite.invite_state?.events ?? [];
      arrivals.push({ room, kind: "invite", raw: { events }, at, fresh: true });
    }
    for (const [room, left] of Object.entries(rooms.leave ?? {})) {
      if (this.#joined.has(room))
        arrivals.push({ room, kind: "left", raw: { events: left.timeline?.events ?? [] }, at, fresh: false });
    }
    return arrivals;
  }

  /** Inside a transaction. An event that came before is dropped. */
  #insert(arrival: Arrival, seq: number, sub: number): void {
    const id = arrival.raw["event_id"];
    if (arrival.kind === "event" && typeof id === "string") {
      const mac = this.#seal.mac(`event ${arrival.room} ${id}`);
      const { changes } = this.#db.prepare("INSERT OR IGNORE INTO seen VALUES (?, ?)").run(mac, arrival.at);
      if (changes === 0) return;
    }
    const sealed = this.#seal.seal("inbox", arrival);
    this.#db.prepare("INSERT INTO inbox (seq, sub, state, sealed) VALUES (?, ?, 'new', ?)").run(seq, sub, sealed);
  }

  rows(state: Row["state"], limit: number): readonly Row[] {
    const found = this.#db
      .prepare("SELECT id, state, sealed FROM inbox WHERE state = ? ORDER BY seq, sub LIMIT ?")
      .all(state, limit) as readonly Stored[];
    return found.map(({ id, sealed }) => ({ ...(this.#seal.open("inbox", sealed) as Arrival), id, state }));
  }

  waitForKeys(id: number): void {
    this.#db.prepare("UPDATE inbox SET state = 'keys' WHERE id = ?").run(id);
  }

  done(ids: readonly number[]): void {
    this.#db.transaction(() => {
      for (const id of ids) this.#db.prepare("DELETE FROM inbox WHERE id = ?").run(id);
      const count = Number(this.#db.prepare("SELECT count(*) FROM seen").pluck().get());
      if (count > REMEMBERED_MAX)
        this.#db
          .prepare("DELETE FROM seen WHERE mac IN (SELECT mac FROM seen ORDER BY at LIMIT ?)")
          .run(count - REMEMBERED_MAX);
    })();
  }

  fill(gap: number, events: readonly RawEvent[], rest: RawEvent | null): void {
    const row = this.#db.prepare("SELECT id, seq, sealed FROM inbox WHERE id = ?").get(gap) as
      | (Stored & { readonly seq: number })
      | undefined;
    if (row === undefined) return;
    const before = this.#seal.open("inbox", row.sealed) as Arrival;
    this.#db.transaction(() => {
      for (const [at, raw] of events.entries()) this.#insert({ ...before, kind: "event", raw }, row.seq, at + 1);
      if (rest === null) this.#db.prepare("DELETE FROM inbox WHERE id = ?").run(gap);
      else
        this.#db
          .prepare("UPDATE inbox SET sealed = ? WHERE id = ?")
          .run(this.#seal.seal("inbox", { ...before, raw: rest }), gap);
    })();
  }

  get(name: string): unknown {
    const sealed = this.#db
      .prepare("SELECT sealed FROM kept WHERE mac = ?")
      .pluck()
      .get(this.#seal.mac(`kept ${name}`));
    return sealed === undefined ? null : this.#seal.open(`kept ${name}`, sealed as Uint8Array);
  }

  put(name: string, value: unknown): void {
    this.#db
      .prepare("INSERT INTO kept VALUES (?, ?) ON CONFLICT (mac) DO UPDATE SET sealed = excluded.sealed")
      .run(this.#seal.mac(`kept ${name}`), this.#seal.seal(`kept ${name}`, value));
  }

  close(): void {
    this.#isPoisoned = true;
    this.#db.close();
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FRAME_BYTES = 256;

/** AES-256-GCM with a fresh random nonce for each row; what a row is, is bound to it. Lengths are padded. */
class Sealing {
  readonly #key: Buffer;
  readonly #macKey: Buffer;
  readonly #random: (count: number) => Uint8Array;

  constructor(key: Uint8Array, random: (count: number) => Uint8Array) {
    const derived = (use: string): Buffer =>
      Buffer.from(hkdfSync("sha256", key, new Uint8Array(), `lazaret.matrix.sync.v1 ${use}`, 32));
    this.#key = derived("seal");
    this.#macKey = derived("mac");
    this.#random = random;
  }

  mac(text: string): Buffer {
    return createHmac("sha256", this.#macKey).update(text).digest().subarray(0, 16);
  }

  seal(what: string, value: unknown): Buffer {
    const text = Buffer.from(JSON.stringify(value));
    const frame = Buffer.alloc(Math.ceil((text.length + 4) / FRAME_BYTES) * FRAME_BYTES);
    frame.writeUInt32BE(text.length);
    text.copy(frame, 4);
    const nonce = this.#random(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(what));
    return Buffer.concat([nonce, cipher.update(frame), cipher.final(), cipher.getAuthTag()]);
  }

  /** Throws for what was altered, or sealed with another key. */
  open(what: string, sealed: Uint8Array): unknown {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(what)).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const frame = Buffer.concat([
      decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)),
      decipher.final(),
    ]);
    return JSON.parse(frame.subarray(4, 4 + frame.readUInt32BE()).toString("utf8"));
  }
}
