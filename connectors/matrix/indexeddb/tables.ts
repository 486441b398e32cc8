/** The databases, stores, indexes and records of one file, as SQL. Nothing here knows events or requests. */
import type { Database } from "../sqlite.ts";
import { fault } from "./fault.ts";
import { type IDBKeyRange, whereIn } from "./key-range.ts";
import { indexKeys, type KeyPath, unpack } from "./value.ts";

type Statement = {
  get(...bound: unknown[]): unknown;
  all(...bound: unknown[]): unknown[];
  run(...bound: unknown[]): { readonly lastInsertRowid: number | bigint };
};
export type IndexShape = {
  readonly id: number;
  readonly name: string;
  readonly path: KeyPath;
  readonly isUnique: boolean;
  readonly isMulti: boolean;
};
export type StoreShape = { readonly id: number; readonly name: string; readonly indexes: Map<string, IndexShape> };
export type Row = { readonly k: Buffer; readonly v: Buffer; readonly ik: Buffer | null };
export type Walk = {
  readonly range: IDBKeyRange | null;
  readonly isDown?: boolean;
  readonly limit?: number;
  /** Beyond this row; with `ik` where an index is walked. */
  readonly after?: Pick<Row, "k" | "ik"> | null;
};

/** Ids are never given twice: what waits in a queue for a store that is gone must not meet the next one. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS idb_database (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idb_store (id INTEGER PRIMARY KEY AUTOINCREMENT, database TEXT NOT NULL, name TEXT NOT NULL,
  UNIQUE (database, name));
CREATE TABLE IF NOT EXISTS idb_index (id INTEGER PRIMARY KEY AUTOINCREMENT, store INTEGER NOT NULL, name TEXT NOT NULL,
  path TEXT NOT NULL, is_unique INTEGER NOT NULL, is_multi INTEGER NOT NULL, UNIQUE (store, name));
CREATE TABLE IF NOT EXISTS idb_record (s INTEGER NOT NULL, k BLOB NOT NULL, v BLOB NOT NULL, PRIMARY KEY (s, k))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idb_entry (i INTEGER NOT NULL, ik BLOB NOT NULL, k BLOB NOT NULL, PRIMARY KEY (i, ik, k))
  WITHOUT ROWID;`;

export class Tables {
  /** Told of each record that is read or written by its key. */
  onKey: ((store: string, key: Buffer) => void) | null = null;
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(db: Database) {
    this.#db = db;
    db.exec(SCHEMA);
  }

  #sql(text: string): Statement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const made: Statement = this.#db.prepare(text);
    this.#statements.set(text, made);
    return made;
  }

  version(database: string): number {
    const row = this.#sql("SELECT version FROM idb_database WHERE name = ?").get(database);
    return (row as { version: number } | undefined)?.version ?? 0;
  }

  setVersion(database: string, version: number): void {
    this.#sql("INSERT OR REPLACE INTO idb_database (name, version) VALUES (?, ?)").run(database, version);
  }

  stores(database: string): Map<string, StoreShape> {
    const rows = this.#sql("SELECT id, name FROM idb_store WHERE database = ?").all(database);
    return new Map(
      (rows as { id: number; name: string }[]).map(({ id, name }) => [name, { id, name, indexes: this.#indexes(id) }]),
    );
  }

  #indexes(store: number): Map<string, IndexShape> {
    type Found = { id: number; name: string; path: string; is_unique: number; is_multi: number };
    const rows = this.#sql("SELECT * FROM idb_index WHERE store = ?").all(store) as Found[];
    return new Map(
      rows.map(({ id, name, path, is_unique, is_multi }) => [
        name,
        { id, name, path: JSON.parse(path) as KeyPath, isUnique: is_unique === 1, isMulti: is_multi === 1 },
      ]),
    );
  }

  addStore(database: string, name: string): StoreShape {
    const done = this.#sql("INSERT INTO idb_store (database, name) VALUES (?, ?)").run(database, name);
    return { id: Number(done.lastInsertRowid), name, indexes: new Map() };
  }

  /** Its name is free again; `dropStore` takes the records. */
  forgetStore(store: StoreShape): void {
    this.#sql("DELETE FROM idb_store WHERE id = ?").run(store.id);
  }

  dropStore(store: StoreShape): void {
    for (const index of store.indexes.values()) this.dropIndex(index);
    this.#sql("DELETE FROM idb_record WHERE s = ?").run(store.id);
  }

  addIndex(store: StoreShape, shape: Omit<IndexShape, "id">): IndexShape {
    const done = this.#sql("INSERT INTO idb_index (store, name, path, is_unique, is_multi) VALUES (?, ?, ?, ?, ?)").run(
      store.id,
      shape.name,
      JSON.stringify(shape.path),
      Number(shape.isUnique),
      Number(shape.isMulti),
    );
    return { ...shape, id: Number(done.lastInsertRowid) };
  }

  /** Throws `ConstraintError` when a key that must be unique is there twice. */
  fillIndex(store: StoreShape, index: IndexShape): void {
    for (const { k, v } of this.records(store, { range: null })) {
      for (const ik of indexKeys(unpack(v), index.path, index.isMulti)) this.#enter(index, ik, k);
    }
  }

  forgetIndex(index: IndexShape): void {
    this.#sql("DELETE FROM idb_index WHERE id = ?").run(index.id);
  }

  dropIndex(index: IndexShape): void {
    this.forgetIndex(index);
    this.#sql("DELETE FROM idb_entry WHERE i = ?").run(index.id);
  }

  /** Throws `ConstraintError` before anything is written: the caller may go on. */
  write(store: StoreShape, k: Buffer, v: Buffer, isNew: boolean): void {
    this.onKey?.(store.name, k);
    if (isNew && this.#sql("SELECT 1 FROM idb_record WHERE s = ? AND k = ?").get(store.id, k) !== undefined) {
      throw fault("ConstraintError", "there is a record with that key");
    }
    const entries = [...store.indexes.values()].flatMap((index) =>
      indexKeys(unpack(v), index.path, index.isMulti).map((ik) => ({ index, ik })),
    );
    for (const { index, ik } of entries) this.#assertFree(index, ik, k);
    if (!isNew) this.#leave(store, k);
    this.#sql("INSERT OR REPLACE INTO idb_record (s, k, v) VALUES (?, ?, ?)").run(store.id, k, v);
    for (const { index, ik } of entries) this.#enter(index, ik, k);
  }

  #assertFree(index: IndexShape, ik: Buffer, k: Buffer): void {
    if (!index.isUnique) return;
    const other = this.#sql("SELECT 1 FROM idb_entry WHERE i = ? AND ik = ? AND k <> ?").get(index.id, ik, k);
    if (other !== undefined) throw fault("ConstraintError", "an index has that key already");
  }

  #enter(index: IndexShape, ik: Buffer, k: Buffer): void {
    this.#assertFree(index, ik, k);
    this.#sql("INSERT OR REPLACE INTO idb_entry (i, ik, k) VALUES (?, ?, ?)").run(index.id, ik, k);
  }

  /** A record's keys leave the indexes: found through its own value, there is no way back from a record to them. */
  #leave(store: StoreShape, k: Buffer): void {
    if (store.indexes.size === 0) return;
    const row = this.#sql("SELECT v FROM idb_record WHERE s = ? AND k = ?").get(store.id, k);
    if (row === undefined) return;
    const value = unpack((row as { v: Buffer }).v);
    for (const index of store.indexes.values()) {
      for (const ik of indexKeys(value, index.path, index.isMulti)) {
        this.#sql("DELETE FROM idb_entry WHERE i = ? AND ik = ? AND k = ?").run(index.id, ik, k);
      }
    }
  }

  remove(store: StoreShape, range: IDBKeyRange | null): void {
    const { sql, bound } = whereIn(range, "k");
    if (store.indexes.size > 0) {
      const keys = this.#sql(`SELECT k FROM idb_record WHERE s = ?${sql}`).all(store.id, ...bound);
      for (const { k } of keys as { k: Buffer }[]) this.#leave(store, k);
    }
    this.#sql(`DELETE FROM idb_record WHERE s = ?${sql}`).run(store.id, ...bound);
  }

  clear(store: StoreShape): void {
    for (const index of store.indexes.values()) this.#sql("DELETE FROM idb_entry WHERE i = ?").run(index.id);
    this.#sql("DELETE FROM idb_record WHERE s = ?").run(store.id);
  }

  count(store: StoreShape, index: IndexShape | null, range: IDBKeyRange | null): number {
    const { sql, bound } = whereIn(range, index === null ? "k" : "ik");
    const from = index === null ? "idb_record WHERE s = ?" : "idb_entry WHERE i = ?";
    const row = this.#sql(`SELECT count(*) AS n FROM ${from}${sql}`).get((index ?? store).id, ...bound);
    return (row as { n: number }).n;
  }

  records(store: StoreShape, { range, isDown = false, limit = -1, after = null }: Walk): readonly Row[] {
    if (range?.lowerBytes?.equals(range.upperBytes ?? range.lowerBytes) === true)
      this.onKey?.(store.name, range.lowerBytes);
    const { sql, bound } = whereIn(range, "k");
    const beyond = after === null ? "" : ` AND k ${isDown ? "<" : ">"} ?`;
    const text = `SELECT k, v, NULL AS ik FROM idb_record WHERE s = ?${sql}${beyond}
      ORDER BY k ${isDown ? "DESC" : "ASC"} LIMIT ?`;
    return this.#sql(text).all(store.id, ...bound, ...(after === null ? [] : [after.k]), limit) as Row[];
  }

  entries(store: StoreShape, index: IndexShape, walk: Walk): readonly Row[] {
    const { range, isDown = false, limit = -1, after = null } = walk;
    const { sql, bound } = whereIn(range, "ik");
    const beyond = after === null ? "" : ` AND (e.ik, e.k) ${isDown ? "<" : ">"} (?, ?)`;
    const order = isDown ? "DESC" : "ASC";
    const text = `SELECT e.k AS k, r.v AS v, e.ik AS ik FROM idb_entry e JOIN idb_record r ON r.s = ? AND r.k = e.k
      WHERE e.i = ?${sql}${beyond} ORDER BY e.ik ${order}, e.k ${order} LIMIT ?`;
    const from = after === null ? [] : [after.ik, after.k];
    return this.#sql(text).all(store.id, index.id, ...bound, ...from, limit) as Row[];
  }

  rows(store: StoreShape, index: IndexShape | null, walk: Walk): readonly Row[] {
    return index === null ? this.records(store, walk) : this.entries(store, index, walk);
  }
}
