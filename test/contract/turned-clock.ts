/** Powers for tests: a clock that only a test turns, and randomness that is the same every time. */
import { createHash } from "node:crypto";
import type { Clock, Random } from "../../src/core/ports.ts";

export const START_AT = Date.UTC(2026, 0, 1);

export class TurnedClock implements Clock {
  #now: number;
  readonly #alarms = new Set<{ readonly at: number; readonly wake: () => void }>();

  constructor(now: number = START_AT) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  at(at: number, wake: () => void): () => void {
    const alarm = { at, wake };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** Moves on and rings, earliest first, whatever has come. */
  turn(ms: number): void {
    this.#now += ms;
    const due = [...this.#alarms].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
    for (const alarm of due) if (this.#alarms.delete(alarm)) alarm.wake();
  }

  /** How many still wait to be rung. */
  get alarms(): number {
    return this.#alarms.size;
  }
}

/** Bytes from a counter: never the same twice in one test, always the same between runs. */
export class CountedRandom implements Random {
  #drawn = 0;

  bytes(count: number): Uint8Array {
    this.#drawn += 1;
    return new Uint8Array(createHash("sha512").update(`draw ${this.#drawn}`).digest().subarray(0, count));
  }
}
