/** What tests start does not outlive them. */
import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { mortal } from "./mortal.ts";

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH: it is gone
  }
};

test.skipIf(process.platform !== "linux")("a process of a test that was killed is killed, too", async () => {
  const [program, ...args] = mortal([process.execPath, "-e", "setInterval(() => {}, 1000)"]);
  const code = `const child = require("node:child_process").spawn(${JSON.stringify(program)}, ${JSON.stringify(args)});
    child.on("spawn", () => console.log(child.pid));`;
  const parent = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const pid = Number(
    await new Promise<string>((resolve) => parent.stdout.once("data", (said) => resolve(String(said)))),
  );
  expect(isThere(pid)).toBe(true);
  parent.kill("SIGKILL");
  for (const begun = performance.now(); isThere(pid) && performance.now() - begun < 5000; ) await pause(10);
  expect(isThere(pid)).toBe(false);
});
