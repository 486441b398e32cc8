/**
 * The epoch key: random, a file outside the data directory and outside backups. A new one makes older copies
 * unreadable.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../core/refusal.ts";
import { resealedSigner } from "./checkpoint.ts";
import { destroyFile, readSecure, writeSecure } from "./home.ts";
import { KEY_BYTES, type RandomPool, wipe } from "./seal.ts";
import { homeDerived } from "./unlock.ts";

const NAME = /^epoch-(\d{1,9})\.key$/;
const fileOf = (keysDir: string, epoch: number): string => join(keysDir, `epoch-${epoch}.key`);

/** The key files of one home, with the unlock material they need. */
export class EpochFiles {
  readonly #keysDir: string;
  readonly #homeId: string;
  #material: Uint8Array;
  readonly #pool: RandomPool;

  constructor(keysDir: string, homeId: string, material: Uint8Array, pool: RandomPool) {
    this.#keysDir = keysDir;
    this.#homeId = homeId;
    this.#material = material;
    this.#pool = pool;
  }

  get keysDir(): string {
    return this.#keysDir;
  }

  /** What the signing key is sealed under, for another unlock material. */
  resealed(material: Uint8Array): Uint8Array {
    return resealedSigner(this.#keysDir, this.#homeId, this.#material, material, this.#pool);
  }

  /** Keys of epochs are derived from this material from now on. Answers the one before, which the caller wipes. */
  exchange(material: Uint8Array): Uint8Array {
    const before = this.#material;
    this.#material = material;
    return before;
  }

  write(epoch: number): void {
    writeEpoch(this.#keysDir, epoch, this.#pool);
  }

  /** The caller wipes it. */
  kek(epoch: number): Uint8Array {
    return epochKek(this.#keysDir, epoch, this.#material, this.#homeId);
  }

  keepOnly(epoch: number): void {
    destroyOtherEpochs(this.#keysDir, epoch);
  }

  close(): void {
    wipe(this.#material);
  }
}

/** Epochs of which the keys directory holds a key, oldest first. */
function epochsIn(keysDir: string): readonly number[] {
  return readdirSync(keysDir)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Writes, syncs and renames the key file of an epoch. */
function writeEpoch(keysDir: string, epoch: number, pool: RandomPool): void {
  const key = pool.key();
  writeSecure(fileOf(keysDir, epoch), key);
  wipe(key);
}

/** Overwrites and unlinks the key files of every other epoch, halves of files included. */
function destroyOtherEpochs(keysDir: string, keep: number): void {
  for (const epoch of epochsIn(keysDir)) if (epoch !== keep) destroyFile(fileOf(keysDir, epoch));
  for (const name of readdirSync(keysDir)) {
    if (/^epoch-\d{1,9}\.key\.new$/.test(name)) rmSync(join(keysDir, name), { force: true });
  }
}

/**
 * The key-encryption key of an epoch: HKDF over unlock material ‖ epoch key. `home.unlock` without that epoch's file.
 */
function epochKek(keysDir: string, epoch: number, material: Uint8Array, homeId: string): Uint8Array {
  if (!epochsIn(keysDir).includes(epoch)) {
    const held = epochsIn(keysDir).join(", ") || "none";
    throw new Refusal("home.unlock", {
      hint: `The home is at key epoch ${epoch}; ${keysDir} holds the key of: ${held}. Erased content stays closed.`,
    });
  }
  const key = readSecure(fileOf(keysDir, epoch));
  if (key.length !== KEY_BYTES) throw new Refusal("home.unlock", { hint: "The epoch key file has the wrong length." });
  const kek = homeDerived([material, key], homeId, `lazaret.kek.v1/${epoch}`);
  wipe(key);
  return kek;
}
