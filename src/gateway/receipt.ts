/** A receipt of an erasure: signed by the ledger's key, and checked against the ledger (CONTRACT section 12). */
import { z } from "zod";
import { type Canonical, canonical } from "../core/canonical.ts";
import type { Entry } from "../core/entry.ts";
import { ReceiptId } from "../core/ids.ts";
import type { Powers } from "./powers.ts";

const TEXT_MAX = 4096;
const Counts = z.record(z.string().max(32), z.number().int().min(0));
const Receipt = z.strictObject({
  v: z.literal(1),
  receipt: ReceiptId,
  at: z.number().int().min(0),
  scope: z.string().max(32),
  target: z.union([z.string().max(TEXT_MAX), z.number(), z.null()]),
  conversations: z.array(z.string().max(64)).max(100_000),
  recipients: z.array(z.string().max(300)).max(1000),
  counts: Counts,
  epoch: z.strictObject({ before: z.number().int(), after: z.number().int() }),
  checkpoint: z.strictObject({ before: z.string().max(TEXT_MAX), after: z.string().max(TEXT_MAX) }),
  unreachable: z.array(z.string().max(1000)).max(50),
  signed: z.strictObject({ key: z.string().max(512), signature: z.string().max(128) }),
});

/** The statement with its signature, as one line of RFC 8785 JSON. */
export function signedReceipt({ store }: Powers, statement: { readonly [key: string]: Canonical }): string {
  const signed = store.ledger.attest(canonical(statement));
  return canonical({ ...statement, signed });
}

export type Verdict = {
  readonly ok: boolean;
  readonly receipt: string | null;
  /** What does not fit, in words; null when all does. */
  readonly reason: string | null;
  readonly at: number | null;
  readonly messages: number;
};

const PAGE = 1000;
const RECEIPT_CHARS_MAX = 8 * 1024 * 1024;

/** Signature, both checkpoints, and the entries between them: all of it or a reason. */
export async function verifyReceipt(powers: Powers, text: string): Promise<Verdict> {
  const { ledger } = powers.store;
  const parsed = text.length > RECEIPT_CHARS_MAX ? null : Receipt.safeParse(jsonOf(text));
  if (parsed === null || !parsed.success)
    return { ok: false, receipt: null, reason: "this is not a receipt", at: null, messages: 0 };
  const { signed, ...statement } = parsed.data;
  const { receipt, at, counts, epoch, checkpoint } = statement;
  const verdict = (reason: string | null): Verdict => ({
    ok: reason === null,
    receipt,
    reason,
    at,
    messages: counts["messages"] ?? 0,
  });
  if (!ledger.isAttested(canonical(statement), signed))
    return verdict("it was not signed by this ledger, or was changed");
  for (const against of [checkpoint.before, checkpoint.after]) {
    const report = await ledger.verify(against);
    if (!report.ok) return verdict(`the ledger does not fit its checkpoint: ${report.reason ?? "unknown"}`);
  }
  const found = entriesOf(powers, receipt);
  if (found.started === null || found.completed === null) return verdict("the ledger does not have its entries");
  const [before, after] = [sizeOf(checkpoint.before), sizeOf(checkpoint.after)];
  if (found.started.seq <= before || found.completed.seq > after)
    return verdict("its entries lie outside its checkpoints");
  const { body } = found.completed;
  const isSame = Object.entries(counts).every(([name, count]) => body[name] === count);
  if (!isSame || body["epoch_before"] !== epoch.before || body["epoch_after"] !== epoch.after)
    return verdict("its counts are not those of the ledger");
  return verdict(null);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Then it is no receipt, which is all that has to be said.
  }
}

/** The second line of a checkpoint. */
const sizeOf = (checkpoint: string): number => Number(checkpoint.split("\n")[1]);

function entriesOf({ store }: Powers, receipt: string): { started: Entry | null; completed: Entry | null } {
  const found: { started: Entry | null; completed: Entry | null } = { started: null, completed: null };
  for (let after = 0; ; ) {
    const page = store.ledger.entries(after, PAGE);
    if (page.length === 0) return found;
    for (const entry of page) {
      if (entry.body["receipt"] !== receipt) continue;
      if (entry.type === "purge.started") found.started ??= entry;
      if (entry.type === "purge.completed") found.completed ??= entry;
    }
    after = page.at(-1)?.seq ?? after;
  }
}
