/** A transform that reaches for the machine does not build: types refuse the names, the house refuses the rest. */
import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import { sourceOf } from "./source.ts";
import { soleFaults, strayImports } from "./tidy.ts";

const FILE = "transforms/probe.ts";

/** Errors of the pure project's compiler on one more transform. */
function typeErrors(code: string): readonly number[] {
  const { config } = ts.readConfigFile("tsconfig.pure.json", (path) => readFileSync(path, "utf8"));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
  const host = ts.createCompilerHost({ ...options, noEmit: true });
  const plain = host.getSourceFile.bind(host);
  host.getSourceFile = (name, how, ...rest) =>
    name === FILE ? ts.createSourceFile(name, code, how) : plain(name, how, ...rest);
  const program = ts.createProgram([FILE], { ...options, noEmit: true }, host);
  const file = program.getSourceFile(FILE);
  return program.getSemanticDiagnostics(file).map((diagnostic) => diagnostic.code);
}

test.each([
  ["Buffer", "export const f = (text: string) => Buffer.from(text);"],
  ["fetch", 'export const f = () => fetch("https://example.org");'],
  ["process", "export const f = () => process.env;"],
  ["timers", "export const f = () => setTimeout(() => {}, 1);"],
  ["the global crypto", "export const f = () => crypto.randomUUID();"],
])("%s does not exist there as a name", (_, code) => {
  expect(typeErrors("export const f = 1;")).toEqual([]);
  expect(typeErrors(code)).not.toEqual([]);
});

test.each([
  ["a clock", "export const f = () => Date.now();"],
  ["another clock", "export const f = () => new Date();"],
  ["randomness", "export const f = () => Math.random();"],
  ["a module of the platform", 'import { readFileSync } from "node:fs";\nexport const f = readFileSync;'],
  ["the network", 'import { connect } from "node:net";\nexport const f = connect;'],
  ["code from text", 'export const f = () => new Function("return 1");'],
  ["the machine's language", 'export const f = (a: string) => a.localeCompare("b");'],
])("%s is refused by the rules of the house", (_, code) => {
  const clean = sourceOf(FILE, "export const f = 1;");
  expect([...soleFaults(clean), ...strayImports(clean)]).toEqual([]);
  const source = sourceOf(FILE, code);
  expect([...soleFaults(source), ...strayImports(source)]).not.toEqual([]);
});
