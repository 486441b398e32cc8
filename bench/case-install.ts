/** What a production install brings: packages, scripts that run, and megabytes, without the Node binaries. */
import { globSync, lstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Case } from "./case.ts";
import { program } from "./program.ts";

type Locked = {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
};

const root = fileURLToPath(new URL("../", import.meta.url));
const NODE_BINARY = /^node_modules\/node-(?:linux|darwin|win)-/;
const BYTES_IN_MB = 1e6;

function bytesIn(folder: string): number {
  const files = globSync("**/*", { cwd: folder, withFileTypes: true }).filter((it) => it.isFile());
  return files
    .filter(({ parentPath }) => !parentPath.slice(folder.length).includes("node_modules"))
    .reduce((sum, { parentPath, name }) => sum + lstatSync(join(parentPath, name)).size, 0);
}

/** From the lock file, so that the figure is the one that everybody's install has. */
function production(): readonly (readonly [path: string, it: Locked])[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  return Object.entries(packages).filter(
    ([path, it]) => path !== "" && it.dev !== true && it.devOptional !== true && !NODE_BINARY.test(path),
  );
}

/** Install scripts that npm would run: none that `allowScripts` sets to false. */
function scriptsOf(found: readonly (readonly [string, Locked])[]): number {
  const { allowScripts = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly allowScripts?: Readonly<Record<string, boolean>>;
  };
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  return found.filter(([path, it]) => it.hasInstallScript === true && allowScripts[nameOf(path)] !== false).length;
}

export const install: Case = {
  name: "install",
  bounds: [
    { ratio: "MB", at: "most", gate: 110, goal: 60 },
    { ratio: "packages", at: "most", gate: 100, goal: 70 },
    { ratio: "install scripts", at: "most", gate: 0, goal: 0 },
  ],
  begin: async (place) => ({
    round: async () => {
      const found = production();
      const bundle = bytesIn(join(dirname(dirname(program(place))), "dist"));
      const bytes = found.reduce((sum, [path]) => sum + bytesIn(join(root, path)), bundle);
      return {
        MB: bytes / BYTES_IN_MB,
        packages: found.length,
        "install scripts": scriptsOf(found),
        "bundle MB": bundle / BYTES_IN_MB,
      };
    },
    end: async () => {},
  }),
};
