/**
 * A verified copy of a home in use. It holds no key that opens it: the epoch key stays where it is (CONTRACT section
 * 4).
 */
import { closeSync, fsyncSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Refusal } from "../core/refusal.ts";
import type { Committer } from "./commit.ts";
import { copyDatabase, openReadOnly, Statements, schemaVersion, settleCopy } from "./db.ts";
import { sha256Hex } from "./hashing.ts";
import { readSecure, secureDirectory, syncDirectory, touchSecure, writeSecure } from "./home.ts";
import { newestLog } from "./ledger.ts";
import { verifyLog } from "./ledger-verify.ts";
import type { Tables } from "./tables.ts";

export const MANIFEST_FILE = "backup.json";
const DATABASE_FILE = "lazaret.db";
const PAGES_A_STEP = 512;
const PIECE_BYTES = 1_048_576;

const Manifest = z.strictObject({
  format: z.literal("lazaret.backup.v1"),
  home: z.string().regex(/^[0-9a-f]{32}$/),
  epoch: z.number().int().min(1),
  created: z.number().int().min(0),
  schema: z.number().int().min(1),
  bytes: z.number().int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The ledger as it stood, signed. */
  checkpoint: z.string().max(4096),
});
export type BackupManifest = z.infer<typeof Manifest>;

export const backupDatabase = (backupDir: string): string => join(backupDir, DATABASE_FILE);

/**
 * Copies while others work, then checks the copy: every page, every index, the ledger against the checkpoint it was
 * signed with. `input.invalid` when the directory is not empty, `store.failed` when the copy is not whole.
 */
export async function backupHome(
  tables: Tables,
  committer: Committer,
  home: { readonly id: string; readonly tenant: string },
  backupDir: string,
): Promise<BackupManifest> {
  secureDirectory(backupDir);
  if (readdirSync(backupDir).length > 0) {
    throw new Refusal("input.invalid", { field: backupDir, hint: "A backup goes into an empty directory." });
  }
  const { ledger, keys, clock, db, probe } = tables;
  const created = clock.now();
  const checkpoint = committer.alone(() => {
    const body = { epoch: keys.epoch };
    ledger.append([{ type: "backup.made", tenant: home.tenant, actor: "daemon", body }], () => new Map());
    return ledger.sign();
  });
  const path = backupDatabase(backupDir);
  touchSecure(path);
  await copyDatabase(db, path, PAGES_A_STEP);
  probe("backup.copied");
  const wrong = settleCopy(path) ?? (await wrongLedger(path, checkpoint));
  if (wrong !== null) throw new Refusal("store.failed", { hint: `The copy is not whole: ${wrong}.` });
  syncFile(path);
  const manifest: BackupManifest = {
    format: "lazaret.backup.v1",
    home: home.id,
    // An erasure while the copy was made has moved it to the next epoch as well.
    epoch: epochOf(path),
    created,
    schema: schemaVersion(db),
    bytes: statSync(path).size,
    sha256: fileHash(path),
    checkpoint,
  };
  writeSecure(join(backupDir, MANIFEST_FILE), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  syncDirectory(backupDir);
  probe("backup.done");
  return manifest;
}

/** Reads a backup's manifest and checks the file against it. `input.invalid` when it does not fit. */
export function readBackup(backupDir: string): BackupManifest {
  const unfit = (hint: string): Refusal => new Refusal("input.invalid", { field: backupDir, hint });
  const parsed = Manifest.safeParse(jsonOf(readSecure(join(backupDir, MANIFEST_FILE)).toString("utf8")));
  if (!parsed.success) throw unfit("The manifest of the backup cannot be read.");
  const path = backupDatabase(backupDir);
  if (statSync(path).size !== parsed.data.bytes || fileHash(path) !== parsed.data.sha256) {
    throw unfit("The backup is not what its manifest says.");
  }
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is one of the ways in which a manifest does not fit, which the caller reports.
    return undefined;
  }
}

async function wrongLedger(path: string, checkpoint: string): Promise<string | null> {
  const db = openReadOnly(path);
  try {
    const statements = new Statements(db);
    const log = newestLog(statements);
    return log === null ? "it has no ledger" : (await verifyLog(statements, log, checkpoint)).reason;
  } finally {
    db.close();
  }
}

function epochOf(path: string): number {
  const db = openReadOnly(path);
  try {
    return Number(new Statements(db).of("SELECT value FROM meta WHERE name = 'epoch'").pluck().get());
  } finally {
    db.close();
  }
}

export function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export const fileHash = (path: string): string => sha256Hex(piecesOf(path));

function* piecesOf(path: string): Iterable<Uint8Array> {
  const file = openSync(path, "r");
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) yield piece.subarray(0, read);
  } finally {
    closeSync(file);
  }
}
