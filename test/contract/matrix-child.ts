/** The process of a Matrix account as the program starts it, but for its clock: that stands where its parent's does. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { MatrixAccount } from "../../connectors/matrix/account.ts";
import { openStores } from "../../connectors/matrix/stores.ts";
import { systemFetch, systemRandom, systemRequest } from "../../src/powers.ts";
import { TurnedClock } from "./turned-clock.ts";

const clock = new TurnedClock(Number(process.argv[2]));

new MatrixAccount(
  {
    send: (message) => void process.send?.(message),
    onMessage: (listen) => void process.on("message", listen),
    onEnd: (listen) => void process.once("disconnect", listen),
    end: () => process.exit(0),
  },
  {
    clock,
    random: systemRandom,
    request: systemFetch,
    ask: systemRequest,
    openStores: (files, keys, onFault) => {
      for (const file of Object.values(files)) mkdirSync(dirname(file), { recursive: true });
      const random = (count: number): Uint8Array => systemRandom.bytes(count);
      return openStores(files, keys, { now: () => clock.now(), random, onFault });
    },
    end: () => process.exit(1),
  },
);
