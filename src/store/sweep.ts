/** The rows of erased conversations, which nobody can read any more: deleted in steps between which others work. */
import { assert } from "../core/assert.ts";
import type { Committer } from "./commit.ts";
import type { Tables } from "./tables.ts";
import type { Tally } from "./tally.ts";

/** Rows of each kind a step: a longer step would hold up what people wait for. */
const SWEEP_ROWS = 100;

export type Counts = { blobs: number; messages: number; records: number; references: number };
/** Kept with each step: how much has gone so far, for the entry at the end. */
type Sweeping = { readonly tenant: string; readonly epoch: number; readonly counts: Counts };

export const pause = (): Promise<void> => new Promise((resume) => setImmediate(resume));

export class Sweeper {
  readonly #tables: Tables;
  readonly #committer: Committer;

  constructor(tables: Tables, committer: Committer) {
    this.#tables = tables;
    this.#committer = committer;
  }

  /** Inside the transaction that erases: from here on there is something to sweep. */
  begin(sweeping: Sweeping): void {
    const { statements } = this.#tables;
    statements.of("INSERT OR REPLACE INTO meta VALUES ('sweeping', ?)").run(JSON.stringify(sweeping));
  }

  isPending(): boolean {
    return this.#kept() !== null;
  }

  /** Rows that are gone and still to go; null when there is nothing to sweep. */
  progress(): { readonly gone: number; readonly left: number } | null {
    const kept = this.#kept();
    if (kept === null) return null;
    const dead = "SELECT n FROM conversation_key WHERE dead = 1";
    const of = (table: "blob" | "message"): string => `(SELECT COUNT(*) FROM ${table} WHERE conv IN (${dead}))`;
    const left = this.#tables.statements
      .of(`SELECT ${of("blob")} + ${of("message")}`)
      .pluck()
      .get();
    return { gone: kept.counts.blobs + kept.counts.messages, left: Number(left) };
  }

  /** Until nothing is left; an entry says at the end how much went, whoever began it. */
  async sweep(): Promise<Counts> {
    const { statements, ledger, outbox, probe } = this.#tables;
    const sweeping = this.#kept();
    assert(sweeping !== null, "a sweep was begun");
    const dead = statements.of("SELECT n, conversation FROM conversation_key WHERE dead = 1").all();
    for (const { n, conversation } of dead as { n: number; conversation: string }[]) {
      let after = 0;
      const step = (tally: Tally): boolean => {
        const some = this.#some(n, after, sweeping.counts, tally);
        after = some.last;
        this.begin(sweeping);
        return some.count - tally.messages - tally.blobs > 0;
      };
      while (this.#committer.alone(step)) await pause();
      probe("erase.swept");
      this.#committer.alone((tally) => {
        outbox.dropConversation(conversation, tally);
        statements.of("DELETE FROM conversation_key WHERE n = ?").run(n);
      });
    }
    const { tenant, epoch, counts } = sweeping;
    this.#committer.alone(() => {
      statements.of("DELETE FROM meta WHERE name = 'sweeping'").run();
      const body = { epoch, ...counts };
      ledger.append([{ type: "retention.swept", tenant, actor: "daemon", body }], () => new Map());
    });
    return counts;
  }

  /** Some of each kind a step: what a step costs is the one sync at its end. */
  #some(n: number, after: number, counts: Counts, tally: Tally): { readonly count: number; readonly last: number } {
    const { messages, quarantine, refs, clock } = this.#tables;
    counts.blobs += quarantine.sweep(n, SWEEP_ROWS, tally);
    counts.messages += messages.sweep(n, SWEEP_ROWS, tally);
    const some = refs.sweep(n, after, SWEEP_ROWS, clock.now());
    counts.references += some.count;
    return some;
  }

  #kept(): Sweeping | null {
    const text = this.#tables.statements.of("SELECT value FROM meta WHERE name = 'sweeping'").pluck().get();
    return typeof text === "string" ? (JSON.parse(text) as Sweeping) : null;
  }
}
