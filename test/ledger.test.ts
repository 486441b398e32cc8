import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EntryDraft } from "../src/core/entry.ts";
import { CHECKPOINT_ENTRIES, MINUTE_MS } from "../src/core/limits.ts";
import { consistencyProof, emptyRoot, Frontier, verifyConsistency } from "../src/core/merkle.ts";
import { CheckpointSigner, isSigned, parseCheckpoint, verifierKey } from "../src/store/checkpoint.ts";
import { openReadOnly, Statements } from "../src/store/db.ts";
import { sha256 } from "../src/store/hashing.ts";
import { newestLog } from "../src/store/ledger.ts";
import { StoredTree } from "../src/store/ledger-tree.ts";
import { verifyLog } from "../src/store/ledger-verify.ts";
import type { HomeStore } from "../src/store/store.ts";
import { id, START, say, type TestHome, testHome } from "./store-home.ts";

type Vectors = {
  seed: string;
  publicKey: string;
  origin: string;
  verifierKey: string;
  entries: string[];
  checkpoints: { size: number; root: string; checkpoint: string }[];
};
const vectors = JSON.parse(readFileSync(new URL("vectors/ledger.json", import.meta.url), "utf8")) as Vectors;

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

const entry = (n: number, more: Partial<EntryDraft> = {}): EntryDraft => ({
  type: "run.stepped",
  tenant: "default",
  body: { n },
  ...more,
});
const write = (count: number, from = 1): Promise<void> =>
  store.commit({ entries: Array.from({ length: count }, (_, i) => entry(from + i)) });

test("the bytes of entries, roots and checkpoints are frozen", () => {
  const signer = new CheckpointSigner(Buffer.from(vectors.seed, "hex"));
  expect(signer.publicKey.toString("hex")).toBe(vectors.publicKey);
  expect(verifierKey(vectors.origin, signer.publicKey)).toBe(vectors.verifierKey);
  const tree = new Frontier(sha256);
  for (const [at, text] of vectors.entries.entries()) {
    tree.add(createHash("sha256").update(Buffer.of(0)).update(text).digest());
    const frozen = vectors.checkpoints[at];
    expect(Buffer.from(tree.root()).toString("hex")).toBe(frozen?.root);
    const root = Buffer.from(tree.root());
    expect(signer.sign({ origin: vectors.origin, size: tree.size, root })).toBe(frozen?.checkpoint);
    expect(isSigned(frozen?.checkpoint ?? "", vectors.origin, signer.publicKey)).toBe(true);
  }
});

test("an entry is canonical JSON with its number, its time and nothing of the content", async () => {
  const session = id("SessionId");
  const run = id("RunId");
  await store.commit({
    entries: [entry(1, { session, run, actor: "daemon", body: { z: 1, a: { c: true, b: undefined }, ü: "ü" } })],
  });
  const [found] = store.ledger.entries(0, 9);
  expect(found).toEqual({
    seq: 1,
    time: START,
    tenant: "default",
    type: "run.stepped",
    session,
    run,
    actor: "daemon",
    body: { a: { c: true }, z: 1, ü: "ü" },
  });
  const db = new Database(join(home.dataDir, "lazaret.db"), { readonly: true });
  const leaf = db.prepare("SELECT leaf FROM entry").pluck().get() as Buffer;
  db.close();
  expect(leaf.toString("utf8")).toBe(
    `\0{"actor":"daemon","body":{"a":{"c":true},"z":1,"ü":"ü"},"run":"${run}","seq":1,` +
      `"session":"${session}","tenant":"default","time":${START},"type":"run.stepped"}`,
  );
});

test("a commitment to content is an HMAC under a key that dies with its blob", async () => {
  const conversation = id("ConversationId");
  const [one, two] = [await say(store, conversation, "same"), await say(store, conversation, "same")];
  const commitments = store.ledger.entries(0, 9).map(({ body }) => body["content"]);
  expect(commitments[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(commitments[0]).not.toBe(commitments[1]);
  const again = (blob: typeof one.blob) =>
    store.commit({ entries: [entry(1, { commits: [{ name: "content", blob, bytes: Buffer.from("same") }] })] });
  await again(one.blob);
  expect(store.ledger.entries(2, 1)[0]?.body["content"]).toBe(commitments[0]);
  await store.commit({ dropBlobs: [two.blob] });
  await expect(again(two.blob)).rejects.toMatchObject({ code: "not_found" });
});

test("time in the ledger never runs backwards", async () => {
  await write(1);
  home.clock.turn(-5 * MINUTE_MS);
  await write(1);
  home.clock.turn(10 * MINUTE_MS);
  await write(1);
  const times = store.ledger.entries(0, 9).map(({ time }) => time - START);
  expect(times).toEqual([0, 0, 5 * MINUTE_MS]);
});

test("an entry that is too large fails its batch and leaves the ledger as it was", async () => {
  await write(1);
  const large = store.commit({ entries: [entry(2), entry(3, { body: { x: "x".repeat(20_000) } })] });
  await expect(large).rejects.toMatchObject({ code: "input.too_large" });
  await write(1, 4);
  expect(store.ledger.entries(0, 9).map(({ seq, body }) => [seq, body["n"]])).toEqual([
    [1, 1],
    [2, 4],
  ]);
  expect((await store.ledger.verify(null)).ok).toBe(true);
});

test("a checkpoint is signed after a thousand entries, ten minutes with changes, at shutdown and on demand", async () => {
  const signed = async () => (await store.ledger.verify(null)).checkpoints;
  await write(CHECKPOINT_ENTRIES - 1);
  expect(await signed()).toBe(0);
  await write(1);
  expect(await signed()).toBe(1);
  home.clock.turn(11 * MINUTE_MS);
  expect(await signed()).toBe(1);
  await write(1);
  expect(await signed()).toBe(2);
  await write(1);
  home.clock.turn(10 * MINUTE_MS);
  expect(await signed()).toBe(3);
  await write(1);
  await store.close();
  store = await home.open();
  expect(await signed()).toBe(4);
  const note = await store.ledger.checkpoint();
  expect(parseCheckpoint(note)?.size).toBe(CHECKPOINT_ENTRIES + 3);
  await store.close();
  store = await home.open();
  expect(await signed()).toBe(4);
});

test("a checkpoint verifies with nothing but the verifier key that we print", async () => {
  await write(3);
  const note = await store.ledger.checkpoint();
  const [, , encoded = ""] = /^(.+)\+([0-9a-f]{8})\+(.+)$/.exec(store.ledger.verifierKey())?.slice(1) ?? [];
  const raw = Buffer.from(encoded, "base64").subarray(1);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const [body = "", line = ""] = note.split("\n\n");
  const signature = Buffer.from(line.trim().split(" ").at(-1) ?? "", "base64").subarray(4);
  expect(verify(null, Buffer.from(`${body}\n`), key, signature)).toBe(true);
});

test("earlier checkpoints are proved to be prefixes of later ones from the stored tree", async () => {
  await write(300);
  const older = parseCheckpoint(await store.ledger.checkpoint());
  await write(400);
  const newer = parseCheckpoint(await store.ledger.checkpoint());
  if (older === null || newer === null) throw new Error("both are checkpoints");
  const db = openReadOnly(join(home.dataDir, "lazaret.db"));
  const statements = new Statements(db);
  const log = newestLog(statements);
  if (log === null) throw new Error("there is a log");
  const path = consistencyProof(sha256, new StoredTree(statements, log).nodeAt, older.size, newer.size);
  db.close();
  expect(verifyConsistency(sha256, older, newer, path)).toBe(true);
});

test("an intent without an outcome is named", async () => {
  const effect = (type: EntryDraft["type"], name: string) => entry(0, { type, body: { effect: name } });
  await store.commit({
    entries: [
      effect("effect.intended", "a"),
      effect("effect.intended", "b"),
      effect("effect.done", "a"),
      effect("effect.intended", "c"),
      effect("effect.unknown", "c"),
    ],
  });
  expect((await store.ledger.verify(null)).dangling).toEqual([2]);
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

test("truncation and emptying are found against a checkpoint outside, and only said to be possible without one", async () => {
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
  (await import("node:fs")).writeFileSync(path, earlier);
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
