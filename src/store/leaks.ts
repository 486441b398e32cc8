/**
 * Finds live secrets in bytes, plain and encoded, without holding one: of each form it keeps a keyed hash of its first
 * bytes and an HMAC of the whole (CONTRACT section 10). Linear in the bytes.
 */
import { gunzipSync, inflateSync } from "node:zlib";
import type { SecretHit } from "../core/secret-source.ts";
import { Mac } from "./hashing.ts";
import { joined, lowered, oneAlphabet, type Reading, unescaped } from "./views.ts";

/** Shorter secrets would be found in everything. */
const SECRET_BYTES_MIN = 8;
const WINDOW = 8;
const INFLATED_BYTES_MAX = 4 * 1024 * 1024;
const BASE64_RUN = /[A-Za-z0-9+/]{24,}={0,2}/g;
const DEPTH_MAX = 3;
/** In more than this, what is packed or base64 of something longer is not looked into: it would take too long. */
const NESTED_BYTES_MAX = 512 * 1024;
/** Most bytes begin nothing: a small table says so before the large one is asked. */
const MAYBE_MASK = 0xffff;

type Alphabet = "plain" | "base64" | "hex";
type Form = { readonly name: string; readonly length: number; readonly mac: string };
type Forms = Map<number, Form[]>;

export class LeakIndex {
  readonly #mac: Mac;
  readonly #salt: readonly [number, number];
  readonly #forms: Readonly<Record<Alphabet, Forms>> = { plain: new Map(), base64: new Map(), hex: new Map() };

  readonly #maybe: Readonly<Record<Alphabet, Uint8Array>> = {
    plain: new Uint8Array(MAYBE_MASK + 1),
    base64: new Uint8Array(MAYBE_MASK + 1),
    hex: new Uint8Array(MAYBE_MASK + 1),
  };

  /** `key` is random and of this process. */
  constructor(key: Uint8Array) {
    const bytes = Buffer.from(key);
    this.#mac = new Mac(bytes);
    this.#salt = [bytes.readUInt32LE(0) | 1, bytes.readUInt32LE(4) | 1];
  }

  get isEmpty(): boolean {
    return this.#forms.plain.size === 0;
  }

  /** The caller wipes the bytes. */
  add(name: string, secret: Uint8Array): void {
    // A line break at the end is how it was typed, not what it is.
    const text = Buffer.from(secret);
    const end = text.findLastIndex((byte) => byte !== 0x0a && byte !== 0x0d) + 1;
    const value = text.subarray(0, end);
    if (value.length >= SECRET_BYTES_MIN) {
      this.#put("plain", name, Buffer.from(value));
      this.#put("plain", name, Buffer.from([...value.toString("utf8")].reverse().join("")));
      this.#put("hex", name, Buffer.from(value.toString("hex")));
      for (const shift of [0, 1, 2]) this.#put("base64", name, base64Core(value, shift));
    }
    text.fill(0);
  }

  /** Stretches of the bytes that hold a secret, by offset, merged. */
  find(bytes: Uint8Array): readonly SecretHit[] {
    if (this.isEmpty) return [];
    const hits: SecretHit[] = [];
    this.#look({ bytes, places: null }, hits, bytes.length > NESTED_BYTES_MAX ? DEPTH_MAX : 0);
    return merged(hits);
  }

  #look(whole: Reading, hits: SecretHit[], depth: number): void {
    let reading: Reading | null = whole;
    // Twice: what was escaped may have been escaped before.
    for (let round = 0; reading !== null && round < DEPTH_MAX; round++) {
      for (const it of [reading, joined(reading)]) {
        if (it === null) continue;
        this.#scan("plain", it, hits);
        this.#scan("base64", oneAlphabet(it), hits);
        this.#scan("hex", lowered(it), hits);
        if (depth < DEPTH_MAX) this.#inside(it, hits, depth + 1);
      }
      reading = unescaped(reading);
    }
  }

  /** What is packed or base64 within: found there, the whole of it is the hit. */
  #inside(reading: Reading, hits: SecretHit[], depth: number): void {
    const packed = unpacked(reading.bytes);
    if (packed !== null) this.#stretch(packed, reading, 0, reading.bytes.length, hits, depth);
    const text = Buffer.from(oneAlphabet(reading).bytes).toString("latin1");
    for (const run of text.matchAll(BASE64_RUN)) {
      const inner = Buffer.from(run[0], "base64");
      const open = unpacked(inner);
      if (open !== null) this.#stretch(open, reading, run.index, run[0].length, hits, depth);
      else if (depth < 2) this.#stretch(inner, reading, run.index, run[0].length, hits, depth);
    }
  }

  #stretch(inner: Uint8Array, of: Reading, start: number, length: number, hits: SecretHit[], depth: number): void {
    const found: SecretHit[] = [];
    this.#look({ bytes: inner, places: null }, found, depth);
    const [first] = found;
    if (first !== undefined) hits.push(hitOf(of, first.name, start, start + length));
  }

  #scan(alphabet: Alphabet, reading: Reading, hits: SecretHit[]): void {
    const { bytes } = reading;
    const forms = this.#forms[alphabet];
    const maybe = this.#maybe[alphabet];
    let [low, high] = [0, 0];
    for (let next = 0; next < bytes.length; next++) {
      low = (low >>> 8) | (high << 24);
      high = (high >>> 8) | ((bytes[next] ?? 0) << 24);
      const i = next - WINDOW + 1;
      if (i < 0) continue;
      const hash = this.#mixed(low, high);
      if (maybe[hash & MAYBE_MASK] === 0) continue;
      for (const { name, length, mac } of forms.get(hash) ?? []) {
        if (i + length > bytes.length) continue;
        if (this.#mac.of(bytes.subarray(i, i + length)).toString("hex") === mac)
          hits.push(hitOf(reading, name, i, i + length));
      }
    }
  }

  #put(alphabet: Alphabet, name: string, form: Buffer): void {
    if (form.length < WINDOW) return;
    const key = this.#mixed(form.readInt32LE(0), form.readInt32LE(4));
    const mac = this.#mac.of(form).toString("hex");
    const known = this.#forms[alphabet].get(key) ?? [];
    this.#forms[alphabet].set(key, [...known, { name, length: form.length, mac }]);
    this.#maybe[alphabet][key & MAYBE_MASK] = 1;
    form.fill(0);
  }

  /** Keyed, of eight bytes. */
  #mixed(low: number, high: number): number {
    const mixed = Math.imul(low ^ this.#salt[1], this.#salt[0]) ^ Math.imul(high, this.#salt[1]);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}

/** Of base64, the characters that stand for these bytes alone, whatever comes before and after. */
function base64Core(value: Uint8Array, shift: number): Buffer {
  const text = Buffer.concat([Buffer.alloc(shift), value])
    .toString("base64")
    .replace(/=+$/, "");
  const head = shift === 0 ? 0 : shift + 1;
  const tail = (shift + value.length) % 3 === 0 ? 0 : 1;
  return Buffer.from(text.slice(head, text.length - tail));
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
const isZlib = (bytes: Uint8Array): boolean => bytes[0] === 0x78 && ((bytes[0] << 8) | (bytes[1] ?? 0)) % 31 === 0;

/** Null where it is not packed in a way that says so itself. */
function unpacked(bytes: Uint8Array): Uint8Array | null {
  if (!isGzip(bytes) && !isZlib(bytes)) return null;
  const options = { maxOutputLength: INFLATED_BYTES_MAX };
  try {
    return isGzip(bytes) ? gunzipSync(bytes, options) : inflateSync(bytes, options);
  } catch {
    return null; // It only looked like it, or it is a bomb: then nobody reads what is in it.
  }
}

const hitOf = ({ places }: Reading, name: string, start: number, end: number): SecretHit => ({
  name,
  start: places?.from[start] ?? start,
  end: places?.to[end - 1] ?? end,
});

function merged(hits: readonly SecretHit[]): readonly SecretHit[] {
  const found: SecretHit[] = [];
  for (const hit of [...hits].sort((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last === undefined || hit.start > last.end) found.push(hit);
    else found[found.length - 1] = { ...last, end: Math.max(last.end, hit.end) };
  }
  return found;
}
