/** Doctor's checks of what lies on the disk: who could read it, whether it is durable, whether it is intact. Pure. */
import { DAY_MS, GIB, MIB } from "./core/limits.ts";
import type { LedgerReport } from "./core/ports.ts";
import type { CheckView } from "./core/verbs/care.ts";

/** One file or directory of the home as lstat sees it. */
export type Place = {
  readonly path: string;
  /** What it is to us. The configuration may be readable: its ids are the owner's own words. */
  readonly role: "directory" | "file" | "socket" | "configuration";
  readonly found: "directory" | "file" | "socket" | "link" | "other" | "missing";
  /** Permission bits; null where the system has none. */
  readonly mode: number | null;
  readonly isOurs: boolean;
  /** How many names it has. */
  readonly links: number;
};

/** SQLite's own answers to the pragmas. */
export type Pragmas = {
  readonly journal_mode: string;
  readonly synchronous: number;
  readonly secure_delete: number;
  readonly auto_vacuum: number;
  readonly temp_store: number;
  readonly mmap_size: number;
};

const DURABLE: Pragmas = {
  journal_mode: "wal",
  synchronous: 2,
  secure_delete: 1,
  auto_vacuum: 2,
  temp_store: 2,
  mmap_size: 0,
};

const SHOWN_MAX = 5;
const DISK_BYTES_MIN = 64 * MIB;
const DISK_BYTES_FEW = GIB;
const BACKUP_MS_MAX = 30 * DAY_MS;

const ok = (id: string, found: string): CheckView => ({ id, state: "ok", found, remedy: null });
const warn = (id: string, found: string, remedy: string): CheckView => ({ id, state: "warn", found, remedy });
const fail = (id: string, found: string, remedy: string): CheckView => ({ id, state: "fail", found, remedy });

type Fault = { readonly what: string; readonly remedy: string; readonly isGrave: boolean };

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const octal = (mode: number): string => `0${(mode & 0o777).toString(8).padStart(3, "0")}`;

function faultOf({ path, role, found, mode, isOurs, links }: Place): Fault | null {
  const grave = (what: string, remedy: string): Fault => ({ what: `${path} ${what}`, remedy, isGrave: true });
  const wanted = role === "configuration" ? "file" : role;
  if (found === "missing") return role === "directory" ? grave("is not there", "lazaret init") : null;
  if (found === "link") return grave("is a symbolic link", `put the ${wanted} itself at ${path}`);
  if (found !== wanted) return grave(`is not a ${wanted}`, `move ${path} away`);
  if (!isOurs) return grave("belongs to another user", `chown it to the user that runs the daemon: ${path}`);
  if (wanted === "file" && links > 1) return grave("has a second name", `find and remove the other name of ${path}`);
  if (mode === null) return null;
  const open = mode & (role === "configuration" ? OTHERS_WRITE : OTHERS);
  if (open !== 0) return grave(`has mode ${octal(mode)}`, `chmod go-rwx ${path}`);
  if (role !== "configuration" || (mode & OTHERS) === 0) return null;
  return { what: `${path} has mode ${octal(mode)}`, remedy: `chmod go-rwx ${path}`, isGrave: false };
}

/** `home.permissions` (threats C10, C11, S33): directories 0700, files and socket 0600, ours, no links. */
export function permissions(places: readonly Place[]): CheckView {
  const id = "home.permissions";
  const faults = places.map(faultOf).filter((fault) => fault !== null);
  if (faults.length === 0) return ok(id, `${places.length} places are ours alone`);
  const found = faults.map(({ what }) => what).join("; ");
  const remedy = faults.map((fault) => fault.remedy).join("; ");
  return faults.some(({ isGrave }) => isGrave) ? fail(id, found, remedy) : warn(id, found, remedy);
}

const isInside = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);

/** `home.keys-apart`: whoever copies the data directory must not get the keys with it. */
export function keysApart(dataDir: string, keysDir: string): CheckView {
  const id = "home.keys-apart";
  if (!isInside(keysDir, dataDir)) return ok(id, `${keysDir} is outside ${dataDir}`);
  const found = `${keysDir} is inside ${dataDir}: a copy of the whole home opens what was purged before it was made`;
  return warn(id, found, "copy with lazaret backup, which leaves the keys out");
}

/** `store.durable`: every setting that a promise rests on, as the database has it. */
export function durable(pragmas: Pragmas): CheckView {
  const id = "store.durable";
  const keys = Object.keys(DURABLE) as (keyof Pragmas)[];
  const wrong = keys.filter((key) => pragmas[key] !== DURABLE[key]);
  if (wrong.length === 0) return ok(id, "WAL, synchronous=FULL, secure_delete=ON");
  const found = wrong.map((key) => `${key} is ${pragmas[key]}, not ${DURABLE[key]}`).join("; ");
  return fail(id, found, "restart the daemon; if it stays so, restore a backup into a new home");
}

/** `ledger.verifies`. What a verification without an outside checkpoint cannot exclude is said, not hidden. */
export function ledgerVerifies({ ok: isOk, entries, badSeq, reason, notExcluded }: LedgerReport): CheckView {
  const id = "ledger.verifies";
  const limits = notExcluded === null ? "" : `; ${notExcluded}`;
  if (isOk) return ok(id, `${entries} entries${limits}`);
  const where = badSeq === null ? "" : ` at entry ${badSeq}`;
  const remedy = "keep the home as it is, compare with lazaret ledger verify --against CHECKPOINT, restore a backup";
  return fail(id, `the ledger does not verify${where}: ${reason ?? "reason unknown"}`, remedy);
}

type Outside = {
  readonly places: readonly string[];
  readonly alarms: readonly string[];
  readonly dangling: readonly number[];
};

/** `ledger.outside`: does the ledger continue every checkpoint that was kept elsewhere? */
export function ledgerOutside({ places, alarms }: Outside): CheckView {
  const id = "ledger.outside";
  const remedy = "keep the home and the checkpoints as they are; compare: lazaret ledger verify --against CHECKPOINT";
  if (alarms.length > 0) return fail(id, alarms.join("; "), remedy);
  if (places.length > 0) return ok(id, `goes on from what is kept in ${places.join(", ")}`);
  return ok(id, "no place is configured; keep what lazaret ledger checkpoint prints elsewhere");
}

/** `ledger.dangling`: an effect that was begun, and nobody knows what came of it. */
export function ledgerDangling({ dangling }: Outside): CheckView {
  const id = "ledger.dangling";
  if (dangling.length === 0) return ok(id, "every effect has its outcome");
  const found = `without an outcome: entries ${dangling.slice(0, SHOWN_MAX).join(", ")}`;
  return warn(
    id,
    found,
    "look whether it happened: lazaret ledger verify names them, lazaret runs show tells the rest",
  );
}

/** `disk.space` of the data directory; null where the system does not say. */
export function diskSpace(freeBytes: number | null): CheckView {
  const id = "disk.space";
  if (freeBytes === null) return warn(id, "the system does not say how much is free", "look at it yourself");
  const free = `${Math.floor(freeBytes / MIB)} MiB free`;
  if (freeBytes < DISK_BYTES_MIN) return fail(id, free, "make room: intake stops when the disk is full");
  return freeBytes < DISK_BYTES_FEW ? warn(id, free, "make room soon") : ok(id, free);
}

/** `backup.age`: an empty home needs none. */
export function backupAge(lastBackupAt: number | null, now: number, messages: number): CheckView {
  const id = "backup.age";
  if (lastBackupAt === null)
    return messages === 0 ? ok(id, "nothing to back up yet") : warn(id, "never", "lazaret backup FILE");
  const days = Math.max(0, Math.floor((now - lastBackupAt) / DAY_MS));
  const found = days === 0 ? "less than a day old" : days === 1 ? "a day old" : `${days} days old`;
  return now - lastBackupAt > BACKUP_MS_MAX ? warn(id, found, "lazaret backup FILE") : ok(id, found);
}

/** What a purge must not leave behind, for `doctor --residue`. */
export type Residue = {
  readonly journalClean: boolean;
  /** Files in the data directory that are not ours. */
  readonly strangers: readonly string[];
  /** Erasures that are not done. */
  readonly pending: number;
  /** Dead keys, blobs without a key, keys without a blob. */
  readonly rows: number;
  /** Pages of the database that nothing uses; overwritten when they were freed. */
  readonly freePages: number;
  /** Files with an epoch key: one, of the present epoch. */
  readonly epochs: number;
};

export function residue({ journalClean, strangers, pending, rows, freePages, epochs }: Residue): readonly CheckView[] {
  const more = strangers.length > SHOWN_MAX ? ` and ${strangers.length - SHOWN_MAX} more` : "";
  return [
    journalClean
      ? ok("residue.journal", "the journal is truncated")
      : warn("residue.journal", "the journal holds old pages", "run it again; a reader may have been at work"),
    strangers.length === 0
      ? ok("residue.files", "only our own files are in the data directory")
      : warn(
          "residue.files",
          `not ours: ${strangers.slice(0, SHOWN_MAX).join(", ")}${more}`,
          "remove copies of the database: lazaret erases its own files alone",
        ),
    rows === 0
      ? ok("residue.rows", `no key and no blob is left over; ${freePages} free pages, overwritten`)
      : warn("residue.rows", `${rows} left over`, "restart the daemon, which sweeps them"),
    epochs === 1
      ? ok("residue.epochs", "there is one epoch key")
      : warn("residue.epochs", `${epochs} epoch keys`, "restart the daemon, which destroys the old ones"),
    pending === 0
      ? ok("residue.pending", "no erasure is unfinished")
      : warn("residue.pending", `${pending} unfinished`, "restart the daemon, which goes on with them; lift holds"),
  ];
}
