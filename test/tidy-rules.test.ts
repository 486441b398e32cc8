/** That the rules of `tidy.test.ts` can fail: each is shown what it forbids, and its nearest lawful neighbour. */
import { describe, expect, test } from "vitest";
import { sourceOf } from "./source.ts";
import { floorOf, LIMITS, longLines, longParts, SOLE, soleFaults, strayImports } from "./tidy.ts";

const strays = (file: string, text: string): string[] => strayImports(sourceOf(file, text));
const held = (file: string, text: string): string[] =>
  soleFaults(sourceOf(file, text)).map((fault) => fault.replace(/ \(.*/, ""));
const faults = (text: string): readonly string[] => sourceOf("src/core/x.ts", text).faults;
const mentioning = (word: string): string => `// ${word}: mend this\nexport const a = 1;\n`;

describe("floors", () => {
  test("a path is on the most particular floor that holds it", () => {
    expect(["src/core/ids.ts", "src/main.ts", "connectors/matrix/crypto.ts"].map(floorOf)).toEqual([
      "src/core/",
      "src/",
      "connectors/",
    ]);
    expect(["src/attic/x.ts", "lib/x.ts", "test/x.test.ts"].map(floorOf)).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ["upward", "src/store/db.ts", 'import { up } from "../gateway/receive.ts";', ["src/gateway/receive.ts"]],
    ["sideways", "policy/decide.ts", 'import type { X } from "../transforms/x.ts";', ["transforms/x.ts"]],
    ["to main", "src/control/server.ts", 'import { main } from "../main.ts";', ["src/main.ts"]],
    ["to a library of another floor", "transforms/x.ts", 'import { parse } from "yaml";', ["yaml"]],
    ["to a built-in without its prefix", "src/core/x.ts", 'import { join } from "path";', ["node:path"]],
    ["lazily", "src/gateway/x.ts", 'const it = await import("fastify");', ["fastify"]],
    ["by re-export", "src/core/x.ts", 'export { db } from "../store/db.ts";', ["src/store/db.ts"]],
    ["by a type", "src/core/x.ts", 'type Db = import("better-sqlite3").Database;', ["better-sqlite3"]],
    ["for its effect", "src/core/x.ts", 'import "node:fs";', ["node:fs"]],
    ["to a neighbour whose name begins alike", "transforms/x.ts", 'import "zodiac";', ["zodiac"]],
  ])("an import %s is found", (_, file, text, expected) => {
    expect(strays(file, text)).toEqual(expected);
  });

  test("what the table allows is let through", () => {
    expect(strays("src/core/x.ts", 'import { z } from "zod/v4";\nimport { a } from "./a.ts";')).toEqual([]);
    expect(
      strays("src/store/db.ts", 'import Database from "better-sqlite3";\nimport { open } from "node:fs";'),
    ).toEqual([]);
    expect(strays("src/main.ts", 'import { up } from "./cli/up.ts";\nimport fastify from "fastify";')).toEqual([]);
    expect(strays("src/core/x.ts", '// import { x } from "../main.ts"\nconst s = \'import "node:fs"\';')).toEqual([]);
  });
});

const HOLDINGS: readonly (readonly [thing: string, file: string, text: string])[] = [
  ["libsodium", "src/store/keys.ts", 'import sodium from "libsodium-wrappers";'],
  ["SQLite", "src/store/records.ts", 'import type { Database } from "better-sqlite3";'],
  ["SQLite", "src/store/records.ts", 'const { default: Database } = await import("better-sqlite3");'],
  ["the engine's own", "connectors/x.ts", 'import { serialize } from "node:v8";'],
  ["minting a permit", "src/gateway/invoke.ts", 'import { mintPermit as mint } from "../core/permit.ts";'],
  ["building a permit", "src/gateway/permit.ts", "export const p = new Permit(use, scope);"],
  ["the process", "src/gateway/x.ts", "export const home = process.env;"],
  ["the process", "src/store/x.ts", 'import { env } from "node:process";'],
  ["the process", "src/store/x.ts", "export const it = { process };"],
  ["the clock", "src/gateway/x.ts", "export const now = () => Date.now();"],
  ["the clock", "src/gateway/x.ts", 'export const now = () => Date["now"]();'],
  ["the clock", "src/gateway/x.ts", "export const now = () => new Date();"],
  ["the clock", "src/gateway/x.ts", "const Clock = Date;\nexport const now = () => Clock.now();"],
  ["the clock", "src/gateway/x.ts", "const { now } = Date;"],
  ["timers", "connectors/x.ts", "setTimeout(retry, 10);"],
  ["randomness", "connectors/x.ts", "export const id = () => Math.random();"],
  ["randomness", "connectors/x.ts", "const { random } = Math;"],
  ["randomness", "connectors/x.ts", 'import { createHmac, randomUUID as id } from "node:crypto";'],
  ["randomness", "connectors/x.ts", 'import * as all from "node:crypto";'],
  ["randomness", "connectors/x.ts", "export const id = () => crypto.randomUUID();"],
  ["sockets", "connectors/x.ts", "export const get = () => fetch(url);"],
  ["sockets", "connectors/x.ts", 'import { request } from "https";'],
  ["the web server", "src/main.ts", 'import { fastify } from "fastify";'],
  ["other processes", "src/store/x.ts", 'import { spawn } from "node:child_process";'],
  ["threads", "src/control/x.ts", 'import { Worker } from "node:worker_threads";'],
  ["code from text", "src/main.ts", "export const run = (text: string) => new Function(text);"],
  ["imports nobody can read", "src/main.ts", "const it = await import(name);"],
  ["imports nobody can read", "src/main.ts", 'import { createRequire } from "node:module";'],
  ["paths that the bundle loses", "src/store/db.ts", "export const here = import.meta.dirname;"],
  ["the global object", "src/main.ts", 'export const f = globalThis["fetch"];'],
  ["the console", "src/cli/cli.ts", "console.log(1);"],
  ["objects that let unknown keys pass", "src/core/x.ts", "export const X = z.object({});"],
  ["another SQLite", "src/store/db.ts", 'import { DatabaseSync } from "node:sqlite";'],
  ["a debugger", "src/main.ts", 'import { open } from "node:inspector";'],
  ["what differs between machines and moments", "policy/x.ts", "export const day = (ms: number) => new Date(ms);"],
  ["what differs between machines and moments", "transforms/x.ts", "names.sort((a, b) => a.localeCompare(b));"],
  ["what differs between machines and moments", "src/core/x.ts", "export type At = Date;"],
];

describe("dangerous things", () => {
  test.each(HOLDINGS)("%s in %s is found", (thing, file, text) => {
    expect(held(file, text)).toContain(thing);
  });

  test("every row of the table was shown its thing above", () => {
    const shown = new Set(HOLDINGS.map(([thing]) => thing));
    expect(SOLE.map(({ thing }) => thing).filter((thing) => !shown.has(thing))).toEqual([]);
  });

  test("a holder may hold its own thing and nothing else", () => {
    expect(
      held("src/store/seal.ts", 'import sodium from "libsodium-wrappers";\nimport { randomBytes } from "node:crypto";'),
    ).toEqual([]);
    expect(held("src/main.ts", "process.exitCode = Date.now();\nsetTimeout(stop, 1);")).toEqual([]);
    expect(held("src/store/seal.ts", "export const now = Date.now();")).toEqual(["the clock"]);
  });

  test("members, keys, declarations, comments and strings of the same name are not the thing", () => {
    const text = `
      // process.exit() and Date.now() and eval("1")
      export type Powers = { readonly fetch: () => void; process(): void; readonly crypto: string };
      export const step = (powers: Powers): string => {
        powers.fetch();
        powers.process();
        return "Date.now() " + powers.crypto;
      };
      export const table = { process: 1, console: 2, Date: 3 };
      export const day = (at: number) => Math.floor(at / 86_400_000);
    `;
    expect(held("src/core/x.ts", text)).toEqual([]);
  });
});

describe("limits", () => {
  const filled = (lines: number): string => `export function long(): void {\n${"  step();\n".repeat(lines - 2)}}\n`;

  test("the last line that fits fits, and one more does not", () => {
    expect(longParts(sourceOf("src/x.ts", "a;\n".repeat(LIMITS.fileLinesMax)))).toEqual([]);
    expect(longParts(sourceOf("src/x.ts", "a;\n".repeat(LIMITS.fileLinesMax + 1)))).toEqual(["301 lines"]);
    expect(longParts(sourceOf("src/x.ts", filled(LIMITS.functionLinesMax)))).toEqual([]);
    expect(longParts(sourceOf("src/x.ts", filled(LIMITS.functionLinesMax + 1)))).toEqual(["long has 71 lines"]);
    expect(longLines(sourceOf("src/x.ts", `// ${"x".repeat(LIMITS.columnsMax - 3)}`))).toEqual([]);
    expect(longLines(sourceOf("src/x.ts", `\n// ${"x".repeat(LIMITS.columnsMax - 2)}`))).toEqual([
      "line 2 has 121 columns",
    ]);
  });

  test("methods, arrows and accessors are functions too; the body of a test is not", () => {
    const body = "  step();\n".repeat(LIMITS.functionLinesMax);
    const named = (text: string): string[] =>
      sourceOf("x.ts", text)
        .functions.filter((f) => f.lines > 70)
        .map((f) => f.name);
    expect(named(`export class A {\n  #hold(): void {\n${body}}\n}`)).toEqual(["#hold"]);
    expect(named(`export const hold = async (): Promise<void> => {\n${body}};`)).toEqual(["hold"]);
    expect(named(`export class A {\n  get size(): number {\n${body}}\n}`)).toEqual(["size"]);
    expect(named(`on("x", () => {\n${body}});`)).toEqual(["line 1"]);
    expect(named(`describe.each([1])("x", () => {\n${body}});\ntest("y", () => {\n${body}});`)).toEqual([]);
  });
});

describe("faults", () => {
  test.each([
    ["a default export", "export default 1;"],
    ["a default export", "export default function f() {}"],
    ["a default export", "const a = 1;\nexport { a as default };"],
    ["a barrel: export * from", 'export const a = 1;\nexport * from "./b.ts";'],
    ["a barrel: nothing of its own", '/** All. */\nexport { b } from "./b.ts";\nexport { c } from "./c.ts";'],
    ["the type any", "export const a = (b as any).c;"],
    ["the type any", "export function f(a: any[]): void {}"],
    ["a silenced compiler", "// @ts-expect-error it is wrong\nexport const a: number = '';"],
    ["unfinished work", mentioning("TODO")],
    ["unfinished work", mentioning("FIXME")],
    ["a mock", 'vi.mock("../src/store/db.ts");'],
    ["a test set aside", 'test.skip("later", () => {});'],
    ["a test set aside", 'describe.only("this", () => {});'],
    ["a test named with should", 'it("should work", () => {});'],
    ["an error swallowed without a why", "try {\n  a();\n} catch {\n}"],
  ])("%s is found", (fault, text) => {
    expect(faults(text).some((found) => found.startsWith(fault))).toBe(true);
  });

  test("lawful neighbours are let through", () => {
    const text = [
      'export const marker = "TODO";',
      "export const pattern = /TODO:|FIXME/;",
      'export { b } from "./b.ts";',
      "export const company = many;",
      "try {\n  a();\n} catch {\n  // gone already, which is what we want\n}",
      'test.skipIf(windows)("sockets have modes", () => {});',
      'test.each(rows)("a row holds", () => {});',
    ].join("\n");
    expect(faults(text)).toEqual([]);
  });
});
