/**
 * A whole daemon on a temporary home: every verb of the owner, without doors. The clock is turned by hand; the
 * threads are shared.
 */
import { join } from "node:path";
import type { Config } from "../src/config.ts";
import { type Daemon, type DaemonPowers, startDaemon } from "../src/daemon.ts";
import type { HomeStore } from "../src/store/store.ts";
import { configOf } from "./config-reading.ts";
import { random, type TestHome } from "./store-home.ts";
import { threads } from "./world.ts";

export type DaemonWorld = {
  readonly daemon: Daemon;
  readonly owner: Daemon["surface"]["owner"];
  readonly store: HomeStore;
  close(): Promise<void>;
};

export async function daemonOn(
  home: TestHome,
  config: Config = configOf(null),
  more: Partial<DaemonPowers> = {},
): Promise<DaemonWorld> {
  const store = await home.open();
  const daemon = await startDaemon({
    store,
    config,
    clock: home.clock,
    random,
    log: () => {},
    worker: new URL("../src/worker.ts", import.meta.url),
    transforms: threads(),
    version: "test",
    home: home.dataDir,
    hashPin: async (pin) => pin,
    checkPin: async (pin, hash) => pin === hash,
    doctor: async () => [],
    exportLedger: (file) => store.exportLedger(file),
    http: () => null,
    request: (url, asking) => fetch(url, asking),
    stop: () => {},
    ...more,
  });
  await daemon.settle();
  return { daemon, owner: daemon.surface.owner, store, close: () => daemon.close() };
}

export const inHome = (home: TestHome, name: string): string => join(home.dir, name);
