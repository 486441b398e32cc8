/** What reading one file may cost, counted down; and how a reader says that a file gives nothing. Pure. */
import type { FileProblem } from "../../src/core/attachment.ts";
import { FILE_INFLATED_BYTES_MAX, FILE_PART_BYTES_MAX, FILE_STEPS_MAX } from "../../src/core/limits.ts";

/** Carries a word of the closed list and nothing of the file. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  readonly why: FileProblem;

  constructor(why: FileProblem) {
    super(why);
    this.why = why;
  }
}

/** What the platform does for the readers. */
export type FilePowers = {
  /** RFC 1951 (`raw`) or RFC 1950. At most `max` bytes come out; more is null, and so is what is no such stream. */
  readonly inflate: (bytes: Uint8Array, how: "raw" | "zlib", max: number) => Uint8Array | "too_large" | null;
  /** Null where the bytes are no UTF-8. */
  readonly utf8: (bytes: Uint8Array) => string | null;
};

/** One for each file. */
export class Meter {
  readonly #powers: FilePowers;
  #bytes = FILE_INFLATED_BYTES_MAX;
  #steps = FILE_STEPS_MAX;

  constructor(powers: FilePowers) {
    this.#powers = powers;
  }

  step(count = 1): void {
    this.#steps -= count;
    if (this.#steps < 0) throw new Unreadable("refused");
  }

  /** Bytes that something unpacked to, whatever unpacked it. */
  spend(count: number): void {
    this.#bytes -= count;
    if (this.#bytes < 0) throw new Unreadable("refused");
  }

  inflate(bytes: Uint8Array, how: "raw" | "zlib", max = FILE_PART_BYTES_MAX): Uint8Array {
    const out = this.#powers.inflate(bytes, how, Math.min(max, this.#bytes));
    if (out === "too_large") throw new Unreadable("refused");
    if (out === null) throw new Unreadable("broken");
    this.spend(out.length);
    return out;
  }

  utf8(bytes: Uint8Array): string | null {
    return this.#powers.utf8(bytes);
  }
}
