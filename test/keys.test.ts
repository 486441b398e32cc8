import {
  chmodSync,
  cpSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { destroyFile } from "../src/store/home.ts";
import { unlockKind } from "../src/store/unlock.ts";
import { id, say, type TestHome, testHome, textOf } from "./store-home.ts";

let home: TestHome;
beforeEach(() => {
  home = testHome();
});
afterEach(() => home.remove());

const key = (name: string): string => join(home.keysDir, name);
const made = async () => (await home.open()).close();
const EMPTY = {
  tenant: "default",
  conversations: [],
  messages: [],
  blobs: [],
  drop: [],
  put: [],
  refs: [],
  entries: [],
};

test("a new home has its key files outside the data, closed to others", async () => {
  await made();
  expect(readdirSync(home.keysDir).sort()).toEqual(["epoch-1.key", "ledger.key", "unlock.json", "unlock.key"]);
  expect(readdirSync(home.dataDir).sort()).toEqual(["daemon.lock", "lazaret.db"]);
  expect(unlockKind(home.keysDir)).toBe("file");
});

test.each(["unlock.key", "epoch-1.key", "ledger.key"])("a %s that others can read is refused", async (name) => {
  await made();
  chmodSync(key(name), 0o640);
  await expect(home.open()).rejects.toMatchObject({ code: "home.insecure" });
  chmodSync(key(name), 0o600);
  await made();
});

test("a key file behind a symbolic link or with a second name is refused", async () => {
  await made();
  renameSync(key("unlock.key"), join(home.dir, "elsewhere"));
  symlinkSync(join(home.dir, "elsewhere"), key("unlock.key"));
  await expect(home.open()).rejects.toMatchObject({ code: "home.insecure" });
  rmSync(key("unlock.key"));
  renameSync(join(home.dir, "elsewhere"), key("unlock.key"));
  linkSync(key("unlock.key"), join(home.dir, "again"));
  await expect(home.open()).rejects.toMatchObject({ code: "home.insecure" });
});

test("directories and database that others can reach are refused", async () => {
  await made();
  for (const path of [home.dataDir, home.keysDir]) {
    chmodSync(path, 0o750);
    await expect(home.open()).rejects.toMatchObject({ code: "home.insecure" });
    chmodSync(path, 0o700);
  }
  chmodSync(join(home.dataDir, "lazaret.db"), 0o644);
  await expect(home.open()).rejects.toMatchObject({ code: "home.insecure" });
});

test("another unlock key does not open the home", async () => {
  await made();
  writeFileSync(key("unlock.key"), Buffer.alloc(32, 1));
  await expect(home.open()).rejects.toMatchObject({ code: "home.unlock" });
});

test("a home without its epoch key does not open", async () => {
  await made();
  rmSync(key("epoch-1.key"));
  await expect(home.open()).rejects.toMatchObject({ code: "home.unlock" });
});

test("a passphrase opens the home it was set with, and no other does", { timeout: 30_000 }, async () => {
  const unlock = (text: string) => ({ kind: "passphrase", passphrase: Buffer.from(text) }) as const;
  await (await home.open({ unlock: unlock("the right words") })).close();
  expect(unlockKind(home.keysDir)).toBe("passphrase");
  await expect(home.open({ unlock: unlock("the wrong words") })).rejects.toMatchObject({ code: "home.unlock" });
  await expect(home.open()).rejects.toMatchObject({ code: "home.unlock" });
  await (await home.open({ unlock: unlock("the right words") })).close();
});

test("a credential file opens a home without a key file of its own", async () => {
  const path = join(home.dir, "credential");
  writeFileSync(path, Buffer.alloc(32, 9), { mode: 0o600 });
  const unlock = { kind: "credential", path } as const;
  await (await home.open({ unlock })).close();
  expect(readdirSync(home.keysDir)).not.toContain("unlock.key");
  await (await home.open({ unlock })).close();
});

test("a crash between new key file and commit is undone at start", async () => {
  const store = await home.open();
  const said = await say(store, id("ConversationId"), "kept");
  await store.close();
  writeFileSync(key("epoch-2.key"), Buffer.alloc(32, 5), { mode: 0o600 });
  writeFileSync(key("epoch-3.key.new"), Buffer.alloc(3), { mode: 0o600 });
  const again = await home.open();
  expect(await textOf(again, said.blob)).toBe("kept");
  expect(readdirSync(home.keysDir).filter((name) => name.startsWith("epoch"))).toEqual(["epoch-1.key"]);
  await again.close();
});

test("a crash between commit and end of the old key file is finished at start", async () => {
  const store = await home.open();
  const said = await say(store, id("ConversationId"), "kept");
  const before = readFileSync(key("epoch-1.key"));
  expect((await store.erase(EMPTY)).epoch).toEqual([1, 2]);
  await store.close();
  writeFileSync(key("epoch-1.key"), before, { mode: 0o600 });
  const again = await home.open();
  expect(await textOf(again, said.blob)).toBe("kept");
  expect(readdirSync(home.keysDir).filter((name) => name.startsWith("epoch"))).toEqual(["epoch-2.key"]);
  await again.close();
});

test("a lost signing key begins a ledger that names the one before", async () => {
  const store = await home.open();
  await say(store, id("ConversationId"), "x");
  const before = store.ledger.verifierKey().split("+")[0];
  await store.close();
  rmSync(key("ledger.key"));
  const again = await home.open();
  expect(again.ledger.entries(0, 1)).toMatchObject([
    { seq: 1, type: "key.rotated", body: { origin: before, entries: 1 } },
  ]);
  expect((await again.ledger.verify(null)).ok).toBe(true);
  await again.close();
});

test("a destroyed file is overwritten before it is unlinked", () => {
  const path = join(home.dir, "secret");
  writeFileSync(path, "secret");
  linkSync(path, join(home.dir, "witness"));
  destroyFile(path);
  expect(readFileSync(join(home.dir, "witness")).equals(Buffer.alloc(6))).toBe(true);
});

test("a copy of the data without the keys opens nothing", async () => {
  const store = await home.open();
  await say(store, id("ConversationId"), "x");
  await store.close();
  const other = testHome();
  cpSync(home.dataDir, other.dataDir, { recursive: true });
  chmodSync(other.dataDir, 0o700);
  await expect(other.open()).rejects.toMatchObject({ code: "home.unlock" });
  other.remove();
});
