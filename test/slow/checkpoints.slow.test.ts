/**
 * What tampering is caught by what: the table in docs/ledger-format.md, cell by cell. `local` is all that the home
 * itself can tell; a place outside is what one start of the daemon says of it.
 */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CheckpointPlace, filePlace, gitPlace } from "../../src/checkpoint-places.ts";
import { DAY_MS } from "../../src/core/limits.ts";
import { isRefusal } from "../../src/core/refusal.ts";
import { systemGit } from "../../src/powers.ts";
import { configOf } from "../config-reading.ts";
import { type DaemonWorld, daemonOn } from "../daemon-world.ts";
import { type TestHome, testHome } from "../store-home.ts";

let home: TestHome;
/** A home with two days of history, and its database and both places as they were after each of them. */
const kept = new Map<string, Buffer>();
let file: string;
let repository: string;
const database = (): string => join(home.dataDir, "lazaret.db");
const places = (): readonly CheckpointPlace[] => [filePlace(file), gitPlace(repository, systemGit)];
const started = (at: readonly CheckpointPlace[]): Promise<DaemonWorld> =>
  daemonOn(home, configOf(null), { places: at });

beforeAll(async () => {
  home = testHome();
  file = join(home.dir, "lazaret.checkpoints");
  repository = join(home.dir, "repository");
  mkdirSync(repository);
  await systemGit(repository, ["init", "--quiet"]);
  for (const day of ["first", "second"]) {
    const here = await started(places());
    await here.owner["demo.load"]({});
    await here.owner["secrets.set"]({ name: day, value: "x" });
    await here.close();
    kept.set(day, readFileSync(database()));
    home.clock.turn(DAY_MS);
  }
  kept.set("file", readFileSync(file));
  cpSync(home.keysDir, join(home.dir, "keys-kept"), { recursive: true });
  await systemGit(home.dir, ["clone", "--quiet", repository, join(home.dir, "elsewhere")]);
});
afterAll(() => home.remove());
beforeEach(async () => {
  for (const journal of ["-wal", "-shm"]) rmSync(database() + journal, { force: true });
  rmSync(home.keysDir, { recursive: true, force: true });
  cpSync(join(home.dir, "keys-kept"), home.keysDir, { recursive: true });
  chmodSync(home.keysDir, 0o700);
  writeFileSync(database(), kept.get("second") ?? "");
  writeFileSync(file, kept.get("file") ?? "");
  rmSync(repository, { recursive: true });
  await systemGit(home.dir, ["clone", "--quiet", join(home.dir, "elsewhere"), repository]);
});

const inDatabase = (change: (db: Database.Database) => void): void => {
  const db = new Database(database());
  db.exec("DROP TRIGGER entry_no_update; DROP TRIGGER entry_no_delete;");
  change(db);
  db.close();
};
const signedAt = (db: Database.Database): number =>
  db.prepare("SELECT min(size) FROM checkpoint").pluck().get() as number;

const ATTACKS: Readonly<Record<string, () => void | Promise<void>>> = {
  "an entry edited": () =>
    inDatabase((db) => {
      const leaf = db.prepare("SELECT leaf FROM entry WHERE n = 3").pluck().get() as Buffer;
      leaf[20] = (leaf[20] ?? 0) ^ 1;
      db.prepare("UPDATE entry SET leaf = ? WHERE n = 3").run(leaf);
    }),
  "an entry taken out": () => inDatabase((db) => db.prepare("DELETE FROM entry WHERE n = 3").run()),
  "the end cut off, back to a signed state": () =>
    inDatabase((db) => {
      const size = signedAt(db);
      for (const [table, column] of [
        ["entry", "n"],
        ["checkpoint", "size"],
      ])
        db.prepare(`DELETE FROM ${table} WHERE ${column} > ?`).run(size);
      db.prepare("DELETE FROM node WHERE (idx + 1) * 256 > ?").run(size);
    }),
  "an older copy of the home": () => writeFileSync(database(), kept.get("first") ?? ""),
  "a new, empty home": () => {
    rmSync(database());
    rmSync(home.keysDir, { recursive: true });
  },
  "another history, signed with the home's own key": async () => {
    writeFileSync(database(), kept.get("first") ?? "");
    const here = await daemonOn(home);
    for (let n = 0; n < 20; n++) await here.owner["secrets.set"]({ name: `other-${n}`, value: "x" });
    await here.close();
  },
  "the same, and the file beside it written anew": async () => {
    await ATTACKS["another history, signed with the home's own key"]?.();
    rmSync(file);
    writeFileSync(join(repository, "lazaret.checkpoints"), "");
  },
  "the same, and the repository made anew": async () => {
    await ATTACKS["the same, and the file beside it written anew"]?.();
    rmSync(repository, { recursive: true });
    mkdirSync(repository);
    await systemGit(repository, ["init", "--quiet"]);
  },
};

/** A home that does not open because its ledger is broken tells, too; any other refusal is a fault of this test. */
const unlessBroken = (error: unknown): null => {
  if (isRefusal(error) && error.code === "ledger.broken") return null;
  throw error;
};

async function localTells(): Promise<boolean> {
  const store = await home.open().catch(unlessBroken);
  if (store === null) return true;
  const { ok } = await store.ledger.verify(null);
  await store.close();
  return !ok;
}

async function placeTells(place: CheckpointPlace): Promise<boolean> {
  const here = await started([place]).catch(unlessBroken);
  if (here === null) return true;
  const { notes } = await here.owner.status({});
  await here.close();
  return notes.some((note) => note.startsWith("ALARM: the ledger does not go on"));
}

/** Attack, and what tells of it: the home itself, a file, a repository, a clone of it elsewhere. */
const TABLE: readonly (readonly [attack: string, local: boolean, file: boolean, git: boolean])[] = [
  ["an entry edited", true, true, true],
  ["an entry taken out", true, true, true],
  ["the end cut off, back to a signed state", false, true, true],
  ["an older copy of the home", false, true, true],
  ["a new, empty home", false, true, true],
  ["another history, signed with the home's own key", false, true, true],
  ["the same, and the file beside it written anew", false, false, true],
  ["the same, and the repository made anew", false, false, false],
];

describe.each(TABLE)("%s", (attack, local, byFile, byGit) => {
  test(`is ${local ? "found" : "not found"} from inside`, async () => {
    await ATTACKS[attack]?.();
    expect(await localTells()).toBe(local);
  });

  test(`is ${byFile ? "found" : "not found"} by the file`, async () => {
    await ATTACKS[attack]?.();
    expect(await placeTells(filePlace(file))).toBe(byFile);
  });

  test(`is ${byGit ? "found" : "not found"} by the repository`, async () => {
    await ATTACKS[attack]?.();
    expect(await placeTells(gitPlace(repository, systemGit))).toBe(byGit);
  });

  test("is found by a clone that lies elsewhere", async () => {
    await ATTACKS[attack]?.();
    expect(await placeTells(gitPlace(join(home.dir, "elsewhere"), systemGit))).toBe(true);
    await systemGit(join(home.dir, "elsewhere"), ["reset", "--hard", "--quiet", "origin/HEAD"]).catch(() => "");
  });

  test("is in the documents as it is here", () => {
    const said = readFileSync("docs/ledger-format.md", "utf8");
    const cells = [local, byFile, byGit, true].map((found) => (found ? "found" : "not found"));
    expect(said).toContain(`| ${attack} | ${cells.join(" | ")} |`);
  });
});
