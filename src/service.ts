/** `lazaret service`: a user unit of systemd that runs this very program. Nothing here needs root. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Service } from "./cli/offline.ts";
import type { Environment } from "./config/environment.ts";
import { Refusal } from "./core/refusal.ts";

const UNIT = "lazaret.service";
const TEMPLATE = new URL("../deploy/lazaret-user.service", import.meta.url);

export type ServicePowers = {
  readonly env: Environment;
  /** Node and launcher, absolute. */
  readonly command: readonly string[];
  /** `--home DIR` when the home is not where the program looks by itself. */
  readonly homeArguments: readonly string[];
  /** Null when there is no such program. */
  readonly run: (
    program: string,
    args: readonly string[],
  ) => Promise<{ readonly code: number; readonly said: string } | null>;
};

function unitPath(env: Environment): string {
  const given = env["XDG_CONFIG_HOME"] ?? "";
  return join(given === "" ? join(env["HOME"] ?? homedir(), ".config") : given, "systemd", "user", UNIT);
}

const isControl = (char: string): boolean => char < " " || char === "\u007f";

/** One word of ExecStart: systemd.service(5) unquotes it and expands % and $. */
function quoted(word: string): string {
  if ([...word].some(isControl)) {
    throw new Refusal("input.invalid", { hint: "A path in a unit cannot hold control characters." });
  }
  const plain = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `"${plain}"`;
}

/** The shipped unit with our own command in it. */
export function unitText({ command, homeArguments }: Pick<ServicePowers, "command" | "homeArguments">): string {
  const start = [...command, ...homeArguments, "up"].map(quoted).join(" ");
  return readFileSync(TEMPLATE, "utf8").replace(/^ExecStart=.*$/m, () => `ExecStart=${start}`);
}

const LINGER = "It starts with your session. To let it run without one: loginctl enable-linger";
const ALONE =
  "No systemd answers for this user, so nothing was started. With one: systemctl --user enable --now lazaret";

export function serviceOf(powers: ServicePowers): Service {
  const path = unitPath(powers.env);
  const does = async (...args: string[]): Promise<boolean> =>
    (await powers.run("systemctl", ["--user", ...args]))?.code === 0;
  return {
    path,
    install: async () => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, unitText(powers), { mode: 0o600 });
      const started = (await does("daemon-reload")) && (await does("enable", "--now", UNIT));
      return { path, started, words: [started ? LINGER : ALONE] };
    },
    status: async () => {
      const installed = existsSync(path);
      const current = installed && readFileSync(path, "utf8") === unitText(powers);
      const answer = await powers.run("systemctl", ["--user", "is-active", UNIT]);
      const [state = ""] = (answer?.said ?? "").trim().split("\n");
      return { path, installed, current, state: /^[a-z-]{1,32}$/.test(state) ? state : "unknown" };
    },
    uninstall: async () => {
      const removed = existsSync(path);
      if (removed) await does("disable", "--now", UNIT);
      rmSync(path, { force: true });
      if (removed) await does("daemon-reload");
      return { path, removed };
    },
  };
}
