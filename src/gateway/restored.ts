/**
 * After a restore: what was under way when the backup was made may have been done since. It is ended, never gone on
 * with (CONTRACT section 9: never sent again when unknown).
 */
import type { Entry } from "../core/entry.ts";
import type { Store } from "../core/ports.ts";
import { isTerminal } from "../core/run.ts";
import { step } from "./answer.ts";
import { cancelRun } from "./cancel.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

const PAGE = 1000;
const OPEN_MAX = 10_000;

/** Does this ledger go on where an older one ended? Then rows from before are in that one, not in this. */
export function inherits(first: Entry | undefined): boolean {
  if (first === undefined) return false;
  return first.type === "backup.restored" || (first.type === "key.rotated" && first.body["origin"] !== undefined);
}

/** Does it go on after another, and has no daemon been at it yet? */
function isFresh({ ledger }: Store): boolean {
  if (!inherits(ledger.entries(0, 1)[0])) return false;
  for (let after = 0; ; ) {
    const page = ledger.entries(after, PAGE);
    if (page.some(({ type }) => type === "daemon.started")) return false;
    if (page.length < PAGE) return true;
    after = page.at(-1)?.seq ?? after;
  }
}

/** At the first start after a restore, before anything is driven. Safe to be cut off and called again. */
export async function endRestored(powers: Powers): Promise<void> {
  const { store } = powers;
  if (!isFresh(store)) return;
  for (const { value } of store.find("run", "open", "open", { limit: OPEN_MAX })) {
    await transact(powers, (draft) => {
      const { run } = draft.run(value.id);
      if (!isTerminal(run)) cancelRun(powers, draft, run, "superseded");
      for (const { value: call } of store.find("call", "run", run.id, { limit: OPEN_MAX })) {
        if (call.status === "open") draft.put("call", call.id, { ...call, status: "unknown", code: "run.ended" });
      }
    });
  }
  await transact(powers, (draft) => {
    for (const { value } of store.find("approval", "open", "open", { limit: OPEN_MAX }))
      step(draft, value, { type: "void", reason: "run_ended" }, "daemon");
    // One that was revoked since the copy was made must not come back, so none does.
    for (const { value } of store.all("grant", { limit: OPEN_MAX }))
      if (value.revokedAt === null) draft.put("grant", value.id, { ...value, revokedAt: draft.now });
    for (const { value } of store.all("queued", { limit: OPEN_MAX })) draft.drop("queued", value.id);
  });
}
