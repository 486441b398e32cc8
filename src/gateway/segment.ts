/** A segment of a run ends when the run waits; what it waited for begins the next one (CONTRACT section 8). */
import { canonical } from "../core/canonical.ts";
import type { RunId } from "../core/ids.ts";
import { RUN_AGE_MS_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import type { Wait } from "../core/run.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

const HANDLES_MAX = 10_000;

export const finish = (powers: Powers, id: RunId): Promise<void> =>
  transact(powers, (draft) => draft.run(id).require({ type: "finish" }));

/** The checkpoint is the run's row, its handles and their labels; the entry says how much of it there is. */
export function pause(powers: Powers, id: RunId, wait: Wait): Promise<void> {
  const handles = powers.store.find("value", "run", id, { limit: HANDLES_MAX }).length;
  return transact(powers, (draft) => {
    const run = draft.run(id);
    const { createdAt, budget, context, facts } = run.run;
    if (wait.until <= draft.now || wait.until > createdAt + RUN_AGE_MS_MAX)
      throw new Refusal("input.invalid", {
        field: "until",
        hint: "Later than now, and within seven days of the start.",
      });
    // Each child holds one open; a run may well wait for those.
    if (facts.openCalls.length > facts.childrenOpen)
      throw new Refusal("run.not_done", { hint: "A call is still under way." });
    const checkpoint = { handles, steps: budget.used.steps, label: canonical(context), segment: run.run.segment };
    run.require({ type: "wait", wait }, checkpoint);
  });
}

/** Its time has come and nothing else came before. */
export function wakeInTime(draft: Draft, id: RunId): void {
  const run = draft.run(id);
  const { status } = run.run;
  if (status.state === "paused.event" && draft.now >= status.wait.until) run.apply({ type: "wake" });
}
