/**
 * C2SP checkpoints: a signed note of a ledger's origin, size and root (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../core/refusal.ts";
import { sha256 } from "./hashing.ts";
import { readSecure, writeSecure } from "./home.ts";
import { context, open, type RandomPool, SealBroken, seal, wipe } from "./seal.ts";
import { homeDerived } from "./unlock.ts";

const ED25519 = 1;
const KEY_ID_BYTES = 4;
const HASH_BYTES = 32;
/** DER in front of a raw Ed25519 seed (RFC 8410 section 7) and of a raw public key (section 4). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const NOTE = /^([^\n]{1,255})\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n((?:\u2014 [^\n]{1,512}\n){1,16})$/;

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Buffer };

/** Signs checkpoints. The private key never leaves it. */
export class CheckpointSigner {
  readonly publicKey: Buffer;
  readonly #private: KeyObject;

  /** `seed`: the 32 bytes of an Ed25519 private key. */
  constructor(seed: Uint8Array) {
    const der = Buffer.concat([PKCS8_PREFIX, seed]);
    this.#private = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    der.fill(0);
    this.publicKey = createPublicKey(this.#private).export({ type: "spki", format: "der" }).subarray(-HASH_BYTES);
  }

  sign(of: Checkpoint): string {
    const text = `${of.origin}\n${of.size}\n${of.root.toString("base64")}\n`;
    const signature = sign(null, Buffer.from(text), this.#private);
    const line = Buffer.concat([keyId(of.origin, this.publicKey), signature]).toString("base64");
    return `${text}\n\u2014 ${of.origin} ${line}\n`;
  }

  /** Base64 Ed25519 over `lazaret.statement.v1` ‖ 0 ‖ the statement. */
  attest(statement: string): string {
    return sign(null, statementBytes(statement), this.#private).toString("base64");
  }
}

/** What a statement of ours is signed as: never the bytes of a checkpoint. */
const statementBytes = (statement: string): Buffer => Buffer.from(`lazaret.statement.v1\u0000${statement}`);

const keyOf = (publicKey: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: "der", type: "spki" });

export const isAttestedBy = (statement: string, signature: string, publicKey: Uint8Array): boolean =>
  verify(null, statementBytes(statement), keyOf(publicKey), Buffer.from(signature, "base64"));

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]. */
function keyId(name: string, publicKey: Uint8Array): Buffer {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey])).subarray(0, KEY_ID_BYTES);
}

/** The key as others configure it: `name+hash+base64(type ‖ public key)`. */
export function verifierKey(origin: string, publicKey: Uint8Array): string {
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]).toString("base64");
  return `${origin}+${keyId(origin, publicKey).toString("hex")}+${key}`;
}

/** The note's content, or null when it is not a checkpoint. Says nothing about the signature. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const parts = NOTE.exec(text);
  if (parts === null) return null;
  const [, origin = "", size = "", root = ""] = parts;
  return { origin, size: Number(size), root: Buffer.from(root, "base64") };
}

/** Is one of the note's signatures made with this key under this origin? */
export function isSigned(text: string, origin: string, publicKey: Uint8Array): boolean {
  const parts = NOTE.exec(text);
  if (parts === null) return false;
  const [, , , , signatures = ""] = parts;
  const body = Buffer.from(text.slice(0, text.length - signatures.length - 1));
  const key = keyOf(publicKey);
  const wanted = keyId(origin, publicKey);
  return signatures
    .trimEnd()
    .split("\n")
    .some((line) => {
      if (!line.startsWith(`\u2014 ${origin} `)) return false;
      const bytes = Buffer.from(line.slice(`\u2014 ${origin} `.length), "base64");
      return bytes.subarray(0, KEY_ID_BYTES).equals(wanted) && verify(null, body, key, bytes.subarray(KEY_ID_BYTES));
    });
}

const FILE = "ledger.key";
const DOMAIN = "lazaret.ledger-key.v1";

/** The signing key of a home, sealed anew for another unlock material. */
export function resealedSigner(
  keysDir: string,
  homeId: string,
  from: Uint8Array,
  to: Uint8Array,
  pool: RandomPool,
): Uint8Array {
  const [old, next] = [homeDerived([from], homeId, DOMAIN), homeDerived([to], homeId, DOMAIN)];
  const aad = context(DOMAIN, [homeId]);
  const seed = open(old, aad, readSecure(join(keysDir, FILE)));
  const sealed = seal(next, aad, seed, pool.salt());
  for (const it of [old, next, seed]) wipe(it);
  return sealed;
}

/**
 * The signing key of a home: a file of its own beside the epoch key, sealed under the unlock material alone, so that it
 * outlives epochs and stays out of backups. Made when there is none.
 */
export function ledgerSigner(
  keysDir: string,
  homeId: string,
  material: Uint8Array,
  pool: RandomPool,
): CheckpointSigner {
  const path = join(keysDir, FILE);
  const key = homeDerived([material], homeId, DOMAIN);
  const aad = (): Uint8Array => context(DOMAIN, [homeId]);
  try {
    if (!existsSync(path)) {
      const seed = pool.key();
      writeSecure(path, seal(key, aad(), seed, pool.salt()));
      wipe(seed);
    }
    const seed = open(key, aad(), readSecure(path));
    const signer = new CheckpointSigner(seed);
    wipe(seed);
    return signer;
  } catch (error) {
    if (error instanceof SealBroken) throw new Refusal("home.unlock", { hint: "The unlock material does not fit." });
    throw error;
  } finally {
    wipe(key);
  }
}
