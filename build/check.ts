/**
 * `npm run check`: what one asks every few minutes: types, format, unused code, and
 * the tests that need nothing but the function they call (`npm test` runs all). As many steps at a time as there are
 * processors; what a step says comes in one piece when it ends. Names choose steps: `npm run check -- types biome`.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/** What the compiler remembers from the last time, so that the next takes a fraction. */
const remembered = (name: string): string[] => ["--incremental", "--tsBuildInfoFile", `.tmp/${name}.tsbuildinfo`];

/** Longest first, so that the short ones fill the gaps. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  types: ["tsc", ...remembered("types")],
  tests: ["vitest", "run", "--config", "vitest.check.config.ts"],
  pure: ["tsc", "-p", "tsconfig.pure.json", ...remembered("pure")],
  knip: ["knip", "--no-config-hints"],
  biome: ["biome", "check", "--error-on-warnings"],
};

/** Runs one step and prints what it said. Resolves to whether it passed; a step that cannot start has not passed. */
function run(name: string, [command = "", ...args]: readonly string[]): Promise<boolean> {
  const begun = performance.now();
  const output: Buffer[] = [];
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: process.stdout.isTTY ? { ...process.env, FORCE_COLOR: "1" } : process.env,
  });
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve) => {
    const end = (passed: boolean, why: string): void => {
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      process.stdout.write(
        `── ${name}: ${passed ? "passed" : why} in ${seconds} s\n${Buffer.concat(output).toString()}`,
      );
      resolve(passed);
    };
    child.on("error", (error) => end(false, error.message));
    child.on("close", (code, signal) => end(code === 0, `failed (${signal ?? code})`));
  });
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(STEPS);
const unknown = wanted.filter((name) => STEPS[name] === undefined);
if (unknown.length > 0) {
  console.error(`check: no step called ${unknown.join(", ")}; there are ${Object.keys(STEPS).join(", ")}`);
  process.exit(2);
}

const waiting = Object.entries(STEPS).filter(([name]) => wanted.includes(name));
const failed: string[] = [];
async function work(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (!(await run(...next))) failed.push(next[0]);
  }
}
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));
console.log(failed.length === 0 ? "check passed" : `check failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
