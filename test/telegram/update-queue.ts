/**
 * Updates as Telegram keeps them: until confirmed by an offset, until they are too old, and only of the kinds asked
 * for.
 */
import type { Clock } from "../../src/core/ports.ts";
import { ApiError, type WireUpdate } from "./wire.ts";

const SECOND_MS = 1000;
const DAY_SECONDS = 86_400;
const FIRST_UPDATE = 700_000_001;
const POLL_SECONDS_MAX = 50;
const LIMIT_MAX = 100;
const CONFLICT_PAUSE_SECONDS = 3;
/** Lifetimes other than a day, and kinds that come only when asked for by name (tdlib/telegram-bot-api, Client.cpp). */
const LIFETIME_SECONDS: Readonly<Record<string, number>> = { callback_query: 150, inline_query: 30 };
const ONLY_BY_NAME = ["chat_member", "message_reaction", "message_reaction_count"];

export type Poll = {
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  readonly timeout?: number | undefined;
  readonly allowed_updates?: readonly string[] | undefined;
};
type Waiting = { readonly poll: Poll; readonly settle: (given: readonly WireUpdate[] | ApiError) => void };

export class UpdateQueue {
  readonly #clock: Clock;
  #queue: { readonly update: WireUpdate; readonly until: number }[] = [];
  #next = FIRST_UPDATE;
  #allowed: readonly string[] = [];
  #waiting: Waiting | null = null;
  #conflictAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are kept and not confirmed. */
  get pending(): number {
    this.#expire();
    return this.#queue.length;
  }

  /** Is somebody polling right now? */
  get polled(): boolean {
    return this.#waiting !== null;
  }

  /** Ids are drawn anew after a week without updates, perhaps lower than before. */
  renumber(next: number): void {
    this.#next = next;
  }

  forget(): void {
    this.#queue = [];
  }

  /**
   * Keeps an update as the server does; null when nobody asked for its kind. Kinds asked for later do not bring it
   * back.
   */
  emit(kind: string, payload: unknown): number | null {
    const wanted = this.#allowed.length > 0 ? this.#allowed.includes(kind) : !ONLY_BY_NAME.includes(kind);
    if (!wanted) return null;
    const update_id = this.#next++;
    const until = this.#clock.now() + (LIFETIME_SECONDS[kind] ?? DAY_SECONDS) * SECOND_MS;
    this.#queue.push({ update: { update_id, [kind]: payload }, until });
    this.#waiting?.settle(this.#take(this.#waiting.poll));
    return update_id;
  }

  /** getUpdates: what is there, at once, or after a wait. A second poll ends the first one with 409. */
  async poll(poll: Poll, gone: AbortSignal): Promise<readonly WireUpdate[]> {
    if (poll.allowed_updates !== undefined) this.#allowed = poll.allowed_updates;
    const ready = this.#take(poll);
    const seconds = Math.min(poll.timeout ?? 0, POLL_SECONDS_MAX);
    if (this.#waiting !== null) {
      const { settle } = this.#waiting;
      void this.conflict(
        "terminated by other getUpdates request; make sure that only one bot instance is running",
      ).then(settle);
      this.#waiting = null;
    }
    if (ready.length > 0 || seconds === 0) return ready;
    const given = await new Promise<readonly WireUpdate[] | ApiError>((resolve) => {
      const settle = (result: readonly WireUpdate[] | ApiError): void => {
        forget();
        if (this.#waiting === waiting) this.#waiting = null;
        resolve(result);
      };
      const forget = this.#clock.at(this.#clock.now() + seconds * SECOND_MS, () => settle([]));
      const waiting: Waiting = { poll, settle };
      this.#waiting = waiting;
      gone.addEventListener("abort", () => settle([]), { once: true });
    });
    if (given instanceof ApiError) throw given;
    return given;
  }

  /** 409; the second within three seconds is held back until they are over. */
  conflict(why: string): Promise<ApiError> {
    const error = new ApiError(409, `Conflict: ${why}`);
    const now = this.#clock.now();
    if (now >= this.#conflictAt + CONFLICT_PAUSE_SECONDS * SECOND_MS) {
      this.#conflictAt = now;
      return Promise.resolve(error);
    }
    return new Promise((resolve) => this.#clock.at(now + CONFLICT_PAUSE_SECONDS * SECOND_MS, () => resolve(error)));
  }

  #expire(): void {
    const now = this.#clock.now();
    this.#queue = this.#queue.filter(({ until }) => until > now);
  }

  /** Confirms all below the offset. One beyond the newest id confirms nothing: the server starts again at the head. */
  #take({ offset = 0, limit = LIMIT_MAX }: Poll): readonly WireUpdate[] {
    this.#expire();
    if (offset < 0) this.#queue = this.#queue.slice(offset);
    const newest = this.#queue.at(-1)?.update.update_id ?? this.#next - 1;
    if (offset > 0 && offset <= newest + 1)
      this.#queue = this.#queue.filter(({ update }) => update.update_id >= offset);
    return this.#queue.slice(0, Math.min(Math.max(limit, 1), LIMIT_MAX)).map(({ update }) => update);
  }

  close(): void {
    this.#waiting?.settle([]);
  }
}
