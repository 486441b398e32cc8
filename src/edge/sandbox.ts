/**
 * A child behind walls: no network, no environment, nothing of the disk but what it runs from, read-only, and little
 * of the machine. The walls are bubblewrap's or the kernel's own namespaces; Node's permission model stands behind
 * either. Linux only. Whether they stand is proved by sandbox-probe.ts, never taken for granted.
 */
import { spawn } from "node:child_process";
import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FILE_CPU_SECONDS_MAX, FILE_DATA_BYTES_MAX } from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";

export type SandboxPlace = {
  /** The Node binary that runs this program. */
  readonly node: string;
  /** The child's own main. */
  readonly entry: URL;
  /** Where programs are looked for. */
  readonly programs?: readonly string[];
};

/** One way to start the child. */
export type Walls = {
  readonly name: "bubblewrap" | "namespaces";
  readonly program: string;
  readonly args: readonly string[];
  /** What is run inside: limits first, then Node, then its arguments. */
  readonly inside: readonly string[];
  readonly permissions: readonly string[];
  readonly entry: string;
};

const PROGRAMS = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin"];
const SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/nix/store"];
/** Mounted over in the child's own view: every Linux has it, and nobody inside needs it. */
const ROOT = "/sys";

const LIMITS = [
  `--cpu=${FILE_CPU_SECONDS_MAX}`,
  `--data=${FILE_DATA_BYTES_MAX}`,
  "--fsize=0",
  "--nofile=64",
  "--nproc=64",
  "--core=0",
  "--",
];

/** Bind, link or nothing: the same path inside as outside. */
type Shown = { readonly how: "folder" | "file" | "link"; readonly path: string; readonly target: string };

function shown(path: string): readonly Shown[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (found.isSymbolicLink()) return [{ how: "link", path, target: readlinkSync(path) }];
  return [{ how: found.isDirectory() ? "folder" : "file", path, target: path }];
}

/** What the child may read of ours: the folders of its program, and the file that says that it is modules. */
function ownFiles(entry: string): readonly string[] {
  const home = dirname(entry);
  const folders = entry.endsWith(".ts") ? [home, join(home, "../transforms")] : [home];
  return [...folders, join(home, "../package.json")].filter((path) => existsSync(path));
}

/** Binds, then a root without the way back, then no power over it. */
const SCRIPT = [
  "set -e",
  // Flags that the place has already may be added to, never taken away.
  'bind() { mount --bind "$1" "$2"; mount -o remount,bind,ro,nosuid,nodev "$2"; }',
  `mount -t tmpfs -o size=256k,mode=755 none ${ROOT}`,
  'while [ "$1" != -- ]; do',
  `  case "$1" in`,
  `    link) mkdir -p "${ROOT}\${2%/*}"; ln -s "$3" "${ROOT}$2";;`,
  `    folder) mkdir -p "${ROOT}$2"; bind "$3" "${ROOT}$2";;`,
  `    file) mkdir -p "${ROOT}\${2%/*}"; : > "${ROOT}$2"; bind "$3" "${ROOT}$2";;`,
  "  esac",
  "  shift 3",
  "done",
  "shift",
  `mount -o remount,bind,ro ${ROOT}`,
  `cd ${ROOT}`,
  // What a shell puts into the environment by itself.
  "unset PWD OLDPWD SHLVL _",
  `exec chroot ${ROOT} "$@"`,
].join("\n");

/** Every way that this machine has the programs for, the better one first. Nothing is started. */
export function wallsOf({ node, entry, programs = PROGRAMS }: SandboxPlace): readonly Walls[] {
  const find = (name: string): string | undefined =>
    [...programs, ...PROGRAMS].map((folder) => join(folder, name)).find((path) => existsSync(path));
  const [limit, bwrap, unshare, shell, setpriv] = ["prlimit", "bwrap", "unshare", "sh", "setpriv"].map(find);
  if (limit === undefined) return [];
  const main = fileURLToPath(entry);
  const binary = realpathSync(node);
  const own = ownFiles(main);
  const places = [...SYSTEM, binary, ...own].flatMap(shown);
  const permissions = ["--permission", ...own.map((path) => `--allow-fs-read=${allowed(path)}`)];
  const run = [binary, "--no-warnings", "--max-old-space-size=256"];
  const inside = { permissions, entry: main };
  const walls: Walls[] = [];
  if (bwrap !== undefined)
    walls.push({
      name: "bubblewrap",
      program: bwrap,
      args: wrapped(places),
      inside: [limit, ...LIMITS, ...run],
      ...inside,
    });
  if (unshare !== undefined && shell !== undefined && setpriv !== undefined) {
    const powerless = [setpriv, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];
    walls.push({
      name: "namespaces",
      program: unshare,
      args: apart(shell, places),
      inside: [limit, ...LIMITS, ...powerless, ...run],
      ...inside,
    });
  }
  return walls;
}

const allowed = (path: string): string => (statSync(path).isDirectory() ? join(path, "*") : path);

function wrapped(places: readonly Shown[]): readonly string[] {
  const binds = places.flatMap(({ how, path, target }) =>
    how === "link" ? ["--symlink", target, path] : ["--ro-bind", target, path],
  );
  const walls = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"];
  return [
    ...walls,
    ...binds,
    "--remount-ro",
    "/",
    "--chdir",
    "/",
    "--uid",
    "65534",
    "--gid",
    "65534",
    "--cap-drop",
    "ALL",
    "--",
  ];
}

function apart(shell: string, places: readonly Shown[]): readonly string[] {
  const spaces = ["--user", "--map-root-user", "--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup"];
  const binds = places.flatMap(({ how, path, target }) => [how, path, target]);
  return [...spaces, "--fork", "--kill-child", shell, "-c", SCRIPT, "sh", ...binds, "--"];
}

export type Told = {
  /** What it wrote to its standard output. */
  readonly bytes: Uint8Array;
  readonly code: number | null;
};

export type Asking = {
  readonly stdin: readonly Uint8Array[];
  readonly deadlineMs: number;
  readonly answerBytesMax: number;
  /** Without Node's own wall, to see what the others hold alone. */
  readonly bare?: boolean;
  readonly stop?: AbortSignal;
};

/**
 * Starts the child, hands it its input and gives what it said. Ends it at the deadline (`transform.timeout`) and when
 * it says more than it may (`transform.failed`). Nothing of the input is in an argument, an environment or a file.
 */
export function runInside(walls: Walls, clock: Clock, asking: Asking): Promise<Told> {
  const { stdin, deadlineMs, answerBytesMax, bare = false, stop } = asking;
  const { program, args, inside, permissions, entry } = walls;
  return new Promise((resolve, reject) => {
    const node = bare ? [entry] : [...permissions, entry];
    const child = spawn(program, [...args, ...inside, ...node], {
      env: {},
      cwd: "/",
      stdio: ["pipe", "pipe", "ignore"],
    });
    const parts: Buffer[] = [];
    let size = 0;
    const end = (refusal: Refusal): void => {
      child.kill("SIGKILL");
      reject(refusal);
    };
    const forget = clock.at(clock.now() + deadlineMs, () => end(new Refusal("transform.timeout")));
    stop?.addEventListener("abort", () => end(new Refusal("daemon.stopping")), { once: true });
    child.stdout.on("data", (part: Buffer) => {
      size += part.length;
      if (size > answerBytesMax) end(new Refusal("transform.failed"));
      else parts.push(part);
    });
    // A child that was ended reads no more; how it ended is told by its code.
    child.stdin.on("error", () => {});
    child.on("error", () => {
      forget();
      reject(new Refusal("transform.failed"));
    });
    child.on("close", (code) => {
      forget();
      resolve({ bytes: Buffer.concat(parts), code });
    });
    for (const part of stdin) child.stdin.write(part);
    child.stdin.end();
  });
}
