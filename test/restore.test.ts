import { chmodSync, cpSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ErasePlan } from "../src/core/batch.ts";
import { type BlobId, type ConversationId, hex } from "../src/core/ids.ts";
import { restoreHome } from "../src/store/restore.ts";
import type { HomeStore } from "../src/store/store.ts";
import { draft, id, random, START, say, type TestHome, testHome, textOf } from "./store-home.ts";

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

const plan = (more: Partial<ErasePlan>): ErasePlan => ({
  tenant: "default",
  conversations: [],
  messages: [],
  blobs: [],
  drop: [],
  put: [],
  refs: [],
  entries: [],
  ...more,
});
const filesIn = (dir: string): Buffer => Buffer.concat(readdirSync(dir).map((name) => readFileSync(join(dir, name))));
const isGone = (blob: BlobId) => expect(textOf(store, blob)).rejects.toMatchObject({ code: "not_found" });
const never = (): never => {
  throw new Error("it was said");
};

/** A copy of the data directory as a backup program makes it: files, no keys. */
async function copyOf(): Promise<string> {
  await store.close();
  const copy = join(home.dir, `copy-${hex(random.bytes(4))}`);
  cpSync(home.dataDir, copy, { recursive: true });
  chmodSync(copy, 0o700);
  store = await home.open();
  return copy;
}

test("an older copy of the data opens nothing once the epoch has changed, not even what was kept", async () => {
  const [lost, kept] = [id("ConversationId"), id("ConversationId")];
  await say(store, lost, "lost");
  await say(store, kept, "kept");
  const copy = await copyOf();
  await store.erase(plan({ conversations: [lost] }));
  await expect(home.open({ dataDir: copy })).rejects.toMatchObject({ code: "home.unlock" });
  rmSync(join(copy, "daemon.lock"));
});

async function purgedHome() {
  const [lost, kept] = [id("ConversationId"), id("ConversationId")];
  const gone = [await say(store, lost, "one"), await say(store, kept, "two"), await say(store, kept, "three")];
  const stays = [await say(store, kept, "four"), await say(store, kept, "five")];
  const backup = join(home.dir, "backup");
  const manifest = await store.backup(backup);
  await store.commit({ dropMessages: [gone[2]?.message ?? never()] });
  const edited = draft(kept, "FIVE");
  const before = store.message(stays[1]?.message ?? never()) ?? never();
  await store.commit({
    seal: [edited],
    messages: [{ expect: 1, value: { ...before, blob: edited.id, revision: 2 } }],
    dropBlobs: [before.blob],
  });
  await store.erase(plan({ conversations: [lost], messages: [gone[1]?.message ?? never()] }));
  const later = await say(store, kept, "later");
  return { lost, kept, gone, stays, edited, later, backup, manifest };
}

test("a copy from before a purge, restored into the living home, opens everything but what was purged", async () => {
  const { lost, kept, gone, stays, edited, later, backup } = await purgedHome();
  const origin = store.ledger.verifierKey().split("+")[0];
  const size = store.ledger.size();
  await store.close();
  const options = { dataDir: home.dataDir, keysDir: home.keysDir, clock: home.clock, random, tenant: "default" };
  const restored = await restoreHome({ ...options, unlock: { kind: "file" }, backupDir: backup });
  store = restored.store;
  for (const { blob, message, platform } of gone) {
    await isGone(blob);
    expect(store.message(message)).toBeNull();
    expect(store.ref("event", "default", "home", platform)).toBe("erased");
  }
  expect(await textOf(store, stays[0]?.blob ?? never())).toBe("four");
  expect(await textOf(store, edited.id)).toBe("FIVE");
  expect(store.messages({ conversation: kept, last: 9 }).map((m) => m.id)).toEqual(stays.map((s) => s.message));
  expect(store.messages({ conversation: lost, last: 9 })).toEqual([]);
  expect(store.platformOf("event", stays[0]?.message ?? never())).toBe(stays[0]?.platform);
  expect(store.message(later.message)).toBeNull();
  expect(store.ref("event", "default", "home", later.platform)).toBeNull();
  const said = await say(store, kept, "after");
  expect(await textOf(store, said.blob)).toBe("after");
  expect(restored.before).toMatchObject({ ok: true, entries: size });
  expect(store.ledger.entries(0, 1)).toMatchObject([
    { seq: 1, type: "backup.restored", body: { origin, entries: size, root: restored.before.root, verified: true } },
  ]);
  expect(store.ledger.verifierKey().split("+")[0]).not.toBe(origin);
  expect((await store.ledger.verify(null)).ok).toBe(true);
  expect(store.counts().blobs).toBe(3);
});

test("checkpoints of the ledger before a restore still verify after it", async () => {
  await say(store, id("ConversationId"), "x");
  const backup = join(home.dir, "backup");
  await store.backup(backup);
  await say(store, id("ConversationId"), "y");
  const outside = await store.ledger.checkpoint();
  await store.close();
  const options = { dataDir: home.dataDir, keysDir: home.keysDir, clock: home.clock, random, tenant: "default" };
  store = (await restoreHome({ ...options, unlock: { kind: "file" }, backupDir: backup })).store;
  expect(await store.ledger.verify(outside)).toMatchObject({ ok: true, entries: 3, notExcluded: null });
});

test("a backup goes into an empty home while its epoch's key is there, and into none after", async () => {
  const { backup, stays } = await purgedHome();
  const options = { keysDir: home.keysDir, clock: home.clock, random, tenant: "default", backupDir: backup };
  const unlock = { kind: "file" } as const;
  const empty = join(home.dir, "empty");
  await expect(restoreHome({ ...options, unlock, dataDir: empty })).rejects.toMatchObject({ code: "home.unlock" });
  const second = join(home.dir, "second");
  await store.backup(second);
  await store.close();
  renameSync(home.dataDir, join(home.dir, "lost"));
  const restored = await restoreHome({ ...options, unlock, dataDir: home.dataDir, backupDir: second });
  store = restored.store;
  expect(await textOf(store, stays[0]?.blob ?? never())).toBe("four");
});

test("a backup that was altered, and one of another home, is refused and changes nothing", async () => {
  const said = await say(store, id("ConversationId"), "stays");
  const backup = join(home.dir, "backup");
  await store.backup(backup);
  await expect(store.backup(backup)).rejects.toMatchObject({ code: "input.invalid" });
  const other = testHome();
  const stranger = await other.open();
  const strange = join(other.dir, "backup");
  await stranger.backup(strange);
  await stranger.close();
  const db = new Database(join(backup, "lazaret.db"));
  db.exec("UPDATE blob SET created = created + 1");
  db.close();
  await store.close();
  const options = { dataDir: home.dataDir, keysDir: home.keysDir, clock: home.clock, random, tenant: "default" };
  for (const backupDir of [backup, strange]) {
    const attempt = restoreHome({ ...options, unlock: { kind: "file" }, backupDir });
    await expect(attempt).rejects.toMatchObject({ code: "input.invalid" });
  }
  other.remove();
  store = await home.open();
  expect(await textOf(store, said.blob)).toBe("stays");
});

test("a backup made while messages arrive is whole, and holds no key that opens it", async () => {
  const conversation = id("ConversationId");
  for (let i = 0; i < 200; i++) await say(store, conversation, `before ${i} ${"x".repeat(3000)}`);
  let isRunning = true;
  const talk = (async () => {
    for (let i = 0; isRunning; i++) await say(store, conversation, `during ${i}`);
  })();
  const manifest = await store.backup(join(home.dir, "backup"));
  isRunning = false;
  await talk;
  expect(manifest).toMatchObject({ format: "lazaret.backup.v1", epoch: 1, created: START });
  expect(readdirSync(join(home.dir, "backup")).sort()).toEqual(["backup.json", "lazaret.db"]);
  const keys = readdirSync(home.keysDir).filter((name) => name.endsWith(".key"));
  const copy = filesIn(join(home.dir, "backup"));
  for (const name of keys) expect(copy.includes(readFileSync(join(home.keysDir, name)))).toBe(false);
});

test("what was going out when a backup was made is never sent again after a restore", async () => {
  const conversation: ConversationId = id("ConversationId");
  const row = {
    id: id("OutboxId"),
    seq: 0,
    tenant: "default",
    channel: "home",
    conversation,
    thread: null,
    op: "text" as const,
    blob: null,
    label: { v: 1 as const, cats: 0, integrity: 0 as const, tenant: "-", audience: "*" as const },
    replyTo: null,
    target: null,
    run: null,
    call: null,
    approval: null,
    message: null,
    state: "pending" as const,
    code: null,
    attempts: 0,
    dueAt: 0,
    createdAt: 0,
  };
  await store.commit({ outbox: [row] });
  const backup = join(home.dir, "backup");
  await store.backup(backup);
  await store.close();
  const options = { dataDir: home.dataDir, keysDir: home.keysDir, clock: home.clock, random, tenant: "default" };
  store = (await restoreHome({ ...options, unlock: { kind: "file" }, backupDir: backup })).store;
  expect(store.outboxRow(row.id)).toMatchObject({ state: "unknown" });
});
