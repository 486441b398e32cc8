import { type CursorDirection, openCursor } from "./cursor.ts";
import { fault } from "./fault.ts";
import { decodeKey, encodeKey, type Key } from "./key.ts";
import { keyOrRange, optionalRange } from "./key-range.ts";
import { limitOf } from "./limit.ts";
import { type NameList, nameList } from "./name-list.ts";
import type { IDBRequest } from "./request.ts";
import { IDBIndex } from "./store-index.ts";
import type { StoreShape } from "./tables.ts";
import type { IDBTransaction } from "./transaction.ts";
import { type KeyPath, pack, unpack } from "./value.ts";

/** Indexed DB 3.0, section 4.5, for stores whose keys are given with each record. */
export class IDBObjectStore {
  readonly transaction: IDBTransaction;
  readonly shape: StoreShape;
  readonly keyPath = null;
  readonly autoIncrement = false;
  readonly #indexes = new Map<string, IDBIndex>();

  constructor(transaction: IDBTransaction, shape: StoreShape) {
    this.transaction = transaction;
    this.shape = shape;
  }

  get name(): string {
    return this.shape.name;
  }

  get indexNames(): NameList {
    return nameList(this.shape.indexes.keys());
  }

  get #isGone(): boolean {
    return this.transaction.mode === "versionchange" && this.transaction.db.shapeOf(this.name) !== this.shape;
  }

  #assertThere(): void {
    if (this.#isGone) throw fault("InvalidStateError", "the object store is gone");
    this.transaction.assertOpen();
  }

  put(value: unknown, key?: unknown): IDBRequest {
    return this.#write(value, key, false);
  }

  add(value: unknown, key?: unknown): IDBRequest {
    return this.#write(value, key, true);
  }

  #write(value: unknown, key: unknown, isNew: boolean): IDBRequest {
    this.#assertThere();
    this.transaction.assertWritable();
    const k = encodeKey(key);
    const v = pack(value);
    return this.transaction.ask(this, () => {
      this.transaction.tables.write(this.shape, k, v, isNew);
      return decodeKey(k);
    });
  }

  delete(query: unknown): IDBRequest {
    this.#assertThere();
    this.transaction.assertWritable();
    const range = keyOrRange(query);
    return this.transaction.ask(this, () => this.transaction.tables.remove(this.shape, range));
  }

  clear(): IDBRequest {
    this.#assertThere();
    this.transaction.assertWritable();
    return this.transaction.ask(this, () => this.transaction.tables.clear(this.shape));
  }

  get(query: unknown): IDBRequest {
    this.#assertThere();
    const range = keyOrRange(query);
    return this.transaction.ask(this, () => {
      const row = this.transaction.tables.records(this.shape, { range, limit: 1 })[0];
      return row === undefined ? undefined : unpack(row.v);
    });
  }

  getKey(query: unknown): IDBRequest {
    this.#assertThere();
    const range = keyOrRange(query);
    return this.transaction.ask(this, () => {
      const row = this.transaction.tables.records(this.shape, { range, limit: 1 })[0];
      return row === undefined ? undefined : decodeKey(row.k);
    });
  }

  getAll(query?: unknown, count?: unknown): IDBRequest {
    this.#assertThere();
    const walk = { range: optionalRange(query), limit: limitOf(count) };
    const { tables } = this.transaction;
    return this.transaction.ask(this, () => tables.records(this.shape, walk).map(({ v }) => unpack(v)));
  }

  getAllKeys(query?: unknown, count?: unknown): IDBRequest {
    this.#assertThere();
    const walk = { range: optionalRange(query), limit: limitOf(count) };
    const { tables } = this.transaction;
    return this.transaction.ask(this, (): readonly Key[] =>
      tables.records(this.shape, walk).map(({ k }) => decodeKey(k)),
    );
  }

  count(query?: unknown): IDBRequest {
    this.#assertThere();
    const range = optionalRange(query);
    return this.transaction.ask(this, () => this.transaction.tables.count(this.shape, null, range));
  }

  openCursor(query?: unknown, direction: CursorDirection = "next"): IDBRequest {
    this.#assertThere();
    return openCursor({ source: this, store: this, index: null }, optionalRange(query), direction);
  }

  index(name: string): IDBIndex {
    if (this.#isGone || this.transaction.hasEnded) throw fault("InvalidStateError", "the object store is gone");
    const shape = this.shape.indexes.get(name);
    if (shape === undefined) throw fault("NotFoundError", "no such index");
    const known = this.#indexes.get(name);
    if (known?.shape === shape) return known;
    const made = new IDBIndex(this, shape);
    this.#indexes.set(name, made);
    return made;
  }

  createIndex(
    name: string,
    path: KeyPath,
    options: { readonly unique?: unknown; readonly multiEntry?: unknown } = {},
  ): IDBIndex {
    this.transaction.assertUpgrade();
    this.#assertThere();
    if (this.shape.indexes.has(name)) throw fault("ConstraintError", "there is an index of that name");
    const { tables } = this.transaction;
    const shape = tables.addIndex(this.shape, {
      name,
      path: typeof path === "string" ? path : [...path],
      isUnique: Boolean(options.unique),
      isMulti: Boolean(options.multiEntry),
    });
    this.shape.indexes.set(name, shape);
    // In its turn: what was asked for before is done first. A key that is there twice ends the upgrade.
    this.transaction.also(() => tables.fillIndex(this.shape, shape));
    return this.index(name);
  }

  deleteIndex(name: string): void {
    this.transaction.assertUpgrade();
    this.#assertThere();
    const shape = this.shape.indexes.get(name);
    if (shape === undefined) throw fault("NotFoundError", "no such index");
    this.shape.indexes.delete(name);
    this.transaction.tables.forgetIndex(shape);
    this.transaction.also(() => this.transaction.tables.dropIndex(shape));
  }
}
