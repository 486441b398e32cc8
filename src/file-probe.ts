/** Tries every wall from the inside and says which of them gave way: what a hostile file would try first. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { Worker } from "node:worker_threads";
import type { ProbeOrder } from "./file-reader.ts";

/** True where the attempt succeeded, which is where there is no wall. */
export type Probed = {
  readonly network: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly start: boolean;
  readonly thread: boolean;
  readonly environment: boolean;
};

const TRY_MS = 500;
/** A working directory is set by the walls themselves. */
const OWN_NAMES: ReadonlySet<string> = new Set(["PWD"]);

function works(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    // It was stopped: that is what is hoped for.
    return false;
  }
}

const opens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    try {
      const socket = connect({ port, host: "127.0.0.1", timeout: TRY_MS });
      const done = (open: boolean): void => {
        socket.destroy();
        resolve(open);
      };
      socket.on("connect", () => done(true));
      socket.on("error", () => done(false));
      socket.on("timeout", () => done(false));
    } catch {
      // Not even tried is stopped as well.
      resolve(false);
    }
  });

const readable = (path: string): boolean =>
  works(() => (statSync(path).isDirectory() ? readdirSync(path) : readFileSync(path)));
const writable = (folder: string): boolean => works(() => writeFileSync(`${folder}/.lazaret-probe`, ""));
const starts = (): boolean => {
  const { error, status } = spawnSync("/bin/sh", ["-c", ":"]);
  return error === undefined && status === 0;
};

const threads = (): boolean => works(() => void new Worker("", { eval: true }).terminate());

export async function probe({ port, hidden, writable: folders }: ProbeOrder): Promise<Probed> {
  return {
    network: await opens(port),
    read: hidden.some(readable),
    write: folders.some(writable),
    start: works(() => {
      if (!starts()) throw new Error("nothing was started");
    }),
    thread: threads(),
    environment: Object.keys(process.env).some((name) => !OWN_NAMES.has(name)),
  };
}
