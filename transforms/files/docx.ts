/**
 * The text of a Word document (ECMA-376 part 1, section 17): paragraphs, tables, notes. Nothing that it points at is
 * looked at: no template, no picture, no link's target. Pure.
 */
import { FILE_TEXT_CHARS_MAX } from "../../src/core/limits.ts";
import { type Meter, Unreadable } from "./meter.ts";
import { readXml } from "./xml.ts";
import type { Zip } from "./zip.ts";

const MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
const NOTES = ["word/footnotes.xml", "word/endnotes.xml"];

/** The prefix is the writer's choice. */
const local = (name: string): string => name.slice(name.indexOf(":") + 1);

/** What the part says in words; removed text and field codes are no text. */
class Words {
  readonly #pieces: string[] = [];
  #chars = 0;
  #hidden = 0;
  #inText = false;
  isFull = false;

  add(text: string): void {
    if (this.isFull || this.#hidden > 0) return;
    this.#pieces.push(text);
    this.#chars += text.length;
    this.isFull = this.#chars > FILE_TEXT_CHARS_MAX;
  }

  open(name: string): void {
    if (name === "del" || name === "moveFrom" || name === "Fallback") this.#hidden++;
    if (name === "t") this.#inText = true;
    if (name === "tab") this.add("\t");
    if (name === "br" || name === "cr") this.add("\n");
    if (name === "noBreakHyphen") this.add("-");
  }

  close(name: string): void {
    if (name === "del" || name === "moveFrom" || name === "Fallback") this.#hidden--;
    if (name === "t") this.#inText = false;
    if (name === "p") this.add("\n");
    if (name === "tc") this.#endCell();
    if (name === "tr") this.add("\n");
  }

  text(text: string): void {
    if (this.#inText) this.add(text);
  }

  /** The paragraphs of a cell share its row's line. */
  #endCell(): void {
    if (this.#hidden > 0) return;
    while (this.#pieces.at(-1) === "\n") this.#pieces.pop();
    this.add("\t");
  }

  get said(): string {
    return this.#pieces.join("");
  }
}

function wordsOf(part: Uint8Array, meter: Meter): Words {
  const source = meter.utf8(part);
  if (source === null) throw new Unreadable("broken");
  const words = new Words();
  let inProperties = 0;
  readXml(
    source,
    {
      // Tab stops of a style are named like tabs of a text.
      open: (name) => {
        if (/^(?:pPr|rPr|tblPr|sectPr)$/.test(local(name))) inProperties++;
        if (inProperties === 0) words.open(local(name));
      },
      close: (name) => {
        if (inProperties === 0) words.close(local(name));
        if (/^(?:pPr|rPr|tblPr|sectPr)$/.test(local(name))) inProperties--;
      },
      text: (text) => words.text(text),
    },
    meter,
  );
  return words;
}

const ATTRIBUTE = (name: string): RegExp => new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]{0,256})"|'([^']{0,256})')`);
const PART_NAME = ATTRIBUTE("PartName");
const CONTENT_TYPE = ATTRIBUTE("ContentType");

/** The part that holds the document, by the package's own list; null when the package is of another kind. */
function mainPart(zip: Zip, meter: Meter): string | null {
  const types = zip.read("[Content_Types].xml");
  const source = types === null ? null : meter.utf8(types);
  if (source === null) return null;
  let found: string | null = null;
  const open = (name: string, attributes: string): void => {
    if (local(name) !== "Override" || attributes.length > 1024) return;
    const kind = CONTENT_TYPE.exec(attributes);
    const part = PART_NAME.exec(attributes);
    if ((kind?.[1] ?? kind?.[2]) === MAIN) found = (part?.[1] ?? part?.[2] ?? "").replace(/^\//, "");
  };
  readXml(source, { open }, meter);
  return found;
}

/** Throws `Unreadable`: `opaque` for a package that is no Word document. */
export function docxText(zip: Zip, meter: Meter): { readonly text: string; readonly cut: boolean } {
  const name = mainPart(zip, meter);
  const main = name === null ? null : zip.read(name);
  if (main === null) throw new Unreadable("opaque");
  const body = wordsOf(main, meter);
  const notes = NOTES.flatMap((part) => {
    const bytes = zip.read(part);
    return bytes === null ? [] : [wordsOf(bytes, meter)];
  });
  const all = [body, ...notes];
  return { text: all.map(({ said }) => said).join("\n"), cut: all.some(({ isFull }) => isFull) };
}
