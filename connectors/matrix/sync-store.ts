/**
 * What a sync brought, in ONE transaction: every event raw, what is missing, the rooms as they are, and the token from
 * which the next sync goes on. Everything is sealed; rooms and events are found by keyed hashes.
 */
import { MemoryStore } from "matrix-js-sdk/lib/store/memory.js";
import { type ISyncResponse, SyncAccumulator } from "matrix-js-sdk/lib/sync-accumulator.js";
import type { RawEvent, Row } from "./inbox.ts";
import { Sealing } from "./sealing.ts";
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
type Rooms = Readonly<Record<string, unknown>>;
type Cache = ReturnType<SyncAccumulator["getJSON"]>;
/** Rooms in which we are lie each in a row of their own, so that a sync writes those that it speaks of. */
type Saved = {
  readonly nextBatch: string;
  readonly joined: readonly string[];
  readonly others: { readonly invite: unknown; readonly leave: unknown; readonly knock: unknown };
  readonly accountData: readonly unknown[];
};

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
  #accumulator = new SyncAccumulator({ maxTimelineEntries: TIMELINE_EVENTS });
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
    const { nextBatch, joined, others, accountData } = saved;
    const join = Object.fromEntries(joined.map((room) => [room, this.get(`room/${room}`)]));
    const before = { next_batch: nextBatch, rooms: { ...others, join }, account_data: { events: accountData } };
    this.#accumulator.accumulate(before as never, true);
    this.#token = nextBatch;
    for (const room of joined) this.#joined.add(room);
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
      const told = [...Object.keys(response.rooms?.join ?? {}), ...Object.keys(response.rooms?.leave ?? {})];
      this.#db.transaction(() => {
        for (const arrival of arrivals) this.#insert(arrival, ++this.#seq, 0);
        this.#save(this.#accumulator.getJSON(true), told);
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

  /** Inside a transaction. */
  #save({ nextBatch, roomsData, accountData }: Cache, told: readonly string[]): void {
    const { join = {}, ...others } = roomsData as unknown as { readonly join?: Rooms } & Saved["others"];
    for (const room of told) {
      if (join[room] === undefined) this.drop(`room/${room}`);
      else this.put(`room/${room}`, join[room]);
    }
    this.put("sync", { nextBatch, joined: Object.keys(join), others, accountData } satisfies Saved);
  }

  /** What was said in a room goes; what the room is stays, for as long as we are in it. */
  forget(room: string): void {
    if (this.#isPoisoned) throw new Error("a sync before this one was not dealt with");
    const cache = this.#accumulator.getJSON(true);
    const join = cache.roomsData.join as Record<string, { timeline?: object } | undefined>;
    const known = join[room];
    if (known !== undefined) join[room] = { ...known, timeline: { events: [], prev_batch: null } };
    const { nextBatch: next_batch, roomsData: rooms, accountData: events } = cache;
    this.#accumulator = new SyncAccumulator({ maxTimelineEntries: TIMELINE_EVENTS });
    this.#accumulator.accumulate({ next_batch, rooms, account_data: { events } } as never, true);
    const ids = (["new", "keys"] as const)
      .flatMap((state) => this.rows(state, -1))
      .filter((row) => row.room === room)
      .map(({ id }) => id);
    this.#db.transaction(() => {
      for (const id of ids) this.#db.prepare("DELETE FROM inbox WHERE id = ?").run(id);
      if (this.#token !== null) this.#save(this.#accumulator.getJSON(true), [room]);
    })();
    this.#db.pragma("wal_checkpoint(TRUNCATE)");
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

  drop(name: string): void {
    this.#db.prepare("DELETE FROM kept WHERE mac = ?").run(this.#seal.mac(`kept ${name}`));
  }

  close(): void {
    this.#isPoisoned = true;
    this.#db.close();
  }
}
