import type { IDBDatabase } from "./database.ts";
import { StoreEvent, StoreTarget } from "./event.ts";
import { fault } from "./fault.ts";
import { type NameList, nameList } from "./name-list.ts";
import { IDBObjectStore } from "./object-store.ts";
import type { Queue } from "./queue.ts";
import { IDBRequest, type RequestHandler } from "./request.ts";
import type { StoreShape, Tables } from "./tables.ts";

export type Mode = "readonly" | "readwrite" | "versionchange";
/** What a transaction still has to do: work on the tables, and whose request waits for it. */
export type Step = { readonly request: IDBRequest | null; readonly work: () => unknown };

/**
 * Indexed DB 3.0, section 4.10. It runs when all earlier ones have ended, and commits when a turn of the event loop
 * passes in which nobody asked for more.
 */
export class IDBTransaction extends StoreTarget {
  oncomplete: RequestHandler = null;
  onabort: RequestHandler = null;
  onerror: RequestHandler = null;
  readonly durability = "strict";
  readonly db: IDBDatabase;
  readonly mode: Mode;
  readonly tables: Tables;
  readonly #scope: readonly string[];
  readonly #queue: Queue;
  readonly #steps: Step[] = [];
  readonly #stores = new Map<StoreShape, IDBObjectStore>();
  #state: "waiting" | "running" | "closing" | "ended" = "waiting";
  #error: DOMException | null = null;

  constructor(db: IDBDatabase, scope: readonly string[], mode: Mode, place: { tables: Tables; queue: Queue }) {
    super();
    this.db = db;
    this.mode = mode;
    this.tables = place.tables;
    this.#queue = place.queue;
    this.#scope = scope;
  }

  get error(): DOMException | null {
    return this.#error;
  }

  get objectStoreNames(): NameList {
    return this.mode === "versionchange" ? this.db.objectStoreNames : nameList(this.#scope);
  }

  objectStore(name: string): IDBObjectStore {
    if (this.#state === "ended") throw fault("InvalidStateError", "the transaction has ended");
    const shape = this.objectStoreNames.includes(name) ? this.db.shapeOf(name) : undefined;
    if (shape === undefined) throw fault("NotFoundError", "no such object store in this transaction");
    const known = this.#stores.get(shape) ?? new IDBObjectStore(this, shape);
    this.#stores.set(shape, known);
    return known;
  }

  /** Nothing more will be asked. */
  commit(): void {
    this.assertOpen();
    this.#state = "closing";
    this.#queue.wake();
  }

  abort(): void {
    if (this.#state === "ended") throw fault("InvalidStateError", "the transaction has ended");
    this.fail(null);
  }

  assertOpen(): void {
    if (this.#state === "closing" || this.#state === "ended") {
      throw fault("TransactionInactiveError", "the transaction takes no more requests");
    }
  }

  assertWritable(): void {
    this.assertOpen();
    if (this.mode === "readonly") throw fault("ReadOnlyError", "the transaction only reads");
  }

  assertUpgrade(): void {
    if (this.mode !== "versionchange") throw fault("InvalidStateError", "only an upgrade may do that");
    this.assertOpen();
  }

  /** Puts work on the list and gives the request that will have its result. */
  ask(source: unknown, work: () => unknown, request = new IDBRequest()): IDBRequest {
    this.assertOpen();
    request.source = source;
    request.transaction = this;
    this.#steps.push({ request, work });
    return request;
  }

  /** Work of ours that nobody waits for; its failure is the transaction's. */
  also(work: () => unknown): void {
    this.#steps.push({ request: null, work });
  }

  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  begin(): void {
    if (this.#state === "waiting") this.#state = "running";
  }

  next(): Step | undefined {
    return this.#steps.shift();
  }

  /** After the COMMIT, never before. */
  complete(): void {
    this.#state = "ended";
    this.send(new StoreEvent("complete", this));
  }

  /** Undoes everything, tells whoever waits, then says so. `null`: somebody asked for it. */
  fail(error: DOMException | null): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#error = error;
    this.#queue.undo(this);
    const waiting = this.#steps.splice(0);
    setImmediate(() => {
      for (const { request } of waiting) request?.fail(fault("AbortError", "the transaction was undone"), [this]);
      this.send(new StoreEvent("abort", this, true), [this.db]);
    });
  }
}
