/** A home on this machine and the daemon that serves it: files, lock, doors, signals. Wired by main.ts. */
import { existsSync, lstatSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Home, Offline } from "./cli/offline.ts";
import type { Environment } from "./config/environment.ts";
import { type Config, requireConfig, wordsOn } from "./config.ts";
import { startControl } from "./control/server.ts";
import { TENANT_DEFAULT } from "./core/ids.ts";
import { Refusal } from "./core/refusal.ts";
import type { Owner } from "./core/verbs/all.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { type DoctorFacts, doctor } from "./doctor.ts";
import type { Place } from "./doctor-home.ts";
import { setWrong } from "./gateway/owner.ts";
import type { Log } from "./gateway/powers.ts";
import { type HomePaths, homePaths } from "./home-paths.ts";
import { checkPin, hashPin, systemRandom, wallClock } from "./powers.ts";
import { openStore } from "./store/open.ts";
import { restoreHome } from "./store/restore.ts";
import type { HomeStore } from "./store/store.ts";
import { type Unlock, unlockKind } from "./store/unlock.ts";
import { VERSION } from "./version.ts";

/** The paths behind a home that the command line named already. */
function pathsOf(env: Environment, home: Home, cwd: string): HomePaths {
  const byDefault = homePaths(env, undefined, cwd);
  return byDefault.dataDir === home.home ? byDefault : homePaths(env, home.home, cwd);
}

const KNOWN = {
  packs: ["chat-mode", "strict", "team"],
  channelKinds: ["console", "webhook"],
  models: false,
  http: false,
} as const;

const configText = (paths: HomePaths): string | null =>
  existsSync(paths.configFile) ? readFileSync(paths.configFile, "utf8") : null;

const sourceOf = (env: Environment, file: string, text: string | null) => ({
  file,
  text,
  env,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  known: KNOWN,
});

/** The home's configuration. Throws `config.invalid` with every problem, each with line, column and key. */
export function homeConfig(env: Environment, home: Home, cwd: string): Config {
  const paths = pathsOf(env, home, cwd);
  return requireConfig(sourceOf(env, paths.configFile, configText(paths))).config;
}

export async function checkHomeConfig(
  env: Environment,
  home: Home,
  cwd: string,
  file: string | null,
  showOrigin: boolean,
) {
  const paths = pathsOf(env, home, cwd);
  const name = file ?? paths.configFile;
  const text = file === null ? configText(paths) : readFileSync(file, "utf8");
  return { file: name, words: wordsOn(requireConfig(sourceOf(env, name, text)), showOrigin) };
}

function unlockOf(paths: HomePaths): Unlock {
  const { credentialFile, passphraseFile, keysDir } = paths;
  const kind = unlockKind(keysDir);
  if (credentialFile !== null && existsSync(credentialFile) && kind !== "file" && kind !== "passphrase")
    return { kind: "credential", path: credentialFile };
  if (kind === "passphrase" || (kind === null && passphraseFile !== null)) {
    if (passphraseFile === null)
      throw new Refusal("home.unlock", {
        hint: "This home opens with a passphrase: name a file that holds it in LAZARET_PASSPHRASE_FILE.",
      });
    return { kind: "passphrase", passphrase: readFileSync(passphraseFile) };
  }
  return { kind: "file" };
}

function openHome(paths: HomePaths, create: boolean): Promise<HomeStore> {
  const { dataDir, keysDir } = paths;
  return openStore({
    dataDir,
    keysDir,
    clock: wallClock,
    random: systemRandom,
    unlock: unlockOf(paths),
    tenant: TENANT_DEFAULT,
    create,
  });
}

/** Makes a home. False when there was one. */
export async function makeHome(env: Environment, home: Home, cwd: string): Promise<boolean> {
  const paths = pathsOf(env, home, cwd);
  const isThere = existsSync(join(paths.dataDir, "lazaret.db"));
  if (!isThere) await (await openHome(paths, true)).close();
  return !isThere;
}

/** Lines of JSON on standard error: an event of a closed kind, a time, numbers and internal ids. */
const stderrLog: Log = (event, fields) => {
  process.stderr.write(`${JSON.stringify({ time: new Date(wallClock.now()).toISOString(), event, ...fields })}\n`);
};

type Running = { readonly daemon: Daemon; readonly store: HomeStore; readonly paths: HomePaths; http: string | null };

async function run(env: Environment, home: Home, cwd: string, stop: () => void): Promise<Running> {
  const paths = pathsOf(env, home, cwd);
  const config = homeConfig(env, home, cwd);
  const store = await openHome(paths, true);
  const running: { http: string | null } = { http: null };
  try {
    const daemon = await startDaemon({
      store,
      config,
      clock: wallClock,
      random: systemRandom,
      log: stderrLog,
      worker: new URL("./worker.ts", import.meta.url),
      version: VERSION,
      home: paths.dataDir,
      hashPin,
      checkPin,
      doctor: async (it, residue) => doctor(await factsOf(it, store, paths, config, running.http, residue)),
      exportLedger: (file) => store.exportLedger(file),
      http: () => running.http,
      stop,
    });
    // Whoever restarts the daemon holds its files: the PIN may be tried again.
    await setWrong(daemon.powers, 0);
    return Object.assign(running, { daemon, store, paths });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** For verbs that need no daemon when none runs: the home is opened under its lock, asked once, and closed. */
export async function once<T>(
  env: Environment,
  home: Home,
  cwd: string,
  ask: (owner: Owner) => Promise<T>,
): Promise<T> {
  const { daemon } = await run(env, home, cwd, () => {});
  try {
    return await ask(daemon.surface.owner);
  } finally {
    await daemon.close();
  }
}

/** Runs the daemon until it is told to stop, and gives the exit code. */
export async function serve(
  env: Environment,
  home: Home,
  cwd: string,
  ways: Parameters<NonNullable<Offline["up"]>>[1],
): Promise<number> {
  const stopping = Promise.withResolvers<number>();
  const stop = (): void => stopping.resolve(0);
  const running = await run(env, home, cwd, stop);
  const { daemon, paths } = running;
  const { port } = homeConfig(env, home, cwd);
  const fault = (where: string, error: unknown): void =>
    stderrLog("daemon", { fault: where, kind: error instanceof Error ? error.name : "unknown" });
  const uid = process.getuid?.() ?? null;
  try {
    const control = await startControl({
      surface: daemon.surface,
      socketPath: paths.socketPath,
      port,
      clock: wallClock,
      random: systemRandom,
      uid,
      fault,
    });
    running.http = control.address;
    const forget = onSignals(stop);
    try {
      ways.say(
        `Lazaret ${VERSION} is up. Home: ${paths.dataDir}. ${control.address === null ? "No HTTP." : `HTTP: http://${control.address}.`}`,
      );
      await ways.ready({ stop });
      return await stopping.promise;
    } finally {
      forget();
      await control.close();
    }
  } finally {
    await daemon.close();
  }
}

const SECOND_SIGNAL_MS = 1000;

/** The first signal stops in order. npm sends it twice at once; a later second one means now. */
function onSignals(stop: () => void): () => void {
  let first: number | null = null;
  const told = (): void => {
    const now = wallClock.now();
    if (first !== null && now - first > SECOND_SIGNAL_MS) process.exit(130);
    first ??= now;
    stop();
  };
  process.on("SIGTERM", told);
  process.on("SIGINT", told);
  return () => {
    process.off("SIGTERM", told);
    process.off("SIGINT", told);
  };
}

export async function bringBack(
  env: Environment,
  home: Home,
  cwd: string,
  from: { readonly file: string; readonly dryRun: boolean },
) {
  const paths = pathsOf(env, home, cwd);
  const { dataDir, keysDir } = paths;
  if (from.dryRun) {
    const { readBackup } = await import("./store/backup.ts");
    const manifest = readBackup(from.file);
    return {
      messages: 0,
      entries: 0,
      words: [`A backup of ${new Date(manifest.created).toISOString()}, ${manifest.bytes} bytes, whole.`],
    };
  }
  const restored = await restoreHome({
    dataDir,
    keysDir,
    clock: wallClock,
    random: systemRandom,
    unlock: unlockOf(paths),
    tenant: TENANT_DEFAULT,
    backupDir: from.file,
  });
  const { messages } = restored.store.counts();
  const { entries } = restored.before;
  await restored.store.close();
  return { messages, entries, words: ["What was erased since this backup was made stays erased."] };
}

function placeOf(path: string, role: Place["role"]): Place {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { path, role, found: "missing", mode: null, isOurs: true, links: 1 };
  const kind = found.isSymbolicLink()
    ? "link"
    : found.isDirectory()
      ? "directory"
      : found.isFile()
        ? "file"
        : found.isSocket()
          ? "socket"
          : "other";
  return {
    path,
    role,
    found: kind,
    mode: found.mode,
    isOurs: found.uid === (process.getuid?.() ?? found.uid),
    links: found.nlink,
  };
}

const OURS = /^(?:lazaret\.db(?:-wal|-shm)?|daemon\.lock(?:-journal)?|config\.yaml|keys|state|lazaret\.sock)$/;

async function factsOf(
  daemon: Daemon,
  store: HomeStore,
  paths: HomePaths,
  config: Config,
  http: string | null,
  residue: boolean,
): Promise<DoctorFacts> {
  const { owner } = daemon.surface;
  const status = await owner.status({});
  const { tokens } = await owner["token.list"]({});
  const agents = tokens.filter(
    ({ scopes, revoked, expires_at }) => scopes.includes("agent") && !revoked && expires_at > wallClock.now(),
  );
  const disk = statfsSync(paths.dataDir);
  const last = store.ledger.entries(Math.max(0, store.ledger.size() - 1), 1)[0]?.time ?? null;
  const backups = (await owner["ledger.entries"]({ after: 0, type: "backup.made", limit: 1000 })).entries;
  return {
    now: wallClock.now(),
    nodeVersion: process.version,
    dataDir: paths.dataDir,
    keysDir: paths.keysDir,
    places: [
      placeOf(paths.dataDir, "directory"),
      placeOf(paths.keysDir, "directory"),
      ...readdirSync(paths.keysDir).map((name) => placeOf(join(paths.keysDir, name), "file")),
      placeOf(join(paths.dataDir, "lazaret.db"), "file"),
      placeOf(paths.configFile, "configuration"),
      placeOf(paths.socketPath, "socket"),
    ],
    freeBytes: disk.bavail * disk.bsize,
    pragmas: store.pragmas(),
    ledger: await store.ledger.verify(null),
    clock: { lastCommittedAt: last, deletionWaits: store.get("setting", "clock/leap")?.value.value === true },
    agents: {
      tokens: agents.length,
      sameUser: agents.length === 0 ? false : null,
      pinSet: store.get("setting", "pin") !== null,
    },
    channels: status.channels,
    policy: { packs: status.policy.packs, rules: status.policy.rules, fault: daemon.policyFault() },
    listen: http === null ? [] : [http],
    backup: { lastAt: backups.at(-1)?.time ?? null, messages: status.store.messages },
    sandbox: { program: null, needed: false },
    residue: residue
      ? {
          journalClean: store.clean(),
          strangers: readdirSync(paths.dataDir).filter((name) => !OURS.test(name)),
          pending: 0,
        }
      : null,
  };
}
