/** Files that are text as they lie: decoded, and CSV and JSON bounded and laid out. Pure. */
import type { TextHint } from "../../src/core/attachment.ts";
import { CSV_FIELD_CHARS_MAX, CSV_FIELDS_MAX, FILE_NESTING_MAX, FILE_TEXT_CHARS_MAX } from "../../src/core/limits.ts";
import { latin1, utf16, windows1252 } from "./bytes.ts";
import { type Meter, Unreadable } from "./meter.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: a file with these is no text
const BINARY = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;

/** The text of a file, or null when it is none: UTF-8, UTF-16 with its mark, otherwise Windows-1252. */
export function textOf(bytes: Uint8Array, meter: Meter): string | null {
  const [one, two, three] = bytes;
  const isUtf16 = (one === 0xff && two === 0xfe) || (one === 0xfe && two === 0xff);
  const from = one === 0xef && two === 0xbb && three === 0xbf ? 3 : 0;
  const text = isUtf16
    ? utf16(bytes, 2, one === 0xfe)
    : (meter.utf8(bytes.subarray(from)) ?? windows1252(latin1(bytes)));
  return BINARY.test(text) ? null : text.replace(/\r\n?/g, "\n");
}

/** Brackets outside strings; deeper than anybody writes by hand is refused before a parser sees it. */
function assertShallow(json: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (inString) {
      if (char === "\\") at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "[" || char === "{") {
      if (++depth > FILE_NESTING_MAX) throw new Unreadable("refused");
    } else if (char === "]" || char === "}") depth--;
  }
}

/** Stays as it was written; what claims to be JSON and is none is text. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  assertShallow(text);
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Not JSON: then it is text that looks like it.
    return false;
  }
}

/** RFC 4180, with the separator that the first line has most of. Rows as lines, fields between bars. */
function csvRows(text: string, meter: Meter): string {
  const head = text.slice(0, Math.max(0, text.indexOf("\n")) || 1024);
  const count = (mark: string): number => head.split(mark).length - 1;
  const separator = [",", ";", "\t"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
  let out = "";
  let at = 0;
  let fields = 0;
  while (at < text.length && out.length <= FILE_TEXT_CHARS_MAX) {
    meter.step();
    const { field, next } = fieldAt(text, at, separator);
    fields++;
    if (field.length > CSV_FIELD_CHARS_MAX || fields > CSV_FIELDS_MAX) throw new Unreadable("refused");
    const isEnd = text[next] !== separator;
    out += field.replace(/\s+/g, " ").trim() + (isEnd ? "\n" : " | ");
    if (isEnd) fields = 0;
    at = next + 1;
  }
  return out;
}

function fieldAt(text: string, from: number, separator: string): { readonly field: string; readonly next: number } {
  if (text[from] !== '"') {
    let at = from;
    while (at < text.length && text[at] !== separator && text[at] !== "\n") at++;
    return { field: text.slice(from, at), next: at };
  }
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new Unreadable("refused");
    if (text[quote + 1] !== '"') {
      let next = quote + 1;
      while (next < text.length && text[next] !== separator && text[next] !== "\n") next++;
      return { field: text.slice(from + 1, quote).replaceAll('""', '"'), next };
    }
    at = quote + 2;
  }
}

/** What a name claims decides how text is laid out and nothing else. */
export function plainText(text: string, hint: TextHint, meter: Meter): { type: TextHint; text: string } {
  if (isJson(text)) return { type: "json", text };
  if (hint === "csv") return { type: "csv", text: csvRows(text, meter) };
  return { type: hint === "md" ? "md" : "txt", text };
}
