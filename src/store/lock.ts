/** One process a home. The lock is the operating system's, so it dies with its holder, SIGKILL included. */
import { join } from "node:path";
import { Refusal } from "../core/refusal.ts";
import { openLock } from "./db.ts";
import { secureDirectory, touchSecure } from "./home.ts";

export type HomeLock = { readonly dataDir: string; release(): void };

const LOCK_FILE = "daemon.lock";
/**
 * A lock that nobody refers to would be collected, its database closed, and the home free while its holder still runs.
 */
const HELD = new Set<HomeLock>();

/** Refuses with `home.locked` when another daemon, init or restore holds the home. */
export function lockHome(dataDir: string): HomeLock {
  secureDirectory(dataDir);
  const path = join(dataDir, LOCK_FILE);
  touchSecure(path);
  const held = openLock(path);
  if (held === null) {
    throw new Refusal("home.locked", {
      field: dataDir,
      hint: "Talk to it with lazaret chat or lazaret status, or stop it first.",
    });
  }
  const lock: HomeLock = {
    dataDir,
    release: () => {
      if (HELD.delete(lock)) held.release();
    },
  };
  HELD.add(lock);
  return lock;
}
