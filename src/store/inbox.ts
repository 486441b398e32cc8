/** Raw events on their way in: sealed with the network's cursor in one commit, shredded once they are dealt with. */
import type { Batch } from "../core/batch.ts";
import type { InboundEvent } from "../core/message.ts";
import { padded, unpadded } from "./blob.ts";
import type { Statements } from "./db.ts";
import type { KeyRing } from "./keys.ts";
import { context, open, type RandomPool, SealBroken, seal, wipe } from "./seal.ts";
import type { Tally } from "./tally.ts";

const EVENT_DOMAIN = "lazaret.inbox.v1";
const CURSOR_DOMAIN = "lazaret.cursor.v1";
/** Raw events live for moments; a coarse step hides their size well enough. */
const FRAME_BYTES = 256;

type Row = {
  readonly seq: number;
  readonly tenant: string;
  readonly channel: string;
  readonly at: number;
  readonly sealed: Uint8Array;
};
type InboxItem = { readonly seq: number; readonly at: number; readonly event: InboundEvent | "altered" };

export class Inbox {
  readonly #statements: Statements;
  readonly #pool: RandomPool;
  readonly #keys: KeyRing;
  readonly #cursors = new Map<string, { readonly tenant: string; readonly cursor: string }>();
  #last: number;

  constructor(statements: Statements, pool: RandomPool, keys: KeyRing) {
    this.#statements = statements;
    this.#pool = pool;
    this.#keys = keys;
    this.#last = Number(statements.of("SELECT coalesce(max(seq), 0) FROM inbox").pluck().get());
  }

  /** Inside a transaction. */
  put(arrived: NonNullable<Batch["inbox"]>, at: number, tally: Tally): void {
    const { tenant, channel, cursor, events } = arrived;
    const key = this.#keys.home("inbox", tenant);
    const insert = this.#statements.of("INSERT INTO inbox VALUES (?, ?, ?, ?, ?)");
    for (const event of events) {
      const seq = ++this.#last;
      insert.run(seq, tenant, channel, at, this.#sealed(key, eventAad({ seq, tenant, channel, at }), event));
    }
    tally.inbox += events.length;
    if (cursor !== null) this.#cursors.set(channel, { tenant, cursor });
  }

  /** Inside the transaction of the events: of the batches that share it, the last cursor of each channel counts. */
  writeCursors(): void {
    for (const [channel, { tenant, cursor }] of this.#cursors) {
      const sealed = this.#sealed(this.#keys.home("inbox", tenant), cursorAad(tenant, channel), cursor);
      this.#statements
        .of(
          `INSERT INTO cursor VALUES (?, ?, ?)
          ON CONFLICT (channel) DO UPDATE SET tenant = excluded.tenant, sealed = excluded.sealed`,
        )
        .run(channel, tenant, sealed);
    }
    this.#cursors.clear();
  }

  /** After a rollback. */
  forget(): void {
    this.#cursors.clear();
  }

  /** Inside a transaction: shreds a row. */
  take(seq: number, tally: Tally): void {
    tally.inbox -= this.#statements.of("DELETE FROM inbox WHERE seq = ?").run(seq).changes;
  }

  /** Oldest first. */
  waiting(limit: number): readonly InboxItem[] {
    const rows = this.#statements.of("SELECT * FROM inbox ORDER BY seq LIMIT ?").all(limit) as Row[];
    return rows.map((row) => ({ seq: row.seq, at: row.at, event: this.#event(row) }));
  }

  cursor(channel: string): string | null {
    const row = this.#statements.of("SELECT tenant, sealed FROM cursor WHERE channel = ?").get(channel) as
      | { readonly tenant: string; readonly sealed: Uint8Array }
      | undefined;
    if (row === undefined) return null;
    const text = opened(this.#keys.home("inbox", row.tenant), cursorAad(row.tenant, channel), row.sealed);
    return typeof text === "string" ? text : null;
  }

  /** Inside a transaction: everything that waits, sealed anew under the next key. What does not open is shredded. */
  reseal(tenant: string, from: Uint8Array, to: Uint8Array, tally: Tally): void {
    for (const row of this.#statements.of("SELECT * FROM inbox WHERE tenant = ?").all(tenant) as Row[]) {
      const value = opened(from, eventAad(row), row.sealed);
      if (value === undefined) this.take(row.seq, tally);
      else {
        this.#statements
          .of("UPDATE inbox SET sealed = ? WHERE seq = ?")
          .run(this.#sealed(to, eventAad(row), value), row.seq);
      }
    }
    const cursors = this.#statements.of("SELECT channel, sealed FROM cursor WHERE tenant = ?").all(tenant);
    for (const { channel, sealed } of cursors as { channel: string; sealed: Uint8Array }[]) {
      const value = opened(from, cursorAad(tenant, channel), sealed);
      if (value === undefined) this.#statements.of("DELETE FROM cursor WHERE channel = ?").run(channel);
      else {
        this.#statements
          .of("UPDATE cursor SET sealed = ? WHERE channel = ?")
          .run(this.#sealed(to, cursorAad(tenant, channel), value), channel);
      }
    }
  }

  #event(row: Row): InboundEvent | "altered" {
    const value = opened(this.#keys.home("inbox", row.tenant), eventAad(row), row.sealed);
    return value === undefined ? "altered" : (value as InboundEvent);
  }

  #sealed(key: Uint8Array, aad: Uint8Array, value: unknown): Buffer {
    const bytes = Buffer.from(JSON.stringify(value), "utf8");
    const frame = padded(bytes, Math.ceil((bytes.length + 4) / FRAME_BYTES) * FRAME_BYTES);
    const sealed = seal(key, aad, frame, this.#pool.salt());
    frame.fill(0);
    bytes.fill(0);
    return sealed;
  }
}

const eventAad = (row: Omit<Row, "sealed">): Buffer =>
  context(EVENT_DOMAIN, [row.seq, row.tenant, row.channel, row.at]);
const cursorAad = (tenant: string, channel: string): Buffer => context(CURSOR_DOMAIN, [tenant, channel]);

/** The value that was sealed, or undefined when the row was altered. Only what we sealed ourselves is ever parsed. */
function opened(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): unknown {
  try {
    const frame = open(key, aad, sealed);
    const content = unpadded(frame);
    const value: unknown = JSON.parse(Buffer.from(content.buffer, content.byteOffset, content.length).toString("utf8"));
    wipe(frame);
    return value;
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}
