/** Programs as they are started: how long until they end or say something, and how much memory they hold. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

type Command = readonly [program: string, ...args: string[]];

/** Milliseconds from start to end. Throws when it does not end with 0. */
export function runMs([program, ...args]: Command, env: NodeJS.ProcessEnv = process.env): number {
  const from = performance.now();
  const { status, stderr } = spawnSync(program, args, { env, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - from;
}

/** Starts it and resolves at its first line that has `word`, with the milliseconds that took. */
export async function startMs(
  [program, ...args]: Command,
  env: NodeJS.ProcessEnv,
  word: string,
): Promise<{ readonly ms: number; readonly child: ChildProcess }> {
  const from = performance.now();
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes(word)) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`${program} ${args.join(" ")} ended with ${code}: ${said}`)));
  });
  return { ms: performance.now() - from, child };
}

/** Ends a process that was started here, and waits until it has. */
export async function ended(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

const KIB_IN_MIB = 1024;

/** Resident memory of a process in MiB; 0 where /proc does not say. */
export function rssOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / KIB_IN_MIB;
}

const TICK_MS = 10;

/** Processor time that a process has used so far, in milliseconds, to a hundredth of a second (proc(5)). */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

/** A loopback port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  server.close();
  await once(server, "close");
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}
