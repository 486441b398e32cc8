/** Erasures as their owner sees them: those that are done, and what the others still wait for. */
import { ReceiptId } from "../core/ids.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import { all } from "./erase-plan.ts";
import type { Powers } from "./powers.ts";
import { PENDING, type Pending } from "./purge-receipt.ts";

/** Every erasure, the newest first, and those whose receipt is not written yet. */
export function purges(powers: Powers): VerbOutput<"purge.list"> {
  const { store } = powers;
  const receipts = store.all("receipt", { limit: 1000, newestFirst: true });
  const waiting = all(powers, "setting").filter(({ id }) => id.startsWith(PENDING));
  const sweeping = waiting.length === 0 ? null : store.sweeping();
  return {
    receipts: receipts.map(({ value }) => ({ receipt: value.id, at: value.at })),
    under_way: waiting.slice(0, 1000).map(({ id, value }) => ({
      receipt: ReceiptId.parse(id.slice(PENDING.length)),
      by: (value as unknown as Pending).by,
      state: sweeping === null ? "pending" : "unreadable",
      reason: sweeping === null ? "journal" : "rows",
      gone: sweeping?.gone ?? 0,
      left: sweeping?.left ?? 0,
    })),
  };
}
