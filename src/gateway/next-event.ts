/**
 * What an external agent does next, for those who ask instead of listening: every request goes to one asker
 * (CONTRACT sections 8 and 13).
 */
import type { RunId, TokenId } from "../core/ids.ts";
import { RUN_LEASE_MS } from "../core/limits.ts";
import type { Stop } from "../core/ports.ts";
import type { Token } from "../core/records.ts";
import { isTerminal, type Run } from "../core/run.ts";
import { Alarm, addressedEvent, cancelledBy, completedBy } from "./events.ts";
import type { Invoking } from "./invoke.ts";
import { opensRun } from "./run-token.ts";
import type { GatewayEvent } from "./surface.ts";

const RUNS_LOOKED_AT_MAX = 100;
const PAGE = 200;
const HANDED_MAX = 10_000;

/** Waits until `look` finds something, at most `waitMs`, and looks again whenever something was committed. */
export async function awaited<T>(
  { powers }: Invoking,
  waitMs: number,
  stop: Stop,
  look: () => Promise<T | null>,
): Promise<T | null> {
  const { clock, news } = powers;
  const until = clock.now() + waitMs;
  const alarm = new Alarm();
  news.add(alarm.ring);
  try {
    for (;;) {
      alarm.set();
      const found = await look();
      const left = until - clock.now();
      if (found !== null || left <= 0 || stop.aborted) return found;
      await alarm.rung(clock, stop, left);
    }
  } finally {
    news.delete(alarm.ring);
  }
}

export class NextEvents {
  readonly #invoking: Invoking;
  /** When a run was given to somebody, and which segment of it. */
  readonly #handed = new Map<RunId, { readonly at: number; readonly segment: number }>();
  /** Up to which entry of the ledger an agent was told. */
  readonly #told = new Map<TokenId, number>();

  constructor(invoking: Invoking) {
    this.#invoking = invoking;
  }

  next(token: Token, waitMs: number, stop: Stop): Promise<GatewayEvent | null> {
    const { ledger } = this.#invoking.powers.store;
    if (!this.#told.has(token.id)) {
      if (this.#told.size >= HANDED_MAX) this.#told.clear();
      this.#told.set(token.id, ledger.size());
    }
    return awaited(this.#invoking, waitMs, stop, async () => (await this.#work(token)) ?? this.#outcome(token));
  }

  /** The oldest request that waits for this agent and that nobody else has in hand. */
  async #work(token: Token): Promise<GatewayEvent | null> {
    const { store, clock } = this.#invoking.powers;
    const runs = store.find("run", "agent", token.name, { limit: RUNS_LOOKED_AT_MAX, newestFirst: true });
    const run = runs.map(({ value }) => value).findLast((it) => isWork(token, it) && clock.now() >= this.#freeAt(it));
    if (run === undefined) return null;
    // Marked before anything is awaited: whoever asks meanwhile gets another one.
    if (this.#handed.size >= HANDED_MAX) this.#forget();
    this.#handed.set(run.id, { at: clock.now(), segment: run.segment });
    return addressedEvent(this.#invoking, run, store.ledger.size());
  }

  /** When this run may be handed to somebody: at once, or when whoever has it did nothing for a while. */
  #freeAt({ id, segment }: Run): number {
    const handed = this.#handed.get(id);
    // What goes on after it had waited is handed out anew.
    if (handed === undefined || handed.segment < segment) return 0;
    const calls = this.#invoking.powers.store.find("call", "run", id, { limit: 1, newestFirst: true });
    return Math.max(handed.at, calls[0]?.value.at ?? 0) + RUN_LEASE_MS;
  }

  #forget(): void {
    const { store } = this.#invoking.powers;
    for (const id of this.#handed.keys()) {
      const run = store.get("run", id)?.value;
      if (run === undefined || isTerminal(run)) this.#handed.delete(id);
    }
  }

  /** What became of a call that waited for somebody's yes, and runs that somebody cancelled. */
  async #outcome(token: Token): Promise<GatewayEvent | null> {
    const { store } = this.#invoking.powers;
    for (;;) {
      const page = store.ledger.entries(this.#told.get(token.id) ?? 0, PAGE);
      for (const entry of page) {
        this.#told.set(token.id, entry.seq);
        const event = cancelledBy(this.#invoking, token, entry) ?? (await completedBy(this.#invoking, token, entry));
        if (event !== null) return event;
      }
      if (page.length < PAGE) return null;
    }
  }
}

const isWork = (token: Token, run: Run): boolean =>
  run.external &&
  run.agent === token.name &&
  (run.request !== null || run.brief !== undefined) &&
  run.status.state === "active" &&
  token.conversations.includes(run.conversation) &&
  opensRun(token, run.id);
