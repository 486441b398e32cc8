import { type CursorDirection, openCursor } from "./cursor.ts";
import { fault } from "./fault.ts";
import { decodeKey } from "./key.ts";
import { type IDBKeyRange, keyOrRange, optionalRange } from "./key-range.ts";
import { limitOf } from "./limit.ts";
import type { IDBObjectStore } from "./object-store.ts";
import type { IDBRequest } from "./request.ts";
import type { IndexShape, Row } from "./tables.ts";
import { type KeyPath, unpack } from "./value.ts";

/** Indexed DB 3.0, section 4.6. */
export class IDBIndex {
  readonly objectStore: IDBObjectStore;
  readonly shape: IndexShape;

  constructor(store: IDBObjectStore, shape: IndexShape) {
    this.objectStore = store;
    this.shape = shape;
  }

  get name(): string {
    return this.shape.name;
  }

  get keyPath(): KeyPath {
    return this.shape.path;
  }

  get unique(): boolean {
    return this.shape.isUnique;
  }

  get multiEntry(): boolean {
    return this.shape.isMulti;
  }

  #assertThere(): void {
    const store = this.objectStore;
    if (store.shape.indexes.get(this.name) !== this.shape) throw fault("InvalidStateError", "the index is gone");
    store.transaction.assertOpen();
  }

  #rows<T>(range: IDBKeyRange | null, limit: number, take: (rows: readonly Row[]) => T): IDBRequest {
    const { transaction, shape } = this.objectStore;
    return transaction.ask(this, () => take(transaction.tables.entries(shape, this.shape, { range, limit })));
  }

  get(query: unknown): IDBRequest {
    this.#assertThere();
    return this.#rows(keyOrRange(query), 1, ([row]) => (row === undefined ? undefined : unpack(row.v)));
  }

  getKey(query: unknown): IDBRequest {
    this.#assertThere();
    return this.#rows(keyOrRange(query), 1, ([row]) => (row === undefined ? undefined : decodeKey(row.k)));
  }

  getAll(query?: unknown, count?: unknown): IDBRequest {
    this.#assertThere();
    return this.#rows(optionalRange(query), limitOf(count), (rows) => rows.map(({ v }) => unpack(v)));
  }

  getAllKeys(query?: unknown, count?: unknown): IDBRequest {
    this.#assertThere();
    return this.#rows(optionalRange(query), limitOf(count), (rows) => rows.map(({ k }) => decodeKey(k)));
  }

  count(query?: unknown): IDBRequest {
    this.#assertThere();
    const range = optionalRange(query);
    const { transaction, shape } = this.objectStore;
    return transaction.ask(this, () => transaction.tables.count(shape, this.shape, range));
  }

  openCursor(query?: unknown, direction: CursorDirection = "next"): IDBRequest {
    this.#assertThere();
    return openCursor({ source: this, store: this.objectStore, index: this.shape }, optionalRange(query), direction);
  }
}
