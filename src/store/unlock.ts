/** What opens a home: a key file, a passphrase, or a credential that systemd hands over (CONTRACT section 4). */
import { argon2, hkdfSync } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Refusal } from "../core/refusal.ts";
import { readSecure, writeSecure } from "./home.ts";
import type { UnlockFile } from "./rekey.ts";
import { KEY_BYTES, type RandomPool } from "./seal.ts";

/** A key file without a path is `unlock.key` in the keys directory; it is made with the home. */
export type Unlock =
  | { readonly kind: "file"; readonly path?: string }
  | { readonly kind: "passphrase"; readonly passphrase: Uint8Array }
  | { readonly kind: "credential"; readonly path: string };

const KEY_FILE = "unlock.key";
const HOW_FILE = "unlock.json";
const SALT_BYTES = 16;
const MATERIAL_BYTES_MIN = 16;
/** RFC 9106 section 4, second recommended option: 64 MiB, three passes. */
const ARGON_MEMORY_KIB = 65_536;
const ARGON_PASSES = 3;
const ARGON_LANES = 4;

const How = z.discriminatedUnion("kind", [
  z.strictObject({ v: z.literal(1), kind: z.literal("file") }),
  z.strictObject({ v: z.literal(1), kind: z.literal("credential") }),
  z.strictObject({
    v: z.literal(1),
    kind: z.literal("passphrase"),
    salt: z.string().regex(/^[0-9a-f]{32}$/),
    memory_kib: z.number().int().min(8192).max(4_194_304),
    passes: z.number().int().min(1).max(64),
    lanes: z.number().int().min(1).max(16),
  }),
]);
type How = z.infer<typeof How>;

/** How the home wants to be unlocked, so that the right question is asked; null where there is no home yet. */
export function unlockKind(keysDir: string): Unlock["kind"] | null {
  return existsSync(join(keysDir, HOW_FILE)) ? readHow(keysDir).kind : null;
}

function readHow(keysDir: string): How {
  const path = join(keysDir, HOW_FILE);
  if (!existsSync(path))
    throw new Refusal("home.unlock", { field: path, hint: `The home's keys are not in ${keysDir}.` });
  const parsed = How.safeParse(jsonOf(readSecure(path).toString("utf8")));
  if (!parsed.success) throw new Refusal("home.unlock", { field: path, hint: `${path} cannot be read.` });
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is one of the ways in which the file does not fit its schema, which the caller reports.
    return undefined;
  }
}

/** Writes down how a new home is unlocked and makes its key file. */
export function prepareUnlock(keysDir: string, unlock: Unlock, pool: RandomPool): void {
  if (unlock.kind === "file" && unlock.path === undefined && !existsSync(join(keysDir, KEY_FILE))) {
    writeSecure(join(keysDir, KEY_FILE), pool.key());
  }
  writeSecure(join(keysDir, HOW_FILE), howBytes(howOf(unlock.kind, pool)));
}

const howBytes = (how: How): Buffer => Buffer.from(`${JSON.stringify(how)}\n`);

function howOf(kind: Unlock["kind"], pool: RandomPool): How {
  if (kind !== "passphrase") return { v: 1, kind };
  const salt = Buffer.from(pool.bytes(SALT_BYTES)).toString("hex");
  const memory_kib = ARGON_MEMORY_KIB;
  return { v: 1, kind: "passphrase", salt, memory_kib, passes: ARGON_PASSES, lanes: ARGON_LANES };
}

/** Another unlock for a home: its files, not written yet, and its material. A null passphrase is a new key file. */
export async function nextUnlock(
  passphrase: Uint8Array | null,
  pool: RandomPool,
): Promise<{ readonly files: Map<UnlockFile, Uint8Array>; readonly material: Uint8Array }> {
  const how = howOf(passphrase === null ? "file" : "passphrase", pool);
  const key = pool.key();
  const files = new Map<UnlockFile, Uint8Array>([["unlock.json", howBytes(how)]]);
  // A key file that opens nothing takes the place of the one that did.
  files.set("unlock.key", key);
  const material = passphrase !== null && how.kind === "passphrase" ? await stretched(passphrase, how) : key.slice();
  return { files, material };
}

/** The unlock material. The caller wipes it. Argon2id runs off the event loop. */
export async function unlockMaterial(keysDir: string, unlock: Unlock): Promise<Uint8Array> {
  const how = readHow(keysDir);
  if (how.kind !== unlock.kind) {
    throw new Refusal("home.unlock", { hint: `This home is unlocked by a ${how.kind}, not by a ${unlock.kind}.` });
  }
  if (unlock.kind === "passphrase" && how.kind === "passphrase") return stretched(unlock.passphrase, how);
  const path = unlock.kind === "passphrase" ? HOW_FILE : (unlock.path ?? join(keysDir, KEY_FILE));
  const material = readSecure(path);
  if (material.length < MATERIAL_BYTES_MIN) {
    throw new Refusal("home.unlock", { field: path, hint: `${path} holds fewer than ${MATERIAL_BYTES_MIN} bytes.` });
  }
  return material;
}

function stretched(passphrase: Uint8Array, how: Extract<How, { kind: "passphrase" }>): Promise<Uint8Array> {
  const parameters = {
    message: passphrase,
    nonce: Buffer.from(how.salt, "hex"),
    parallelism: how.lanes,
    tagLength: KEY_BYTES,
    memory: how.memory_kib,
    passes: how.passes,
  };
  return new Promise((resolve, reject) => {
    argon2("argon2id", parameters, (error, derived) => (error === null ? resolve(derived) : reject(error)));
  });
}

/** Argon2id of a passphrase over a salt of 16 bytes, off the event loop: 32 bytes, which the caller wipes. */
export const keyFromPassphrase = (passphrase: Uint8Array, salt: Uint8Array): Promise<Uint8Array> =>
  stretched(passphrase, {
    v: 1,
    kind: "passphrase",
    salt: Buffer.from(salt).toString("hex"),
    memory_kib: ARGON_MEMORY_KIB,
    passes: ARGON_PASSES,
    lanes: ARGON_LANES,
  });

/** HKDF-SHA256 (RFC 5869) with the home's id as salt. */
export function homeDerived(material: readonly Uint8Array[], homeId: string, info: string): Uint8Array {
  const ikm = Buffer.concat(material);
  const key = new Uint8Array(hkdfSync("sha256", ikm, Buffer.from(homeId, "hex"), info, KEY_BYTES));
  ikm.fill(0);
  return key;
}
