/** What is to be said: a row first, one attempt a send, moved by compare and set. */
import type { OutboxId } from "../core/ids.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { Page } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import type { Statements } from "./db.ts";
import type { Tally } from "./tally.ts";

type Row = { readonly seq: number; readonly value: string };
type States = readonly OutboxRow["state"][];

const rowOf = ({ seq, value }: Row): OutboxRow => ({ ...(JSON.parse(value) as OutboxRow), seq });

export class Outbox {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Rows of a channel in some states with a number above `after`, by number. */
  list(by: { channel: string; after?: number; states: States }, page: Page): readonly OutboxRow[] {
    const marks = by.states.map(() => "?").join(", ");
    const sql = `SELECT seq, value FROM outbox WHERE channel = ? AND state IN (${marks}) AND seq > ?
      ORDER BY seq ${page.newestFirst ? "DESC" : "ASC"} LIMIT ?`;
    return (this.#statements.of(sql).all(by.channel, ...by.states, by.after ?? 0, page.limit) as Row[]).map(rowOf);
  }

  get(id: OutboxId): OutboxRow | null {
    const row = this.#statements.of("SELECT seq, value FROM outbox WHERE id = ?").get(id) as Row | undefined;
    return row === undefined ? null : rowOf(row);
  }

  /** Inside a transaction. An id that is there already is a `conflict`. */
  put(row: OutboxRow, tally: Tally): void {
    const { changes } = this.#statements
      .of("INSERT INTO outbox (id, channel, conversation, state, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .run(row.id, row.channel, row.conversation, row.state, JSON.stringify(row));
    if (changes === 0) throw new Refusal("conflict", { field: "outbox" });
    tally.outbox++;
  }

  /** Inside a transaction. Refuses with `conflict` when the row is not in the expected state. */
  move(expect: OutboxRow["state"], row: OutboxRow): void {
    const { changes } = this.#statements
      .of("UPDATE outbox SET state = ?, value = ? WHERE id = ? AND state = ?")
      .run(row.state, JSON.stringify(row), row.id, expect);
    if (changes === 0) throw new Refusal("conflict", { field: "outbox" });
  }

  /** Inside a transaction. Answers whether there was one. */
  drop(id: OutboxId, tally: Tally): void {
    tally.outbox -= this.#statements.of("DELETE FROM outbox WHERE id = ?").run(id).changes;
  }

  /** Inside a transaction: rows of an erased conversation, but for those that still take something back. */
  dropConversation(conversation: string, tally: Tally): void {
    const sql = `DELETE FROM outbox WHERE conversation = ?
      AND NOT (state = 'pending' AND json_extract(value, '$.op') = 'redact')`;
    tally.outbox -= this.#statements.of(sql).run(conversation).changes;
  }
}
