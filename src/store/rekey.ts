/**
 * Another way to unlock a home: written beside the present one first, in force with the epoch that the database names,
 * so that a crash leaves one that fits (CONTRACT section 4).
 */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Refusal } from "../core/refusal.ts";
import { readSecure, syncDirectory, writeSecure } from "./home.ts";

const NEXT = "next.json";
/** Files that belong to an unlock, and what they are called until it is in force. */
const FILES = ["unlock.json", "unlock.key", "ledger.key"] as const;
export type UnlockFile = (typeof FILES)[number];
const nextOf = (file: UnlockFile): string => `next-${file}`;

const Marker = z.strictObject({ v: z.literal(1), epoch: z.number().int().min(1) });

/** In force once the database is at this epoch. The marker comes last: without it the others mean nothing. */
export function writeNext(keysDir: string, epoch: number, files: ReadonlyMap<UnlockFile, Uint8Array>): void {
  dropNext(keysDir);
  for (const [name, bytes] of files) writeSecure(join(keysDir, nextOf(name)), bytes);
  writeSecure(join(keysDir, NEXT), Buffer.from(`${JSON.stringify({ v: 1, epoch })}\n`));
}

/** Before unlocking, and after a change: puts the next unlock in force, or takes it away, as the epoch says. */
export function settleNext(keysDir: string, epoch: number, probe: (point: string) => void = () => {}): void {
  const path = join(keysDir, NEXT);
  if (!existsSync(path)) {
    dropNext(keysDir);
    return;
  }
  const marker = Marker.safeParse(jsonOf(readSecure(path).toString("utf8")));
  if (!marker.success) throw new Refusal("home.unlock", { field: path, hint: `${path} cannot be read.` });
  if (marker.data.epoch > epoch) {
    dropNext(keysDir);
    return;
  }
  for (const name of FILES) {
    const next = join(keysDir, nextOf(name));
    if (existsSync(next)) renameSync(next, join(keysDir, name));
    probe("rekey.renamed");
  }
  syncDirectory(keysDir);
  probe("rekey.settled");
  rmSync(path, { force: true });
  syncDirectory(keysDir);
}

/** The marker first, for the same reason. */
function dropNext(keysDir: string): void {
  for (const name of [NEXT, ...FILES.map(nextOf)]) rmSync(join(keysDir, name), { force: true });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON does not fit the schema either, which the caller reports.
  }
}
