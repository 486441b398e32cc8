/** Records of every kind, found by id or by the keys that INDEXES gives them; changed by compare and set. */
import { assert } from "../core/assert.ts";
import type { RecordDrop, RecordPut } from "../core/batch.ts";
import type { Page, Versioned } from "../core/ports.ts";
import { INDEXES, type Records as Kinds, type RecordKind } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Statements } from "./db.ts";

type Row = { readonly n: number; readonly version: number; readonly keys: string };
type Key = readonly [name: string, key: string];
type KeyOf = (record: unknown) => string | readonly string[] | null;

/** The keys of a record, in a fixed order and without repeats. */
function keysOf(kind: RecordKind, value: unknown): readonly Key[] {
  const keys: Key[] = [];
  for (const [name, keyOf] of Object.entries(INDEXES[kind]) as [string, KeyOf][]) {
    const found = keyOf(value);
    if (found === null) continue;
    for (const key of typeof found === "string" ? [found] : new Set(found)) keys.push([name, key]);
  }
  return keys;
}

const versioned = <T>(row: { readonly version: number; readonly value: string }): Versioned<T> => ({
  version: row.version,
  value: JSON.parse(row.value) as T,
});

export class RecordTable {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  get<K extends RecordKind>(kind: K, id: string): Versioned<Kinds[K]> | null {
    const sql = "SELECT version, value FROM record WHERE kind = ? AND id = ?";
    const row = this.#statements.of(sql).get(kind, id) as { version: number; value: string } | undefined;
    return row === undefined ? null : versioned(row);
  }

  /** Records with that key, in the order in which they were made. */
  find<K extends RecordKind>(kind: K, index: string, key: string, page: Page): readonly Versioned<Kinds[K]>[] {
    assert(index in INDEXES[kind], `there is no index ${index} of ${kind}`);
    const sql = `SELECT r.version, r.value FROM record_key k JOIN record r ON r.n = k.n
      WHERE k.kind = ? AND k.name = ? AND k.key = ? ORDER BY k.n ${page.newestFirst ? "DESC" : "ASC"} LIMIT ?`;
    const rows = this.#statements.of(sql).all(kind, index, key, page.limit);
    return (rows as { version: number; value: string }[]).map((row) => versioned(row));
  }

  /** All of a kind by id, after one id; or the newest first, without a position. */
  all<K extends RecordKind>(kind: K, page: Page & { readonly after?: string }): readonly Versioned<Kinds[K]>[] {
    assert(!page.newestFirst || page.after === undefined, "pages of the newest have no position");
    const sql = page.newestFirst
      ? "SELECT version, value FROM record WHERE kind = ? AND id > ? ORDER BY n DESC LIMIT ?"
      : "SELECT version, value FROM record WHERE kind = ? AND id > ? ORDER BY id LIMIT ?";
    const rows = this.#statements.of(sql).all(kind, page.after ?? "", page.limit);
    return (rows as { version: number; value: string }[]).map((row) => versioned(row));
  }

  /** Inside a transaction. Refuses with `conflict` when another version is stored than the one expected. */
  put({ kind, id, expect, value }: RecordPut): void {
    const row = this.#statements.of("SELECT n, version, keys FROM record WHERE kind = ? AND id = ?").get(kind, id) as
      | Row
      | undefined;
    if ((row?.version ?? null) !== expect) throw new Refusal("conflict", { field: kind });
    const keys = keysOf(kind, value);
    const keysText = JSON.stringify(keys);
    if (row === undefined) {
      const { lastInsertRowid } = this.#statements
        .of("INSERT INTO record (kind, id, version, keys, value) VALUES (?, ?, 1, ?, ?)")
        .run(kind, id, keysText, JSON.stringify(value));
      this.#index(kind, Number(lastInsertRowid), keys);
      return;
    }
    this.#statements
      .of("UPDATE record SET version = version + 1, keys = ?, value = ? WHERE n = ?")
      .run(keysText, JSON.stringify(value), row.n);
    if (keysText === row.keys) return;
    this.#unindex(kind, row);
    this.#index(kind, row.n, keys);
  }

  /** Inside a transaction. Answers whether there was one. */
  drop({ kind, id }: RecordDrop): boolean {
    const row = this.#statements.of("SELECT n, version, keys FROM record WHERE kind = ? AND id = ?").get(kind, id) as
      | Row
      | undefined;
    if (row === undefined) return false;
    this.#unindex(kind, row);
    this.#statements.of("DELETE FROM record WHERE n = ?").run(row.n);
    return true;
  }

  #index(kind: RecordKind, n: number, keys: readonly Key[]): void {
    const insert = this.#statements.of("INSERT INTO record_key VALUES (?, ?, ?, ?)");
    for (const [name, key] of keys) insert.run(kind, name, key, n);
  }

  #unindex(kind: RecordKind, row: Row): void {
    const remove = this.#statements.of("DELETE FROM record_key WHERE kind = ? AND name = ? AND key = ? AND n = ?");
    for (const [name, key] of JSON.parse(row.keys) as Key[]) remove.run(kind, name, key, row.n);
  }
}
