/**
 * The first answer to an Idempotency-Key, kept for a day of this process: repeating a request does not repeat its work.
 */
import { createHash } from "node:crypto";
import { IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_MS } from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";

type First = { readonly body: string; readonly at: number; readonly reply: Promise<unknown> };

export class FirstAnswers {
  readonly #clock: Clock;
  readonly #firsts = new Map<string, First>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Does `work` once for this name. The same body gets the first reply, also while that is still being worked on;
   * another body is `idempotency.mismatch`. A refusal is not kept, so that it may be tried again.
   */
  async once(
    name: string,
    body: unknown,
    work: () => Promise<unknown>,
  ): Promise<{ reply: unknown; repeated: boolean }> {
    const fingerprint = createHash("sha256").update(JSON.stringify(body)).digest("hex");
    const now = this.#clock.now();
    const known = this.#firsts.get(name);
    if (known !== undefined && now - known.at < IDEMPOTENCY_MS) {
      if (known.body !== fingerprint) throw new Refusal("idempotency.mismatch");
      return { reply: await known.reply, repeated: true };
    }
    this.#firsts.delete(name);
    if (this.#firsts.size >= IDEMPOTENCY_KEYS_MAX) this.#forgetOldest();
    const first: First = { body: fingerprint, at: now, reply: work() };
    this.#firsts.set(name, first);
    try {
      return { reply: await first.reply, repeated: false };
    } catch (error) {
      if (this.#firsts.get(name) === first) this.#firsts.delete(name);
      throw error;
    }
  }

  #forgetOldest(): void {
    for (const name of this.#firsts.keys()) {
      this.#firsts.delete(name);
      return;
    }
  }
}
