/** The only file that knows libsodium: sealing under a key and a context (CONTRACT section 4, docs/blob-format.md). */
import { timingSafeEqual } from "node:crypto";
import sodium from "libsodium-wrappers";
import { STREAM_CHUNK_BYTES } from "../core/limits.ts";
import type { Random } from "../core/ports.ts";

await sodium.ready;

export const KEY_BYTES = 32;
const SALT_BYTES = 24;
const COMMIT_BYTES = 32;
const TAG_BYTES = 16;
const VERSION_WHOLE = 1;
const VERSION_STREAM = 2;
const HEADER_BYTES = 1 + SALT_BYTES + COMMIT_BYTES;
/** What sealing adds to a padded text. */
const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

/** Sealed bytes that do not open. It never says more than which check failed. */
export class SealBroken extends Error {
  override readonly name = "SealBroken";
  readonly check: "version" | "length" | "commitment" | "seal" | "padding";

  constructor(check: SealBroken["check"]) {
    super(`sealed bytes do not open: ${check}`);
    this.check = check;
  }
}

const POOL_BYTES = 16_384;

/** Random bytes drawn by the pool and wiped from it as they are handed out: drawing singly costs 40 times as much. */
export class RandomPool {
  readonly #random: Random;
  #pool: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  bytes(count: number): Uint8Array {
    if (count > POOL_BYTES / 8) return this.#random.bytes(count);
    if (this.#used + count > this.#pool.length) {
      this.#pool = this.#random.bytes(POOL_BYTES);
      this.#used = 0;
    }
    // A copy, whatever kind of array the source gives: `slice` of a Buffer is a view, and would be wiped with the pool.
    const out = new Uint8Array(this.#pool.subarray(this.#used, this.#used + count));
    this.#pool.fill(0, this.#used, this.#used + count);
    this.#used += count;
    return out;
  }

  key(): Uint8Array {
    return this.bytes(KEY_BYTES);
  }

  salt(): Uint8Array {
    return this.bytes(SALT_BYTES);
  }
}

/**
 * Associated data: the domain's bytes, then each field as u32be length ‖ UTF-8; numbers are decimal. Two different
 * contexts never give the same bytes.
 */
export function context(domain: string, fields: readonly (string | number)[]): Buffer {
  const texts = fields.map(String);
  const joined = texts.join("");
  if (Buffer.byteLength(joined) !== joined.length) return wideContext(domain, texts);
  // All ASCII, as nearly always: the bytes are the characters, so the whole is built as text and written at once.
  let whole = domain;
  for (const text of texts) {
    const { length } = text;
    whole += String.fromCharCode(length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255) + text;
  }
  return Buffer.from(whole, "latin1");
}

function wideContext(domain: string, texts: readonly string[]): Buffer {
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text, "utf8");
    return [u32be(bytes.length), bytes];
  });
  return Buffer.concat([Buffer.from(domain, "latin1"), ...parts]);
}

function u32be(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

type Derived = { readonly subkey: Uint8Array; readonly commitment: Uint8Array };

/**
 * (subkey ‖ commitment) = BLAKE2b-512 keyed with the key over salt ‖ AAD: a wrong key or context fails before the AEAD
 * runs.
 */
function derive(key: Uint8Array, salt: Uint8Array, aad: Uint8Array): Derived {
  const input = Buffer.allocUnsafe(SALT_BYTES + aad.length);
  input.set(salt);
  input.set(aad, SALT_BYTES);
  const both = sodium.crypto_generichash(KEY_BYTES + COMMIT_BYTES, input, key);
  return { subkey: both.subarray(0, KEY_BYTES), commitment: both.subarray(KEY_BYTES) };
}

/**
 * version ‖ salt ‖ commitment ‖ XChaCha20-Poly1305 of `plain` with the salt as nonce. `salt` is fresh for every call.
 */
export function seal(key: Uint8Array, aad: Uint8Array, plain: Uint8Array, salt: Uint8Array): Buffer {
  const { subkey, commitment } = derive(key, salt, aad);
  const box = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, aad, null, salt, subkey);
  wipe(subkey);
  const out = Buffer.allocUnsafe(HEADER_BYTES + box.length);
  out[0] = VERSION_WHOLE;
  out.set(salt, 1);
  out.set(commitment, 1 + SALT_BYTES);
  out.set(box, HEADER_BYTES);
  return out;
}

/** The subkey, once the commitment was compared in constant time. */
function checkedKey(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  const derived = derive(key, sealed.subarray(1, 1 + SALT_BYTES), aad);
  if (timingSafeEqual(derived.commitment, sealed.subarray(1 + SALT_BYTES, HEADER_BYTES))) return derived.subkey;
  wipe(derived.subkey);
  throw new SealBroken("commitment");
}

/** Gives the plain bytes or throws SealBroken. */
export function open(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < OVERHEAD_BYTES) throw new SealBroken("length");
  if (sealed[0] !== VERSION_WHOLE) throw new SealBroken("version");
  const subkey = checkedKey(key, aad, sealed);
  const salt = sealed.subarray(1, 1 + SALT_BYTES);
  const plain = attempt(() =>
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed.subarray(HEADER_BYTES), aad, salt, subkey),
  );
  wipe(subkey);
  return plain;
}

/** libsodium throws a plain Error when a tag does not fit; nothing else can go wrong once the lengths are checked. */
function attempt(decrypt: () => Uint8Array): Uint8Array {
  try {
    return decrypt();
  } catch {
    // The cause would only repeat that the ciphertext cannot be authenticated.
    throw new SealBroken("seal");
  }
}

const STREAM_HEADER_BYTES = 24;
const STREAM_TAG_BYTES = 17;
const TOTAL_BYTES = 4;
const STREAM_START = HEADER_BYTES + TOTAL_BYTES + STREAM_HEADER_BYTES;

/**
 * Long content: version ‖ salt ‖ commitment ‖ u32be total ‖ secretstream header ‖ chunks of 64 KiB, each with AAD =
 * context ‖ index, where context is the AAD followed by the total. The last chunk carries TAG_FINAL.
 */
export function sealStream(key: Uint8Array, aad: Uint8Array, plain: Uint8Array, salt: Uint8Array): Buffer {
  const whole = Buffer.concat([aad, u32be(plain.length)]);
  const { subkey, commitment } = derive(key, salt, whole);
  const { state, header } = sodium.crypto_secretstream_xchacha20poly1305_init_push(subkey);
  wipe(subkey);
  const parts: Uint8Array[] = [Buffer.of(VERSION_STREAM), salt, commitment, u32be(plain.length), header];
  const chunks = Math.max(1, Math.ceil(plain.length / STREAM_CHUNK_BYTES));
  for (let index = 0; index < chunks; index++) {
    const chunk = plain.subarray(index * STREAM_CHUNK_BYTES, (index + 1) * STREAM_CHUNK_BYTES);
    const tag =
      index === chunks - 1
        ? sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
        : sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
    const chunkAad = Buffer.concat([whole, u32be(index)]);
    parts.push(sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, chunkAad, tag));
  }
  return Buffer.concat(parts);
}

/** Gives all of the plain bytes or throws SealBroken; never a part. */
export function openStream(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < STREAM_START + STREAM_TAG_BYTES) throw new SealBroken("length");
  if (sealed[0] !== VERSION_STREAM) throw new SealBroken("version");
  const totalBytes = sealed.subarray(HEADER_BYTES, HEADER_BYTES + TOTAL_BYTES);
  const total = Buffer.from(totalBytes).readUInt32BE();
  const chunks = Math.max(1, Math.ceil(total / STREAM_CHUNK_BYTES));
  if (sealed.length !== STREAM_START + total + chunks * STREAM_TAG_BYTES) throw new SealBroken("length");
  const whole = Buffer.concat([aad, totalBytes]);
  const subkey = checkedKey(key, whole, sealed);
  const header = sealed.subarray(HEADER_BYTES + TOTAL_BYTES, STREAM_START);
  const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(header, subkey);
  wipe(subkey);
  const plain = new Uint8Array(total);
  for (let index = 0; index < chunks; index++) {
    const from = STREAM_START + index * (STREAM_CHUNK_BYTES + STREAM_TAG_BYTES);
    const piece = sealed.subarray(from, from + STREAM_CHUNK_BYTES + STREAM_TAG_BYTES);
    const pulled = sodium.crypto_secretstream_xchacha20poly1305_pull(
      state,
      piece,
      Buffer.concat([whole, u32be(index)]),
    );
    const isLast = index === chunks - 1;
    const isFinal = pulled !== false && pulled.tag === sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    if (pulled === false || isFinal !== isLast) {
      wipe(plain);
      throw new SealBroken("seal");
    }
    plain.set(pulled.message, index * STREAM_CHUNK_BYTES);
    wipe(pulled.message);
  }
  return plain;
}

/** Keyed BLAKE2b-256: derives a key for one purpose from another key. */
export const derivedKey = (key: Uint8Array, purpose: string): Uint8Array =>
  sodium.crypto_generichash(KEY_BYTES, purpose, key);

/** Keys and plain text do not outlive their use. */
export function wipe(bytes: Uint8Array): void {
  sodium.memzero(bytes);
}
