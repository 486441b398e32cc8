/**
 * One transaction at a time, in the order in which they were asked for, and a commit that is durable before anybody
 * hears of it: a room key that was published is a room key that a kill cannot take back.
 */
import { statSync } from "node:fs";
import type { Database } from "../sqlite.ts";
import { fault } from "./fault.ts";
import type { IDBTransaction, Step } from "./transaction.ts";

/** A journal that grew beyond this is folded into the file and cut off as soon as nothing waits. */
const JOURNAL_BYTES_MAX = 4 * 1024 * 1024;

export type Waiting = {
  readonly transaction: IDBTransaction;
  /** What happens first, inside. */
  readonly begin?: () => void;
};

export class Queue {
  readonly #db: Database;
  readonly #onFault: (error: unknown) => void;
  readonly #waiting: (Waiting | (() => void))[] = [];
  #current: IDBTransaction | null = null;
  /** Whether SQLite is inside a transaction of ours. */
  #isInside = false;
  #isBroken = false;
  #isScheduled = false;

  constructor(db: Database, onFault: (error: unknown) => void) {
    this.#db = db;
    this.#onFault = onFault;
  }

  /** A plain function runs between two transactions. */
  add(next: Waiting | (() => void)): void {
    this.#waiting.push(next);
    this.wake();
  }

  wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // One step a turn: what the SDK does next comes in microtasks, so it is on the list before the next turn.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const current = this.#current;
    if (current === null) this.#start();
    else if (current.hasEnded) this.#current = null;
    else {
      const step = current.next();
      if (step === undefined) this.#finish(current);
      else this.#do(current, step);
    }
    if (this.#current !== null || this.#waiting.length > 0) this.wake();
    else this.#tidy();
  }

  #start(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    if (typeof next === "function") next();
    else if (!next.transaction.hasEnded) this.#enter(next);
  }

  #enter({ transaction, begin }: Waiting): void {
    this.#current = transaction;
    if (this.#isBroken) {
      transaction.fail(fault("UnknownError", "the store cannot be written"));
      return;
    }
    transaction.begin();
    this.#guard(transaction, () => {
      // Readers need no transaction of SQLite's: nobody else has the file, and no writer runs beside them.
      if (transaction.mode !== "readonly") {
        this.#db.exec("BEGIN IMMEDIATE");
        this.#isInside = true;
      }
      begin?.();
    });
  }

  #do(transaction: IDBTransaction, { request, work }: Step): void {
    let result: unknown;
    try {
      result = work();
    } catch (error) {
      const named = this.#named(error);
      if (request === null || this.#isBroken) transaction.fail(named);
      else
        this.#guard(transaction, () => request.fail(named, [transaction, transaction.db]) || transaction.fail(named));
      return;
    }
    if (request !== null) this.#guard(transaction, () => request.succeed(result));
  }

  #finish(transaction: IDBTransaction): void {
    try {
      if (this.#isInside) this.#db.exec("COMMIT");
      this.#isInside = false;
    } catch (error) {
      this.#break(error);
      transaction.fail(fault("UnknownError", "the commit failed"));
      this.#current = null;
      return;
    }
    this.#current = null;
    transaction.complete();
  }

  /** A handler that throws ends its transaction (section 5.9). */
  #guard(transaction: IDBTransaction, what: () => unknown): void {
    try {
      what();
    } catch (error) {
      transaction.fail(this.#isStorage(error) ? this.#named(error) : fault("AbortError", "a handler failed"));
    }
  }

  /** Called by a transaction that ended badly. */
  undo(transaction: IDBTransaction): void {
    if (transaction !== this.#current || !this.#isInside) return;
    this.#isInside = false;
    try {
      // SQLite has already undone it after a full disk and the like.
      if (this.#db.inTransaction) this.#db.exec("ROLLBACK");
    } catch (error) {
      this.#break(error);
    }
    transaction.db.reload();
  }

  #isStorage(error: unknown): boolean {
    return typeof error === "object" && error !== null && "code" in error && String(error.code).startsWith("SQLITE_");
  }

  #named(error: unknown): DOMException {
    if (error instanceof DOMException) return error;
    // Constraints are looked at before a write: whatever SQLite says itself, the store is not to be trusted any more.
    this.#break(error);
    return fault("UnknownError", "the store failed");
  }

  #break(error: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#onFault(error);
  }

  #tidy(): void {
    if (this.#isBroken || !this.#db.open) return;
    const journal = statSync(`${this.#db.name}-wal`, { throwIfNoEntry: false });
    if (journal === undefined || journal.size <= JOURNAL_BYTES_MAX) return;
    try {
      this.checkpoint();
    } catch (error) {
      this.#break(error);
    }
  }

  /** Between two transactions: what was deleted by then is in no journal after. */
  clean(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.add(() => {
        try {
          this.checkpoint();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  checkpoint(): void {
    this.#db.pragma("wal_checkpoint(TRUNCATE)");
  }
}
