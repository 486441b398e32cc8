/**
 * Counts of what was not kept: one entry a conversation, reason and ten minutes, and never who sent it
 * (CONTRACT section 11).
 */
import type { ConversationId } from "../core/ids.ts";
import { MINUTE_MS, REJECTED_ENTRY_WINDOW_MS } from "../core/limits.ts";
import type { Rejection } from "./activate.ts";
import type { Draft } from "./draft.ts";

type Counter = {
  readonly conversation: ConversationId | null;
  readonly channel: string;
  readonly reason: Rejection;
  count: number;
};
const SENDERS_MAX = 10_000;

/**
 * What one event weighs. The event may be looked at several times before its commit succeeds, and counts once: for
 * the rate
 * when that is first asked, as a rejection when it is settled.
 */
export type Weighed = {
  /** Remembers the reason, in place of an earlier one. */
  reject(conversation: ConversationId | null, channel: string, reason: Rejection): { readonly do: "nothing" };
  isFlooding(channel: string, sender: string, sentAt: number): boolean;
  /** It is committed: what was decided last counts. */
  settle(): void;
};

export class Rejections {
  readonly #counters = new Map<string, Counter>();
  readonly #minutes = new Map<string, { minute: number; count: number }>();
  readonly #perMinuteMax: number;
  #since = 0;

  constructor(perMinuteMax: number) {
    this.#perMinuteMax = perMinuteMax;
  }

  weigh(): Weighed {
    let isFlood: boolean | null = null;
    let count = (): void => {};
    return {
      reject: (conversation, channel, reason) => {
        count = () => this.#count(conversation, channel, reason);
        return { do: "nothing" };
      },
      isFlooding: (channel, sender, sentAt) => {
        isFlood ??= this.#isFlooding(channel, sender, sentAt);
        return isFlood;
      },
      settle: () => count(),
    };
  }

  #count(conversation: ConversationId | null, channel: string, reason: Rejection): void {
    const key = `${conversation ?? "-"}/${channel}/${reason}`;
    const known = this.#counters.get(key);
    if (known !== undefined) known.count += 1;
    else this.#counters.set(key, { conversation, channel, reason, count: 1 });
  }

  /**
   * More than the allowed live events of a sender within one minute of its own clock. Bounded memory whatever arrives.
   */
  #isFlooding(channel: string, sender: string, sentAt: number): boolean {
    const key = `${channel}/${sender}`;
    const minute = Math.floor(sentAt / MINUTE_MS);
    const known = this.#minutes.get(key);
    if (known !== undefined && known.minute === minute) {
      known.count += 1;
      return known.count > this.#perMinuteMax;
    }
    if (this.#minutes.size >= SENDERS_MAX) this.#minutes.clear();
    this.#minutes.set(key, { minute, count: 1 });
    return false;
  }

  isDue(now: number): boolean {
    return this.#counters.size > 0 && now - this.#since >= REJECTED_ENTRY_WINDOW_MS;
  }

  /** Writes the counters into the draft; the caller commits it. */
  flush(draft: Draft): void {
    for (const { conversation, channel, reason, count } of this.#counters.values()) {
      draft.entry("message.rejected", { conversation: conversation ?? undefined, channel, reason, count });
    }
    this.#counters.clear();
    this.#since = draft.now;
  }
}
