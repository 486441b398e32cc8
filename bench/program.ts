/** The program as it is shipped, in a folder of its own: launcher, bundle, and the packages beside it. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Place } from "./case.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const path = (name: string): string => join(root, name);

/** Builds it once a run. Answers the launcher's path. */
export function program({ dir }: Place): string {
  const folder = join(dir, "program");
  const launcher = join(folder, "src/launch.cjs");
  if (existsSync(launcher)) return launcher;
  mkdirSync(join(folder, "src"), { recursive: true });
  const build = spawnSync(process.execPath, [path("build/bundle.ts"), join(folder, "dist"), root], {
    encoding: "utf8",
  });
  if (build.status !== 0) throw new Error(`the bundle cannot be built: ${build.stderr}`);
  cpSync(path("package.json"), join(folder, "package.json"));
  symlinkSync(path("node_modules"), join(folder, "node_modules"));
  cpSync(path("src/launch.cjs"), launcher);
  return launcher;
}

/** An environment that knows no home but the given directory. */
export const envIn = (dir: string): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: dir,
  XDG_CACHE_HOME: join(dir, "cache"),
});

/** A configuration with a port of our own, so that no running daemon is in the way. */
export function configure(home: string, port: number): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "config.yaml"), `listen: { port: ${port} }\n`, { mode: 0o600 });
}
