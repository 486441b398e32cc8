/**
 * What tampering is caught by what: the table in docs/ledger-format.md, cell by cell. `local` is all that the home
 * itself can tell; a place outside is what one start of the daemon says of it. The bucket is our own strict server.
 */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bucketPlace } from "../../src/bucket-place.ts";
import { type CheckpointPlace, filePlace, gitPlace } from "../../src/checkpoint-places.ts";
import { DAY_MS } from "../../src/core/limits.ts";
import { isRefusal } from "../../src/core/refusal.ts";
import { systemGit } from "../../src/powers.ts";
import { BucketServer } from "../bucket-server.ts";
import { configOf } from "../config-reading.ts";
import { type DaemonWorld, daemonOn } from "../daemon-world.ts";
import { type Peer, peerOf } from "../peer.ts";
import { type TestHome, testHome } from "../store-home.ts";

let home: TestHome;
/** A home with two days of history, and its database and both places as they were after each of them. */
const kept = new Map<string, Buffer>();
let file: string;
let repository: string;
let bucket: BucketServer;
let bucketUrl: string;
let peer: Peer;
/** What the peer and the bucket had before anybody attacked. */
let notes: readonly string[];
let objects: BucketServer["versions"];
const inBucket = (): CheckpointPlace =>
  bucketPlace(
    {
      url: bucketUrl,
      bucket: bucket.name,
      region: "us-east-1",
      prefix: "lazaret/",
      key_id: bucket.keyId,
      retain: 365 * DAY_MS,
    },
    {
      clock: home.clock,
      request: (url, asking) => fetch(url, asking),
      withSecret: async (use) => use(Buffer.from(bucket.secret)),
    },
  );
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
  bucket = new BucketServer(() => home.clock.now());
  bucketUrl = await bucket.start();
  peer = await peerOf(home.clock);
  for (const day of ["first", "second"]) {
    const here = await started([...places(), peer.place(), inBucket()]);
    await here.owner["demo.load"]({});
    await here.owner["secrets.set"]({ name: day, value: "x" });
    await here.close();
    kept.set(day, readFileSync(database()));
    home.clock.turn(DAY_MS);
  }
  kept.set("file", readFileSync(file));
  notes = await peer.place().read();
  objects = [...bucket.versions];
  cpSync(home.keysDir, join(home.dir, "keys-kept"), { recursive: true });
  await systemGit(home.dir, ["clone", "--quiet", repository, join(home.dir, "elsewhere")]);
});
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await bucket.stop();
  home.remove();
});
/** A peer that has these and no others. */
async function peerWith(given: readonly string[]): Promise<void> {
  await peer[Symbol.asyncDispose]();
  peer = await peerOf(home.clock);
  for (const note of given) await peer.place().add(note);
}

beforeEach(async () => {
  bucket.versions.splice(0, bucket.versions.length, ...objects);
  if ((await peer.place().read()).length !== notes.length) await peerWith(notes);
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

Object.assign(ATTACKS, {
  "the same, and its newest checkpoint handed to everybody": async () => {
    await ATTACKS["the same, and the repository made anew"]?.();
    const store = await home.open();
    const forged = await store.ledger.checkpoint();
    await store.close();
    await peer.place().add(forged);
    await inBucket().add(forged);
  },
  "the same, and the peer made anew, the bucket's objects written over and deleted": async () => {
    await ATTACKS["the same, and the repository made anew"]?.();
    await peerWith([]);
    for (const { key, id } of [...bucket.versions]) {
      bucket.put(key, "nothing", 0);
      bucket.delete(key, id);
      bucket.delete(key, null);
    }
  },
});

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

/** Attack, and what tells of it: the home itself, a file, a repository, another Lazaret. A clone and the bucket do. */
const TABLE: readonly (readonly [attack: string, local: boolean, file: boolean, git: boolean, peer: boolean])[] = [
  ["an entry edited", true, true, true, true],
  ["an entry taken out", true, true, true, true],
  ["the end cut off, back to a signed state", false, true, true, true],
  ["an older copy of the home", false, true, true, true],
  ["a new, empty home", false, true, true, true],
  ["another history, signed with the home's own key", false, true, true, true],
  ["the same, and the file beside it written anew", false, false, true, true],
  ["the same, and the repository made anew", false, false, false, true],
  ["the same, and its newest checkpoint handed to everybody", false, false, false, true],
  ["the same, and the peer made anew, the bucket's objects written over and deleted", false, false, false, false],
];

describe.each(TABLE)("%s", (attack, local, byFile, byGit, byPeer) => {
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

  test(`is ${byPeer ? "found" : "not found"} by another Lazaret`, async () => {
    await ATTACKS[attack]?.();
    expect(await placeTells(peer.place())).toBe(byPeer);
  });

  test("is found by a bucket with object lock", async () => {
    await ATTACKS[attack]?.();
    expect(await placeTells(inBucket())).toBe(true);
  });

  test("is found by a clone that lies elsewhere", async () => {
    await ATTACKS[attack]?.();
    expect(await placeTells(gitPlace(join(home.dir, "elsewhere"), systemGit))).toBe(true);
    await systemGit(join(home.dir, "elsewhere"), ["reset", "--hard", "--quiet", "origin/HEAD"]).catch(() => "");
  });

  test("is in the documents as it is here", () => {
    const said = readFileSync("docs/ledger-format.md", "utf8");
    const cells = [local, byFile, byGit, true, byPeer, true].map((found) => (found ? "found" : "not found"));
    expect(said).toContain(`| ${attack} | ${cells.join(" | ")} |`);
  });
});
