/** A story that runs in a process of its own, and is killed at one of its points when it is told to. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * What it told in lines of JSON until it ended or was killed. `root` holds its compiled code, `dir` its home. Rejects
 * with its own words when it failed.
 */
export function toldBy<Told>(story: string, root: string, dir: string, killAt: string): Promise<readonly Told[]> {
  mkdirSync(dir, { recursive: true });
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, "cache") };
  const child = spawn(process.execPath, [story, dir, killAt], { stdio: ["ignore", "pipe", "pipe"], env });
  let [out, wrong] = ["", ""];
  child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (wrong += piece.toString()));
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (signal !== "SIGKILL" && code !== 0) return reject(new Error(wrong));
      resolve(out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Told])));
    });
  });
}
