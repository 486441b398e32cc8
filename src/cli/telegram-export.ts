/** Telegram Desktop's export of one chat as JSON (`result.json`). */
import { z } from "zod";
import { ImportLine } from "../core/verbs/care.ts";
import { fieldsOf } from "./foreign.ts";
import type { Found } from "./found.ts";
import { reasonOf } from "./jsonl-export.ts";
import { messagesOf } from "./messages-array.ts";

/** Only what is read of it; an export holds much more and more with every version. */
const Exported = fieldsOf({
  id: z.number().int(),
  type: z.string(),
  date_unixtime: z
    .string()
    .regex(/^\d{1,12}$/)
    .optional(),
  from: z.string().nullish(),
  from_id: z.string().optional(),
  text: z.union([z.string(), z.array(z.union([z.string(), fieldsOf({ text: z.string() })]))]),
  reply_to_message_id: z.number().int().optional(),
});

export async function* readTelegram(pieces: () => AsyncIterable<string>): AsyncIterable<Found> {
  for await (const { line, text } of messagesOf(pieces())) yield { line, ...found(text) };
}

type Result =
  | { what: "message"; message: ImportLine }
  | { what: "left"; why: "service" | "media" }
  | { what: "bad"; reason: string };

function found(text: string): Result {
  const bad = (reason: string): Result => ({ what: "bad", reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What exactly broke it is the parser's, and it would quote the message.
    return bad("is not JSON");
  }
  const exported = Exported.safeParse(value);
  if (!exported.success) return bad(reasonOf(exported.error));
  const { id, type, date_unixtime, from, from_id, text: parts, reply_to_message_id } = exported.data;
  if (type !== "message") return { what: "left", why: "service" };
  const words = typeof parts === "string" ? parts : parts.map((p) => (typeof p === "string" ? p : p.text)).join("");
  if (words.trim() === "") return { what: "left", why: "media" };
  // `date` alone is a time without a zone, and a zone is never guessed.
  if (date_unixtime === undefined) return bad("has no date_unixtime; export it again with a newer Telegram Desktop");
  const line = ImportLine.safeParse({
    id: String(id),
    // As the network itself says it, so that it matches what comes in live: user123 is 123, other kinds keep their
    // word.
    sender: (from_id ?? "deleted").replace(/^user(?=\d)/, ""),
    ...(typeof from === "string" && from !== "" ? { name: from.slice(0, 512) } : {}),
    text: words,
    sent_at: Number(date_unixtime) * 1000,
    ...(reply_to_message_id === undefined ? {} : { reply_to: String(reply_to_message_id) }),
  });
  return line.success ? { what: "message", message: line.data } : bad(reasonOf(line.error));
}
