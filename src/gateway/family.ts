/** Parents and children end together: what a child used is its parent's, and no child outlives its parent. */
import type { Amounts } from "../core/budget.ts";
import { isTerminal, type Run } from "../core/run.ts";
import { cancelRun } from "./cancel.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";
import { waitsFor } from "./start.ts";

const CHILDREN_MAX = 100;

/** In the commit in which runs end: their open children are cancelled, and what children used is settled. */
export function endFamilies(powers: Powers, draft: Draft): void {
  for (const run of draft.ended()) {
    for (const { value } of powers.store.find("run", "parent", run.id, { limit: CHILDREN_MAX })) {
      const { run: child } = draft.run(value.id);
      if (!isTerminal(child)) cancelRun(powers, draft, child, "superseded");
    }
  }
  for (const run of draft.ended()) if (run.parent !== undefined) settleWith(draft, run, run.parent);
}

function settleWith(draft: Draft, child: Run, { run: id, call, drawn }: NonNullable<Run["parent"]>): void {
  const parent = draft.run(id);
  if (!parent.run.facts.openCalls.includes(call)) return;
  const units = Object.keys(drawn) as (keyof Amounts)[];
  const used = Object.fromEntries(units.map((unit) => [unit, child.budget.used[unit]]));
  parent.apply({ type: "settle", call, reserved: drawn, used }, { child: child.id });
  parent.apply({ type: "child_over", child: child.id });
  if (waitsFor(parent.run, "event")) parent.apply({ type: "wake" });
}
