/** The process of one Matrix account: nothing but a pipe to the daemon. It ends when that does. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { MatrixAccount } from "../connectors/matrix/account.ts";
import { openStores } from "../connectors/matrix/stores.ts";
import type { Pipe } from "../connectors/matrix/wire.ts";
import { systemFetch, systemRandom, systemRequest, wallClock } from "./powers.ts";

process.umask(0o077);
// What the terminal sends to a group of processes is the daemon's to deal with.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

const parent: Pipe = {
  send: (message) => void process.send?.(message),
  onMessage: (listen) => void process.on("message", listen),
  onEnd: (listen) => void process.once("disconnect", listen),
  end: () => process.exit(0),
};

new MatrixAccount(parent, {
  clock: wallClock,
  random: systemRandom,
  request: systemFetch,
  ask: systemRequest,
  openStores: (files, keys, onFault) => {
    for (const file of Object.values(files)) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const random = (count: number): Uint8Array => systemRandom.bytes(count);
    return openStores(files, keys, { now: () => wallClock.now(), random, onFault });
  },
  end: () => process.exit(1),
});
