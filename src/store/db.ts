/** The only file that knows better-sqlite3: opening, settings that durability and erasure depend on, migrations. */
import Database from "better-sqlite3";
import { assert } from "../core/assert.ts";
import { Refusal } from "../core/refusal.ts";
import { MIGRATIONS } from "./schema.ts";

export type Db = Database.Database;
export type Statement = Database.Statement;

const CACHE_KIB = 32_768;
/** 16 MiB of journal: pages that change in every commit are written back once. Erasure truncates it anyway. */
const CHECKPOINT_PAGES = 4096;
const INCREMENTAL = 2;
const FULL = 2;

/** Names a durable step. Tests end the process or throw there. */
export type Probe = (point: string) => void;

/**
 * Opens or creates the database and brings it to the newest schema. Refuses `home.newer` for a later one.
 * auto_vacuum comes before WAL (it is ignored after); synchronous is FULL because the library's default for WAL is
 * NORMAL.
 */
export function openDatabase(
  path: string,
  probe: Probe = () => undefined,
  isShared = false,
  upgrade: Upgrade = PLAIN,
): Db {
  const db = new Database(path);
  try {
    // Alone, SQLite keeps its locks and its index of the journal in memory: most of what a short read costs otherwise.
    if (!isShared) db.pragma("locking_mode = EXCLUSIVE");
    db.pragma("auto_vacuum = INCREMENTAL");
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("secure_delete = ON");
    db.pragma("temp_store = MEMORY");
    db.pragma("mmap_size = 0");
    db.pragma("foreign_keys = ON");
    db.pragma("trusted_schema = OFF");
    db.pragma("cell_size_check = ON");
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma("busy_timeout = 50");
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    migrate(db, probe, upgrade);
    assertSettings(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What this version knows, and what happens before a home that has data is changed. */
export type Upgrade = {
  readonly migrations: readonly string[];
  readonly before: (db: Db, from: number, to: number) => void;
};
const PLAIN: Upgrade = { migrations: MIGRATIONS, before: () => undefined };

/** A copy without free pages in a new file, of a database that nobody writes to meanwhile. */
export function copyWhole(db: Db, path: string): void {
  db.prepare("VACUUM INTO ?").run(path);
}

/** Read-only, for verification and backups: it changes nothing, not even the settings. */
export function openReadOnly(path: string): Db {
  return new Database(path, { readonly: true, fileMustExist: true });
}

/** Copies the pages of a database that is in use into a file of its own, so many at a time. */
export async function copyDatabase(db: Db, path: string, pages: number): Promise<void> {
  await db.backup(path, { progress: () => pages });
}

/**
 * Makes a copy a single file, without a journal beside it, and checks every page and index. Answers what is wrong, or
 * null.
 */
export function settleCopy(path: string): string | null {
  const db = new Database(path, { fileMustExist: true });
  try {
    db.pragma("journal_mode = DELETE");
    const answer = db.pragma("integrity_check(1)", { simple: true });
    return answer === "ok" ? null : String(answer);
  } finally {
    db.close();
  }
}

/** A database of its own that is nothing but a lock which dies with the process. Null when another process has it. */
export function openLock(path: string): { readonly release: () => void } | null {
  const db = new Database(path, { timeout: 0 });
  try {
    db.pragma("locking_mode = EXCLUSIVE");
    db.pragma("journal_mode = MEMORY");
    db.exec("BEGIN EXCLUSIVE");
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    if (codeOf(error).startsWith("SQLITE_BUSY")) return null;
    throw error;
  }
}

export type Pragmas = {
  readonly journal_mode: string;
  readonly synchronous: number;
  readonly secure_delete: number;
  readonly auto_vacuum: number;
  readonly temp_store: number;
  readonly mmap_size: number;
};

export const readPragmas = (db: Db): Pragmas => ({
  journal_mode: String(db.pragma("journal_mode", { simple: true })),
  synchronous: pragmaNumber(db, "synchronous"),
  secure_delete: pragmaNumber(db, "secure_delete"),
  auto_vacuum: pragmaNumber(db, "auto_vacuum"),
  temp_store: pragmaNumber(db, "temp_store"),
  mmap_size: pragmaNumber(db, "mmap_size"),
});

const pragmaNumber = (db: Db, name: string): number => Number(db.pragma(name, { simple: true }));

/** Every setting that a promise rests on is read back. */
export function assertSettings(db: Db): void {
  assert(pragmaNumber(db, "synchronous") === FULL, "the database must be synchronous=FULL");
  assert(pragmaNumber(db, "auto_vacuum") === INCREMENTAL, "the database must be auto_vacuum=INCREMENTAL");
  assert(pragmaNumber(db, "secure_delete") === 1, "the database must be secure_delete=ON");
  assert(db.pragma("journal_mode", { simple: true }) === "wal", "the database must be journal_mode=WAL");
  assert(pragmaNumber(db, "temp_store") === 2, "the database must be temp_store=MEMORY");
  assert(pragmaNumber(db, "mmap_size") === 0, "the database must not be mapped");
}

export const schemaVersion = (db: Db): number => pragmaNumber(db, "user_version");

function migrate(db: Db, probe: Probe, { migrations, before }: Upgrade): void {
  const found = schemaVersion(db);
  if (found > migrations.length) {
    const versions = `It has schema ${found}, this version knows ${migrations.length}.`;
    throw new Refusal("home.newer", { hint: `${versions} Run the newer version, or restore an older backup.` });
  }
  if (found > 0 && found < migrations.length) before(db, found, migrations.length);
  for (const [at, sql] of migrations.entries()) {
    if (at < found) continue;
    db.exec("BEGIN EXCLUSIVE");
    try {
      db.exec(sql);
      db.pragma(`user_version = ${at + 1}`);
      probe(`migrate.${at + 1}.before`);
      db.exec("COMMIT");
    } catch (error) {
      if (db.inTransaction) db.exec("ROLLBACK");
      throw error;
    }
    probe(`migrate.${at + 1}.after`);
  }
}

/** SQLite's result code of an error, or the empty string. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** The disk, not the caller: full, failing or read-only. Everything in the transaction is gone. */
export const isDiskFault = (error: unknown): boolean =>
  /^SQLITE_(?:FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN|NOMEM|BUSY)/.test(codeOf(error));

/** Truncates the journal. False while a reader keeps old pages in it (the pragma answers busy=1 and no error). */
export function truncateJournal(db: Db): boolean {
  const [row] = db.pragma("wal_checkpoint(TRUNCATE)") as { readonly busy: number }[];
  return row?.busy === 0;
}

/** The same at the end: on a full disk the journal stays, and the next start reads what is in it. */
export function truncateJournalIfRoom(db: Db): void {
  try {
    truncateJournal(db);
  } catch (error) {
    // Nothing is lost by it, and the home has to be given back all the same.
    if (!(error instanceof Database.SqliteError)) throw error;
  }
}

/** Gives free pages back to the system, so many at a time. Answers whether there are more. */
export function shrink(db: Db, pages: number): boolean {
  db.pragma(`incremental_vacuum(${pages})`);
  return pragmaNumber(db, "freelist_count") > 0;
}

/** Statements are prepared once a connection and asked for by their text. */
export class Statements {
  readonly #db: Db;
  readonly #known = new Map<string, Statement>();

  constructor(db: Db) {
    this.#db = db;
  }

  of(sql: string): Statement {
    let statement = this.#known.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#known.set(sql, statement);
    }
    return statement;
  }
}
