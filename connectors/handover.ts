/** Where those wait who are told only after the commit: a person at the console, a system that posts to a hook. */
import { WAITING_BYTES_MAX, WAITING_EVENTS_MAX, WAITING_MS_MAX } from "../src/core/limits.ts";
import type { InboundEvent } from "../src/core/message.ts";
import type { Clock, ConnectorBatch, Stop } from "../src/core/ports.ts";
import { Refusal } from "../src/core/refusal.ts";

type Waiting = {
  readonly event: InboundEvent;
  readonly bytes: number;
  readonly settle: (refused: Refusal | null) => void;
};

/**
 * A bounded queue between callers and one stream. `put` resolves once the batch that holds the event was
 * acknowledged, which is when the stream's reader pulls the next one. A batch that was not acknowledged keeps its
 * place and is handed over again.
 */
export class Handover {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;
  #streaming = false;
  #closed = false;
  #wake: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True while somebody reads the stream. */
  get streaming(): boolean {
    return this.#streaming;
  }

  /** Refuses with `rate.limited` (too much waits), `channel.down` (nobody committed it in time), `daemon.stopping`. */
  put(event: InboundEvent, bytes: number): Promise<void> {
    if (this.#closed) return Promise.reject(new Refusal("daemon.stopping"));
    if (this.#waiting.size >= WAITING_EVENTS_MAX || this.#bytes + bytes > WAITING_BYTES_MAX)
      return Promise.reject(
        new Refusal("rate.limited", { hint: "too much waits to be committed; send it again later" }),
      );
    return new Promise((resolve, reject) => {
      const late = () => waiting.settle(new Refusal("channel.down", { hint: "it was not committed in time" }));
      const forget = this.#clock.at(this.#clock.now() + WAITING_MS_MAX, late);
      const settle = (refused: Refusal | null): void => {
        if (!this.#waiting.delete(waiting)) return;
        this.#bytes -= bytes;
        forget();
        if (refused === null) resolve();
        else reject(refused);
      };
      const waiting: Waiting = { event, bytes, settle };
      this.#waiting.add(waiting);
      this.#bytes += bytes;
      this.#wake();
    });
  }

  /**
   * Everything that waits as one batch, again and again until `stop`. One reader at a time: a second one is a
   * `conflict`.
   */
  async *batches(stop: Stop): AsyncGenerator<ConnectorBatch, void, void> {
    if (this.#streaming) throw new Refusal("conflict", { hint: "this channel is already open" });
    this.#streaming = true;
    try {
      while (!stop.aborted && !this.#closed) {
        if (this.#waiting.size === 0) {
          await this.#arrival(stop);
          continue;
        }
        const batch = [...this.#waiting];
        yield { cursor: null, events: batch.map(({ event }) => event) };
        for (const { settle } of batch) settle(null);
      }
    } finally {
      this.#streaming = false;
    }
  }

  #arrival(stop: Stop): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        stop.removeEventListener("abort", wake);
        this.#wake = () => {};
        resolve();
      };
      this.#wake = wake;
      stop.addEventListener("abort", wake, { once: true });
    });
  }

  /** Whoever still waits is refused, and the stream ends. */
  close(): void {
    this.#closed = true;
    for (const { settle } of [...this.#waiting]) settle(new Refusal("daemon.stopping"));
    this.#wake();
  }
}
