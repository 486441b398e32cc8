/** Bytes that somebody sent → their text. What they are is read from the bytes, never from a name. Pure. */
import type { FileText, TextHint } from "../../src/core/attachment.ts";
import { FILE_TEXT_CHARS_MAX } from "../../src/core/limits.ts";
import { normalise } from "../text/unicode.ts";
import { latin1 } from "./bytes.ts";
import { docxText } from "./docx.ts";
import { type FilePowers, Meter, Unreadable } from "./meter.ts";
import { pdfText } from "./pdf.ts";
import { plainText, textOf } from "./plain.ts";
import { endsAsZip, isZip, Zip } from "./zip.ts";

const isPdf = (bytes: Uint8Array): boolean => latin1(bytes, 0, 5) === "%PDF-";
const HAS_PDF = /%PDF-\d/;
const LOOK_BYTES = 1024;

type Raw = Omit<FileText, "text" | "cut"> & { readonly text: string; readonly cut?: boolean };

function raw(bytes: Uint8Array, hint: TextHint, meter: Meter): Raw {
  if (isPdf(bytes)) {
    // One file that two programs take for two: whoever looked at the one did not see the other.
    if (endsAsZip(bytes)) throw new Unreadable("refused");
    return { type: "pdf", ...pdfText(bytes, meter) };
  }
  if (isZip(bytes)) {
    if (HAS_PDF.test(latin1(bytes, 0, Math.min(LOOK_BYTES, bytes.length)))) throw new Unreadable("refused");
    return { type: "docx", pages: null, ...docxText(new Zip(bytes, meter), meter) };
  }
  const text = textOf(bytes, meter);
  if (text === null) throw new Unreadable("opaque");
  return { pages: null, ...plainText(text, hint, meter) };
}

/** Throws `Unreadable`. The text is normal and at most `FILE_TEXT_CHARS_MAX` long. */
export function readFile(bytes: Uint8Array, hint: TextHint, powers: FilePowers): FileText {
  const { type, pages, text, cut = false } = raw(bytes, hint, new Meter(powers));
  const clean = normalise(text.slice(0, 2 * FILE_TEXT_CHARS_MAX))
    .text.split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  if (clean === "") throw new Unreadable("empty");
  const isLong = clean.length > FILE_TEXT_CHARS_MAX || text.length > 2 * FILE_TEXT_CHARS_MAX;
  return { type, pages, text: isLong ? whole(clean) : clean, cut: cut || isLong };
}

/** A cut goes through no character. */
const whole = (text: string): string => text.slice(0, FILE_TEXT_CHARS_MAX).replace(/[\ud800-\udbff]$/, "");
