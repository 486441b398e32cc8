import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EntryDraft } from "../src/core/entry.ts";
import { CHECKPOINT_ENTRIES, MINUTE_MS } from "../src/core/limits.ts";
import { consistencyProof, Frontier, verifyConsistency } from "../src/core/merkle.ts";
import { CheckpointSigner, isSigned, parseCheckpoint, verifierKey } from "../src/store/checkpoint.ts";
import { openReadOnly, Statements } from "../src/store/db.ts";
import { sha256 } from "../src/store/hashing.ts";
import { newestLog } from "../src/store/ledger.ts";
import { StoredTree } from "../src/store/ledger-tree.ts";
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

test("a checkpoint is signed after 1,000 entries, ten minutes with changes, at shutdown, on demand", async () => {
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
