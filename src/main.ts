/**
 * Where the program meets the operating system: environment, signals, the command line.
 * Everything heavy is imported when needed.
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { runCli } from "./cli/cli.ts";
import type { Home } from "./cli/offline.ts";
import { openTerminal } from "./cli/terminal.ts";
import { homePaths } from "./home-paths.ts";
import { VERSION } from "./version.ts";

/** Runs the command line of this process and leaves its exit code. */
export async function main(): Promise<void> {
  // Files and sockets are nobody else's business, whatever the shell says.
  process.umask(0o077);
  const homeOf = (option: string | undefined): Home => {
    const { dataDir, socketPath, configFile } = homePaths(process.env, option, process.cwd());
    return { home: dataDir, socket: socketPath, tokens: join(dirname(configFile), "tokens") };
  };
  const { offlineVerbs } = await import("./offline-verbs.ts");
  const code = await runCli(process.argv.slice(2), {
    terminal: openTerminal(),
    offline: offlineVerbs(process.env, () => process.cwd()),
    now: () => Date.now(),
    homeOf,
    version: VERSION,
  });
  process.exitCode = code;
}

if (import.meta.main) await main();
