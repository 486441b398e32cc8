/** How an account seals what it keeps of a homeserver's answers. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FRAME_BYTES = 256;

/** AES-256-GCM with a fresh random nonce for each row; what a row is, is bound to it. Lengths are padded. */
export class Sealing {
  readonly #key: Buffer;
  readonly #macKey: Buffer;
  readonly #random: (count: number) => Uint8Array;

  constructor(key: Uint8Array, random: (count: number) => Uint8Array) {
    const derived = (use: string): Buffer =>
      Buffer.from(hkdfSync("sha256", key, new Uint8Array(), `lazaret.matrix.sync.v1 ${use}`, 32));
    this.#key = derived("seal");
    this.#macKey = derived("mac");
    this.#random = random;
  }

  mac(text: string): Buffer {
    return createHmac("sha256", this.#macKey).update(text).digest().subarray(0, 16);
  }

  seal(what: string, value: unknown): Buffer {
    const text = Buffer.from(JSON.stringify(value));
    const frame = Buffer.alloc(Math.ceil((text.length + 4) / FRAME_BYTES) * FRAME_BYTES);
    frame.writeUInt32BE(text.length);
    text.copy(frame, 4);
    const nonce = this.#random(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(what));
    return Buffer.concat([nonce, cipher.update(frame), cipher.final(), cipher.getAuthTag()]);
  }

  /** Throws for what was altered, or sealed with another key. */
  open(what: string, sealed: Uint8Array): unknown {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(what)).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const frame = Buffer.concat([
      decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)),
      decipher.final(),
    ]);
    return JSON.parse(frame.subarray(4, 4 + frame.readUInt32BE()).toString("utf8"));
  }
}
