/** Group commit: the batches of one turn of the event loop share a transaction, each in a savepoint of its own. */
import type { Batch } from "../core/batch.ts";
import { BATCHES_PER_COMMIT_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import { codeOf, isDiskFault } from "./db.ts";
import { applyBatch, type Tables } from "./tables.ts";
import { addTally, emptyTally, loadTally, saveTally, type Tally } from "./tally.ts";

type Job = { readonly batch: Batch; readonly done: () => void; readonly failed: (error: unknown) => void };
type Verdict = { readonly job: Job; readonly error: unknown };

const PROBE_BYTES = 65_536;

/** Inside a group that shares everything: one batch cannot be applied. */
class OneFailed extends Error {}

export class Committer {
  readonly #tables: Tables;
  #tally: Tally;
  #queue: Job[] = [];
  #isScheduled = false;
  #isStopped = false;
  #isClosed = false;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#tally = loadTally(tables.statements);
  }

  get tally(): Readonly<Tally> {
    return this.#tally;
  }

  /**
   * Resolves once durable. Rejects with `conflict`, `store.full`, `store.failed`, `daemon.stopping`, or what the batch
   * broke.
   */
  commit(batch: Batch): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Refusal("daemon.stopping"));
    return new Promise((done, failed) => {
      this.#queue.push({ batch, done, failed });
      if (this.#queue.length >= BATCHES_PER_COMMIT_MAX) this.flush();
      else this.#schedule();
    });
  }

  /** Commits everything that waits, now. Never throws: each batch hears for itself. */
  flush(): void {
    while (this.#queue.length > 0) {
      const jobs = this.#queue.splice(0, BATCHES_PER_COMMIT_MAX);
      try {
        this.#assertWritable();
        for (const { job, error } of this.#together(jobs)) {
          if (error === undefined) job.done();
          else job.failed(error);
        }
      } catch (error) {
        for (const job of jobs) job.failed(error);
      }
    }
    this.#tables.refs.settle();
  }

  /**
   * A transaction of its own, after everything that waits. Throws `store.full` or `store.failed` when the disk does.
   */
  alone<T>(work: (tally: Tally) => T): T {
    this.flush();
    this.#assertWritable();
    return this.#transact(() => {
      const tally = emptyTally();
      const result = work(tally);
      this.#settle(tally);
      return result;
    });
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** BEGIN … COMMIT. Whatever goes wrong, nothing of it stays, neither on the disk nor in memory. */
  #transact<T>(work: () => T): T {
    const { db, statements, probe, keys, refs, inbox, ledger } = this.#tables;
    const before = { ...this.#tally };
    try {
      statements.of("BEGIN IMMEDIATE").run();
      const result = work();
      probe("commit.before");
      statements.of("COMMIT").run();
      probe("commit.after");
      return result;
    } catch (error) {
      const isDisk = isDiskFault(error);
      if (isDisk) this.#isStopped = true;
      if (db.inTransaction) db.exec("ROLLBACK");
      this.#tally = before;
      keys.forget();
      refs.forget();
      inbox.forget();
      ledger.reload();
      throw isDisk ? diskRefusal(error) : error;
    }
  }

  /**
   * A savepoint makes SQLite copy every page that a batch touches, so the batches are first tried without. Nearly
   * always that is all; if one fails, all is rolled back and done again with a savepoint for each, so that only the one
   * pays that has it.
   */
  #together(jobs: readonly Job[]): readonly Verdict[] {
    if (jobs.length === 1 && isSmall(jobs[0])) return this.#transact(() => this.#singly(jobs));
    try {
      return this.#transact(() => this.#optimistically(jobs));
    } catch (error) {
      if (error instanceof OneFailed) return this.#transact(() => this.#singly(jobs));
      throw error;
    }
  }

  #optimistically(jobs: readonly Job[]): readonly Verdict[] {
    const now = this.#tables.clock.now();
    const grown = emptyTally();
    try {
      for (const { batch } of jobs) addTally(grown, applyBatch(this.#tables, batch, now));
      this.#tables.inbox.writeCursors();
    } catch (error) {
      throw isDiskFault(error) ? error : new OneFailed("a batch of the group failed", { cause: error });
    }
    this.#settle(grown);
    return jobs.map((job) => ({ job, error: undefined }));
  }

  #singly(jobs: readonly Job[]): readonly Verdict[] {
    const now = this.#tables.clock.now();
    const grown = emptyTally();
    const verdicts = jobs.map((job) => ({ job, error: this.#one(job.batch, now, grown) }));
    if (verdicts.some(({ error }) => error === undefined)) this.#settle(grown);
    return verdicts;
  }

  /** One batch in its savepoint. Answers why it failed; a failing disk is everybody's failure and thrown. */
  #one(batch: Batch, now: number, grown: Tally): unknown {
    const { statements, keys, refs, inbox } = this.#tables;
    keys.mark();
    statements.of("SAVEPOINT batch").run();
    try {
      const added = applyBatch(this.#tables, batch, now);
      inbox.writeCursors();
      statements.of("RELEASE batch").run();
      addTally(grown, added);
      return undefined;
    } catch (error) {
      if (isDiskFault(error)) throw error;
      statements.of("ROLLBACK TO batch").run();
      statements.of("RELEASE batch").run();
      keys.rollback();
      refs.forget();
      inbox.forget();
      return codeOf(error).startsWith("SQLITE_CONSTRAINT") ? new Refusal("conflict") : error;
    }
  }

  #settle(grown: Tally): void {
    this.#tables.ledger.checkpointWhenDue();
    if (Object.values(grown).every((count) => count === 0)) return;
    addTally(this.#tally, grown);
    saveTally(this.#tables.statements, this.#tally);
  }

  /** After a failing disk nothing is taken until a write of some size went through. */
  #assertWritable(): void {
    if (!this.#isStopped) return;
    const { statements } = this.#tables;
    this.#isStopped = false;
    this.#transact(() => {
      statements.of("INSERT OR REPLACE INTO meta VALUES ('probe', zeroblob(?))").run(PROBE_BYTES);
    });
    this.#transact(() => {
      statements.of("DELETE FROM meta WHERE name = 'probe'").run();
    });
  }
}

/** A savepoint around a batch of this many messages would cost more than doing a failed one again. */
const SAVEPOINT_MESSAGES_MAX = 8;
const isSmall = (job: Job | undefined): boolean => (job?.batch.messages?.length ?? 0) <= SAVEPOINT_MESSAGES_MAX;

const diskRefusal = (error: unknown): Refusal =>
  codeOf(error) === "SQLITE_FULL"
    ? new Refusal("store.full", { hint: "Make room on the disk; intake goes on by itself." })
    : new Refusal("store.failed", { hint: `SQLite answered ${codeOf(error)}.` });
