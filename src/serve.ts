/** A home on this machine and the daemon that serves it: files, lock, doors, signals. Wired by main.ts. */
import { existsSync, readFileSync } from "node:fs";
import { placesOf } from "./checkpoint-places.ts";
import type { Home, Offline } from "./cli/offline.ts";
import type { Environment } from "./config/environment.ts";
import type { Config } from "./config.ts";
import { startControl } from "./control/server.ts";
import { TENANT_DEFAULT } from "./core/ids.ts";
import { isRefusal, Refusal } from "./core/refusal.ts";
import type { Owner } from "./core/verbs/all.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { doctor } from "./doctor.ts";
import { factsOf } from "./doctor-facts.ts";
import { wallBeside } from "./edge/wall.ts";
import { fileSandbox, filesFor } from "./file-sandbox.ts";
import { setWrong } from "./gateway/owner.ts";
import { grantPermit } from "./gateway/permit.ts";
import { earlierConfig, type HomeConfig, pathsOf, readHomeConfig } from "./home-config.ts";
import { homeKeys } from "./home-keys.ts";
import type { HomePaths } from "./home-paths.ts";
import { keepGood, lastGood } from "./last-good.ts";
import { notifying } from "./notify.ts";
import {
  checkPin,
  hashPin,
  onSignals,
  openProcess,
  ownUser,
  runProgram,
  stderrLog,
  systemGit,
  systemRandom,
  systemRequest,
  wallClock,
} from "./powers.ts";
import { secretSources } from "./secret-sources.ts";
import { hashing } from "./store/hashing.ts";
import { isHome } from "./store/home.ts";
import { openStore } from "./store/open.ts";
import { restoreHome } from "./store/restore.ts";
import type { HomeStore } from "./store/store.ts";
import { type Unlock, unlockKind } from "./store/unlock.ts";
import { VERSION } from "./version.ts";

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
    // An editor ends the last line; that is no part of what was thought of.
    const text = readFileSync(passphraseFile, "utf8").replace(/\r?\n$/, "");
    return { kind: "passphrase", passphrase: Buffer.from(text.normalize("NFKC")) };
  }
  return { kind: "file" };
}

function openHome(paths: HomePaths, create: boolean): Promise<HomeStore> {
  const { dataDir, keysDir, stateDir } = paths;
  return openStore({
    dataDir,
    keysDir,
    stateDir,
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
  const isThere = isHome(paths.dataDir);
  if (!isThere) await (await openHome(paths, true)).close();
  return !isThere;
}

type Running = {
  readonly daemon: Daemon;
  readonly store: HomeStore;
  readonly paths: HomePaths;
  readonly config: Config;
  /** What a person should know of this start. */
  readonly news: readonly string[];
  http: string | null;
};

const NEWS_CHARS_MAX = 500;

/** The configuration as it is, or, when it does not validate, the one that the daemon started with last. */
async function configFor(
  env: Environment,
  home: Home,
  cwd: string,
  store: HomeStore,
): Promise<HomeConfig & { readonly news: readonly string[] }> {
  try {
    return { ...readHomeConfig(env, home, cwd), news: [] };
  } catch (error) {
    if (!isRefusal(error) || error.code !== "config.invalid") throw error;
    const kept = await lastGood({ store, hashing });
    if (kept === null) throw error;
    const config = earlierConfig(env, home, cwd, kept.text);
    const [first = ""] = (error.hint ?? "").split("\n");
    const since = new Date(kept.at).toISOString();
    const words = `The configuration is not valid, so the one of ${since} stays in force. ${first.trim()}`;
    return { config, text: null, news: [words.slice(0, NEWS_CHARS_MAX)] };
  }
}

/** What an upgrade did to the home, and the way back. */
function upgradeNews({ upgraded }: HomeStore): readonly string[] {
  if (upgraded === null) return [];
  const { from, to, copy } = upgraded;
  const way = `stop, install the version from before, and run: lazaret restore ${copy}`;
  return [`The home went from schema ${from} to ${to}. A verified copy from before is in ${copy}; to go back, ${way}`];
}

async function run(env: Environment, home: Home, cwd: string, stop: () => void): Promise<Running> {
  const paths = pathsOf(env, home, cwd);
  // Nothing is made for a configuration that was never good.
  if (!isHome(paths.dataDir)) readHomeConfig(env, home, cwd);
  const sandbox = fileSandbox(paths);
  const store = await openHome(paths, true);
  const running: { http: string | null } = { http: null };
  try {
    const chosen = await configFor(env, home, cwd, store);
    const news = [...upgradeNews(store), ...chosen.news];
    store.attachSecrets(TENANT_DEFAULT, secretSources(chosen.config.secrets, env, ownUser));
    const config = { ...chosen.config, notes: [...news, ...chosen.config.notes] };
    const files = await filesFor(store, sandbox);
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
      doctor: async (it, residue) =>
        doctor(await factsOf(it, store, paths, { http: running.http, sandbox: await sandbox.proved() }, residue)),
      exportLedger: (file) => store.exportLedger(file),
      keys: homeKeys(store, paths),
      http: () => running.http,
      wall: wallBeside(paths.socketPath, wallClock, () => running.http),
      request: systemRequest,
      ...(files === null ? {} : { files }),
      openPipe: () => openProcess(new URL("./matrix-account.ts", import.meta.url)),
      places: placesOf(config, {
        git: systemGit,
        clock: wallClock,
        request: systemRequest,
        withSecret: (name, use) => {
          const permit = grantPermit({ by: "gateway", why: "send" }, "secret", "checkpoint.place", []);
          return store.useSecret(permit, TENANT_DEFAULT, name, use);
        },
      }),
      stop,
    });
    // Whoever restarts the daemon holds its files: the PIN may be tried again.
    await setWrong(daemon.powers, 0);
    if (chosen.text !== null) await keepGood(daemon.powers, chosen.text);
    return Object.assign(running, { daemon, store, paths, config, news });
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

const reachedBy = (http: string | null): string => (http === null ? "No HTTP." : `HTTP: http://${http}.`);

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
  const { daemon, paths, config } = running;
  const manager = notifying(env, wallClock, (args) => void runProgram("systemd-notify", args));
  const fault = (where: string, error: unknown): void =>
    stderrLog("daemon", { fault: where, kind: error instanceof Error ? error.name : "unknown" });
  try {
    const control = await startControl({
      surface: daemon.surface,
      socketPath: paths.socketPath,
      port: config.port,
      clock: wallClock,
      random: systemRandom,
      uid: ownUser,
      fault,
      version: VERSION,
    });
    running.http = control.address;
    const forget = onSignals(stop);
    try {
      ways.say(`Lazaret ${VERSION} is up. Home: ${paths.dataDir}. ${reachedBy(control.address)}`);
      for (const words of running.news) ways.say(words);
      manager.ready(reachedBy(control.address));
      void daemon.settle().catch((error: unknown) => fault("settle", error));
      await ways.ready({ stop });
      return await stopping.promise;
    } finally {
      manager.stopping();
      forget();
      await control.close();
    }
  } finally {
    await daemon.close();
  }
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
