/** Glyphs where they stand on a page → lines and paragraphs, in the order in which they are drawn. Pure. */
import { FILE_TEXT_CHARS_MAX } from "../../src/core/limits.ts";

/** Along and across the direction of writing, in units of the page. */
export type Place = { readonly along: number; readonly across: number; readonly width: number; readonly size: number };

/** In sizes of the letters: the least gap that is a space, the least step that is a new line or a paragraph. */
const SPACE_GAP = 0.17;
const BACK_GAP = 1;
const LINE_STEP = 0.5;
const PARAGRAPH_STEP = 1.75;

export class Lines {
  #text = "";
  #end: Place | null = null;
  #endsBlank = true;
  known = 0;
  unknown = 0;

  get text(): string {
    return this.#text;
  }

  get isFull(): boolean {
    return this.#text.length > 2 * FILE_TEXT_CHARS_MAX;
  }

  add(text: string | null, place: Place): void {
    if (text === null || text === "") {
      this.unknown++;
      return;
    }
    this.known++;
    const blank = /^\s*$/.test(text);
    const mark = this.#end === null ? "" : between(this.#end, place);
    const isSaid = mark === " " && (blank || this.#endsBlank);
    this.#text += (isSaid ? "" : mark) + (blank ? " " : text);
    this.#endsBlank = blank;
    this.#end = place;
  }

  endPage(): void {
    this.#text += "\n\n";
    this.#end = null;
  }
}

function between(last: Place, { along, across, size }: Place): string {
  const unit = Math.max(last.size, size, 0.01);
  const step = Math.abs(across - last.across);
  if (step > PARAGRAPH_STEP * unit) return "\n\n";
  if (step > LINE_STEP * unit) return "\n";
  const gap = along - (last.along + last.width);
  return gap > SPACE_GAP * unit || gap < -BACK_GAP * unit ? " " : "";
}

const WRAPPED_CHARS_MIN = 40;
const PARAGRAPH_CHARS_MAX = 20_000;

/** Lines that ended because the page did are put together again; a short line ends where its writer ended it. */
export function unwrapped(text: string): string {
  const out: string[] = [];
  for (const line of text.split("\n")) {
    const last = out.at(-1) ?? "";
    const end = last.slice(-8).trimEnd();
    const isOpen = last.length >= WRAPPED_CHARS_MIN && last.length < PARAGRAPH_CHARS_MAX && !/[.!?:]["”’)]?$/.test(end);
    const goesOn = /^\s*[\p{Ll}\p{N}("“‘]/u.test(line) || /[,;\p{Ll}]$/u.test(end);
    if (!isOpen || !goesOn || line.trim() === "") out.push(line);
    else if (/\p{L}-$/u.test(end) && /^\p{Ll}/u.test(line)) out[out.length - 1] = last.trimEnd().slice(0, -1) + line;
    else out[out.length - 1] = `${last.trimEnd()} ${line.trimStart()}`;
  }
  return out.join("\n");
}
