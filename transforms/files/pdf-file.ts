/**
 * The objects of a PDF file, found by reading it once from its beginning: the newest of a number counts, as after an
 * update in place. Its own tables of positions are not believed, so they cannot lead in circles. Pure.
 */
import { latin1 } from "./bytes.ts";
import { type Meter, Unreadable } from "./meter.ts";
import { unpacked } from "./pdf-filters.ts";
import {
  type Dict,
  isDict,
  isList,
  isRef,
  isStream,
  isWord,
  Lexer,
  nameOf,
  type Stream,
  type Value,
} from "./pdf-lexer.ts";

const HEAD = /(\d{1,8})[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+obj(?![A-Za-z])|\btrailer\b/g;
const STREAM = /[\0\t\n\f\r ]*stream(?:\r\n|\n|\r)/y;
const OBJECTS_MAX = 100_000;
const LINKS_MAX = 32;

export class PdfFile {
  readonly #bytes: Uint8Array;
  readonly #source: string;
  readonly #meter: Meter;
  readonly #objects = new Map<number, Value>();
  readonly #data = new Map<Stream, Uint8Array | null>();
  #root: Value = null;

  /** Throws `Unreadable`: `locked` for an encrypted file. */
  constructor(bytes: Uint8Array, meter: Meter) {
    this.#bytes = bytes;
    this.#source = latin1(bytes);
    this.#meter = meter;
    this.#scan();
  }

  get root(): Value {
    return this.get(this.#root);
  }

  /** What a reference leads to; a chain of them, or none, is null. */
  get(value: Value | undefined): Value {
    let found = value;
    for (let n = 0; isRef(found) && n < LINKS_MAX; n++) found = this.#objects.get(found.id);
    return found === undefined || isRef(found) ? null : found;
  }

  dict(value: Value | undefined): Dict | null {
    const found = this.get(value);
    return isStream(found) ? found.dict : isDict(found) ? found : null;
  }

  list(value: Value | undefined): readonly Value[] {
    const found = this.get(value);
    return isList(found) ? found : found === null ? [] : [found];
  }

  number(value: Value | undefined, otherwise: number): number {
    const found = this.get(value);
    return typeof found === "number" ? found : otherwise;
  }

  /** The data of a stream, unpacked once; null where it is none, or a picture's. */
  data(value: Value | undefined): Uint8Array | null {
    const stream = this.get(value);
    if (!isStream(stream)) return null;
    const known = this.#data.get(stream);
    if (known !== undefined) return known;
    const { dict, from, to } = stream;
    const filters = this.list(dict.get("Filter") ?? dict.get("F")).flatMap((it) => nameOf(this.get(it)) ?? []);
    const parameters = this.list(dict.get("DecodeParms") ?? dict.get("DP")).map((it) => this.dict(it));
    const get = (it: Value | undefined): Value => this.get(it);
    const data = unpacked(this.#bytes.subarray(from, to), filters, parameters, get, this.#meter);
    this.#data.set(stream, data);
    return data;
  }

  #scan(): void {
    const lexer = new Lexer(this.#source, 0, this.#meter);
    for (;;) {
      HEAD.lastIndex = lexer.at;
      const head = HEAD.exec(this.#source);
      if (head === null) return;
      lexer.at = head.index + head[0].length;
      const value = lexer.next();
      if (head[1] === undefined) this.#trailer(value);
      else this.#keep(Number(head[1]), isDict(value) ? this.#withData(value, lexer) : (value ?? null));
    }
  }

  #keep(id: number, value: Value): void {
    if (this.#objects.size >= OBJECTS_MAX) throw new Unreadable("refused");
    this.#objects.set(id, isWord(value) ? null : value);
    if (!isStream(value)) return;
    const type = nameOf(value.dict.get("Type"));
    if (type === "XRef") this.#trailer(value.dict);
    if (type === "ObjStm") this.#unfold(value);
  }

  #trailer(value: Value | undefined): void {
    if (!isDict(value)) return;
    if ((value.get("Encrypt") ?? null) !== null) throw new Unreadable("locked");
    this.#root = value.get("Root") ?? this.#root;
  }

  /** A dictionary, or the stream that it begins: as long as it says, when it ends there, or up to the next mark. */
  #withData(dict: Dict, lexer: Lexer): Value {
    STREAM.lastIndex = lexer.at;
    const begin = STREAM.exec(this.#source);
    if (begin === null) return dict;
    const from = lexer.at + begin[0].length;
    const said = dict.get("Length");
    const isThere = typeof said === "number" && /^\s*endstream/.test(this.#source.slice(from + said, from + said + 16));
    const end = isThere ? from + said : this.#source.indexOf("endstream", from);
    if (end < from) return dict;
    lexer.at = end;
    return { is: "stream", dict, from, to: end };
  }

  /** Objects that lie packed together (section 7.5.7). None of them is a stream. */
  #unfold(stream: Stream): void {
    const bytes = this.data(stream);
    if (bytes === null) return;
    const source = latin1(bytes);
    const lexer = new Lexer(source, 0, this.#meter);
    const count = this.number(stream.dict.get("N"), 0);
    const first = this.number(stream.dict.get("First"), 0);
    const places: [number, number][] = [];
    for (let n = 0; n < Math.min(count, OBJECTS_MAX); n++) {
      const [id, at] = [lexer.next(), lexer.next()];
      if (typeof id !== "number" || typeof at !== "number") break;
      places.push([id, first + at]);
    }
    for (const [id, at] of places) {
      lexer.at = at;
      const value = lexer.next() ?? null;
      if (!isStream(value)) this.#keep(id, value);
    }
  }
}
