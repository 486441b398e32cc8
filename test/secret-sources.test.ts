/** Secrets kept elsewhere: read when they are used, found wherever they turn up, another value another version. */
import { chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { secretSources } from "../src/secret-sources.ts";
import type { HomeStore } from "../src/store/store.ts";
import { permit, type TestHome, testHome } from "./store-home.ts";

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

const attach = (place: object): void =>
  store.attachSecrets(
    "default",
    secretSources([{ name: "key", ...place } as never], process.env, process.getuid?.() ?? null),
  );
const use = (): Promise<string> =>
  store.useSecret(permit([], "secret"), "default", "key", (bytes) => Buffer.from(bytes).toString());

test("a file of ours alone is one, and a link, an open one or none is not", async () => {
  const file = join(home.dir, "credential");
  writeFileSync(file, "first value\n", { mode: 0o600 });
  attach({ file });
  expect([store.secretNames("default"), store.secretVersion("default", "key")]).toEqual([["key"], null]);
  expect(await use()).toBe("first value");
  const version = store.secretVersion("default", "key");
  expect(store.secretsIn("default", Buffer.from("is first value there"))).toHaveLength(1);
  writeFileSync(file, "second value");
  expect(await use()).toBe("second value");
  expect(store.secretVersion("default", "key")).not.toBe(version);
  expect(store.secretsIn("default", Buffer.from("second value"))).toHaveLength(1);
  chmodSync(file, 0o644);
  await expect(use()).rejects.toMatchObject({ code: "home.insecure" });
  rmSync(file);
  await expect(use()).rejects.toMatchObject({ code: "not_found" });
  writeFileSync(join(home.dir, "other"), "other", { mode: 0o600 });
  symlinkSync(join(home.dir, "other"), file);
  await expect(use()).rejects.toMatchObject({ code: "not_found" });
  expect(readFileSync(join(home.dataDir, "lazaret.db")).includes("first value")).toBe(false);
});

test("a program says it, without a shell and without our environment; what fails says nothing of it", async () => {
  process.env["LAZARET_TEST_CANARY"] = "canary";
  attach({
    command: [
      process.execPath,
      "-e",
      "console.log('k=' + process.argv[1] + process.env.LAZARET_TEST_CANARY)",
      "$HOME;",
    ],
  });
  expect(await use()).toBe("k=$HOME;undefined");
  attach({ command: [process.execPath, "-e", "console.log('the secret'); process.exit(1)"] });
  await expect(use()).rejects.toMatchObject({ code: "not_found", message: expect.not.stringContaining("the secret") });
  attach({ command: ["/nowhere/at/all"] });
  await expect(use()).rejects.toMatchObject({ code: "not_found" });
  delete process.env["LAZARET_TEST_CANARY"];
});
