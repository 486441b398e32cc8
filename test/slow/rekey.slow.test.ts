/** The home's keys: another unlock survives a crash at every step, and a recovery file says when it is stale. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { homeKeys } from "../../src/home-keys.ts";
import { readRecovery, useRecovery } from "../../src/recovery.ts";
import { homeFacts } from "../../src/store/facts.ts";
import { unlockKind } from "../../src/store/unlock.ts";
import { testHome } from "../store-home.ts";

const WORDS = Buffer.from("correct horse battery");
const PASSPHRASE = { kind: "passphrase", passphrase: WORDS } as const;
const SECRET = { secrets: [{ tenant: "default", name: "k", bytes: Buffer.from("v") }] };

test("a passphrase takes the place of the key file and back, and what was sealed still opens", async () => {
  const home = testHome();
  let store = await home.open();
  await store.commit(SECRET);
  const root = store.ledger.verifierKey();
  await store.rekey(WORDS);
  await store.close();
  await expect(home.open()).rejects.toMatchObject({ code: "home.unlock" });
  await expect(home.open({ unlock: { kind: "passphrase", passphrase: Buffer.from("wrong") } })).rejects.toMatchObject({
    code: "home.unlock",
  });
  store = await home.open({ unlock: PASSPHRASE });
  expect(store.secretNames("default")).toEqual(["k"]);
  expect(store.ledger.verifierKey()).toBe(root);
  await store.rekey(null);
  await store.close();
  store = await home.open();
  expect(readdirSync(home.keysDir).sort()).toEqual([
    `epoch-${store.epoch}.key`,
    "ledger.key",
    "unlock.json",
    "unlock.key",
  ]);
  await store.close();
  home.remove();
});

test.each(["rekey.written", "erase.key.written", "erase.rewrapped", "erase.committed", "erase.key.destroyed"])(
  "a crash at %s leaves a home that one of the two opens",
  async (point) => {
    const home = testHome();
    let armed = false;
    const probe = (at: string): void => {
      if (armed && at === point) throw new Error("the power went");
    };
    const store = await home.open({ probe });
    await store.commit(SECRET);
    armed = true;
    await expect(store.rekey(WORDS)).rejects.toThrow();
    armed = false;
    await store.close().catch(() => undefined);
    const isNew = unlockKind(home.keysDir) === "passphrase";
    const again = await home.open(isNew ? { unlock: PASSPHRASE } : {});
    expect(again.secretNames("default")).toEqual(["k"]);
    expect(readdirSync(home.keysDir).filter((name) => name.startsWith("next"))).toEqual([]);
    await again.close();
    home.remove();
  },
);

test("a recovery file brings lost keys back, and is stale after an erasure", async () => {
  const home = testHome();
  let store = await home.open();
  await store.commit(SECRET);
  const keys = homeKeys(store, { keysDir: home.keysDir, credentialFile: null });
  const [old, fresh] = [join(home.dir, "old"), join(home.dir, "fresh")];
  await keys.recovery(old, "a long enough phrase");
  await expect(keys.recovery(old, "a long enough phrase")).rejects.toMatchObject({ code: "conflict" });
  expect(await keys.check(old)).toMatchObject({ ours: true, stale: false });
  const nothing = { conversations: [], messages: [], blobs: [], drop: [], put: [], refs: [], entries: [] };
  await store.erase({ tenant: "default", ...nothing });
  expect(await keys.check(old)).toMatchObject({ ours: true, stale: true, file_epoch: 1, epoch: 2 });
  await keys.recovery(fresh, "a long enough phrase");
  await store.close();
  rmSync(home.keysDir, { recursive: true });
  const facts = homeFacts(home.dataDir);
  const use = (file: string, phrase: string) => useRecovery(home.keysDir, readRecovery(file), phrase, facts);
  await expect(use(old, "a long enough phrase")).rejects.toMatchObject({ code: "home.unlock" });
  await expect(use(fresh, "another phrase")).rejects.toMatchObject({ code: "home.unlock" });
  expect(existsSync(join(home.keysDir, "unlock.key"))).toBe(false);
  await use(fresh, "a long enough phrase");
  await expect(use(fresh, "a long enough phrase")).rejects.toMatchObject({ code: "conflict" });
  store = await home.open();
  expect(store.secretNames("default")).toEqual(["k"]);
  await store.close();
  home.remove();
});
