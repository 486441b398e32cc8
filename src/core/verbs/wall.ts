/** The verb behind `lazaret run` (CONTRACT section 14). */
import { z } from "zod";
import { RunId } from "../ids.ts";
import { verb } from "./verb.ts";

export const WALL_VERBS = {
  /** Stands while somebody is connected to `hold` in that directory, and no longer than the run is active. */
  "wall.open": verb(z.strictObject({ run: RunId }), z.strictObject({ directory: z.string().max(4096) })),
} as const;
