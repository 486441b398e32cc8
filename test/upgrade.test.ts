/** A home that meets a newer version: a copy first, then the new schema, and a way back. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readBackup } from "../src/store/backup.ts";
import { restoreHome } from "../src/store/restore.ts";
import { MIGRATIONS } from "../src/store/schema.ts";
import { id, message, random, draft as sealed, type TestHome, testHome } from "./store-home.ts";

const NEWER = [...MIGRATIONS, "CREATE TABLE later (n INTEGER) STRICT"];
const NEWEST = [...NEWER, "CREATE TABLE later_still (n INTEGER) STRICT"];
let home: TestHome;
let conversation: ReturnType<typeof id<"ConversationId">>;

beforeEach(async () => {
  home = testHome();
  conversation = id("ConversationId");
  const store = await home.open();
  const blob = sealed(conversation, "before the upgrade");
  await store.commit({ seal: [blob], messages: [{ expect: null, value: message(conversation, blob.id) }] });
  await store.close();
});
afterEach(() => home.remove());

const state = (): string => join(home.dataDir, "state");

test("a home that is current is opened without a copy", async () => {
  const store = await home.open();
  expect({ upgraded: store.upgraded, copied: existsSync(state()) }).toEqual({ upgraded: null, copied: false });
  await store.close();
});

test("a new home is made without a copy", async () => {
  const fresh = testHome();
  const store = await fresh.open({ migrations: NEWER });
  expect(store.upgraded).toBeNull();
  await store.close();
  fresh.remove();
});

test("before the schema changes, the home as it was is copied, whole and closed to others", async () => {
  const store = await home.open({ migrations: NEWER });
  const copy = join(state(), `before-schema-${MIGRATIONS.length + 1}`);
  expect(store.upgraded).toEqual({ from: MIGRATIONS.length, to: NEWER.length, copy });
  expect(readBackup(copy)).toMatchObject({ schema: MIGRATIONS.length });
  for (const name of readdirSync(copy)) expect(statSync(join(copy, name)).mode & 0o077).toBe(0);
  await store.close();
});

test("the version from before refuses the newer home and takes the copy", async () => {
  const store = await home.open({ migrations: NEWER });
  const copy = store.upgraded?.copy ?? "";
  await store.close();
  await expect(home.open()).rejects.toMatchObject({ code: "home.newer" });
  const { dataDir, keysDir, clock } = home;
  const back = await restoreHome({
    dataDir,
    keysDir,
    clock,
    random,
    unlock: { kind: "file" },
    tenant: "default",
    backupDir: copy,
  });
  expect(back.store.messages({ conversation, last: 9 })).toHaveLength(1);
  await back.store.close();
  await (await home.open()).close();
});

test("a migration that fails leaves the home as it was, and the next start copies it anew", async () => {
  const broken = [...MIGRATIONS, "CREATE TABLE"];
  await expect(home.open({ migrations: broken })).rejects.toThrow();
  const store = await home.open();
  expect(store.messages({ conversation, last: 9 })).toHaveLength(1);
  await store.close();
  const again = await home.open({ migrations: NEWER });
  expect(again.upgraded?.from).toBe(MIGRATIONS.length);
  await again.close();
});

test("of several upgrades the newest copy stays", async () => {
  await (await home.open({ migrations: NEWER })).close();
  await (await home.open({ migrations: NEWEST })).close();
  expect(readdirSync(state())).toEqual([`before-schema-${NEWEST.length}`]);
});
