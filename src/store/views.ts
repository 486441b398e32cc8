/**
 * Readings of the same bytes: with escapes resolved, white space left out, one alphabet for base64, lower case for
 * hexadecimal. Each knows where its bytes came from. Linear.
 */

export type Reading = {
  readonly bytes: Uint8Array;
  /** Where in the original each byte here begins and ends; null when they are the same. */
  readonly places: { readonly from: Uint32Array; readonly to: Uint32Array } | null;
};

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;
const digit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
};

/** A number of exactly so many hexadecimal digits, or -1. */
function hexAt(bytes: Uint8Array, index: number, digits: number): number {
  let value = 0;
  for (let i = index; i < index + digits; i++) {
    const next = i < bytes.length ? digit(at(bytes, i)) : -1;
    if (next < 0) return -1;
    value = value * 16 + next;
  }
  return value;
}

const ESCAPES: Readonly<Record<number, number>> = { 110: 0x0a, 114: 0x0d, 116: 0x09, 98: 0x08, 102: 0x0c };
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const AMPERSAND = 0x26;
const ENTITIES = new Map([
  ["amp", 0x26],
  ["lt", 0x3c],
  ["gt", 0x3e],
  ["quot", 0x22],
  ["apos", 0x27],
  ["sol", 0x2f],
  ["plus", 0x2b],
  ["equals", 0x3d],
]);

type Escape = { readonly code: number; readonly length: number };

/** `%41`, `\u0041`, `\x41`, `\/`, `\n`, `&#65;`, `&#x41;`, `&amp;`: what stands there, and how long it is. */
function escapeAt(bytes: Uint8Array, index: number): Escape | null {
  const first = at(bytes, index);
  if (first === PERCENT) {
    const code = hexAt(bytes, index + 1, 2);
    return code < 0 ? null : { code, length: 3 };
  }
  if (first === BACKSLASH) return backslashAt(bytes, index);
  return first === AMPERSAND ? entityAt(bytes, index) : null;
}

function backslashAt(bytes: Uint8Array, index: number): Escape | null {
  const next = at(bytes, index + 1);
  const digits = next === 0x75 ? 4 : next === 0x78 ? 2 : 0;
  if (digits > 0) {
    const code = hexAt(bytes, index + 2, digits);
    return code < 0 ? null : { code, length: 2 + digits };
  }
  if (index + 1 >= bytes.length) return null;
  return { code: ESCAPES[next] ?? next, length: 2 };
}

function entityAt(bytes: Uint8Array, index: number): Escape | null {
  const text = Buffer.from(bytes.subarray(index + 1, index + 11)).toString("latin1");
  const found = /^(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,6}));/.exec(text);
  if (found === null) return null;
  const [whole, decimal, hex, name = ""] = found;
  const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number(`0x${hex}`) : ENTITIES.get(name);
  return code === undefined || code > 0x10_ffff ? null : { code, length: 1 + whole.length };
}

/** Every escape resolved once. A code beyond one byte becomes UTF-8; from `%` it is a byte as it is. */
export function unescaped(of: Reading): Reading | null {
  const { bytes } = of;
  if (!bytes.includes(PERCENT) && !bytes.includes(BACKSLASH) && !bytes.includes(AMPERSAND)) return null;
  const out = new Builder(of);
  for (let i = 0; i < bytes.length; ) {
    const found = escapeAt(bytes, i);
    if (found === null) {
      out.add(at(bytes, i), i, i + 1);
      i++;
    } else {
      const isByte = found.code < 0x80 || at(bytes, i) === PERCENT;
      const coded = isByte ? [found.code] : [...Buffer.from(String.fromCodePoint(found.code), "utf8")];
      for (const byte of coded) out.add(byte, i, i + found.length);
      i += found.length;
    }
  }
  return out.reading();
}

/** Without white space: what was broken into lines is whole again. */
export function joined(of: Reading): Reading | null {
  const out = new Builder(of);
  for (const [i, byte] of of.bytes.entries())
    if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) out.add(byte, i, i + 1);
  return out.size === of.bytes.length ? null : out.reading();
}

/** base64url as base64: the same places, one alphabet. */
export const oneAlphabet = (of: Reading): Reading => ({
  places: of.places,
  bytes: of.bytes.map((byte) => (byte === 0x2d ? 0x2b : byte === 0x5f ? 0x2f : byte)),
});

/** Lower case, for hexadecimal. */
export const lowered = (of: Reading): Reading => ({
  places: of.places,
  bytes: of.bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)),
});

class Builder {
  size = 0;
  readonly #of: Reading;
  readonly #bytes: Uint8Array;
  readonly #from: Uint32Array;
  readonly #to: Uint32Array;

  constructor(of: Reading) {
    this.#of = of;
    // An escape is never shorter than what it stands for in UTF-8.
    this.#bytes = new Uint8Array(of.bytes.length);
    this.#from = new Uint32Array(of.bytes.length);
    this.#to = new Uint32Array(of.bytes.length);
  }

  add(byte: number, from: number, to: number): void {
    const { places } = this.#of;
    this.#bytes[this.size] = byte;
    this.#from[this.size] = places?.from[from] ?? from;
    this.#to[this.size++] = places?.to[to - 1] ?? to;
  }

  reading(): Reading {
    const places = { from: this.#from.subarray(0, this.size), to: this.#to.subarray(0, this.size) };
    return { bytes: this.#bytes.subarray(0, this.size), places };
  }
}
