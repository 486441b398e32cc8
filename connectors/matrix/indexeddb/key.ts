/**
 * Keys as bytes that compare as the keys do (Indexed DB 3.0, section 2.4): number < string < binary < array.
 * A date is a key there too; nothing here uses one, so it is refused.
 */
import { fault, unsupported } from "./fault.ts";

export type Key = number | string | ArrayBuffer | ArrayBufferView | readonly Key[];

const NUMBER = 0x10;
const STRING = 0x30;
const BINARY = 0x40;
const ARRAY = 0x50;
const END = 0;
/** After a zero byte of a binary: it was not the end. */
const ESCAPED = 0xff;
/** Code units up to here are one byte, themselves plus one; others are WIDE and two bytes, which sorts after. */
const NARROW_MAX = 0x7e;
const WIDE = 0x80;
const DEPTH_MAX = 16;

/** Throws `DataError` for what is no key. */
export function encodeKey(key: unknown): Buffer {
  const bytes: number[] = [];
  write(key, bytes, 0);
  return Buffer.from(bytes);
}

/** The bytes of a key, or null for what is no key. */
export function keyOrNull(value: unknown): Buffer | null {
  try {
    return encodeKey(value);
  } catch (error) {
    if (error instanceof DOMException && error.name === "DataError") return null;
    throw error;
  }
}

function write(key: unknown, bytes: number[], depth: number): void {
  if (typeof key === "number" && !Number.isNaN(key)) {
    bytes.push(NUMBER);
    writeNumber(key, bytes);
  } else if (typeof key === "string") {
    bytes.push(STRING);
    for (let at = 0; at < key.length; at += 1) {
      const unit = key.charCodeAt(at);
      if (unit <= NARROW_MAX) bytes.push(unit + 1);
      else bytes.push(WIDE, unit >> 8, unit & 0xff);
    }
    bytes.push(END);
  } else if (key instanceof ArrayBuffer || ArrayBuffer.isView(key)) {
    bytes.push(BINARY);
    for (const byte of bytesOf(key)) {
      if (byte === END) bytes.push(END, ESCAPED);
      else bytes.push(byte);
    }
    bytes.push(END, END);
  } else if (Array.isArray(key)) {
    if (depth >= DEPTH_MAX) throw fault("DataError", "the key is nested too deep");
    bytes.push(ARRAY);
    for (let at = 0; at < key.length; at += 1) write(key[at], bytes, depth + 1);
    bytes.push(END);
  } else if (Object.prototype.toString.call(key) === "[object Date]") throw unsupported("a date as a key");
  else throw fault("DataError", "not a valid key");
}

const bytesOf = (key: ArrayBuffer | ArrayBufferView): Uint8Array =>
  key instanceof ArrayBuffer ? new Uint8Array(key) : new Uint8Array(key.buffer, key.byteOffset, key.byteLength);

/** IEEE 754, big-endian: with the sign turned over, and all bits of a negative one, it sorts by value. */
function writeNumber(value: number, bytes: number[]): void {
  const eight = Buffer.alloc(8);
  eight.writeDoubleBE(value === 0 ? 0 : value);
  const isNegative = (eight[0] ?? 0) >= 0x80;
  eight.forEach((byte, at) => {
    bytes.push(isNegative ? byte ^ 0xff : at === 0 ? byte ^ 0x80 : byte);
  });
}

/** The key behind bytes of `encodeKey`; binaries come back as ArrayBuffers. */
export function decodeKey(bytes: Uint8Array): Key {
  return new Reader(bytes).key();
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  key(): Key {
    const kind = this.#next();
    if (kind === NUMBER) return this.#number();
    if (kind === STRING) return this.#string();
    if (kind === BINARY) return this.#binary();
    if (kind === ARRAY) return this.#array();
    throw fault("UnknownError", "the store holds a key that is none");
  }

  #next(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw fault("UnknownError", "the store holds a key that breaks off");
    this.#at += 1;
    return byte;
  }

  #number(): number {
    const eight = Buffer.from(Array.from({ length: 8 }, () => this.#next()));
    const isNegative = (eight[0] ?? 0) < 0x80;
    eight.forEach((byte, at) => {
      eight[at] = isNegative ? byte ^ 0xff : at === 0 ? byte ^ 0x80 : byte;
    });
    return eight.readDoubleBE(0);
  }

  #string(): string {
    const units: string[] = [];
    for (let byte = this.#next(); byte !== END; byte = this.#next()) {
      const unit = byte === WIDE ? (this.#next() << 8) | this.#next() : byte - 1;
      units.push(String.fromCharCode(unit));
    }
    return units.join("");
  }

  #binary(): ArrayBuffer {
    const found: number[] = [];
    for (;;) {
      const byte = this.#next();
      if (byte === END && this.#next() === END) break;
      found.push(byte);
    }
    return Uint8Array.from(found).buffer;
  }

  #array(): readonly Key[] {
    const found: Key[] = [];
    while (this.#bytes[this.#at] !== END) found.push(this.key());
    this.#at += 1;
    return found;
  }
}
