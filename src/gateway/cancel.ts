/** Ending a run before it is done. */
import type { Run } from "../core/run.ts";
import { voidWhere } from "./answer.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";

/** Ends a run and everything that waits for it. */
export function cancelRun(
  powers: Powers,
  draft: Draft,
  run: Run,
  reason: Extract<Run["status"], { state: "cancelled" }>["reason"],
): void {
  const voided = voidWhere(
    powers,
    draft,
    "run",
    run.id,
    reason === "edited" ? "edited" : reason === "deleted" ? "deleted" : "run_ended",
  );
  for (const approval of voided) {
    const call = approval.call === null ? null : draft.get("call", approval.call);
    if (call?.status === "waiting") draft.put("call", call.id, { ...call, status: "refused", code: "approval.void" });
  }
  draft.run(run.id).apply({ type: "cancel", reason });
}
