import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { emptyRoot } from "../src/core/merkle.ts";
import { CheckpointSigner, parseCheckpoint } from "../src/store/checkpoint.ts";
import { openReadOnly, Statements } from "../src/store/db.ts";
import { sha256 } from "../src/store/hashing.ts";
import { newestLog } from "../src/store/ledger.ts";
import { verifyLog } from "../src/store/ledger-verify.ts";
import type { HomeStore } from "../src/store/store.ts";
import { type TestHome, testHome } from "./store-home.ts";

let home: TestHome;
let store: HomeStore;
beforeEach(async () => {
  home = testHome();
  store = await home.open();
});
afterEach(async () => {
  await store.close();
  home.remove();
});

const write = (count: number, from = 1): Promise<void> =>
  store.commit({
    entries: Array.from({ length: count }, (_, i) => ({
      type: "run.stepped",
      tenant: "default",
      body: { n: from + i },
    })),
  });

const SIZE = 600;
/** Changes a closed home's database behind the ledger's back, then verifies what is there. */
async function tampered(change: (db: Database.Database) => void, against: string | null = null) {
  await store.close();
  const path = join(home.dataDir, "lazaret.db");
  const db = new Database(path);
  db.exec("DROP TRIGGER entry_no_update; DROP TRIGGER entry_no_delete;");
  change(db);
  db.close();
  const copy = openReadOnly(path);
  const statements = new Statements(copy);
  const log = newestLog(statements);
  const report = log === null ? null : await verifyLog(statements, log, against);
  copy.close();
  return report;
}
const leafOf = (text: string): Buffer => Buffer.from(`\0${text}`);
const put = (db: Database.Database, n: number, leaf: Buffer): void => {
  db.prepare("INSERT OR REPLACE INTO entry VALUES (?, ?, ?)").run(n, sha256(leaf), leaf);
};
const get = (db: Database.Database, n: number): Buffer =>
  db.prepare("SELECT leaf FROM entry WHERE n = ?").pluck().get(n) as Buffer;
const shift = (db: Database.Database, from: number, by: number): void => {
  db.prepare("UPDATE entry SET n = -(n + ?) WHERE n >= ?").run(by, from);
  db.exec("UPDATE entry SET n = -n WHERE n < 0");
};

const PLACES = { first: 1, middle: 300, last: SIZE } as const;
const places = Object.entries(PLACES) as [string, number][];

test("an untouched ledger verifies and says what that cannot exclude", async () => {
  await write(SIZE);
  const report = await store.ledger.verify(null);
  expect(report).toMatchObject({ ok: true, entries: SIZE, badSeq: null, reason: null });
  expect(report.notExcluded).toBe("internally consistent; rollback and truncation not excluded");
  expect((await store.ledger.verify(await store.ledger.checkpoint())).notExcluded).toBeNull();
});

test.each(places)("an edit of the %s entry is named", async (_, n) => {
  await write(SIZE);
  const report = await tampered((db) => {
    const leaf = Buffer.from(get(db, n));
    leaf[20] = (leaf[20] ?? 0) ^ 1;
    db.prepare("UPDATE entry SET leaf = ? WHERE n = ?").run(leaf, n);
  });
  expect(report).toMatchObject({ ok: false, badSeq: n });
  await expect(home.open().then((opened) => opened.close())).resolves.toBeUndefined();
});

test.each(places)("an edit of the %s entry with its hash made anew is found", async (_, n) => {
  await write(SIZE);
  const report = await tampered((db) =>
    put(db, n, leafOf(get(db, n).toString("utf8", 1).replace("stepped", "started"))),
  );
  expect(report?.ok).toBe(false);
  expect(report?.reason).toMatch(/does not fit/);
});

test.each(places)("an entry that was put in at the %s place is named", async (_, n) => {
  await write(SIZE);
  const report = await tampered((db) => {
    shift(db, n, 1);
    put(
      db,
      n,
      leafOf(
        get(db, n + 1)
          .toString("utf8", 1)
          .replace("stepped", "started"),
      ),
    );
  });
  expect(report).toMatchObject({ ok: false, badSeq: n });
});

test.each(places)("the removal of the %s entry is named, with the others moved up or not", async (_, n) => {
  await write(SIZE);
  const report = await tampered((db) => {
    db.prepare("DELETE FROM entry WHERE n = ?").run(n);
  });
  expect(report).toMatchObject({ ok: false, badSeq: n });
  const db = new Database(join(home.dataDir, "lazaret.db"));
  shift(db, n + 1, -1);
  const statements = new Statements(db);
  const log = newestLog(statements);
  expect(log === null ? null : await verifyLog(statements, log, null)).toMatchObject({ ok: false, badSeq: n });
  db.close();
});

test.each([
  ["first", 1, 2],
  ["middle", 300, 301],
  ["last", SIZE - 1, SIZE],
  ["distant", 5, 550],
] as const)("two entries that changed places at the %s are named", async (_, a, b) => {
  await write(SIZE);
  const report = await tampered((db) => {
    const [one, two] = [get(db, a), get(db, b)];
    put(db, a, two);
    put(db, b, one);
  });
  expect(report).toMatchObject({ ok: false, badSeq: a });
});

const forget = (db: Database.Database, from: number): void => {
  db.prepare("DELETE FROM entry WHERE n >= ?").run(from);
  db.prepare("DELETE FROM checkpoint WHERE size >= ?").run(from);
  db.prepare("DELETE FROM node WHERE (idx + 1) * 256 >= ?").run(from);
};

test("truncation and emptying are found against a checkpoint outside, and said to be possible without", async () => {
  await write(SIZE);
  const outside = await store.ledger.checkpoint();
  const cut = await tampered((db) => forget(db, 500), outside);
  expect(cut).toMatchObject({ ok: false, badSeq: 500, notExcluded: null });
  const without = await tampered(() => undefined).catch((error: unknown) => error);
  expect(without).toBeInstanceOf(Error);
  const db = new Database(join(home.dataDir, "lazaret.db"));
  const statements = new Statements(db);
  const log = newestLog(statements);
  if (log === null) throw new Error("there is a log");
  expect(await verifyLog(statements, log, null)).toMatchObject({
    ok: true,
    notExcluded: expect.stringContaining("truncation"),
  });
  forget(db, 1);
  expect(await verifyLog(statements, log, outside)).toMatchObject({ ok: false, badSeq: 1 });
  db.close();
});

test("truncation that leaves our own checkpoint behind is found from inside, and the home does not open", async () => {
  await write(SIZE);
  const report = await tampered((db) => db.prepare("DELETE FROM entry WHERE n > 590").run());
  expect(report).toMatchObject({ ok: false, badSeq: 591 });
  await expect(home.open()).rejects.toMatchObject({ code: "ledger.broken" });
});

/** Another history of the same log, made by someone who holds the home and its keys. */
async function forked(): Promise<string> {
  await write(10);
  const outside = await store.ledger.checkpoint();
  await store.close();
  const db = new Database(join(home.dataDir, "lazaret.db"));
  db.exec("DROP TRIGGER entry_no_delete; DELETE FROM entry WHERE n > 5; DELETE FROM checkpoint;");
  db.close();
  store = await home.open();
  await write(20, 100);
  await store.ledger.checkpoint();
  return outside;
}

test("a fork is found against a checkpoint outside, however well it is signed", async () => {
  const outside = await forked();
  expect((await store.ledger.verify(null)).ok).toBe(true);
  expect(await store.ledger.verify(outside)).toMatchObject({
    ok: false,
    reason: "the first 10 entries are not those of the outside checkpoint",
  });
});

test("a rollback to an earlier copy is found against a checkpoint outside", async () => {
  await write(5);
  await store.close();
  const path = join(home.dataDir, "lazaret.db");
  const earlier = readFileSync(path);
  store = await home.open();
  await write(5);
  const outside = await store.ledger.checkpoint();
  await store.close();
  const db = new Database(path);
  db.pragma("journal_mode = DELETE");
  db.close();
  writeFileSync(path, earlier);
  store = await home.open();
  expect((await store.ledger.verify(null)).ok).toBe(true);
  expect(await store.ledger.verify(outside)).toMatchObject({ ok: false, badSeq: 6 });
});

test("checkpoints that were signed again with another key are found", async () => {
  await write(10);
  const outside = await store.ledger.checkpoint();
  const other = new CheckpointSigner(Buffer.alloc(32, 7));
  const resign = (db: Database.Database, withKey: boolean): void => {
    const { text } = db.prepare("SELECT text FROM checkpoint").get() as { text: string };
    const note = parseCheckpoint(text);
    if (note === null) throw new Error("it is a checkpoint");
    db.prepare("UPDATE checkpoint SET text = ?").run(other.sign(note));
    if (withKey) db.prepare("UPDATE log SET public = ?").run(other.publicKey);
  };
  const inside = await tampered((db) => resign(db, false));
  expect(inside).toMatchObject({ ok: false, reason: "the checkpoint at 10 is not signed by this ledger's key" });
  await expect(home.open()).rejects.toMatchObject({ code: "ledger.broken" });
  const db = new Database(join(home.dataDir, "lazaret.db"));
  resign(db, true);
  const statements = new Statements(db);
  const log = newestLog(statements);
  if (log === null) throw new Error("there is a log");
  expect((await verifyLog(statements, log, null)).ok).toBe(true);
  expect(await verifyLog(statements, log, outside)).toMatchObject({
    ok: false,
    reason: "the outside checkpoint is not signed by this ledger's key",
  });
  db.close();
});

test("a checkpoint of another ledger, and what is none, prove nothing", async () => {
  await write(3);
  const vectors = JSON.parse(readFileSync(new URL("vectors/ledger.json", import.meta.url), "utf8")) as {
    checkpoints: { checkpoint: string }[];
  };
  const [other] = vectors.checkpoints;
  expect(await store.ledger.verify(other?.checkpoint ?? "")).toMatchObject({
    ok: false,
    reason: "the outside checkpoint is of another ledger",
  });
  for (const text of ["", "x", "a\n1\nb\n\n"]) expect((await store.ledger.verify(text)).ok).toBe(false);
});

test("a checkpoint of nothing is consistent with everything", async () => {
  const empty = await store.ledger.checkpoint();
  expect(parseCheckpoint(empty)).toMatchObject({ size: 0, root: emptyRoot(sha256) });
  await write(3);
  expect(await store.ledger.verify(empty)).toMatchObject({ ok: true, notExcluded: null });
});

test("rows of the ledger are not changed by accident", () => {
  const db = new Database(join(home.dataDir, "lazaret.db"));
  db.exec("INSERT INTO entry VALUES (99, x'00', x'00')");
  for (const sql of ["UPDATE entry SET hash = x'01'", "DELETE FROM entry"])
    expect(() => db.exec(sql)).toThrow(/only grows/);
  db.exec("DROP TRIGGER entry_no_delete; DELETE FROM entry;");
  db.close();
});
