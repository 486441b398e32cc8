/**
 * IndexedDB where there is none, for the crypto store of the Matrix SDK: the subset that it uses, in one SQLite file.
 * To be installed before the SDK is loaded, and once a process.
 */
import { openDatabase } from "../sqlite.ts";
import { IDBCursor, IDBCursorWithValue } from "./cursor.ts";
import { IDBDatabase } from "./database.ts";
import { IDBVersionChangeEvent } from "./event.ts";
import { IDBFactory } from "./factory.ts";
import { decodeKey, type Key } from "./key.ts";
import { IDBKeyRange } from "./key-range.ts";
import { IDBObjectStore } from "./object-store.ts";
import { Queue } from "./queue.ts";
import { IDBOpenDBRequest, IDBRequest } from "./request.ts";
import { IDBIndex } from "./store-index.ts";
import { Tables } from "./tables.ts";
import { IDBTransaction } from "./transaction.ts";

export type IndexedDb = {
  readonly factory: IDBFactory;
  /** The keys by which records were read or written while some work was done, by store. */
  keysOf(work: () => Promise<unknown>): Promise<ReadonlyMap<string, readonly Key[]>>;
  /** Folds the journal into the file: what was deleted is in neither. */
  clean(): Promise<void>;
  close(): void;
};

/**
 * Opens the file, exclusively. Throws when another process has it. `onFault` is told once when the store can no longer
 * be written (a full disk, say): every transaction fails from then on, and the process had better end.
 */
export function openIndexedDb({
  file,
  onFault,
}: {
  readonly file: string;
  readonly onFault: (error: unknown) => void;
}): IndexedDb {
  const db = openDatabase(file);
  const queue = new Queue(db, onFault);
  const tables = new Tables(db);
  return {
    factory: new IDBFactory({ tables, queue }),
    keysOf: async (work) => {
      const found = new Map<string, Key[]>();
      tables.onKey = (store, key) => found.set(store, [...(found.get(store) ?? []), decodeKey(key)]);
      try {
        await work();
        return found;
      } finally {
        tables.onKey = null;
      }
    },
    clean: () => queue.clean(),
    close: () => {
      if (!db.open) return;
      if (!db.inTransaction) queue.checkpoint();
      db.close();
    },
  };
}

/** The names under which the SDK's WebAssembly finds it, `instanceof` checks included. */
export function installIndexedDb(options: Parameters<typeof openIndexedDb>[0]): IndexedDb {
  const opened = openIndexedDb(options);
  Object.assign(globalThis, {
    indexedDB: opened.factory,
    IDBCursor,
    IDBCursorWithValue,
    IDBDatabase,
    IDBFactory,
    IDBIndex,
    IDBKeyRange,
    IDBObjectStore,
    IDBOpenDBRequest,
    IDBRequest,
    IDBTransaction,
    IDBVersionChangeEvent,
  });
  return opened;
}
