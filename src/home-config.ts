/** The configuration of a home on this machine: which file, what this build knows, what it says. */
import { existsSync, readFileSync } from "node:fs";
import type { Home } from "./cli/offline.ts";
import type { Environment } from "./config/environment.ts";
import { type Config, requireConfig, wordsOn } from "./config.ts";
import { type HomePaths, homePaths } from "./home-paths.ts";

/** The paths behind a home that the command line named already. */
export function pathsOf(env: Environment, home: Home, cwd: string): HomePaths {
  const byDefault = homePaths(env, undefined, cwd);
  return byDefault.dataDir === home.home ? byDefault : homePaths(env, home.home, cwd);
}

const KNOWN = {
  packs: ["chat-mode", "strict", "team"],
  channelKinds: ["console", "webhook", "telegram", "matrix"],
  models: true,
  http: true,
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

/** A configuration as it was read, with the text that it came from; null without a file. */
export type HomeConfig = { readonly config: Config; readonly text: string | null };

/** The home's configuration with its text. Throws as `homeConfig` does. */
export function readHomeConfig(env: Environment, home: Home, cwd: string): HomeConfig {
  const paths = pathsOf(env, home, cwd);
  const text = configText(paths);
  return { config: requireConfig(sourceOf(env, paths.configFile, text)).config, text };
}

/** An earlier text of the file, under the environment of now. Throws when it does not validate either. */
export const earlierConfig = (env: Environment, home: Home, cwd: string, text: string): Config =>
  requireConfig(sourceOf(env, pathsOf(env, home, cwd).configFile, text)).config;

/** The home's configuration. Throws `config.invalid` with every problem, each with line, column and key. */
export function homeConfig(env: Environment, home: Home, cwd: string): Config {
  return readHomeConfig(env, home, cwd).config;
}

/**
 * A household for attacks: on a network a group and a second one, an owner, an approver, a member; on the console its
 * owner. `named` gives the network's own id of somebody or of a room.
 */
export function configForAttacks(
  on: "console" | "webhook" | "telegram" | "matrix",
  packs: readonly string[],
  assurance: "low" | "medium",
  named: (name: string) => string,
): Config {
  const people = ["owner olga", "approver ben", "member ana"].map((it) => it.split(" "));
  const counts = on === "webhook" ? `, assurance: ${assurance}` : "";
  const network = [
    on === "matrix"
      ? 'channels: [{ name: alerts, kind: matrix, homeserver: "http://127.0.0.1:1" }]'
      : `channels: [{ name: alerts, kind: ${on}, secret: hook-alerts${counts} }]`,
    "conversations:",
    ...["family", "work"].map(
      (it) => `  - { alias: ${it}, channel: alerts, room: "${named(`room-${it}`)}", context: everyone }`,
    ),
    "people:",
    ...people.map(([role, who = ""]) => `  - { role: ${role}, id: "alerts:${named(who)}" }`),
  ];
  const text = [`policy: { packs: [${packs.join(", ")}] }`, ...(on === "console" ? [] : network)].join("\n");
  return requireConfig({ ...sourceOf({}, "attack.yaml", text), zone: "Europe/Vienna" }).config;
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
