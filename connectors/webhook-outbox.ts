/** The other way through the hook: texts wait until the system at the far end fetches and acknowledges them. */
import { HOOK_ITEMS_MAX, HOOK_POLLS_MAX, HOOK_WAIT_SECONDS_MAX } from "../src/core/limits.ts";
import type { Operation } from "../src/core/outbox.ts";
import type { HookItem, HookRows } from "../src/core/ports.ts";
import { Refusal } from "../src/core/refusal.ts";

export type OutboxQuery = { readonly after: number; readonly wait: number };

const NUMBER = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * `after` (a sequence number) and `wait` (seconds, at most 30) of a request target; both default to 0. Refuses
 * anything else.
 */
export function outboxQuery(target: string): OutboxQuery {
  const at = target.indexOf("?");
  const pairs = at < 0 || at === target.length - 1 ? [] : target.slice(at + 1).split("&");
  const read = new Map<string, number>();
  for (const pair of pairs) {
    const [name = "", value = "", ...more] = pair.split("=");
    const known = name === "after" || name === "wait";
    // The name is the sender's own word, so the refusal repeats it only when it is one of ours.
    if (!known || read.has(name) || more.length > 0 || !NUMBER.test(value) || !Number.isSafeInteger(Number(value)))
      throw new Refusal("input.invalid", known ? { field: name } : { hint: "the query takes after and wait" });
    read.set(name, Number(value));
  }
  const { after, wait } = { after: read.get("after") ?? 0, wait: read.get("wait") ?? 0 };
  if (wait > HOOK_WAIT_SECONDS_MAX)
    throw new Refusal("input.invalid", { field: "wait", hint: "wait at most 30 seconds" });
  return { after, wait };
}

/**
 * Long polls over one channel's rows. Only few wait at once: a new one beyond that ends the oldest, which gets
 * nothing.
 */
export class HookPolls {
  readonly #rows: HookRows;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(rows: HookRows) {
    this.#rows = rows;
  }

  async fetch({ after, wait }: OutboxQuery): Promise<readonly HookItem[]> {
    const ready = await this.#items(after);
    if (ready.length > 0 || wait === 0 || this.#closed) return ready;
    return (await this.#wait(after, wait * 1000)) ? this.#items(after) : [];
  }

  async #items(after: number): Promise<readonly HookItem[]> {
    const rows = await this.#rows.rows(after, HOOK_ITEMS_MAX);
    return rows.flatMap(({ seq, operation }) => (operation.op === "text" ? [itemOf(seq, operation)] : []));
  }

  /** True when the rows were worth another look, false when this poll was ended. */
  #wait(after: number, ms: number): Promise<boolean> {
    if (this.#waiting.size >= HOOK_POLLS_MAX) this.#endOldest();
    return new Promise((resolve, reject) => {
      const end = (): void => settle(false);
      const settle = (look: boolean): void => {
        this.#waiting.delete(end);
        resolve(look);
      };
      this.#waiting.add(end);
      this.#rows.wait(after, ms).then(
        () => settle(true),
        (error: unknown) => {
          this.#waiting.delete(end);
          reject(error);
        },
      );
    });
  }

  #endOldest(): void {
    const [oldest] = this.#waiting;
    oldest?.();
  }

  /** Ends every poll at once. */
  close(): void {
    this.#closed = true;
    for (const end of [...this.#waiting]) end();
  }
}

const itemOf = (seq: number, operation: Operation & { op: "text" }): HookItem => ({
  seq,
  id: operation.id,
  conversation: operation.conversation,
  ...(operation.thread === undefined ? {} : { thread: operation.thread }),
  ...(operation.replyTo === undefined ? {} : { reply_to: operation.replyTo }),
  text: operation.text,
  ...(operation.approval === undefined ? {} : { approval: questionOf(operation.approval) }),
});

const questionOf = ({ id, code, expiresAt }: { id: string; code: string; expiresAt: number }) => ({
  id,
  code,
  expires_at: new Date(expiresAt).toISOString(),
});
