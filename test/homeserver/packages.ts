/**
 * Synapse for tests, unpacked from Debian's own packages into a folder of the user's cache: nothing is installed or
 * configured, no root, no change of the system. Debian's unstable suite is the one that has it, and it moves: names and
 * versions come from its signed index when the folder is filled, and every package is held against the checksum there.
 */
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync, globSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism, homedir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const SUITE = "sid";
const PACKAGE = "matrix-synapse";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const APT_MS_MAX = 10 * 60_000;
/** In each folder once it is whole: the packages in it, `sha256  file` a line. */
const MANIFEST = "packages.sha256";

/** Where Synapse lies, and the program and environment that run its Python. */
export type Synapse = {
  readonly version: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

const cacheFolder = (): string =>
  process.env["LAZARET_TEST_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "lazaret", "synapse");

/** The newest Synapse that lies whole in the cache; fetched where there is none. Throws what is missing, by name. */
export async function synapse(refresh = false): Promise<Synapse> {
  const cache = cacheFolder();
  const kept = refresh ? undefined : await newest(cache);
  return launcher(kept ?? (await fetchInto(cache)));
}

async function newest(cache: string): Promise<string | undefined> {
  if (!existsSync(cache)) return undefined;
  const whole = (await readdir(cache)).filter((name) => existsSync(join(cache, name, MANIFEST)));
  const last = whole.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  return last === undefined ? undefined : join(cache, last);
}

type Listed = { readonly file: string; readonly sha256: string };

/** Fills a folder beside the cache and moves it in whole: two that do this at once do not meet. */
async function fetchInto(cache: string): Promise<string> {
  const work = join(cache, `.filling-${randomUUID()}`);
  await mkdir(join(work, "apt", "lists", "partial"), { recursive: true });
  await mkdir(join(work, "apt", "cache", "archives", "partial"), { recursive: true });
  try {
    const apt = await aptIn(work);
    await apt(["update"]);
    const listed = listedIn(await apt(["--print-uris", "-y", "install", PACKAGE]));
    await apt(["-y", "--download-only", "install", PACKAGE]);
    const archives = join(work, "apt", "cache", "archives");
    for (const { file, sha256 } of listed) {
      const got = await digestOf(join(archives, file));
      if (got !== sha256) throw new Error(`${file} has the checksum ${got}, the index says ${sha256}`);
    }
    await unpack(
      listed.map(({ file }) => join(archives, file)),
      join(work, "root"),
    );
    const manifest = listed.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join("");
    await rm(join(work, "apt"), { recursive: true });
    await writeFile(join(work, MANIFEST), manifest);
    return await settle(work, cache, manifest);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function settle(work: string, cache: string, manifest: string): Promise<string> {
  const version = new RegExp(`${PACKAGE}_([^_]+)_`).exec(manifest)?.[1];
  if (version === undefined) throw new Error(`${PACKAGE} is not among the packages of ${SUITE}`);
  const digest = createHash("sha256").update(manifest).digest("hex").slice(0, 16);
  const place = join(cache, `${decodeURIComponent(version)}-${digest}`);
  await rename(work, place).catch((error: unknown) => {
    // Somebody else filled the very same folder meanwhile.
    if (!existsSync(join(place, MANIFEST))) throw error;
  });
  return place;
}

/** Apt with folders of its own and an EMPTY list of installed packages: all of it comes, libc and Python too. */
async function aptIn(work: string): Promise<(args: readonly string[]) => Promise<string>> {
  if (!existsSync(KEYRING)) throw new Error(`tests against Synapse need Debian's keyring: ${KEYRING} is missing`);
  const folder = join(work, "apt");
  const sources = join(folder, "sources.list");
  await writeFile(join(folder, "status"), "");
  await writeFile(sources, `deb [signed-by=${KEYRING}] ${await mirror()} ${SUITE} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    "Dir::Etc::sourceparts=/dev/null",
    "Dir::Etc::preferences=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    `Dir::State=${folder}`,
    `Dir::State::lists=${join(folder, "lists")}`,
    `Dir::State::status=${join(folder, "status")}`,
    `Dir::Cache=${join(folder, "cache")}`,
    "APT::Install-Recommends=false",
    "APT::Keep-Downloaded-Packages=true",
    "Acquire::Languages=none",
    // What --print-uris names: the strongest hash of the index that is sure to be there.
    "Acquire::ForceHash=SHA256",
    "Acquire::Retries=3",
    "Debug::NoLocking=true",
    ...(process.getuid?.() === 0 ? ["APT::Sandbox::User=root"] : []),
  ].flatMap((option) => ["-o", option]);
  return async (args) => {
    const whole = [...options, "-qq", ...args];
    const { stdout } = await run("apt-get", whole, { timeout: APT_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX });
    return stdout;
  };
}

/** The mirror this machine takes Debian from, else Debian's own. */
async function mirror(): Promise<string> {
  for (const file of ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]) {
    if (!existsSync(file)) continue;
    const found = /^(?:URIs:\s*|deb\s+(?:\[.*?\]\s+)?)(https?:\S+\/debian\/?)(?=\s|$)/m.exec(
      await readFile(file, "utf8"),
    );
    if (found?.[1] !== undefined) return found[1];
  }
  return "http://deb.debian.org/debian";
}

/** `'URI' file bytes SHA256:hex` a line. */
function listedIn(printed: string): readonly Listed[] {
  const listed = [...printed.matchAll(/^'[^']+' (\S+\.deb) \d+ SHA256:([0-9a-f]{64})$/gm)];
  if (listed.length === 0) throw new Error("apt named no packages with a SHA-256 checksum");
  return listed.map(([, file = "", sha256 = ""]) => ({ file: basename(file), sha256 }));
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}

async function unpack(archives: readonly string[], root: string): Promise<void> {
  await mkdir(root);
  const waiting = [...archives];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await run("dpkg-deb", ["-x", next, root]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** The unpacked Python through its own dynamic loader, with its own libraries and no others. */
function launcher(place: string): Synapse {
  const root = join(place, "root");
  const loader = globSync(join(root, "usr/lib/*-linux-gnu*/ld-linux*.so.*"))[0];
  const python = globSync(join(root, "usr/bin/python3.*")).find((path) => /python3\.\d+$/.test(path));
  if (loader === undefined || python === undefined) throw new Error(`${root} has no Python and loader: remove it`);
  const libraries = [loader.slice(0, loader.lastIndexOf("/")), join(root, "usr/lib")].join(":");
  return {
    version: basename(place),
    program: loader,
    args: ["--library-path", libraries, python],
    env: {
      PYTHONHOME: join(root, "usr"),
      PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
      PYTHONNOUSERSITE: "1",
      PYTHONPYCACHEPREFIX: join(place, "pycache"),
    },
  };
}

if (import.meta.main) console.log((await synapse(process.argv.includes("--refresh"))).version);
