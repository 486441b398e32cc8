/** The objects of PDF (ISO 32000-1, section 7.3) out of bytes taken as latin-1. Linear, of bounded depth. Pure. */
import { FILE_NESTING_MAX } from "../../src/core/limits.ts";
import { type Meter, Unreadable } from "./meter.ts";

export type Ref = { readonly is: "ref"; readonly id: number };
export type Name = { readonly is: "name"; readonly name: string };
/** One character a byte. */
export type Text = { readonly is: "text"; readonly bytes: string };
/** An operator of a content stream, or a word of the file's own structure. */
export type Word = { readonly is: "word"; readonly word: string };
export type Dict = ReadonlyMap<string, Value>;
/** Its data lies in the file from `from` to `to`, still packed. */
export type Stream = { readonly is: "stream"; readonly dict: Dict; readonly from: number; readonly to: number };
export type Value = number | boolean | null | Ref | Name | Text | Word | Dict | Stream | readonly Value[];

export const isDict = (value: Value | undefined): value is Dict => value instanceof Map;
export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);
type Tagged = Ref | Name | Text | Word | Stream;
const has = <K extends Tagged["is"]>(value: Value | undefined, is: K): value is Extract<Tagged, { is: K }> =>
  typeof value === "object" && value !== null && "is" in value && value.is === is;
export const isRef = (value: Value | undefined): value is Ref => has(value, "ref");
export const isText = (value: Value | undefined): value is Text => has(value, "text");
export const isWord = (value: Value | undefined): value is Word => has(value, "word");
export const isStream = (value: Value | undefined): value is Stream => has(value, "stream");
export const nameOf = (value: Value | undefined): string | null => (has(value, "name") ? value.name : null);

const SPACE = /[\0\t\n\f\r ]*(?:%[^\r\n]*[\0\t\n\f\r ]*)*/y;
const NUMBER = /[+-]{0,2}(?:\d{1,12}(?:\.\d{0,12})?\d*|\.\d{1,12}\d*)/y;
const REST_OF_REF = /[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+R(?![A-Za-z0-9])/y;
const NAME = /\/([^\0\t\n\f\r ()<>[\]{}/%]{0,256})/y;
const WORD = /[^\0\t\n\f\r ()<>[\]{}/%]{1,128}/y;
const HEX = /<([^>]{0,400000})>/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };
const TEXT_CHARS_MAX = 400_000;

export class Lexer {
  readonly source: string;
  readonly #meter: Meter;
  at: number;

  constructor(source: string, at: number, meter: Meter) {
    this.source = source;
    this.at = at;
    this.#meter = meter;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  /** The next object; undefined at the end. What cannot be read is a word of one character. */
  next(depth = 0): Value | undefined {
    this.#meter.step();
    if (depth > FILE_NESTING_MAX) throw new Unreadable("refused");
    this.#take(SPACE);
    const char = this.source[this.at];
    if (char === undefined) return undefined;
    if (char === "/") return this.#name();
    if (char === "(") return { is: "text", bytes: this.#literal() };
    if (char === "[") return this.#list(depth);
    if (this.source.startsWith("<<", this.at)) return this.#dict(depth);
    if (char === "<") return this.#hex();
    const number = this.#take(NUMBER);
    if (number !== null) return this.#numberOrRef(number[0]);
    const word = this.#take(WORD)?.[0];
    if (word === undefined) {
      const isPair = this.source.startsWith(">>", this.at);
      this.at += isPair ? 2 : 1;
      return { is: "word", word: isPair ? ">>" : char };
    }
    return word === "true" ? true : word === "false" ? false : word === "null" ? null : { is: "word", word };
  }

  #numberOrRef(text: string): Value {
    if (/^\d{1,8}$/.test(text) && this.#take(REST_OF_REF) !== null) return { is: "ref", id: Number(text) };
    const number = Number(text.replace(/^[+-]*(?=[+-])/, ""));
    return Number.isFinite(number) ? number : 0;
  }

  #name(): Name {
    const raw = this.#take(NAME)?.[1] ?? "";
    const name = raw.replace(/#([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return { is: "name", name };
  }

  #hex(): Value {
    const found = this.#take(HEX);
    if (found === null) throw new Unreadable("broken");
    const digits = (found[1] ?? "").replace(/[^0-9a-fA-F]/g, "");
    const even = digits.length % 2 === 0 ? digits : `${digits}0`;
    return { is: "text", bytes: even.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))) };
  }

  #literal(): string {
    let out = "";
    let depth = 0;
    for (let at = this.at; at < this.source.length && out.length < TEXT_CHARS_MAX; at++) {
      const char = this.source[at] ?? "";
      if (char === "\\") {
        const { text, length } = escaped(this.source, at + 1);
        out += text;
        at += length;
        continue;
      }
      if (char === "(" && depth++ === 0) continue;
      if (char === ")" && --depth === 0) {
        this.at = at + 1;
        return out;
      }
      out += char;
    }
    throw new Unreadable("broken");
  }

  #list(depth: number): readonly Value[] {
    this.at++;
    const list: Value[] = [];
    for (;;) {
      const value = this.next(depth + 1);
      if (value === undefined || (isWord(value) && value.word === "]")) return list;
      list.push(value);
    }
  }

  #dict(depth: number): Dict {
    this.at += 2;
    const dict = new Map<string, Value>();
    for (;;) {
      const key = this.next(depth + 1);
      if (key === undefined || (isWord(key) && key.word === ">>")) return dict;
      const name = nameOf(key);
      if (name === null) continue;
      const value = this.next(depth + 1);
      if (value === undefined || (isWord(value) && value.word === ">>")) return dict;
      dict.set(name, value);
    }
  }
}

/** After a backslash: what it stands for and how many characters it took. */
function escaped(source: string, at: number): { readonly text: string; readonly length: number } {
  const char = source[at] ?? "";
  if (char === "\r") return { text: "", length: source[at + 1] === "\n" ? 2 : 1 };
  if (char === "\n") return { text: "", length: 1 };
  const octal = /^[0-7]{1,3}/.exec(source.slice(at, at + 3))?.[0];
  if (octal !== undefined) return { text: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), length: octal.length };
  return { text: ESCAPES[char] ?? char, length: 1 };
}
