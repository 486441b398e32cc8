import { StoreTarget } from "./event.ts";
import { fault, unsupported } from "./fault.ts";
import { type NameList, nameList } from "./name-list.ts";
import type { IDBObjectStore } from "./object-store.ts";
import type { Queue } from "./queue.ts";
import type { RequestHandler } from "./request.ts";
import type { StoreShape, Tables } from "./tables.ts";
import { IDBTransaction, type Mode } from "./transaction.ts";

export type Place = { readonly tables: Tables; readonly queue: Queue };

/** One connection (Indexed DB 3.0, section 4.4). Object stores have keys of their own: no key path, no generator. */
export class IDBDatabase extends StoreTarget {
  onversionchange: RequestHandler = null;
  onclose: RequestHandler = null;
  onerror: RequestHandler = null;
  onabort: RequestHandler = null;
  readonly name: string;
  readonly #place: Place;
  #version: number;
  #stores: Map<string, StoreShape>;
  #upgrade: IDBTransaction | null = null;
  #isClosed = false;

  constructor(name: string, version: number, place: Place) {
    super();
    this.name = name;
    this.#version = version;
    this.#place = place;
    this.#stores = place.tables.stores(name);
  }

  get version(): number {
    return this.#version;
  }

  get objectStoreNames(): NameList {
    return nameList(this.#stores.keys());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  shapeOf(store: string): StoreShape | undefined {
    return this.#stores.get(store);
  }

  /** The shape as it is in the file, after an upgrade was undone. */
  reload(): void {
    this.#version = this.#place.tables.version(this.name);
    this.#stores = this.#place.tables.stores(this.name);
  }

  transaction(scope: string | Iterable<string>, mode: Mode = "readonly"): IDBTransaction {
    if (this.#isClosed) throw fault("InvalidStateError", "the connection is closed");
    if (this.#upgrade !== null) throw fault("InvalidStateError", "an upgrade is running");
    if (mode !== "readonly" && mode !== "readwrite") throw new TypeError("transactions read, or read and write");
    const names = typeof scope === "string" ? [scope] : [...new Set(scope)];
    if (names.length === 0) throw fault("InvalidStateError", "a transaction has a scope");
    if (names.some((name) => !this.#stores.has(name))) throw fault("NotFoundError", "no such object store");
    const transaction = new IDBTransaction(this, names, mode, this.#place);
    this.#place.queue.add({ transaction });
    return transaction;
  }

  /** The one transaction in which stores and indexes come and go. */
  upgradeTo(version: number): IDBTransaction {
    this.#version = version;
    this.#upgrade = new IDBTransaction(this, [], "versionchange", this.#place);
    return this.#upgrade;
  }

  upgraded(): void {
    this.#upgrade = null;
  }

  createObjectStore(
    name: string,
    options: { readonly keyPath?: unknown; readonly autoIncrement?: unknown } = {},
  ): IDBObjectStore {
    const upgrade = this.#upgrading();
    if (options.keyPath !== undefined && options.keyPath !== null) throw unsupported("a key path");
    if (options.autoIncrement) throw unsupported("a key generator");
    if (this.#stores.has(name)) throw fault("ConstraintError", "there is an object store of that name");
    this.#stores.set(name, this.#place.tables.addStore(this.name, name));
    return upgrade.objectStore(name);
  }

  deleteObjectStore(name: string): void {
    const upgrade = this.#upgrading();
    const shape = this.#stores.get(name);
    if (shape === undefined) throw fault("NotFoundError", "no such object store");
    this.#stores.delete(name);
    // The name is free at once; records go when what was asked for before has been done.
    this.#place.tables.forgetStore(shape);
    upgrade.also(() => this.#place.tables.dropStore(shape));
  }

  #upgrading(): IDBTransaction {
    if (this.#upgrade === null) throw fault("InvalidStateError", "only an upgrade may do that");
    this.#upgrade.assertUpgrade();
    return this.#upgrade;
  }

  close(): void {
    this.#isClosed = true;
  }
}
