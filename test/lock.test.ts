import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockHome } from "../src/store/lock.ts";
import { testHome } from "./store-home.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lazaret-lock-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HOLDER = `
const { lockHome } = await import(process.argv[1]);
try { lockHome(process.argv[2]); gc(); console.log("held"); } catch (error) { console.log(error.code); }
setInterval(() => undefined, 1000);`;

/** Another process that takes the lock, or says why not. */
async function holder() {
  const lockModule = new URL("../src/store/lock.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", HOLDER, lockModule, dir]);
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { said: said.toString().trim(), end };
}

test("a home is held by one at a time in this process", () => {
  const lock = lockHome(dir);
  expect(() => lockHome(dir)).toThrow(expect.objectContaining({ code: "home.locked" }));
  lock.release();
  lock.release();
  lockHome(dir).release();
});

test("a home is held by one process at a time, and SIGKILL gives it back", { timeout: 30_000 }, async () => {
  const first = await holder();
  expect(first.said).toBe("held");
  expect(() => lockHome(dir)).toThrow(expect.objectContaining({ code: "home.locked" }));
  await first.end();
  const lock = lockHome(dir);
  const second = await holder();
  expect(second.said).toBe("home.locked");
  await second.end();
  lock.release();
});

test("an open store holds its home, and a closed one does not", async () => {
  const home = testHome();
  const store = await home.open();
  await expect(home.open()).rejects.toMatchObject({ code: "home.locked" });
  await store.close();
  await (await home.open()).close();
  home.remove();
});

test("a home that did not open is not held", async () => {
  const home = testHome();
  await expect(home.open({ create: false })).rejects.toMatchObject({ code: "home.missing" });
  await (await home.open()).close();
  home.remove();
});
