/**
 * A chat export into the quarantine: checked whole before anything is sent, then sent in pieces (CONTRACT section 14).
 */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { extname } from "node:path";
import { type Command, Option } from "commander";
import { Refusal } from "../core/refusal.ts";
import type { ImportLine } from "../core/verbs/care.ts";
import type { Context } from "./context.ts";
import { type Found, LEFT_OUT, type LeftOut, type Reader } from "./found.ts";
import { counted, printable } from "./printable.ts";
import { Trouble, unreadable } from "./trouble.ts";

const FORMATS = ["jsonl", "telegram", "matrix"] as const;
type Format = (typeof FORMATS)[number];

const LINES_A_PIECE = 500;
/** Well below what the socket takes. */
const CHARS_A_PIECE = 2 * 1024 * 1024;
const NAMED_MAX = 20;
const HEAD_BYTES = 64 * 1024;

export function addImport(program: Command, context: Context): void {
  program
    .command("import")
    .argument("<file>", "a chat export")
    .description("put a chat export into the quarantine; what is already there is not doubled")
    .requiredOption("--conversation <alias>", "where it belongs")
    .addOption(new Option("--format <format>", "how it is written; guessed when absent").choices(FORMATS))
    .action(async (file: string, options: { readonly conversation: string; readonly format?: Format }) => {
      const format = options.format ?? (await guessed(file));
      const read = await readerOf(format);
      const pieces = () => createReadStream(file, { encoding: "utf8" }) as AsyncIterable<string>;
      const checked = await check(context, file, read(pieces));
      const sent = await sendAll(context, { ...options, format, file }, read(pieces), checked.messages);
      const result = { conversation: options.conversation, format, ...sent, left_out: checked.left };
      context.result(result, () => {
        const known = sent.known === 0 ? "" : `; ${sent.known.toLocaleString("en")} were already there`;
        const left = Object.entries(checked.left).map(
          ([why, count]) => `Left out: ${count.toLocaleString("en")} ${LEFT_OUT[why as LeftOut]}.`,
        );
        return [`${counted(sent.added, "message")} imported into ${options.conversation}${known}.`, ...left].join("\n");
      });
    });
}

/** Loaded only for an import: schemas make a start slower. */
async function readerOf(format: Format): Promise<Reader> {
  switch (format) {
    case "jsonl":
      return (await import("./jsonl-export.ts")).readJsonl;
    case "telegram":
      return (await import("./telegram-export.ts")).readTelegram;
    case "matrix":
      return (await import("./matrix-export.ts")).readMatrix;
  }
}

async function guessed(file: string): Promise<Format> {
  const info = await stat(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  if (!info.isFile()) throw new Trouble("input.invalid", `${file} is not a file.`);
  if ([".jsonl", ".ndjson"].includes(extname(file).toLowerCase())) return "jsonl";
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.toString("utf8", 0, bytesRead);
    if (head.includes('"origin_server_ts"')) return "matrix";
    if (/"(?:date_unixtime|from_id)"/.test(head)) return "telegram";
    if (/^\ufeff?\s*\{[^\n]*"sent_at"[^\n]*\}\r?(?:\n|$)/.test(head)) return "jsonl";
  } finally {
    await handle.close();
  }
  throw new Trouble(
    "input.invalid",
    `${file} is written in no way that is known.`,
    `say --format ${FORMATS.join(", ")}`,
  );
}

type Checked = { readonly messages: number; readonly left: Partial<Record<LeftOut, number>> };

/** Names every line that cannot be read; with one of them nothing is sent. */
async function check(context: Context, file: string, found: AsyncIterable<Found>): Promise<Checked> {
  const left: Partial<Record<LeftOut, number>> = {};
  let messages = 0;
  let bad = 0;
  for await (const each of named(file, found)) {
    if (each.what === "message") messages += 1;
    else if (each.what === "left") left[each.why] = (left[each.why] ?? 0) + 1;
    else {
      bad += 1;
      if (bad <= NAMED_MAX) context.terminal.err(`${file}:${each.line}: ${printable(each.reason)}\n`);
    }
  }
  if (bad === 0) return { messages, left };
  const more = bad > NAMED_MAX ? ` (the first ${NAMED_MAX} are named)` : "";
  throw new Trouble("import.line", `${counted(bad, "line")} of ${file} cannot be read${more}.`, "nothing was imported");
}

/** A refusal of the reader, such as a file that breaks off, names the file too. */
async function* named(file: string, found: AsyncIterable<Found>): AsyncIterable<Found> {
  try {
    yield* found;
  } catch (error) {
    if (!(error instanceof Refusal)) throw unreadable(file, error);
    const place = `${file}:${(error.field ?? "").replace(/^line /, "")}`;
    throw new Trouble(error.code, `${place}: ${error.hint ?? "it cannot be read"}.`, "nothing was imported");
  }
}

async function sendAll(
  context: Context,
  { conversation, format, file }: { readonly conversation: string; readonly format: Format; readonly file: string },
  found: AsyncIterable<Found>,
  total: number,
): Promise<{ added: number; known: number }> {
  const sum = { added: 0, known: 0 };
  let piece: ImportLine[] = [];
  let chars = 0;
  const send = async (): Promise<void> => {
    const got = await context.ask("import", { conversation, lines: piece, format });
    sum.added += got.added;
    sum.known += got.known;
    piece = [];
    chars = 0;
    progress(context, sum.added + sum.known, total);
  };
  for await (const each of found) {
    if (each.what === "bad") {
      const hint = "the same command again goes on from here";
      throw new Trouble("import.line", `${file}:${each.line} changed while it was read.`, hint);
    }
    if (each.what !== "message") continue;
    const more = JSON.stringify(each.message).length;
    if (piece.length >= LINES_A_PIECE || (piece.length > 0 && chars + more > CHARS_A_PIECE)) await send();
    piece.push(each.message);
    chars += more;
  }
  if (piece.length > 0) await send();
  if (context.terminal.isInteractive && !context.isQuiet) context.terminal.err("\r\u001b[K");
  return sum;
}

function progress({ terminal, isQuiet }: Context, done: number, total: number): void {
  if (!terminal.isInteractive || isQuiet) return;
  terminal.err(`\r\u001b[K${done.toLocaleString("en")} of ${counted(total, "message")}`);
}
