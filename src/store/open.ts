/** Opens a home, or makes one: lock, checks, keys, database, ledger. The only way to get a store. */
import { join } from "node:path";
import { assert } from "../core/assert.ts";
import { hex } from "../core/ids.ts";
import type { Clock, Random } from "../core/ports.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import { type CheckpointSigner, ledgerSigner } from "./checkpoint.ts";
import { Committer } from "./commit.ts";
import { codeOf, type Db, openDatabase, type Probe, Statements, type Upgrade } from "./db.ts";
import { EpochFiles } from "./epoch.ts";
import { Eraser } from "./erase.ts";
import { databasePath, isHome, secureDirectory, touchSecure } from "./home.ts";
import { Inbox } from "./inbox.ts";
import { KeyRing } from "./keys.ts";
import { LabelTexts } from "./label-texts.ts";
import { beginLog, Ledger, newestLog } from "./ledger.ts";
import type { Log } from "./ledger-tree.ts";
import { type HomeLock, lockHome } from "./lock.ts";
import { MessageTable } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { Quarantine } from "./quarantine.ts";
import { RecordTable } from "./records.ts";
import { RefTable } from "./refs.ts";
import { settleNext } from "./rekey.ts";
import { MIGRATIONS } from "./schema.ts";
import { RandomPool, SealBroken, wipe } from "./seal.ts";
import { HomeStore } from "./store.ts";
import type { Tables } from "./tables.ts";
import { prepareUnlock, type Unlock, unlockKind, unlockMaterial } from "./unlock.ts";
import { copyBefore, dropOlder, type Upgraded } from "./upgrade.ts";
import { Vault } from "./vault.ts";

export type StoreOptions = {
  /** Everything that goes into backups: the database and its journal. */
  readonly dataDir: string;
  /** Unlock description, epoch key, ledger key. Never in a backup. */
  readonly keysDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly unlock: Unlock;
  /** Tenant of what the store itself writes into the ledger. */
  readonly tenant: string;
  /** Makes a home where there is none; without it that is `home.missing`. */
  readonly create?: boolean;
  /** A lock that the caller holds already; the store gives it back when it closes. */
  readonly lock?: HomeLock;
  /** Lets other connections read the database while it is open: tests that look behind the store. Slower. */
  readonly shared?: boolean;
  /** Where a copy goes before the home is brought to a newer schema; without it `dataDir`/state. */
  readonly stateDir?: string;
  /** Schema steps in their order, when not those of this version: for tests of an upgrade. */
  readonly migrations?: readonly string[];
  /** Called at each named durable step. Tests end the process or throw there. */
  readonly probe?: Probe;
};

const HOME_ID_BYTES = 16;
const LOG_ID_BYTES = 8;

/**
 * Refuses with `home.missing`, `home.locked`, `home.insecure`, `home.unlock`, `home.newer`, `ledger.broken`,
 * `store.failed`. The caller closes the store; until then no other process opens the home.
 */
export async function openStore(options: StoreOptions): Promise<HomeStore> {
  if (options.create !== true && !isHome(options.dataDir))
    throw new Refusal("home.missing", { field: options.dataDir });
  secureDirectory(options.dataDir);
  secureDirectory(options.keysDir);
  const lock = options.lock ?? lockHome(options.dataDir);
  const opened: { db?: Db } = {};
  try {
    return await openLocked(options, lock, opened);
  } catch (error) {
    opened.db?.close();
    if (options.lock === undefined) lock.release();
    throw isRefusal(error) || !codeOf(error).startsWith("SQLITE_") ? error : damaged(error);
  }
}

const damaged = (error: unknown): Refusal =>
  new Refusal("store.failed", { hint: `SQLite answered ${codeOf(error)} while the home was opened.` });

async function openLocked(options: StoreOptions, lock: HomeLock, opened: { db?: Db }): Promise<HomeStore> {
  const { dataDir, keysDir, clock, tenant } = options;
  const probe = options.probe ?? ((): void => undefined);
  const pool = new RandomPool(options.random);
  const path = databasePath(dataDir);
  touchSecure(path);
  const upgrade = upgradeOf(options);
  const db = openDatabase(path, probe, options.shared, upgrade);
  opened.db = db;
  const statements = new Statements(db);
  const home = homeOf(statements);
  if (home === null && options.create !== true) throw new Refusal("home.missing", { field: dataDir });
  if (home === null && unlockKind(keysDir) !== options.unlock.kind) prepareUnlock(keysDir, options.unlock, pool);
  if (home !== null) settleNext(keysDir, home.epoch);
  const material = await unlockMaterial(keysDir, options.unlock);
  const { id, epoch } = home ?? { id: hex(pool.bytes(HOME_ID_BYTES)), epoch: 1 };
  const files = new EpochFiles(keysDir, id, material, pool);
  if (home === null) {
    // The key first: a home that names an epoch has its key.
    files.write(epoch);
    probe("create.key.written");
    statements.of("INSERT INTO meta VALUES ('home', ?), ('epoch', ?), ('created', ?)").run(id, epoch, clock.now());
    probe("create.committed");
  }
  const keys = unlockedRing(statements, pool, files.kek(epoch), epoch, tenant);
  const signer = ledgerSigner(keysDir, id, material, pool);
  const { log, before } = logOf(statements, signer, pool, clock);
  const ledger = new Ledger(statements, clock, signer, log, probe);
  ledger.assertContinues();
  const labelTexts = new LabelTexts();
  const tables: Tables = {
    db,
    statements,
    clock,
    probe,
    keys,
    quarantine: new Quarantine(statements, pool, keys, labelTexts),
    vault: new Vault(statements, pool, keys),
    records: new RecordTable(statements),
    messages: new MessageTable(statements, keys, labelTexts),
    refs: new RefTable(statements, pool, keys),
    inbox: new Inbox(statements, pool, keys),
    outbox: new Outbox(statements),
    ledger,
  };
  const committer = new Committer(tables);
  const eraser = new Eraser(tables, committer, files, pool);
  if (before !== null) {
    // The signing key was lost with its directory: the next ledger names the one that it cannot sign for.
    const body = { origin: before.origin, entries: log.base - before.base, reason: "signing_key" };
    committer.alone(() => ledger.append([{ type: "key.rotated", tenant, actor: "daemon", body }], () => new Map()));
  }
  await eraser.resume();
  return new HomeStore({ tables, committer, eraser, lock, tenant, homeId: id, upgraded: upgrade.done });
}

/** Copies the home before its schema changes; `done` says so afterwards. */
function upgradeOf({ dataDir, clock, stateDir = join(dataDir, "state"), migrations = MIGRATIONS }: StoreOptions) {
  const upgrade: Upgrade & { done: Upgraded | null } = {
    migrations,
    done: null,
    before: (db, from, to) => {
      const copy = copyBefore(db, stateDir, from, clock.now());
      dropOlder(stateDir, from);
      upgrade.done = { from, to, copy };
    },
  };
  return upgrade;
}

type Home = { readonly id: string; readonly epoch: number };

function homeOf(statements: Statements): Home | null {
  const value = (name: string): unknown => statements.of("SELECT value FROM meta WHERE name = ?").pluck().get(name);
  const id = value("home");
  if (id === undefined) return null;
  const epoch = value("epoch");
  assert(typeof id === "string" && typeof epoch === "number", "a home has an id and an epoch");
  return { id, epoch };
}

/** The first key that is unwrapped tells whether the unlock material fits. */
function unlockedRing(
  statements: Statements,
  pool: RandomPool,
  kek: Uint8Array,
  epoch: number,
  tenant: string,
): KeyRing {
  const keys = new KeyRing(statements, pool, kek, epoch);
  try {
    for (const name of ["index", "inbox", "vault", "idempotency"] as const) keys.home(name, tenant);
    return keys;
  } catch (error) {
    wipe(kek);
    if (error instanceof SealBroken) throw new Refusal("home.unlock", { hint: "The key or passphrase does not fit." });
    throw error;
  }
}

/** The ledger that goes on, or a new one when there is none that this key may sign. */
function logOf(
  statements: Statements,
  signer: CheckpointSigner,
  pool: RandomPool,
  clock: Clock,
): { readonly log: Log; readonly before: Log | null } {
  const newest = newestLog(statements);
  if (newest !== null && signer.publicKey.equals(newest.public)) return { log: newest, before: null };
  const origin = newOrigin(pool);
  return { log: beginLog(statements, origin, signer.publicKey, clock.now()), before: newest };
}

/** Unique without saying whose it is. */
export const newOrigin = (pool: RandomPool): string => `lazaret.local/ledger/${hex(pool.bytes(LOG_ID_BYTES))}`;
