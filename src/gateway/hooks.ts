/** The outbox of a channel that fetches: rows wait to be read and acknowledged (CONTRACT section 13). */
import type { Operation, OutboxRow } from "../core/outbox.ts";
import type { HookRows } from "../core/ports.ts";
import { operationOf, remember } from "./deliver.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

const ACK_ROWS_MAX = 1000;

export class HookOutbox implements HookRows {
  readonly #powers: Powers;
  readonly #channel: string;
  readonly #waiting = new Set<() => void>();

  constructor(powers: Powers, channel: string) {
    this.#powers = powers;
    this.#channel = channel;
  }

  /** A row was committed: whoever waits looks again. */
  wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  async rows(
    after: number,
    limit: number,
  ): Promise<readonly { readonly seq: number; readonly operation: Operation }[]> {
    const items: { readonly seq: number; readonly operation: Operation }[] = [];
    for (const row of this.#pending(after, limit)) {
      const operation = row.op === "text" ? await operationOf(this.#powers, row) : null;
      if (operation === null) {
        await this.#finish(row, "failed");
        continue;
      }
      // A reader may answer it before it acknowledges it, so it has to be known by the id that is shown now.
      await transact(this.#powers, (draft) => remember(this.#powers, draft, row, row.id));
      items.push({ seq: row.seq, operation });
    }
    return items;
  }

  async ack(upto: number): Promise<void> {
    const rows = this.#pending(0, ACK_ROWS_MAX).filter((row) => row.seq <= upto);
    for (const row of rows) await this.#finish(row, "sent");
  }

  wait(after: number, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { clock } = this.#powers;
      const isThere = (): boolean => this.#pending(after, 1).length > 0;
      if (isThere() || ms <= 0) return resolve();
      const done = (): void => {
        forget();
        this.#waiting.delete(look);
        resolve();
      };
      const look = (): void => {
        if (isThere()) done();
      };
      const forget = clock.at(clock.now() + ms, done);
      this.#waiting.add(look);
    });
  }

  #pending(after: number, limit: number): readonly OutboxRow[] {
    return this.#powers.store.outbox({ channel: this.#channel, after, states: ["pending"] }, { limit });
  }

  #finish(row: OutboxRow, state: "sent" | "failed"): Promise<void> {
    return transact(this.#powers, (draft) => {
      draft.moveOutbox("pending", { ...row, state, code: state === "failed" ? "unsupported" : null });
      const body = {
        effect: row.message ?? row.id,
        outbox: row.id,
        call: row.call ?? undefined,
        conversation: row.conversation,
      };
      draft.entry(state === "sent" ? "effect.done" : "effect.failed", body, row.run === null ? {} : { run: row.run });
    });
  }
}
