/** What is wrong with a command line itself, in words that name the input: a refusal whose sentence is our own. */
import { Refusal, type RefusalCode } from "../core/refusal.ts";

export class Trouble extends Refusal {
  constructor(code: RefusalCode, sentence: string, hint?: string) {
    super(code, hint === undefined ? {} : { hint });
    this.message = sentence;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "you may not read it",
  EISDIR: "it is a directory",
};

/** A file of the caller's that could not be read. */
export function unreadable(file: string, error: unknown): Trouble {
  const code = error instanceof Error && "code" in error ? String(error.code) : "an unknown error";
  return new Trouble("not_found", `${file} cannot be read: ${REASONS[code] ?? code}.`);
}

/** A whole number that is not negative, as an option gives it. */
export function whole(text: string, option: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Trouble("input.invalid", `${option} takes a whole number, not ${text}.`);
}
