/**
 * The first process behind a wall. It brings up a loopback of its own, hides what would lead past it, listens where
 * clients look for a proxy and for the daemon, shows that nothing else answers, and only then starts the program,
 * without its own rights. With this process everything behind the wall ends.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, Socket } from "node:net";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";

export type BoxOrder = {
  readonly command: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string | null;
  readonly door: number | null;
  /** Directories and sockets that must not be seen. */
  readonly hide: readonly string[];
  /** A port of this machine's own loopback on which somebody listens, outside. */
  readonly bait: number;
  readonly token: string | null;
  readonly user: number;
  readonly group: number;
  readonly here: string;
};

const ORDERS = 3;
const REPORTS = 4;
/** The first that is there: iproute2, Perl (part of every Debian), busybox. `lo` is up and running: SIOCSIFFLAGS. */
const LOOPBACK_UP: readonly (readonly [program: string, ...args: string[]])[] = [
  ["ip", "link", "set", "lo", "up"],
  ["perl", "-e", 'socket(S,2,2,0) or exit 1; $r=pack("a16 s x22","lo",0x41); exit(ioctl(S,0x8914,$r)?0:1)'],
  ["busybox", "ip", "link", "set", "lo", "up"],
];
const RUN = "/run";
const NIXOS = "/run/current-system";
const OWN = "/run/lazaret";
const PROBE_MS_MAX = 3000;

class Fault extends Error {}

function run(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

function loopback(): void {
  if (!LOOPBACK_UP.some(([program, ...args]) => run(program, args)))
    throw new Fault("its loopback cannot be brought up: install iproute2 or perl");
  const strange = Object.keys(networkInterfaces()).filter((name) => name !== "lo");
  if (strange.length > 0) throw new Fault(`there is a network besides its own: ${strange.join(", ")}`);
}

/** An empty directory, or nothing, in place of what is there. */
function cover(path: string, size: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  const isDone = found.isDirectory()
    ? run("mount", ["-t", "tmpfs", "-o", `nosuid,nodev,mode=0755,size=${size}`, "tmpfs", path])
    : run("mount", ["--bind", "/dev/null", path]);
  if (!isDone) throw new Fault(`${path} cannot be hidden`);
}

function hide({ hide: paths, user }: BoxOrder): void {
  for (const path of paths) cover(path, "1m");
  // Where other programs of this machine and this user listen, and will. NixOS keeps its programs there too.
  cover(existsSync(NIXOS) ? "/run/user" : RUN, "64m");
  // Root would find switches of the whole machine in there.
  if (user === 0 && !(run("mount", ["--bind", "/proc/sys", "/proc/sys"]) && run("mount", REMOUNT)))
    throw new Fault("/proc/sys cannot be closed");
  mkdirSync(OWN, { recursive: true, mode: 0o700 });
}
const REMOUNT = ["-o", "remount,ro,bind", "/proc/sys"];

/** Listens on a port of the loopback in here and leads to a socket out there. */
function relay(port: number, path: string): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const out = connect({ path, allowHalfOpen: true });
    client.pipe(out).pipe(client);
    for (const [end, other] of [
      [client, out],
      [out, client],
    ] as const)
      end.on("error", () => {}).once("close", () => other.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

/** What became of trying to connect: `open`, or the kernel's word. */
function tried(place: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(place);
    const said = (word: string): void => {
      socket.destroy();
      resolve(word);
    };
    socket.once("connect", () => said("open"));
    socket.once("error", (error: Error & { readonly code?: string }) => said(error.code ?? "error"));
    socket.setTimeout(PROBE_MS_MAX, () => said("silence"));
  });
}

/** This machine's loopback, an address anywhere, another family, and every socket that was hidden: none answers. */
async function proved({ bait, hide: paths }: BoxOrder): Promise<void> {
  const own = await tried({ host: "127.0.0.1", port: bait });
  if (own !== "ECONNREFUSED") throw new Fault(`this machine's own loopback is still there (${own})`);
  for (const host of ["192.0.2.1", "2001:db8::1"]) {
    const out = await tried({ host, port: 443 });
    if (out !== "ENETUNREACH" && out !== "EADDRNOTAVAIL" && out !== "EAFNOSUPPORT")
      throw new Fault(`there is a way out besides its own (${out})`);
  }
  const routes = readFileSync("/proc/net/route", "utf8").trim().split("\n").length;
  if (routes > 1) throw new Fault("there is a route");
  for (const path of paths) {
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) continue;
    if ((await tried({ path })) === "open") throw new Fault(`${path} still answers`);
  }
}

function environmentOf(order: BoxOrder, proxy: number): Record<string, string> {
  const url = `http://127.0.0.1:${proxy}`;
  const proxies = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const own = "127.0.0.1,localhost";
  const file = order.token === null ? {} : { AGENT_TOKEN_FILE: `${OWN}/token` };
  return {
    ...order.environment,
    ...Object.fromEntries(proxies.map((name) => [name, url])),
    // This loopback is empty but for the proxy and the daemon's own door.
    no_proxy: own,
    NO_PROXY: own,
    NODE_USE_ENV_PROXY: "1",
    XDG_RUNTIME_DIR: OWN,
    ...file,
  };
}

/** In a user namespace below this one: what is hidden stays hidden, whatever the program may become in there. */
function start(order: BoxOrder, proxy: number): void {
  const { command, user, group, here } = order;
  const args = ["--user", `--map-user=${user}`, `--map-group=${group}`, "--", ...(command ?? [])];
  // In a session of its own, so that it can push no letters into the terminal's input.
  const child = spawn("unshare", args, {
    env: environmentOf(order, proxy),
    cwd: here,
    stdio: "inherit",
    detached: true,
  });
  child.on("error", () => process.exit(127));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

async function main(order: BoxOrder): Promise<void> {
  loopback();
  // Opened before it is hidden: from here on it is reached through this and nothing else.
  const place = order.directory === null ? null : `/proc/self/fd/${openSync(order.directory, "r")}`;
  hide(order);
  await proved(order);
  if (order.token !== null) writeFileSync(`${OWN}/token`, `${order.token}\n`, { mode: 0o600 });
  if (place === null || order.command === null) return report("standing", 0);
  const proxy = await relay(0, `${place}/proxy`);
  if (order.door !== null) await relay(order.door, `${place}/door`);
  report("standing");
  start(order, proxy);
}

function report(words: string, code?: number): void {
  writeFileSync(REPORTS, `${words}\n`);
  if (code !== undefined) process.exit(code);
}

const orders = createInterface({ input: new Socket({ fd: ORDERS, readable: true, writable: false }) });
orders.once("line", (line) => {
  main(JSON.parse(line) as BoxOrder).catch((error: unknown) => {
    report(error instanceof Error ? (error.message.split("\n")[0] ?? "unknown") : "unknown", 1);
  });
});
// Whoever started this is gone.
orders.once("close", () => process.exit(1));
