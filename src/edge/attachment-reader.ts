/** Reads files in the sandboxed child, one at a time, and believes nothing that the child says beyond its schema. */
import { z } from "zod";
import {
  type AttachmentReader,
  FILE_PROBLEMS,
  FILE_TYPES,
  type FileProblem,
  type FileText,
  type TextHint,
} from "../core/attachment.ts";
import {
  FILE_ANSWER_BYTES_MAX,
  FILE_MS_MAX,
  FILE_PAGES_MAX,
  FILE_TEXT_CHARS_MAX,
  FILES_WAITING_MAX,
} from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import { runInside, type Told } from "./sandbox.ts";
import type { Sandbox } from "./sandbox-probe.ts";

/** Whatever normalising takes out: a child that lets it through is not the one that was started. */
const UNCLEAN = /[\p{C}--[\n\t]]/v;

const Answer = z.union([
  z.strictObject({
    read: z.strictObject({
      type: z.enum(FILE_TYPES),
      pages: z.number().int().min(0).max(FILE_PAGES_MAX).nullable(),
      text: z
        .string()
        .min(1)
        .max(FILE_TEXT_CHARS_MAX)
        .refine((text) => !UNCLEAN.test(text)),
      cut: z.boolean(),
    }),
  }),
  z.strictObject({ problem: z.enum(FILE_PROBLEMS) }),
]);

const HINTS: Readonly<Record<FileProblem, string>> = {
  opaque: "Text, Markdown, CSV, JSON, PDF and Word (docx) files can be read; pictures, sound and others stay closed.",
  empty: "There is no text in it; a scanned page is a picture.",
  locked: "It is encrypted; send a copy without a password.",
  broken: "It is damaged, or its kind is not one that is understood.",
  refused: "It is built in a way that could do harm, or it is beyond a limit.",
};

const refusalOf = (problem: FileProblem): Refusal =>
  new Refusal(problem === "opaque" ? "attachment.opaque" : "attachment.refused", { hint: HINTS[problem] });

/** What the child said, or the refusal that it comes to. Throws. */
export function answerIn({ bytes, code }: Told): FileText {
  // Ended by a limit, or by its own fault over this file: for the file it is the same.
  if (bytes.length === 0 || code !== 0) throw refusalOf("refused");
  const parsed = Answer.safeParse(parsedJson(bytes));
  if (!parsed.success) throw new Refusal("transform.failed");
  if ("problem" in parsed.data) throw refusalOf(parsed.data.problem);
  return parsed.data.read;
}

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Neither its bytes nor the error are looked at: either may quote the file.
    return undefined;
  }
}

export class SandboxedReader implements AttachmentReader {
  readonly #proved: () => Promise<Sandbox>;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `proved` gives the walls once they were seen to hold: nothing is read before. */
  constructor(proved: () => Promise<Sandbox>, clock: Clock) {
    this.#proved = proved;
    this.#clock = clock;
  }

  read(data: string, hint: TextHint, deadlineMs: number): Promise<FileText> {
    if (this.#waiting >= FILES_WAITING_MAX) return Promise.reject(new Refusal("rate.limited"));
    this.#waiting++;
    const until = this.#clock.now() + deadlineMs;
    const turn = this.#last.then(() => this.#read(data, hint, until)).finally(() => this.#waiting--);
    // Whoever asked hears of a failure; the next in line only waits for its end.
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #read(data: string, hint: TextHint, until: number): Promise<FileText> {
    const { walls } = await this.#proved();
    if (this.#stop.signal.aborted) throw new Refusal("daemon.stopping");
    if (walls === null) throw new Refusal("capability.unknown", { hint: "Its walls do not hold: lazaret doctor." });
    const deadlineMs = Math.min(FILE_MS_MAX, until - this.#clock.now());
    if (deadlineMs <= 0) throw new Refusal("transform.timeout");
    const order = Buffer.from(`${JSON.stringify({ read: hint })}\n`);
    const told = await runInside(walls, this.#clock, {
      stdin: [order, Buffer.from(data, "base64")],
      deadlineMs,
      answerBytesMax: FILE_ANSWER_BYTES_MAX,
      stop: this.#stop.signal,
    });
    return answerIn(told);
  }

  /** Ends the child that runs. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#last;
  }
}
