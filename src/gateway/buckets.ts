/**
 * Token buckets of a network, for the account and for each conversation (CONTRACT section 9).
 * Pure but for its own counts.
 */
import type { ConnectorAbilities } from "../core/ports.ts";

type Limit = ConnectorAbilities["limits"][number];
type Bucket = { tokens: number; at: number };
const CONVERSATIONS_MAX = 10_000;

export class Buckets {
  readonly #limits: readonly Limit[];
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: readonly Limit[]) {
    this.#limits = limits;
  }

  /** Earliest time, milliseconds since 1970, at which one more operation fits into every bucket. */
  readyAt(conversation: string, now: number): number {
    return this.#limits.reduce((latest, limit, index) => {
      const bucket = this.#filled(limit, index, conversation, now);
      const missing = 1 - bucket.tokens;
      return missing <= 0 ? latest : Math.max(latest, now + Math.ceil((missing * limit.windowMs) / limit.count));
    }, now);
  }

  take(conversation: string, now: number): void {
    for (const [index, limit] of this.#limits.entries()) this.#filled(limit, index, conversation, now).tokens -= 1;
  }

  #filled(limit: Limit, index: number, conversation: string, now: number): Bucket {
    const key = limit.scope === "account" ? `${index}` : `${index}/${conversation}`;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      // Forgetting a full bucket costs nothing; this many at once means that most of them are full.
      if (this.#buckets.size >= CONVERSATIONS_MAX) this.#buckets.clear();
      bucket = { tokens: limit.count, at: now };
      this.#buckets.set(key, bucket);
    }
    // A clock that went back gives no tokens, and takes none.
    const passed = Math.max(0, now - bucket.at);
    bucket.tokens = Math.min(limit.count, bucket.tokens + (passed * limit.count) / limit.windowMs);
    bucket.at = now;
    return bucket;
  }
}
