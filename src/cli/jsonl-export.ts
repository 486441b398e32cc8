/** JSONL: `{id, sender, text, sent_at, thread?, reply_to?}` a line, `sent_at` in RFC 3339 (CONTRACT section 14). */
import { z } from "zod";
import { ImportLine } from "../core/verbs/care.ts";
import type { Found } from "./found.ts";
import { instant } from "./moment.ts";

const LINE_CHARS_MAX = 1024 * 1024;

const Line = ImportLine.omit({ name: true }).extend({ sent_at: z.string().max(64) });

export async function* readJsonl(pieces: () => AsyncIterable<string>): AsyncIterable<Found> {
  let line = 0;
  for await (const text of linesOf(pieces())) {
    line += 1;
    if (text === null) yield { line, what: "bad", reason: "is longer than 1 MiB" };
    else if (text.trim() !== "") yield { line, ...found(text) };
  }
}

function found(text: string): { what: "message"; message: ImportLine } | { what: "bad"; reason: string } {
  const bad = (reason: string) => ({ what: "bad", reason }) as const;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What exactly broke it is the parser's, and it would quote the line.
    return bad("is not JSON");
  }
  const line = Line.safeParse(value);
  if (!line.success) return bad(reasonOf(line.error));
  const sent_at = instant(line.data.sent_at);
  if (sent_at === null) return bad("sent_at is not RFC 3339 with a zone, such as 2026-05-02T18:30:00+02:00");
  return { what: "message", message: { ...line.data, sent_at } };
}

/** The field and what is wrong with it, never what it holds. */
export function reasonOf(error: z.ZodError): string {
  const [issue] = error.issues;
  const field = issue?.path.join(".") ?? "";
  return `${field === "" ? "the object" : field}: ${issue?.message ?? "invalid"}`;
}

/** Lines without their ends; null for one that is too long. A byte order mark is no part of the first. */
async function* linesOf(pieces: AsyncIterable<string>): AsyncIterable<string | null> {
  let rest = "";
  let isTooLong = false;
  let isFirst = true;
  for await (const piece of pieces) {
    const lines = (rest + (isFirst ? piece.replace(/^\ufeff/, "") : piece)).split("\n");
    isFirst = false;
    rest = lines.pop() ?? "";
    for (const line of lines) {
      yield isTooLong || line.length > LINE_CHARS_MAX ? null : line.replace(/\r$/, "");
      isTooLong = false;
    }
    if (rest.length > LINE_CHARS_MAX) {
      isTooLong = true;
      rest = "";
    }
  }
  if (isTooLong) yield null;
  else if (rest !== "") yield rest;
}
