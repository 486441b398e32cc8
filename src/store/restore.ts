/**
 * Puts a backup back. Into the home it came from, with the live keys: everything opens but what was erased since. Into
 * an empty home only while its epoch key is still there. The ledger that was is kept; a new one begins and names it.
 */
import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { LedgerReport } from "../core/ports.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import { type BackupManifest, backupDatabase, readBackup, syncFile } from "./backup.ts";
import { codeOf, type Db, openDatabase, Statements, settleCopy } from "./db.ts";
import { databasePath, secureDirectory, syncDirectory, touchSecure } from "./home.ts";
import { beginLog, newestLog } from "./ledger.ts";
import type { Log } from "./ledger-tree.ts";
import { verifyLog } from "./ledger-verify.ts";
import { lockHome } from "./lock.ts";
import { newOrigin, openStore, type StoreOptions } from "./open.ts";
import { mergeLive } from "./restore-merge.ts";
import { RandomPool } from "./seal.ts";
import type { HomeStore } from "./store.ts";
import { countTally, saveTally } from "./tally.ts";

export type RestoreOptions = Omit<StoreOptions, "create"> & { readonly backupDir: string };
export type Restored = {
  readonly manifest: BackupManifest;
  /** The ledger as it was before, checked from its first entry. */
  readonly before: LedgerReport;
  /** Open, with its first entry written. The caller closes it. */
  readonly store: HomeStore;
};

const COPY_FILE = "restore.db";

/**
 * Under the daemon's lock. Refuses like `openStore`, and `input.invalid` for a backup that is damaged or of another
 * home.
 */
export async function restoreHome(options: RestoreOptions): Promise<Restored> {
  const { dataDir, backupDir, clock, tenant } = options;
  secureDirectory(dataDir);
  const manifest = readBackup(backupDir);
  const lock = options.lock ?? lockHome(dataDir);
  try {
    const copy = join(dataDir, COPY_FILE);
    rmSync(copy, { force: true });
    touchSecure(copy);
    copyFileSync(backupDatabase(backupDir), copy);
    const { before, log } = await prepared(copy, manifest, options);
    swap(copy, databasePath(dataDir));
    const store = await openStore({ ...options, lock });
    const body = {
      origin: log.origin,
      entries: before.entries,
      root: before.root,
      verified: before.ok,
      backup: { created: manifest.created, epoch: manifest.epoch },
    };
    await store.commit({ entries: [{ type: "backup.restored", tenant, actor: "daemon", body }] });
    options.probe?.("restore.done");
    return { manifest, before, store };
  } catch (error) {
    if (options.lock === undefined) lock.release();
    throw error;
  }

  function swap(copy: string, path: string): void {
    const wrong = settleCopy(copy);
    if (wrong !== null) throw new Refusal("store.failed", { hint: `The restored copy is not whole: ${wrong}.` });
    syncFile(copy);
    options.probe?.("restore.prepared");
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    renameSync(copy, path);
    syncDirectory(dataDir);
    options.probe?.("restore.swapped");
  }

  async function prepared(copy: string, of: BackupManifest, { random }: RestoreOptions) {
    const db = openDatabase(copy);
    try {
      const statements = new Statements(db);
      withLive(db, databasePath(dataDir), of);
      const log = newestLog(statements);
      if (log === null) throw new Refusal("input.invalid", { field: backupDir, hint: "The backup has no ledger." });
      const before = await verifyLog(statements, log, null);
      statements.of("BEGIN IMMEDIATE").run();
      closeLog(statements, log, newOrigin(new RandomPool(random)), clock.now());
      saveTally(statements, countTally(statements));
      statements.of("COMMIT").run();
      return { before, log };
    } finally {
      db.close();
    }
  }
}

/** The next ledger begins where this one ends; its signing key is put in when the home is opened. */
function closeLog(statements: Statements, log: Log, origin: string, at: number): void {
  beginLog(statements, origin, log.public, at);
  // What was on its way out when the backup was made may have been said since: it is never said again.
  statements
    .of(
      `UPDATE outbox SET state = 'unknown', value = json_set(value, '$.state', 'unknown', '$.code', 'aborted')
       WHERE state IN ('pending', 'sending')`,
    )
    .run();
}

/** Takes over keys, secrets and what was erased from the home as it is, when it can be read. */
function withLive(db: Db, path: string, of: BackupManifest): void {
  if (!isReadable(path)) return;
  db.prepare("ATTACH DATABASE ? AS live").run(path);
  try {
    const home = db.prepare("SELECT value FROM live.meta WHERE name = 'home'").pluck().get();
    if (home !== of.home) {
      throw new Refusal("input.invalid", {
        hint: "This backup is of another home; restore it into an empty directory.",
      });
    }
    db.transaction(() => mergeLive(db))();
  } finally {
    db.exec("DETACH DATABASE live");
  }
}

/**
 * Brings the home to the newest schema, so that both have the same columns, and closes its journal. One that cannot be
 * read is as good as none: then only the epoch key decides whether the backup opens.
 */
function isReadable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    openDatabase(path).close();
    return true;
  } catch (error) {
    if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(error))) return false;
    // The way back from an upgrade: what a later version wrote is not ours to read.
    if (isRefusal(error) && error.code === "home.newer") return false;
    throw error;
  }
}
