/** `init --profile`: a configuration to begin with, for a household, a team, or whoever wants to be asked. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Home, Profile } from "./cli/offline.ts";
import type { Environment } from "./config/environment.ts";
import { Refusal } from "./core/refusal.ts";
import { pathsOf } from "./home-config.ts";

const PACKS: Readonly<Record<Profile, { readonly pack: string; readonly why: string }>> = {
  home: { pack: "chat-mode", why: "What goes to another conversation or a web address is asked first." },
  team: { pack: "team", why: "As chat-mode, and a second person says yes before anything goes elsewhere." },
  strict: { pack: "strict", why: "As chat-mode, and a person is asked before an agent is shown what was read." },
};

const textOf = (profile: Profile): string =>
  [
    `# Lazaret, profile ${profile}. Every key: config.example.yaml; lazaret config check says what is wrong.`,
    `# ${PACKS[profile].why}`,
    `policy: { packs: [${PACKS[profile].pack}] }`,
    "",
  ].join("\n");

/** Writes the file, 0600. Refuses `conflict` where there is one: what somebody wrote is theirs to change. */
export function writeProfile(env: Environment, home: Home, cwd: string, profile: Profile): string {
  const { configFile } = pathsOf(env, home, cwd);
  mkdirSync(dirname(configFile), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(configFile, textOf(profile), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const hint = `${configFile} is there: write policy: { packs: [${PACKS[profile].pack}] } into it instead.`;
    throw new Refusal("conflict", { hint });
  }
  return configFile;
}
