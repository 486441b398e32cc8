/** Before a home goes to a newer schema: a copy of it as it was, verified, that `restore` of either version takes. */
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Refusal } from "../core/refusal.ts";
import { type BackupManifest, backupDatabase, fileHash, MANIFEST_FILE, syncFile } from "./backup.ts";
import { copyWhole, type Db, Statements, settleCopy } from "./db.ts";
import { secureDirectory, syncDirectory, touchSecure } from "./home.ts";

export type Upgraded = { readonly from: number; readonly to: number; readonly copy: string };

/** One copy a schema: a start that was cut off makes it anew. Throws `store.failed` when the copy is not whole. */
export function copyBefore(db: Db, stateDir: string, from: number, now: number): string {
  const copy = join(stateDir, `before-schema-${from + 1}`);
  rmSync(copy, { recursive: true, force: true });
  secureDirectory(stateDir);
  secureDirectory(copy);
  const path = backupDatabase(copy);
  touchSecure(path);
  copyWhole(db, path);
  const wrong = settleCopy(path);
  if (wrong !== null)
    throw new Refusal("store.failed", { hint: `The copy before the upgrade is not whole: ${wrong}.` });
  syncFile(path);
  const manifest: BackupManifest = {
    format: "lazaret.backup.v1",
    ...factsOf(db),
    created: now,
    schema: from,
    bytes: statSync(path).size,
    sha256: fileHash(path),
  };
  writeFileSync(join(copy, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  syncDirectory(copy);
  return copy;
}

/** By statements that every schema of ours knows. */
function factsOf(db: Db): Pick<BackupManifest, "home" | "epoch" | "checkpoint"> {
  const statements = new Statements(db);
  const value = (name: string) => statements.of("SELECT value FROM meta WHERE name = ?").pluck().get(name);
  const text = statements.of("SELECT text FROM checkpoint ORDER BY n DESC LIMIT 1").pluck().get();
  return { home: String(value("home")), epoch: Number(value("epoch")), checkpoint: String(text ?? "") };
}

/** Erasure reaches such a copy through the epoch key alone; when a newer one is made the older ones go. */
export function dropOlder(stateDir: string, from: number): void {
  for (let schema = 1; schema <= from; schema++) {
    const older = join(stateDir, `before-schema-${schema}`);
    if (existsSync(older) && dirname(older) === stateDir) rmSync(older, { recursive: true });
  }
}
