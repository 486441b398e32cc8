/** Unpacks the data of PDF streams (ISO 32000-1, section 7.4). Pictures stay packed. Pure. */
import { FILE_PART_BYTES_MAX } from "../../src/core/limits.ts";
import { bytesOf, latin1 } from "./bytes.ts";
import { type Meter, Unreadable } from "./meter.ts";
import type { Dict, Value } from "./pdf-lexer.ts";

const FILTERS_MAX = 4;
type Get = (value: Value | undefined) => Value;
type Parameters = (key: string) => number;

/** Null for a filter that is not known: a picture's. */
export function unpacked(
  bytes: Uint8Array,
  filters: readonly string[],
  parameters: readonly (Dict | null)[],
  get: Get,
  meter: Meter,
): Uint8Array | null {
  if (filters.length > FILTERS_MAX) throw new Unreadable("refused");
  let data: Uint8Array | null = bytes;
  for (const [at, filter] of filters.entries()) {
    if (data === null) return null;
    const dict = parameters[at] ?? null;
    const number: Parameters = (key) => {
      const value = dict === null ? null : get(dict.get(key));
      return typeof value === "number" ? Math.trunc(value) : 0;
    };
    data = one(data, filter, number, meter);
  }
  return data;
}

function one(data: Uint8Array, filter: string, number: Parameters, meter: Meter): Uint8Array | null {
  switch (filter) {
    case "FlateDecode":
    case "Fl":
      return predicted(meter.inflate(data, "zlib"), number);
    case "LZWDecode":
    case "LZW":
      return predicted(lzw(data, meter), number);
    case "ASCII85Decode":
    case "A85":
      return ascii85(latin1(data), meter);
    case "ASCIIHexDecode":
    case "AHx":
      return asciiHex(latin1(data));
    case "RunLengthDecode":
    case "RL":
      return runLength(data, meter);
    default:
      return null;
  }
}

/** PNG predictors (RFC 2083 section 6), as cross-reference streams have them. */
function predicted(data: Uint8Array, number: Parameters): Uint8Array {
  if (number("Predictor") < 10) return data;
  const bits = (number("Colors") || 1) * (number("BitsPerComponent") || 8);
  const pixel = Math.max(1, Math.ceil(bits / 8));
  const row = Math.ceil((bits * (number("Columns") || 1)) / 8);
  if (row < 1 || row > data.length) throw new Unreadable("broken");
  const rows = Math.floor(data.length / (row + 1));
  const out = new Uint8Array(rows * row);
  for (let y = 0; y < rows; y++) unfiltered(data, out, y, row, pixel);
  return out;
}

function unfiltered(data: Uint8Array, out: Uint8Array, y: number, row: number, pixel: number): void {
  const kind = data[y * (row + 1)] ?? 0;
  for (let x = 0; x < row; x++) {
    const raw = data[y * (row + 1) + 1 + x] ?? 0;
    const left = x < pixel ? 0 : (out[y * row + x - pixel] ?? 0);
    const up = y === 0 ? 0 : (out[(y - 1) * row + x] ?? 0);
    const corner = x < pixel || y === 0 ? 0 : (out[(y - 1) * row + x - pixel] ?? 0);
    out[y * row + x] = raw + ([0, left, up, (left + up) >> 1, paeth(left, up, corner)][kind] ?? 0);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function asciiHex(text: string): Uint8Array {
  const digits = (text.split(">")[0] ?? "").replace(/[^0-9a-fA-F]/g, "");
  return Uint8Array.from({ length: Math.ceil(digits.length / 2) }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2).padEnd(2, "0"), 16),
  );
}

/** Five digits are four bytes, a `z` is four of nothing. */
function ascii85(text: string, meter: Meter): Uint8Array {
  const out = new Uint8Array(4 * text.length + 4);
  let length = 0;
  let group: number[] = [];
  const flush = (): void => {
    const value = [...group, 84, 84, 84, 84].slice(0, 5).reduce((sum, digit) => sum * 85 + digit, 0);
    for (let n = 0; n < group.length - 1; n++) out[length++] = Math.floor(value / 256 ** (3 - n));
    group = [];
  };
  for (const char of text) {
    if (char === "~") break;
    const digit = char.charCodeAt(0) - 33;
    if (char === "z" && group.length === 0) length += 4;
    else if (digit >= 0 && digit < 85 && group.push(digit) === 5) flush();
  }
  if (group.length > 1) flush();
  meter.spend(length);
  return out.subarray(0, length);
}

const RUN_END = 128;

/** Runs in turn: so many bytes as they are, or one byte so many times. */
function runLength(data: Uint8Array, meter: Meter): Uint8Array {
  const eachRun = (use: (at: number, count: number, isCopy: boolean) => void): void => {
    for (let at = 0; at < data.length && data[at] !== RUN_END; ) {
      const head = data[at] ?? RUN_END;
      const isCopy = head < RUN_END;
      const count = isCopy ? head + 1 : 257 - head;
      use(at + 1, count, isCopy);
      at += isCopy ? count + 1 : 2;
    }
  };
  let total = 0;
  eachRun((_, count) => {
    total += count;
  });
  meter.spend(total);
  const out = new Uint8Array(total);
  let length = 0;
  eachRun((at, count, isCopy) => {
    if (isCopy) out.set(data.subarray(at, at + count), length);
    else out.fill(data[at] ?? 0, length, length + count);
    length += count;
  });
  return out;
}

const CLEAR = 256;
const STOP = 257;
const CODES_MAX = 4096;

/** With the early change of widths that PDF has unless told otherwise. */
function lzw(data: Uint8Array, meter: Meter): Uint8Array {
  const out: string[] = [];
  let table: string[] = [];
  let [width, held, bits, total] = [9, 0, 0, 0];
  let before = "";
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xffffff;
    bits += 8;
    if (bits < width) continue;
    bits -= width;
    const code = (held >> bits) & ((1 << width) - 1);
    if (code === STOP) break;
    if (code === CLEAR) {
      table = [];
      [width, before] = [9, ""];
      continue;
    }
    const known = code < CLEAR ? String.fromCharCode(code) : table[code - STOP - 1];
    const said: string = known ?? before + (before[0] ?? "");
    if (before !== "" && table.length + STOP + 1 < CODES_MAX) table.push(before + (said[0] ?? ""));
    before = said;
    total += said.length;
    meter.spend(said.length);
    if (total > FILE_PART_BYTES_MAX) throw new Unreadable("refused");
    out.push(said);
    const next = table.length + STOP + 2;
    width = next >= 2048 ? 12 : next >= 1024 ? 11 : next >= 512 ? 10 : 9;
  }
  return bytesOf(out.join(""));
}
