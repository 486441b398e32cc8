/** What the codes of a text stand for in one font of a PDF, and how wide they are (ISO 32000-1, 9.5 to 9.10). Pure. */
import { latin1 } from "./bytes.ts";
import type { Meter } from "./meter.ts";
import { type CMap, cmapOf, codeOf } from "./pdf-cmap.ts";
import type { PdfFile } from "./pdf-file.ts";
import { encodingOf, glyphText } from "./pdf-glyphs.ts";
import { type Dict, isList, isStream, nameOf, type Value } from "./pdf-lexer.ts";

/** `text` is null when the file does not say what it is; `width` in thousandths of the font's size. */
export type Glyph = { readonly text: string | null; readonly width: number; readonly isSpace: boolean };

const WIDTH_DEFAULT = 500;
const WIDTH_DEFAULT_WIDE = 1000;
const CODES_MAX = 65_536;
const SYMBOLIC = 4;

export class PdfFont {
  readonly #codeBytes: number;
  readonly #texts: ReadonlyMap<number, string>;
  readonly #widths: ReadonlyMap<number, number>;
  readonly #width: number;

  constructor(file: PdfFile, font: Dict, meter: Meter) {
    const isWide = nameOf(file.get(font.get("Subtype"))) === "Type0";
    const said = cmapIn(file, font.get("ToUnicode"), meter);
    const descendant = isWide ? file.dict(file.list(font.get("DescendantFonts"))[0]) : null;
    this.#codeBytes = isWide ? (cmapIn(file, font.get("Encoding"), meter)?.codeBytes ?? 2) : 1;
    const own = isWide ? new Map<number, string>() : simpleTexts(file, font);
    this.#texts = new Map([...own, ...(said?.texts ?? [])]);
    this.#widths = descendant === null ? simpleWidths(file, font) : wideWidths(file, descendant, meter);
    const descriptor = file.dict(font.get("FontDescriptor"));
    this.#width = isWide
      ? file.number(descendant?.get("DW"), WIDTH_DEFAULT_WIDE)
      : file.number(descriptor?.get("MissingWidth"), WIDTH_DEFAULT);
  }

  *glyphs(bytes: string): Iterable<Glyph> {
    for (let at = 0; at < bytes.length; at += this.#codeBytes) {
      const code = codeOf(bytes.slice(at, at + this.#codeBytes));
      const text = this.#texts.get(code) ?? null;
      const isSpace = this.#codeBytes === 1 && code === 32;
      yield { text, width: this.#widths.get(code) ?? this.#width, isSpace };
    }
  }
}

function cmapIn(file: PdfFile, value: Value | undefined, meter: Meter): CMap | null {
  const data = isStream(file.get(value)) ? file.data(value) : null;
  return data === null ? null : cmapOf(latin1(data), meter);
}

/** One byte a code: the encoding by name, what the file changes in it, and what a Type 1 font says itself. */
function simpleTexts(file: PdfFile, font: Dict): ReadonlyMap<number, string> {
  const encoding = file.get(font.get("Encoding"));
  const dict = file.dict(encoding);
  const base = nameOf(encoding) ?? nameOf(file.get(dict?.get("BaseEncoding")));
  const descriptor = file.dict(font.get("FontDescriptor"));
  const texts = new Map<number, string>();
  const isOwn = base === null && (file.number(descriptor?.get("Flags"), 0) & SYMBOLIC) !== 0;
  if (!isOwn) for (const [code, text] of encodingOf(base).entries()) texts.set(code, text);
  if (base === null) for (const [code, text] of builtIn(file, descriptor)) texts.set(code, text);
  let code = 0;
  for (const item of file.list(dict?.get("Differences"))) {
    const name = nameOf(item);
    if (typeof item === "number") code = item;
    else if (name !== null) {
      const text = glyphText(name);
      if (text === null) texts.delete(code);
      else texts.set(code, text);
      code++;
    }
  }
  return texts;
}

const PUT = /dup\s+(\d{1,3})\s*\/([^\s/]{1,64})\s+put/g;
const CLEAR_CHARS_MAX = 64_000;

/** The encoding vector in the part of a Type 1 program that is in clear. */
function builtIn(file: PdfFile, descriptor: Dict | null): readonly [number, string][] {
  const data = file.data(descriptor?.get("FontFile"));
  if (data === null) return [];
  const clear = latin1(data, 0, Math.min(data.length, CLEAR_CHARS_MAX)).split("eexec")[0] ?? "";
  return [...clear.matchAll(PUT)].flatMap(([, code, name]): [number, string][] => {
    const text = glyphText(name ?? "");
    return text === null ? [] : [[Number(code), text]];
  });
}

function simpleWidths(file: PdfFile, font: Dict): ReadonlyMap<number, number> {
  const first = file.number(font.get("FirstChar"), 0);
  // A Type 3 font measures in units of its own.
  const scale = 1000 * file.number(file.list(font.get("FontMatrix"))[0], 0.001);
  const widths = file.list(font.get("Widths")).slice(0, CODES_MAX);
  return new Map(widths.map((width, at) => [first + at, scale * file.number(width, WIDTH_DEFAULT)]));
}

/** `c [w …]` from a code on, or `from to w` (9.7.4.3). */
function wideWidths(file: PdfFile, font: Dict, meter: Meter): ReadonlyMap<number, number> {
  const widths = new Map<number, number>();
  const list = file.list(font.get("W"));
  for (let at = 0; at + 1 < list.length; ) {
    const first = file.number(list[at], 0);
    const next = file.get(list[at + 1]);
    if (isList(next)) {
      meter.step(next.length);
      for (const [n, width] of next.entries()) widths.set(first + n, file.number(width, WIDTH_DEFAULT_WIDE));
      at += 2;
    } else {
      const width = file.number(list[at + 2], WIDTH_DEFAULT_WIDE);
      const last = Math.min(file.number(next, first), first + CODES_MAX);
      meter.step(Math.max(0, last - first));
      for (let code = first; code <= last; code++) widths.set(code, width);
      at += 3;
    }
  }
  return widths;
}
