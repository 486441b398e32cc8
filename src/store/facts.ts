/** What a home says of itself without being unlocked, under its lock. */
import { Refusal } from "../core/refusal.ts";
import { openReadOnly, Statements } from "./db.ts";
import { databasePath, isHome } from "./home.ts";
import { lockHome } from "./lock.ts";

/** Refuses with `home.missing`, and `home.locked` while a daemon has it open. */
export function homeFacts(dataDir: string): { readonly home: string; readonly epoch: number } {
  if (!isHome(dataDir)) throw new Refusal("home.missing", { field: dataDir });
  const lock = lockHome(dataDir);
  const db = openReadOnly(databasePath(dataDir));
  try {
    const statements = new Statements(db);
    const value = (name: string): unknown => statements.of("SELECT value FROM meta WHERE name = ?").pluck().get(name);
    return { home: String(value("home")), epoch: Number(value("epoch")) };
  } finally {
    db.close();
    lock.release();
  }
}
