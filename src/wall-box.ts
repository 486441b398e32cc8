/**
 * A program behind a wall: namespaces of its own for network, processes and mounts, in which a small relay of ours is
 * all that leads out (docs/wall.md). Nothing is started before the relay has shown that nothing else does.
 */
import { spawn } from "node:child_process";
import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join, sep } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Environment } from "./config/environment.ts";
import { linesOf } from "./core/lines.ts";
import { Refusal, type RefusalCode } from "./core/refusal.ts";
import type { BoxOrder } from "./wall-inside.ts";

export type Box = {
  /** Program and arguments; null only shows that a wall can stand. */
  readonly command: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the daemon's sockets of this wall are. */
  readonly directory: string | null;
  /** Where clients expect the daemon's own door; null: nowhere. */
  readonly door: number | null;
  /** What must not be seen in there: directories of the home. */
  readonly hide: readonly string[];
  readonly token: string | null;
  readonly stop: AbortSignal;
};

export type BoxPowers = {
  readonly env: Environment;
  readonly workingDirectory: string;
  readonly node: string;
  readonly user: number | null;
  readonly group: number | null;
};

const NAMESPACES = ["--user", "--map-root-user", "--net", "--ipc", "--mount", "--pid", "--fork", "--mount-proc"];
const SAID_CHARS_MAX = 4000;

/** Gives the program's exit code. Throws `wall.missing` where no wall stands, or why the daemon took it away. */
export async function runWalled(powers: BoxPowers, box: Box): Promise<number> {
  const { user, group, workingDirectory } = powers;
  if (user === null || group === null) throw missing("it is built of Linux namespaces, and this is no Linux");
  const here = realpathSync(workingDirectory);
  const hide = box.hide.flatMap(existing);
  if (hide.some((it) => here === it || here.startsWith(it + sep)))
    throw new Refusal("input.invalid", { hint: "This directory is hidden behind the wall; run it in another." });
  const bait = await listening();
  try {
    const { directory, command, environment, door, token } = box;
    const places = { directory, door, hide: [...hide, ...socketsOutside()], bait: portOf(bait) };
    return await started(powers, box, { ...places, command, environment, token, user, group, here });
  } finally {
    bait.close();
  }
}

/** Why no wall can stand here; null when one can. */
export async function wallFault(powers: BoxPowers): Promise<string | null> {
  const { signal: stop } = new AbortController();
  const probe = { command: null, environment: {}, directory: null, door: null, hide: [], token: null, stop };
  return runWalled(powers, probe).then(
    () => null,
    (error: unknown) => {
      if (error instanceof Refusal) return error.hint ?? error.message;
      throw error;
    },
  );
}

const missing = (why: string): Refusal => new Refusal("wall.missing", { hint: why });

/** The relay, first of its namespaces: with it everything in them ends, and it ends with us. */
function started(powers: BoxPowers, box: Box, order: BoxOrder): Promise<number> {
  const inside = fileURLToPath(new URL("./wall-inside.ts", import.meta.url));
  const args = [...NAMESPACES, "--kill-child=SIGKILL", "--", powers.node, "--disable-sigusr1", inside];
  const child = spawn("unshare", args, {
    // What stands in process 1's environment can be read in there.
    env: { PATH: powers.env["PATH"] ?? "", LC_ALL: "C" },
    stdio: box.command === null ? ["ignore", "ignore", "pipe", "pipe", "pipe"] : [0, 1, 2, "pipe", "pipe"],
  });
  const [orders, reports] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  orders.on("error", () => {}).write(`${JSON.stringify(order)}\n`);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
    if (said.length < SAID_CHARS_MAX) said += piece;
  });
  return new Promise((resolve, reject) => {
    let report: string | null = null;
    let ended: Refusal | null = null;
    // Everything behind the wall goes with it, and only then is it said.
    const end = (why: Refusal): void => {
      ended ??= why;
      child.kill("SIGKILL");
    };
    const stopped = (): void => void child.kill("SIGKILL");
    box.stop.addEventListener("abort", stopped, { once: true });
    if (box.directory !== null) held(join(box.directory, "hold"), end, child);
    void (async () => {
      for await (const line of linesOf(reports.setEncoding("utf8"), SAID_CHARS_MAX)) report ??= line;
    })().catch(() => {});
    child.on("error", () => reject(missing("there is no program unshare: install util-linux")));
    child.on("close", (code) => {
      box.stop.removeEventListener("abort", stopped);
      if (ended !== null) reject(ended);
      else if (report === "standing") resolve(code ?? 137);
      else if (box.stop.aborted) resolve(130);
      else reject(missing(report ?? reasonOf(said)));
    });
  });
}

/** A connection to the daemon for as long as the program runs: each side sees the other end. */
function held(path: string, end: (error: Refusal) => void, child: { once(event: "close", then: () => void): unknown }) {
  let told = "";
  const hold: Socket = connect(path);
  hold.setEncoding("utf8").on("data", (piece: string) => {
    told += piece;
    if (told.includes("\n")) hold.destroy();
  });
  hold.on("error", () => {});
  hold.once("close", () => end(refusalIn(told)));
  child.once("close", () => hold.destroy());
}

function refusalIn(line: string): Refusal {
  try {
    const { code, hint } = JSON.parse(line) as { readonly code: RefusalCode; readonly hint: string | null };
    return new Refusal(code, hint === null ? {} : { hint });
  } catch {
    return new Refusal("daemon.unreachable", { hint: "the daemon hung up, so the program was ended" });
  }
}

/** What the kernel's refusal means here, from unshare's own words. */
function reasonOf(said: string): string {
  const words = said.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
  if (/mount|proc/i.test(words)) return `${words}; in a container, give it its own /proc (docs/wall.md)`;
  return `${words === "" ? "unshare failed" : words}; allow user namespaces to ordinary users (docs/wall.md)`;
}

async function listening(): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const existing = (path: string): readonly string[] =>
  lstatSync(path, { throwIfNoEntry: false }) === undefined ? [] : [realpathSync(path)];

/** Sockets of others in the file system: a namespace of its own for the network does not shut those. */
function socketsOutside(): readonly string[] {
  const paths = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .map((line) => line.split(/\s+/).slice(7).join(" "))
    .filter((path) => path.startsWith("/"));
  return [...new Set(paths)].filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true);
}
