/**
 * The directory of a zip file, judged before anything is unpacked (APPNOTE 6.3.10). What is odd is refused: two
 * readers that disagree about a file are how something is smuggled through. Pure.
 */
import {
  FILE_INFLATED_BYTES_MAX,
  FILE_PART_BYTES_MAX,
  FILE_RATIO_MAX,
  KIB,
  ZIP_ENTRIES_MAX,
} from "../../src/core/limits.ts";
import { latin1, u16, u32 } from "./bytes.ts";
import { type Meter, Unreadable } from "./meter.ts";

const LOCAL = 0x04034b50;
const RECORD = 0x02014b50;
const END = 0x06054b50;
const END_BYTES = 22;
const RECORD_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const NAME_BYTES_MAX = 256;
/** Below this a high ratio is an empty sheet, not a bomb. */
const RATIO_FROM_BYTES = 64 * KIB;

type Part = {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
};

export const isZip = (bytes: Uint8Array): boolean => bytes.length >= 4 && u32(bytes, 0) === LOCAL;

/** Does a zip file end here, whatever it begins as? */
export const endsAsZip = (bytes: Uint8Array): boolean => {
  for (let at = bytes.length - END_BYTES; at >= Math.max(0, bytes.length - END_BYTES - 0xffff); at--)
    if (u32(bytes, at) === END) return true;
  return false;
};

export class Zip {
  readonly #bytes: Uint8Array;
  readonly #meter: Meter;
  readonly #parts: ReadonlyMap<string, Part>;

  /** Throws `Unreadable`. */
  constructor(bytes: Uint8Array, meter: Meter) {
    this.#bytes = bytes;
    this.#meter = meter;
    this.#parts = judged(directory(bytes), bytes);
  }

  has(name: string): boolean {
    return this.#parts.has(name);
  }

  /** One part, unpacked; null when there is none. */
  read(name: string): Uint8Array | null {
    const part = this.#parts.get(name);
    if (part === undefined) return null;
    const from = dataAt(this.#bytes, part);
    const packed = this.#bytes.subarray(from, from + part.packed);
    if (part.method === STORED) return packed;
    const out = this.#meter.inflate(packed, "raw", Math.min(part.size, FILE_PART_BYTES_MAX));
    if (out.length !== part.size) throw new Unreadable("refused");
    return out;
  }
}

/** The end record stands at the very end: what follows it would be somebody else's file. */
function directory(bytes: Uint8Array): readonly Part[] {
  const end = bytes.length - END_BYTES;
  if (end < 0 || u32(bytes, end) !== END) throw new Unreadable("refused");
  const count = u16(bytes, end + 10);
  const [size, start] = [u32(bytes, end + 12), u32(bytes, end + 16)];
  const isWhole = u16(bytes, end + 4) === 0 && u16(bytes, end + 8) === count && start + size === end;
  if (!isWhole || count > ZIP_ENTRIES_MAX) throw new Unreadable("refused");
  const parts: Part[] = [];
  let at = start;
  for (let n = 0; n < count; n++) {
    if (at + RECORD_BYTES > end || u32(bytes, at) !== RECORD) throw new Unreadable("refused");
    const [name, extra, comment] = [u16(bytes, at + 28), u16(bytes, at + 30), u16(bytes, at + 32)];
    if ((u16(bytes, at + 8) & ENCRYPTED) !== 0) throw new Unreadable("locked");
    parts.push({
      name: latin1(bytes, at + RECORD_BYTES, at + RECORD_BYTES + Math.min(name, NAME_BYTES_MAX)),
      method: u16(bytes, at + 10),
      packed: u32(bytes, at + 20),
      size: u32(bytes, at + 24),
      at: u32(bytes, at + 42),
    });
    at += RECORD_BYTES + name + extra + comment;
  }
  if (at !== end) throw new Unreadable("refused");
  return parts;
}

const ODD_NAME = /^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\\|\0/;

function judged(parts: readonly Part[], bytes: Uint8Array): ReadonlyMap<string, Part> {
  const byName = new Map<string, Part>();
  let total = 0;
  for (const part of parts) {
    const { name, method, packed, size } = part;
    total += size;
    const isBomb = size > RATIO_FROM_BYTES && size > FILE_RATIO_MAX * Math.max(1, packed);
    const isOdd = ODD_NAME.test(name) || byName.has(name) || (method !== STORED && method !== DEFLATED);
    if (isBomb || isOdd || (method === STORED && packed !== size)) throw new Unreadable("refused");
    byName.set(name, part);
  }
  if (total > 2 * FILE_INFLATED_BYTES_MAX) throw new Unreadable("refused");
  let free = 0;
  // In the order in which they lie no part begins before the one before it has ended.
  for (const part of [...parts].sort((a, b) => a.at - b.at)) {
    if (part.at < free) throw new Unreadable("refused");
    free = dataAt(bytes, part) + part.packed;
    if (free > bytes.length) throw new Unreadable("refused");
  }
  return byName;
}

/** Where a part's data begins, by its own header, which has to name what the directory names. */
function dataAt(bytes: Uint8Array, { at, name }: Part): number {
  if (at + LOCAL_BYTES > bytes.length || u32(bytes, at) !== LOCAL) throw new Unreadable("refused");
  const [nameBytes, extra] = [u16(bytes, at + 26), u16(bytes, at + 28)];
  const from = at + LOCAL_BYTES;
  if (latin1(bytes, from, from + Math.min(nameBytes, NAME_BYTES_MAX)) !== name) throw new Unreadable("refused");
  return from + nameBytes + extra;
}
