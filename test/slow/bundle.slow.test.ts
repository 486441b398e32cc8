/** What is shipped: the bundle of a small program that does all a bundle can break, and the tarball of the real one. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { OUTSIDE } from "../../build/outside.ts";

const MAIN = `
/** \`new URL("./gone.ts", import.meta.url)\` in a comment is a word, not a file. */
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import Database from "better-sqlite3";
import fastify from "fastify";
import sodium from "libsodium-wrappers";

export async function main(): Promise<void> {
  await sodium.ready;
  const sql = readFileSync(new URL("./store/schema.sql", import.meta.url), "utf8");
  const thread = new Worker(new URL("./double-thread.ts", import.meta.url), { workerData: 21 });
  const lazy = await import("./lazy.ts");
  const app = fastify();
  app.get("/", async () => ({ n: 3 }));
  console.log(JSON.stringify({
    row: new Database(":memory:").prepare(sql).get(),
    doubled: (await once(thread, "message"))[0],
    lazy: lazy.answer,
    packs: readdirSync(new URL("../policy/packs/", import.meta.url)),
    hash: sodium.to_hex(sodium.crypto_generichash(4 * 4, "x")).length,
    body: (await app.inject("/")).body,
    args: process.argv.slice(2),
  }));
}
`;
const FILES: Readonly<Record<string, string>> = {
  "package.json": '{ "type": "module" }',
  "src/main.ts": MAIN,
  "src/lazy.ts": "export const answer: number = 7;",
  "src/double-thread.ts": `
    import { parentPort, workerData } from "node:worker_threads";
    import { double } from "../transforms/double.ts";
    parentPort?.postMessage(double(workerData as number));`,
  "transforms/double.ts": "export const double = (n: number): number => n * 2;",
  "src/store/schema.sql": "SELECT 42 AS n",
  "policy/packs/base.yaml": "{ version: 1, pack: base, title: Nothing., rules: [] }",
};
const ANSWER = {
  row: { n: 42 },
  doubled: 42,
  lazy: 7,
  packs: ["base.json", "base.yaml"],
  hash: 32,
  body: '{"n":3}',
  args: ["up"],
};

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lazaret-bundle-"));
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  cpSync("src/launch.cjs", join(root, "src/launch.cjs"));
});

afterEach(() => rmSync(root, { recursive: true }));

const run = (command: string, args: readonly string[], cwd = ".") =>
  spawnSync(command, args, { cwd, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: root } });
const bundle = (out = "dist") => run(process.execPath, ["build/bundle.ts", join(root, out), root]);

/** Every file below a folder with the hash of its bytes. */
function hashes(folder: string): string[] {
  const files = globSync("**/*", { cwd: folder, withFileTypes: true }).filter((it) => it.isFile());
  return files
    .map(({ name, parentPath }) => {
      const path = join(parentPath, name);
      return `${path.slice(folder.length)} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
    })
    .sort();
}

describe("the bundle", () => {
  test("does what the sources do, with threads, lazy parts, SQLite and files of its own", () => {
    expect(bundle().status).toBe(0);
    for (const part of ["src/main.ts", "src/store", "src/lazy.ts", "src/double-thread.ts", "transforms", "policy"]) {
      rmSync(join(root, part), { recursive: true });
    }
    const { stdout, stderr } = run(process.execPath, ["src/launch.cjs", "up"], root);
    expect({ answer: JSON.parse(stdout), stderr }).toEqual({ answer: ANSWER, stderr: "" });
  });

  test("is the same bytes from the same sources", () => {
    bundle("one");
    bundle("two");
    expect(hashes(join(root, "one"))).toEqual(hashes(join(root, "two")));
    expect(hashes(join(root, "one")).length).toBeGreaterThan(4);
  });

  test("reads nothing of Node by an import, which would load all that is behind it", () => {
    bundle();
    const files = globSync("*.js", { cwd: join(root, "dist") });
    const texts = files.map((name) => readFileSync(join(root, "dist", name), "utf8"));
    // The bundler's own runtime needs createRequire; the thread's file and ours read all else as `require` would.
    const named = texts.flatMap((text) => text.match(/^import .* from "node:.*$/gmu) ?? []);
    expect([...new Set(named)]).toEqual(['import { createRequire } from "node:module";']);
    expect(texts.join("\n")).toContain('process.getBuiltinModule("node:http")');
  });

  test("carries the licences of what is in it", () => {
    bundle();
    expect(readFileSync(join(root, "dist/LICENCES.txt"), "utf8")).toMatch(/^fastify \d.*\(MIT\)$/m);
  });

  test.each([
    ["a file that is not there", 'export const main = new URL("./gone.sql", import.meta.url);', "which is not there"],
    ["a file outside the project", 'export const main = new URL("../../x", import.meta.url);', "outside the project"],
    ["a path that bundling would lose", "export const main = import.meta.dirname;", "survives bundling"],
    ["a module that is not there", 'import "./gone.ts";', "gone.ts"],
  ])("is refused when the sources name %s", (_, text, why) => {
    writeFileSync(join(root, "src/main.ts"), text);
    const { status, stderr } = bundle();
    expect(status).not.toBe(0);
    expect(stderr).toContain(why);
  });
});

describe.skipIf(!existsSync("src/main.ts"))("the tarball", () => {
  const pack = (folder: string): { filename: string; integrity: string; files: { path: string }[] } => {
    mkdirSync(join(root, folder));
    return JSON.parse(run("npm", ["pack", "--json", "--silent", "--pack-destination", join(root, folder)]).stdout)[0];
  };

  test("is the same twice, and holds the bundle, the launcher and the documents only", () => {
    const [one, two] = [pack("one"), pack("two")];
    expect(one.integrity).toBe(two.integrity);
    const allowed =
      /^(?:(?:dist|deploy|examples)\/|(?:src\/launch\.cjs|config\.example\.yaml|package\.json|README\.md|LICENSE)$)/;
    expect(one.files.map(({ path }) => path).filter((path) => !allowed.test(path))).toEqual([]);
    expect(one.files.map(({ path }) => path)).toContain("dist/main.js");
  });

  test("has beside every policy pack what it says, as it says it", () => {
    const { filename } = pack("packs");
    expect(run("tar", ["-xzf", join(root, "packs", filename), "-C", join(root, "packs")]).status).toBe(0);
    const folder = join(root, "packs/package/dist/assets/policy/packs");
    const values = globSync("*.json", { cwd: folder });
    expect(values).toHaveLength(globSync("policy/packs/*.yaml").length);
    for (const name of values) {
      const text = readFileSync(join(folder, name.replace(/json$/, "yaml")), "utf8");
      expect(JSON.parse(readFileSync(join(folder, name), "utf8"))).toEqual(parse(text));
    }
  });

  test("answers in another folder", () => {
    const { filename } = pack("out");
    expect(run("tar", ["-xzf", join(root, "out", filename), "-C", join(root, "out")]).status).toBe(0);
    const { status, stdout } = run(process.execPath, ["package/src/launch.cjs", "--help"], join(root, "out"));
    expect({ status, named: stdout.includes("lazaret") }).toEqual({ status: 0, named: true });
  });

  test("makes a home and checks it with no package beside it but those that it depends on", () => {
    const { filename } = pack("alone");
    const there = join(root, "alone");
    expect(run("tar", ["-xzf", join(root, "alone", filename), "-C", there]).status).toBe(0);
    for (const name of OUTSIDE) {
      const link = join(there, "package/node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(resolve("node_modules", name), link);
    }
    const home = join(root, "made-home");
    const answer = (...words: string[]) =>
      run(process.execPath, ["package/src/launch.cjs", "--home", home, ...words], there);
    expect(answer("init")).toMatchObject({ status: 0 });
    expect(answer("ledger", "verify", "--json").status).toBe(3); // no daemon: its client part was there to say so
    expect(answer("doctor", "--json").stdout).toContain("store.");
  });
});
