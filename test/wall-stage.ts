/** A Lazaret with walls, its doors open, and the command line that starts programs behind them. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../src/cli/cli.ts";
import type { Offline } from "../src/cli/offline.ts";
import { startControl } from "../src/control/server.ts";
import type { WallHost } from "../src/core/wall.ts";
import { Connecting } from "../src/edge/connect.ts";
import { NetworkWall } from "../src/edge/wall.ts";
import { isAlive } from "../src/gateway/run-token.ts";
import type { Surface } from "../src/gateway/surface.ts";
import { boxPowers } from "../src/powers.ts";
import { wallFault } from "../src/wall-box.ts";
import { type AgentStage, agentStage } from "./agent-stage.ts";
import { PaperTerminal } from "./paper-terminal.ts";
import { random } from "./store-home.ts";
import { WALL } from "./world.ts";

export type WallStage = AsyncDisposable & {
  readonly stage: AgentStage;
  /** Its home; programs work in `here`, beside it. */
  readonly dir: string;
  readonly here: string;
  readonly port: number;
  /** Runs `lazaret ARGS…`; what it says, and its exit code when it has ended. */
  lazaret(...args: readonly string[]): { readonly terminal: PaperTerminal; readonly code: Promise<number> };
};

export async function wallStage(
  hosts: readonly WallHost[],
  offline: (stage: { readonly dir: string; readonly here: string }) => Offline,
): Promise<WallStage> {
  const root = mkdtempSync(join(tmpdir(), "lazaret-wall-"));
  const [dir, here] = [join(root, "home"), join(root, "work")];
  for (const each of [dir, here]) mkdirSync(each, { mode: 0o700 });
  const socketPath = join(dir, "lazaret.sock");
  let address: string | null = null;
  const connecting = new Connecting({ clock: WALL, resolve: async () => ["127.0.0.1"] });
  const wall = new NetworkWall({ clock: WALL, connecting, socketPath, door: () => address });
  const stage = await agentStage({ http: () => address }, { wall, settings: { wallHosts: hosts } });
  const { door, owner, store, powers, gateway } = stage.here;
  const surface = {
    door,
    owner,
    denied: () => {},
    tokenByHash: (hash: string) => {
      const found = store.find("token", "hash", hash, { limit: 1 })[0]?.value;
      return found !== undefined && isAlive(store, found, powers.clock.now()) ? found : null;
    },
  } as unknown as Surface;
  const control = await startControl({
    surface,
    socketPath,
    port: 0,
    hosts: ["127.0.0.1"],
    clock: powers.clock,
    random,
    uid: process.getuid?.() ?? null,
    fault: () => {},
  });
  address = control.address;
  await owner["token.revoke"]({ token: "helper" });
  return {
    stage,
    dir,
    here,
    port: Number(address?.split(":")[1]),
    lazaret: (...args) => {
      const terminal = new PaperTerminal("4711\n", true);
      const code = runCli(args, {
        terminal,
        offline: offline({ dir, here }),
        now: () => powers.clock.now(),
        homeOf: () => ({ home: dir, socket: socketPath, tokens: join(dir, "tokens") }),
        version: "0",
      });
      return { terminal, code };
    },
    async [Symbol.asyncDispose]() {
      await gateway.walls.close();
      await control.close();
      await stage.here.close();
      stage.here.home.remove();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Why no wall can stand here. Where the kernel lets this user have namespaces, that would be a fault of ours. */
export const noWall = (): Promise<string | null> => wallFault(boxPowers(process.env, tmpdir()));
