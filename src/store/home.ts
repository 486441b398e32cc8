/**
 * Where a home lies on the disk, and that nobody else could read or swap its files (CONTRACT section 12:
 * `home.insecure`).
 */
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from "node:fs";
import { platform, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { Refusal } from "../core/refusal.ts";

export const databasePath = (dataDir: string): string => join(dataDir, "lazaret.db");
export const isHome = (dataDir: string): boolean => existsSync(databasePath(dataDir));

const OTHERS = 0o077;
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const hasModes = platform() !== "win32";

function insecure(path: string, why: string): Refusal {
  return new Refusal("home.insecure", { field: path, hint: `${path} ${why}.` });
}

function assertMine(path: string, found: Stats): void {
  if (!hasModes) return;
  if (found.uid !== userInfo().uid) throw insecure(path, "belongs to another user");
  if ((found.mode & OTHERS) !== 0) throw insecure(path, "can be reached by others; chmod go-rwx it");
}

/** A real directory of ours, closed to others. Made when it is missing. Refuses with `home.insecure`. */
export function secureDirectory(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
    secureDirectory(path);
    return;
  }
  if (found.isSymbolicLink()) throw insecure(path, "is a symbolic link");
  if (!found.isDirectory()) throw insecure(path, "is not a directory");
  assertMine(path, found);
}

/** A regular file of ours, closed to others, with one name. */
function assertSecureFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Refusal("home.missing", { field: path, hint: `There is no ${path}.` });
  if (found.isSymbolicLink()) throw insecure(path, "is a symbolic link");
  if (!found.isFile()) throw insecure(path, "is not a file");
  if (found.nlink > 1) throw insecure(path, "has a second name");
  assertMine(path, found);
}

/** Creates an empty file that only we can read; what SQLite puts beside it takes over the mode. */
export function touchSecure(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) closeSync(openSync(path, "wx", FILE_MODE));
  assertSecureFile(path);
}

/** Reads a key file without following a link, after the checks. */
export function readSecure(path: string): Buffer {
  assertSecureFile(path);
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Written beside, synced, renamed, the directory synced: after a crash there is the old file or the new one. */
export function writeSecure(path: string, bytes: Uint8Array): void {
  const beside = `${path}.new`;
  rmSync(beside, { force: true });
  const file = openSync(beside, "wx", FILE_MODE);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
  syncDirectory(dirname(path));
}

/** Overwrites and removes a key file. What the disk itself keeps is beyond a program; the receipt says so. */
export function destroyFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isFile()) {
    const file = openSync(path, "r+");
    try {
      writeSync(file, Buffer.alloc(found.size), 0, found.size, 0);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
  rmSync(path, { force: true });
  syncDirectory(dirname(path));
}

export function syncDirectory(path: string): void {
  // Windows cannot open a directory; its rename is durable with the file.
  if (!hasModes) return;
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
