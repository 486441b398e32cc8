/** A clock that a test turns by hand. */
import type { Clock } from "../src/core/ports.ts";

export class HandClock implements Clock {
  #now: number;
  #waiting: { readonly at: number; readonly wake: () => void }[] = [];

  constructor(start = 1_790_000_000_000) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  at(at: number, wake: () => void): () => void {
    const entry = { at, wake };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  /** Turns by so many milliseconds, back too, and wakes whoever waited for a moment that has come. */
  turn(ms: number): void {
    this.#now += ms;
    const due = this.#waiting.filter(({ at }) => at <= this.#now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now);
    for (const { wake } of due) wake();
  }
}
