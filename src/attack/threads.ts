/** What attacks need of the machine: threads that all cases share, real time for their deadlines, randomness. */

import { WorkerRunner } from "../edge/worker-runner.ts";
import { systemRandom, wallClock } from "../powers.ts";
import type { StagePowers } from "./stage.ts";

export async function attackThreads<T>(use: (powers: StagePowers) => Promise<T>): Promise<T> {
  const transforms = new WorkerRunner({ entry: new URL("../worker.ts", import.meta.url), clock: wallClock });
  transforms.warm();
  try {
    return await use({ clock: wallClock, random: systemRandom, transforms });
  } finally {
    await transforms.close();
  }
}
