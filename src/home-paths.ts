/** Where everything lies: XDG for a person, the service manager's directories for a service, `--home` for one. Pure. */
import { createHash } from "node:crypto";
import { isAbsolute, join, resolve } from "node:path";
import type { Environment } from "./config/environment.ts";
import { Refusal } from "./core/refusal.ts";

export type HomePaths = {
  /** The database and its journal: all that a backup holds. */
  readonly dataDir: string;
  /** Epoch key and unlock key, never in a backup. */
  readonly keysDir: string;
  readonly configFile: string;
  /** Logs and exports. */
  readonly stateDir: string;
  readonly socketPath: string;
  /** A file of the service manager with what unlocks the home, if it is there; null outside a service. */
  readonly credentialFile: string | null;
  /** A file with the passphrase; null when none is named. */
  readonly passphraseFile: string | null;
  /** Who chose the place, for messages. */
  readonly from: "--home" | "STATE_DIRECTORY" | "LAZARET_HOME" | "XDG";
};

const SOCKET = "lazaret.sock";
/** What fits into `sun_path` on Linux, macOS and the BSDs. */
const SOCKET_PATH_BYTES_MAX = 103;
const CREDENTIAL = "lazaret.unlock";
/** Where systemd puts home and socket of the system unit; a command line has no RUNTIME_DIRECTORY to look at. */
const SYSTEM_HOME = "/var/lib/lazaret";
const SYSTEM_SOCKET = "/run/lazaret/lazaret.sock";

/** `HOME` for everything that a relative XDG path would be; the specification says to ignore those. */
function xdg(env: Environment, name: string, below: readonly string[]): string {
  const given = env[name];
  if (given !== undefined && isAbsolute(given)) return join(given, "lazaret");
  const home = env["HOME"] ?? env["USERPROFILE"];
  if (home === undefined || !isAbsolute(home))
    throw new Refusal("home.missing", { hint: "HOME is not set: say where with --home DIR or LAZARET_HOME" });
  return join(home, ...below, "lazaret");
}

/** systemd separates several directories by colons; ours is the first. */
function serviceDirectory(env: Environment, name: string): string | undefined {
  const first = env[name]?.split(":")[0];
  return first !== undefined && isAbsolute(first) ? first : undefined;
}

function runtimeDirectory(env: Environment): string | undefined {
  const given = env["XDG_RUNTIME_DIR"];
  return given !== undefined && isAbsolute(given) ? join(given, "lazaret") : undefined;
}

/** A socket inside the home, or, where that path is too long for one, beside the person's other sockets. */
function socketFor(home: string, env: Environment): string {
  if (home === SYSTEM_HOME) return SYSTEM_SOCKET;
  const inside = join(home, SOCKET);
  const runtime = runtimeDirectory(env);
  if (Buffer.byteLength(inside) <= SOCKET_PATH_BYTES_MAX || runtime === undefined) return inside;
  return join(runtime, `${createHash("sha256").update(home).digest("hex").slice(0, 16)}.sock`);
}

function checked(paths: HomePaths): HomePaths {
  if (Buffer.byteLength(paths.socketPath) <= SOCKET_PATH_BYTES_MAX) return paths;
  const hint = `the path of the socket is too long (${paths.socketPath}): choose a shorter home`;
  throw new Refusal("config.invalid", { field: "home", hint });
}

/**
 * `homeFlag` is `--home`, made absolute against `workingDirectory`. Precedence: --home, STATE_DIRECTORY, LAZARET_HOME,
 * XDG; RUNTIME_DIRECTORY and CREDENTIALS_DIRECTORY win wherever they are set. Refuses with `home.missing` when nothing
 * says where, `config.invalid` when the socket's path would be too long. Touches no file.
 */
export function homePaths(env: Environment, homeFlag: string | undefined, workingDirectory: string): HomePaths {
  const service = serviceDirectory(env, "STATE_DIRECTORY");
  const named = env["LAZARET_HOME"] === "" ? undefined : env["LAZARET_HOME"];
  const credentials = serviceDirectory(env, "CREDENTIALS_DIRECTORY");
  const runtime = serviceDirectory(env, "RUNTIME_DIRECTORY");
  const passphrase = env["LAZARET_PASSPHRASE_FILE"];
  const common = {
    credentialFile: credentials === undefined ? null : join(credentials, CREDENTIAL),
    passphraseFile: passphrase === undefined || passphrase === "" ? null : resolve(workingDirectory, passphrase),
  };
  const socketIn = (otherwise: string): string => (runtime === undefined ? otherwise : join(runtime, SOCKET));
  const chosen = homeFlag ?? service ?? named;
  if (chosen !== undefined) {
    const home = resolve(workingDirectory, chosen);
    const configDir = serviceDirectory(env, "CONFIGURATION_DIRECTORY");
    return checked({
      ...common,
      dataDir: home,
      keysDir: join(home, "keys"),
      configFile: join(homeFlag === undefined && configDir !== undefined ? configDir : home, "config.yaml"),
      stateDir: join(home, "state"),
      socketPath: socketIn(socketFor(home, env)),
      from: homeFlag !== undefined ? "--home" : service !== undefined ? "STATE_DIRECTORY" : "LAZARET_HOME",
    });
  }
  const dataDir = xdg(env, "XDG_DATA_HOME", [".local", "share"]);
  const configDir = xdg(env, "XDG_CONFIG_HOME", [".config"]);
  return checked({
    ...common,
    dataDir,
    keysDir: join(configDir, "keys"),
    configFile: join(configDir, "config.yaml"),
    stateDir: xdg(env, "XDG_STATE_HOME", [".local", "state"]),
    socketPath: socketIn(join(runtimeDirectory(env) ?? dataDir, SOCKET)),
    from: "XDG",
  });
}
