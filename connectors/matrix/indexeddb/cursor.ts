import { fault, unsupported } from "./fault.ts";
import { decodeKey, encodeKey, type Key } from "./key.ts";
import type { IDBKeyRange } from "./key-range.ts";
import type { IDBObjectStore } from "./object-store.ts";
import { IDBRequest } from "./request.ts";
import type { IDBIndex } from "./store-index.ts";
import type { IndexShape, Row } from "./tables.ts";
import { pack, unpack } from "./value.ts";

export type CursorDirection = "next" | "prev";
/** `index` is null where the store itself is walked. */
export type CursorPlace = {
  readonly source: IDBObjectStore | IDBIndex;
  readonly store: IDBObjectStore;
  readonly index: IndexShape | null;
};

/** Indexed DB 3.0, section 4.9: one step at a time, by `continue`. */
export class IDBCursor {
  readonly source: IDBObjectStore | IDBIndex;
  readonly direction: CursorDirection;
  readonly request: IDBRequest;
  readonly #place: CursorPlace;
  readonly #range: IDBKeyRange | null;
  #row: Row | null = null;
  /** False while the next row is being fetched. */
  #hasRow = false;

  constructor(place: CursorPlace, range: IDBKeyRange | null, direction: CursorDirection) {
    this.source = place.source;
    this.direction = direction;
    this.request = new IDBRequest();
    this.#place = place;
    this.#range = range;
  }

  /** Asks for the first row, or the one after; the result is the cursor itself, or null at the end. */
  fetch(beyond: Buffer | null = null): IDBRequest {
    this.#hasRow = false;
    const { store, index } = this.#place;
    const isDown = this.direction === "prev";
    return store.transaction.ask(
      this.source,
      () => {
        let after: Pick<Row, "k" | "ik"> | null = this.#row;
        for (;;) {
          const row = store.transaction.tables.rows(store.shape, index, {
            range: this.#range,
            isDown,
            limit: 1,
            after,
          })[0];
          if (row === undefined) return null;
          after = row;
          const order = beyond === null ? 0 : Buffer.compare(row.ik ?? row.k, beyond);
          if (isDown ? order > 0 : order < 0) continue;
          this.#row = row;
          this.#hasRow = true;
          return this;
        }
      },
      this.request,
    );
  }

  get row(): Row {
    if (this.#row === null) throw fault("InvalidStateError", "the cursor has no record");
    return this.#row;
  }

  get key(): Key {
    return decodeKey(this.row.ik ?? this.row.k);
  }

  get primaryKey(): Key {
    return decodeKey(this.row.k);
  }

  continue(key?: unknown): void {
    this.#assertRow();
    const beyond = key === undefined ? null : encodeKey(key);
    if (beyond !== null) {
      const order = Buffer.compare(beyond, this.row.ik ?? this.row.k);
      if (this.direction === "next" ? order <= 0 : order >= 0) throw fault("DataError", "the cursor is past that key");
    }
    this.request.reopen();
    this.fetch(beyond);
  }

  #assertRow(): void {
    this.#place.store.transaction.assertOpen();
    if (!this.#hasRow) throw fault("InvalidStateError", "the cursor has no record");
  }

  update(value: unknown): IDBRequest {
    const { store } = this.#place;
    store.transaction.assertWritable();
    this.#assertRow();
    const { k } = this.row;
    const v = pack(value);
    return store.transaction.ask(this, () => {
      store.transaction.tables.write(store.shape, k, v, false);
      return decodeKey(k);
    });
  }

  delete(): IDBRequest {
    this.#place.store.transaction.assertWritable();
    this.#assertRow();
    const request = this.#place.store.delete(this.primaryKey);
    request.source = this;
    return request;
  }
}

export class IDBCursorWithValue extends IDBCursor {
  get value(): unknown {
    return unpack(this.row.v);
  }
}

export function openCursor(place: CursorPlace, range: IDBKeyRange | null, direction: CursorDirection): IDBRequest {
  if (direction !== "next" && direction !== "prev") throw unsupported(`the direction ${String(direction)}`);
  return new IDBCursorWithValue(place, range, direction).fetch();
}
