/** Cron patterns by croner, over wall times alone: zones and their changes are `src/core/zoned.ts`'s. */
import { Cron } from "croner";
import { Refusal } from "../core/refusal.ts";
import type { NextLocal } from "../core/zoned.ts";

/** Five fields; a day of the month and a weekday both given: either of them. `input.invalid` for anything else. */
export const nextByCron: NextLocal = (pattern, afterWall) => {
  let job: Cron;
  try {
    job = new Cron(pattern, { mode: "5-part", timezone: "UTC", paused: true });
  } catch {
    // Its words repeat what was given, which may be anything.
    throw new Refusal("input.invalid", { field: "cron", hint: "Five fields: minute, hour, day, month, weekday." });
  }
  return job.nextRun(new Date(afterWall))?.getTime() ?? null;
};
