/**
 * The keys of a home in one file under a passphrase. It opens the home at the epoch that it was made for: every erasure
 * makes it stale, which is what erasure means, and it says so itself.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Random } from "./core/ports.ts";
import { Refusal } from "./core/refusal.ts";
import { readSecure, secureDirectory, writeSecure } from "./store/home.ts";
import { context, open, SealBroken, seal, wipe } from "./store/seal.ts";
import { keyFromPassphrase } from "./store/unlock.ts";

const HEAD = /^lazaret-recovery v1 home=([0-9a-f]{32}) epoch=(\d{1,9}) made=(\d{1,16})\n/;
const HEAD_CHARS_MAX = 128;
const DOMAIN = "lazaret.recovery.v1";
const SALT_BYTES = 16;
const FILE_BYTES_MAX = 1024 * 1024;
const OURS = /^(?:unlock\.json|unlock\.key|ledger\.key|epoch-\d{1,9}\.key)$/;

export type RecoveryHead = { readonly home: string; readonly epoch: number; readonly made: number };

const Content = z.strictObject({
  v: z.literal(1),
  files: z.record(z.string().regex(OURS), z.base64().max(16_384)),
});

/** The whole file; the caller writes it. The first line is in clear, so that it can be told when it is stale. */
export async function sealRecovery(
  keysDir: string,
  head: RecoveryHead,
  passphrase: string,
  random: Random,
): Promise<Uint8Array> {
  const names = readdirSync(keysDir).filter((name) => OURS.test(name));
  const files = Object.fromEntries(names.map((name) => [name, readSecure(join(keysDir, name)).toString("base64")]));
  const line = `lazaret-recovery v1 home=${head.home} epoch=${head.epoch} made=${head.made}\n`;
  const salt = random.bytes(SALT_BYTES);
  const key = await keyFromPassphrase(Buffer.from(passphrase.normalize("NFKC")), salt);
  const sealed = seal(key, context(DOMAIN, [line]), Buffer.from(JSON.stringify({ v: 1, files })), random.bytes(24));
  wipe(key);
  return Buffer.concat([Buffer.from(line), salt, sealed]);
}

/** Refuses with `input.invalid` what is no recovery file. */
export function recoveryHead(bytes: Uint8Array): RecoveryHead {
  const [, home = "", epoch = "", made = ""] = HEAD.exec(textOf(bytes)) ?? [];
  if (home === "") throw new Refusal("input.invalid", { field: "file", hint: "This is no recovery file." });
  return { home, epoch: Number(epoch), made: Number(made) };
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, HEAD_CHARS_MAX)).toString("latin1");

export function readRecovery(file: string): Uint8Array {
  try {
    const bytes = readFileSync(file);
    if (bytes.length <= FILE_BYTES_MAX) return bytes;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new Refusal("not_found", { field: file, hint: `It cannot be read (${code}).` });
  }
  throw new Refusal("input.too_large", { field: file });
}

/**
 * Puts the keys back. Refuses with `home.unlock` a wrong passphrase and a file of another home or epoch, and with
 * `conflict` where keys are already: nothing is overwritten. `at` is what the database says of itself.
 */
export async function useRecovery(
  keysDir: string,
  bytes: Uint8Array,
  passphrase: string,
  at: Pick<RecoveryHead, "home" | "epoch">,
): Promise<void> {
  const head = recoveryHead(bytes);
  if (head.home !== at.home) throw new Refusal("home.unlock", { hint: "This file belongs to another home." });
  if (head.epoch !== at.epoch)
    throw new Refusal("home.unlock", {
      hint: `It is stale: of key epoch ${head.epoch}, and the home is at ${at.epoch}. What was erased stays closed.`,
    });
  const text = await openedRecovery(bytes, passphrase);
  const { files } = Content.parse(JSON.parse(text));
  secureDirectory(keysDir);
  const there = Object.keys(files).find((name) => existsSync(join(keysDir, name)));
  if (there !== undefined) throw new Refusal("conflict", { field: join(keysDir, there), hint: "Move it away first." });
  for (const [name, value] of Object.entries(files)) writeSecure(join(keysDir, name), Buffer.from(value, "base64"));
}

async function openedRecovery(bytes: Uint8Array, passphrase: string): Promise<string> {
  const line = HEAD.exec(textOf(bytes))?.[0] ?? "";
  const body = bytes.subarray(line.length);
  const key = await keyFromPassphrase(Buffer.from(passphrase.normalize("NFKC")), body.subarray(0, SALT_BYTES));
  try {
    return Buffer.from(open(key, context(DOMAIN, [line]), body.subarray(SALT_BYTES))).toString("utf8");
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    throw new Refusal("home.unlock", { hint: "The passphrase does not open it, or it was changed." });
  } finally {
    wipe(key);
  }
}
