/** The end of an erasure: what it took and what nobody here can reach, counted, entered and signed. */
import type { Canonical } from "../core/canonical.ts";
import type { ReceiptId } from "../core/ids.ts";
import { Refusal } from "../core/refusal.ts";
import type { PurgeScope } from "../core/verbs/evidence.ts";
import type { Leftover } from "./leftovers.ts";
import type { Powers } from "./powers.ts";
import { signedReceipt } from "./receipt.ts";
import { transact } from "./transact.ts";

export const UNREACHABLE = [
  "What the networks' own servers and the devices of the people there keep.",
  "What was sent to recipients named in the ledger: they have it.",
  "Copies of the keys directory made by somebody else: with them an old copy of the database opens.",
];
export const PENDING = "purge/";
const PAGE = 1000;

/** An erasure whose receipt is not written yet: kept in the commit that made its content unreadable. */
export type Pending = {
  readonly receipt: string;
  readonly by: PurgeScope["by"];
  /** Internal id of what the scope named, or the instant before which everything went. */
  readonly target: string | number | null;
  readonly conversations: readonly string[];
  readonly recipients: readonly string[];
  readonly planned: { readonly [name: string]: number };
  /** What connectors keep of it and have to forget before it is done. */
  readonly leftovers: readonly Leftover[];
  /** Checkpoint of the ledger before. */
  readonly before: string;
  /** The entry that says it is done was written. */
  readonly completed: boolean;
};

export function pendingOf(powers: Powers, id: ReceiptId): Pending {
  const stored = powers.store.get("setting", `${PENDING}${id}`)?.value.value;
  if (stored === undefined) throw new Refusal("internal");
  return stored as unknown as Pending;
}

/** Writes what is still missing of entry and receipt; after it nothing of the erasure is pending. */
export async function receipted(powers: Powers, id: ReceiptId): Promise<void> {
  const name = `${PENDING}${id}`;
  const epoch = epochOf(powers, id);
  await transact(powers, (draft) => {
    const { completed, by, planned, ...rest } = draft.need("setting", name).value as unknown as Pending;
    if (completed) return;
    const value = { ...rest, by, planned, completed: true } as unknown as Canonical;
    draft.put("setting", name, { id: name, tenant: draft.tenant, value });
    draft.entry(
      "purge.completed",
      { receipt: id, by, ...epoch.counts, ...planned, epoch_before: epoch.before, epoch_after: epoch.after },
      { actor: "daemon" },
    );
  });
  const after = await powers.store.ledger.checkpoint();
  const { by, target, conversations, recipients, planned, before } = pendingOf(powers, id);
  const at = powers.clock.now();
  const text = signedReceipt(powers, {
    v: 1,
    receipt: id,
    at,
    scope: by,
    target,
    conversations,
    recipients,
    counts: { ...epoch.counts, ...planned },
    epoch: { before: epoch.before, after: epoch.after },
    checkpoint: { before, after },
    unreachable: UNREACHABLE,
  });
  await transact(powers, (draft) => {
    draft.put("receipt", id, { id, tenant: draft.tenant, at, text });
    draft.drop("setting", name);
  });
}

type Epoch = { readonly before: number; readonly after: number; readonly counts: { readonly [name: string]: number } };
const COUNTS = ["messages", "blobs", "records", "references"] as const;

/** Its epochs, from the commit that made it unreadable, and how much went, from the end of its sweep. */
function epochOf({ store }: Powers, id: ReceiptId): Epoch {
  let isBegun = false;
  let epochs: readonly [before: number, after: number] | null = null;
  for (let after = 0; ; ) {
    const page = store.ledger.entries(after, PAGE);
    if (page.length === 0) throw new Refusal("internal");
    for (const { type, body } of page) {
      const number = (name: string): number => (typeof body[name] === "number" ? body[name] : 0);
      if (type === "purge.started" && body["receipt"] === id) isBegun = true;
      if (isBegun && epochs === null && type === "key.rotated") epochs = [number("from"), number("to")];
      if (epochs === null || type !== "retention.swept" || number("epoch") !== epochs[1]) continue;
      const counts = Object.fromEntries(COUNTS.map((name) => [name, number(name)]));
      return { before: epochs[0], after: epochs[1], counts };
    }
    after = page.at(-1)?.seq ?? after;
  }
}
