/** That `.ci/run` cannot pass by accident: a copy of it in an empty folder, with an npm that does as it is told. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const report = (numPassedTests: number, numFailedTests: number, success = numFailedTests === 0): string =>
  JSON.stringify({ numPassedTests, numFailedTests, success });

let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "lazaret-ci-"));
  for (const folder of [".ci", "bin", "test/slow"]) mkdirSync(join(clone, folder), { recursive: true });
  cpSync(".ci/run", join(clone, ".ci/run"));
  symlinkSync(process.execPath, join(clone, "bin/node"));
});

afterEach(() => rmSync(clone, { recursive: true }));

/** What npm does for each first word, as lines of shell; nothing and success where none is given. */
function run(npm: Readonly<Record<string, string>>): { status: number | null; last: string; said: string } {
  const cases = Object.entries(npm).map(([words, script]) => `"${words}"*) ${script} ;;`);
  const bin = join(clone, "bin/npm");
  writeFileSync(bin, `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\nesac\n`);
  chmodSync(bin, 0o755);
  const { status, stdout, stderr } = spawnSync(join(clone, ".ci/run"), [], {
    encoding: "utf8",
    env: { PATH: `${dirname(bin)}:${process.env["PATH"]}` },
  });
  return { status, last: stdout.trimEnd().split("\n").at(-1) ?? "", said: stdout + stderr };
}

const writes = (name: string, text: string): string => `echo '${text}' > "$VITEST_REPORTS/${name}.json"`;
const QUICK = { test: writes("quick", report(5, 0)) };
const SLOW = "run --silent test:slow";

describe.skipIf(process.platform === "win32")("the run", () => {
  test("passes when every suite does, and adds up their tests", () => {
    expect(run({ ...QUICK, [SLOW]: writes("slow", report(2, 0)) })).toMatchObject({
      status: 0,
      last: "7 passed, 0 failed",
    });
  });

  test.each([
    ["a test that failed", { ...QUICK, [SLOW]: `${writes("slow", report(2, 3))}; exit 1` }, "7 passed, 3 failed"],
    ["a suite that died without a report", { ...QUICK, [SLOW]: "kill -9 $$" }, "5 passed, 1 failed"],
    ["a check", { ...QUICK, "run --silent check": "exit 1" }, "5 passed, 1 failed"],
    [
      "a test file that did not load",
      { test: `${writes("quick", report(5, 0, false))}; exit 1` },
      "5 passed, 1 failed",
    ],
    ["having no tests at all", {}, "0 passed, 0 failed"],
    ["an installation", { ci: "exit 3" }, "0 passed, 1 failed"],
  ])("is failed by %s", (_, npm, last) => {
    expect(run(npm)).toMatchObject({ status: 1, last });
  });

  test("goes on after a suite that failed, and stops after an installation that did", () => {
    const marked = { ...QUICK, [SLOW]: "echo slow was here" };
    expect(run({ ...marked, test: "exit 1" }).said).toContain("slow was here");
    expect(run({ ...marked, ci: "exit 1" }).said).not.toContain("slow was here");
  });

  test("does not empty somebody else's node_modules", () => {
    symlinkSync(tmpdir(), join(clone, "node_modules"));
    const { status, said } = run({ ...QUICK, ci: "echo emptied" });
    expect(status).toBe(1);
    expect(said).not.toContain("emptied");
  });
});
