/**
 * Puts a backup back. Into the home it came from, with the live keys: everything opens but what was erased since. Into
 * an empty home only while its epoch key is still there. The ledger that was is kept; a new one begins and names it.
 */
import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EntryDraft } from "../core/entry.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { LedgerReport } from "../core/ports.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import { type BackupManifest, backupDatabase, readBackup, syncFile } from "./backup.ts";
import { codeOf, type Db, openDatabase, Statements, settleCopy } from "./db.ts";
import { databasePath, secureDirectory, syncDirectory, touchSecure } from "./home.ts";
import { beginLog, Ledger, type LedgerSigner, newestLog } from "./ledger.ts";
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
    const before = await prepared(copy, manifest, options);
    swap(copy, databasePath(dataDir));
    const store = await openStore({ ...options, lock });
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
      const next = beginLog(statements, newOrigin(new RandomPool(random)), log.public, clock.now());
      const unsent = closeOutbox(statements);
      // In the transaction that makes the new ledger: one that does not name the old never exists, whatever happens.
      new Ledger(statements, clock, UNSIGNED, next, () => undefined).append(
        [restoredEntry(tenant, of, log, before), ...unsent],
        () => new Map(),
      );
      saveTally(statements, countTally(statements));
      statements.of("COMMIT").run();
      return before;
    } finally {
      db.close();
    }
  }
}

const restoredEntry = (
  tenant: string,
  of: BackupManifest,
  log: Log,
  { entries, root, ok }: LedgerReport,
): EntryDraft => ({
  type: "backup.restored",
  tenant,
  actor: "daemon",
  body: { origin: log.origin, entries, root, verified: ok, backup: { created: of.created, epoch: of.epoch } },
});

/** Entries are appended before the home is open, and signed once it is. */
const UNSIGNED: LedgerSigner = {
  attest: () => {
    throw new Error("a ledger signs nothing while it is restored");
  },
  sign: () => {
    throw new Refusal("internal");
  },
};

/** What was on its way out when the backup was made may have been said since: it is never said again, and named. */
function closeOutbox(statements: Statements): readonly EntryDraft[] {
  const open = "WHERE state IN ('pending', 'sending')";
  const rows = statements.of(`SELECT value FROM outbox ${open} ORDER BY seq`).pluck().all() as string[];
  statements
    .of(
      `UPDATE outbox SET state = 'unknown', value = json_set(value, '$.state', 'unknown', '$.code', 'aborted')
       ${open}`,
    )
    .run();
  return rows.map((text) => {
    const row = JSON.parse(text) as OutboxRow;
    const body = { effect: row.message ?? row.id, outbox: row.id, conversation: row.conversation, code: "aborted" };
    return {
      type: "effect.unknown",
      tenant: row.tenant,
      body: row.call === null ? body : { ...body, call: row.call },
      ...(row.run === null ? {} : { run: row.run }),
    };
  });
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
