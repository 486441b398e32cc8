/** The clock of a stage. */
import type { Clock } from "../core/ports.ts";

/** Stands still until a case turns it. */
export class StageClock implements Clock {
  #now: number;
  readonly #waiting = new Set<{ readonly at: number; readonly wake: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  at(at: number, wake: () => void): () => void {
    const waiting = { at, wake };
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  }

  turn(ms: number): void {
    this.#now += ms;
    for (const waiting of [...this.#waiting]) {
      if (waiting.at > this.#now) continue;
      this.#waiting.delete(waiting);
      waiting.wake();
    }
  }
}
