/** A CMap of a PDF font: how long its codes are and what they stand for (ISO 32000-1, 9.7.5 and 9.10.3). Pure. */
import { bytesOf, utf16 } from "./bytes.ts";
import type { Meter } from "./meter.ts";
import { isList, isText, isWord, Lexer, type Value } from "./pdf-lexer.ts";

export type CMap = { readonly codeBytes: number | null; readonly texts: ReadonlyMap<number, string> };

const CODES_MAX = 65_536;
const TEXT_BYTES_MAX = 64;

export const codeOf = (bytes: string): number => [...bytes].reduce((sum, char) => sum * 256 + char.charCodeAt(0), 0);
const textOf = (value: Value | undefined): string | null =>
  isText(value) && value.bytes.length <= TEXT_BYTES_MAX ? utf16(bytesOf(value.bytes), 0, true) : null;
/** The next text of a range: its last character goes on. */
const later = (text: string, by: number): string => {
  const last = text.length - 1;
  return text.slice(0, last) + String.fromCharCode((text.charCodeAt(last) + by) & 0xffff);
};

function ranges(given: readonly Value[], texts: Map<number, string>, meter: Meter): void {
  for (let at = 0; at + 2 < given.length; at += 3) {
    const [from, to, target] = [given[at], given[at + 1], given[at + 2]];
    if (!isText(from) || !isText(to)) continue;
    const [first, last] = [codeOf(from.bytes), codeOf(to.bytes)];
    const start = textOf(target);
    for (let code = first; code <= last && texts.size < CODES_MAX && code - first < CODES_MAX; code++) {
      meter.step();
      const text = isList(target) ? textOf(target[code - first]) : start === null ? null : later(start, code - first);
      if (text !== null) texts.set(code, text);
    }
  }
}

export function cmapOf(source: string, meter: Meter): CMap {
  const lexer = new Lexer(source, 0, meter);
  const texts = new Map<number, string>();
  let codeBytes: number | null = null;
  let given: Value[] = [];
  for (let value = lexer.next(); value !== undefined; value = lexer.next()) {
    if (!isWord(value)) {
      if (given.length < 3 * CODES_MAX) given.push(value);
      continue;
    }
    const [one] = given;
    if (value.word === "endcodespacerange" && isText(one)) codeBytes = Math.max(1, Math.min(4, one.bytes.length));
    if (value.word === "endbfrange") ranges(given, texts, meter);
    if (value.word === "endbfchar") {
      for (let at = 0; at + 1 < given.length && texts.size < CODES_MAX; at += 2) {
        const [code, text] = [given[at], textOf(given[at + 1])];
        if (isText(code) && text !== null) texts.set(codeOf(code.bytes), text);
      }
    }
    given = [];
  }
  return { codeBytes, texts };
}
