/** Starting, waiting, and one word on the command line, each beside a Node that does nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bigHome } from "./big-home.ts";
import type { Case } from "./case.ts";
import { ended, freePort, rssOf, runMs, startMs } from "./process.ts";
import { configure, envIn, program } from "./program.ts";

/** As the goal says: at rest. */
const IDLE_MS = 30_000;
const NOTHING = [process.execPath, "-e", "0"] as const;
const IDLE = "console.log('up'); setInterval(() => {}, 1e6)";

export const start: Case = {
  name: "start",
  bounds: [
    { ratio: "ready / node -e 0", at: "most", gate: 10, goal: 4.5 },
    { ratio: "--help / node -e 0", at: "most", gate: 4, goal: 4 },
    { ratio: "command / node -e 0", at: "most", gate: 8, goal: 4 },
    { ratio: "idle RSS / empty Node", at: "most", gate: 3, goal: 2.2 },
  ],
  begin: async (place) => {
    const launcher = program(place);
    const { dir: home } = await bigHome(place, place.smoke ? 4_000 : 1_000_000);
    configure(home, await freePort());
    const env = envIn(place.dir);
    const verb = (...words: string[]) => [process.execPath, launcher, "--home", home, ...words] as const;
    runMs([process.execPath, launcher, "--help"], env);
    return {
      round: async () => {
        const nothing = Math.min(...[1, 2, 3].map(() => runMs(NOTHING)));
        const help = Math.min(...[1, 2, 3].map(() => runMs(verb("--help"), env)));
        const { ms, child } = await startMs(verb("up"), env, "is up");
        const command = Math.min(...[1, 2, 3].map(() => runMs(verb("channel", "list"), env)));
        await sleep(IDLE_MS);
        const idle = rssOf(child.pid ?? 0);
        await ended(child);
        const empty = await emptyRss();
        return {
          "ready / node -e 0": ms / nothing,
          "--help / node -e 0": help / nothing,
          "command / node -e 0": command / nothing,
          "idle RSS / empty Node": idle / empty,
          "node -e 0 ms": nothing,
          "ready ms": ms,
          "idle RSS MB": idle,
          "empty Node RSS MB": empty,
        };
      },
      end: async () => {},
    };
  },
};

async function emptyRss(): Promise<number> {
  const child = spawn(process.execPath, ["-e", IDLE], { stdio: ["ignore", "pipe", "ignore"], cwd: join("/") });
  await once(child.stdout, "data");
  await sleep(500);
  const rss = rssOf(child.pid ?? 0);
  await ended(child);
  return rss;
}
