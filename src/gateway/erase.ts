/**
 * Real erasure: what goes is made unreadable by its keys, and receipted when nothing is left in any file
 * (CONTRACT section 12: unreadable → pending → done).
 */
import type { Canonical } from "../core/canonical.ts";
import { newId, ReceiptId } from "../core/ids.ts";
import { isTerminal } from "../core/run.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { PurgeScope } from "../core/verbs/evidence.ts";
import { cancelRun } from "./cancel.ts";
import { SELF } from "./deliver.ts";
import { all, messagesOf, type Plan, planOf } from "./erase-plan.ts";
import { forgotten, leftoversOf } from "./leftovers.ts";
import { conversationBy } from "./people.ts";
import type { Powers } from "./powers.ts";
import { PENDING, type Pending, pendingOf, receipted, UNREACHABLE } from "./purge-receipt.ts";
import { redact } from "./said.ts";
import { transact } from "./transact.ts";

const PAGE = 1000;
const RECIPIENTS_MAX = 500;

const viewOf = (
  plan: Plan,
  state: VerbOutput<"purge">["state"],
  receipt: ReceiptId | null,
  blobs: number,
  messages: number,
): VerbOutput<"purge"> => ({
  state,
  messages,
  blobs,
  values: plan.values.size,
  approvals: plan.approvals.size,
  runs: plan.runs.size,
  held: plan.held,
  receipt,
  unreachable: UNREACHABLE,
});

/** How much a purge would take, counted before. */
export function dryRun(powers: Powers, scope: PurgeScope): VerbOutput<"purge"> {
  const plan = planOf(powers, scope);
  const inside = [...plan.conversations].flatMap((id) => messagesOf(powers, id));
  const { size } = new Set([...plan.messages, ...inside]);
  return viewOf(plan, "dry_run", null, plan.blobs.size + size, size);
}

/** Purges that are under way in this process: housekeeping leaves them alone. */
const busy = new WeakMap<Powers, Set<string>>();

/** Purges. Open runs are cancelled and open questions void before. */
export async function purge(powers: Powers, scope: PurgeScope): Promise<VerbOutput<"purge">> {
  const id = newId("ReceiptId", powers.random.bytes(16));
  const working = busy.get(powers) ?? new Set();
  busy.set(powers, working.add(id));
  try {
    await stopRuns(powers, planOf(powers, scope));
    const before = await powers.store.ledger.checkpoint();
    const plan = planOf(powers, scope);
    const redacted = await takeBack(powers, plan);
    const erased = await powers.store.erase(orderOf(powers, scope, plan, id, { before, redacted }));
    await dropOrphans(powers);
    const isClean = (erased.journalClean || powers.store.clean()) && (await isForgotten(powers, id));
    if (isClean) await receipted(powers, id);
    return viewOf(plan, isClean ? "done" : "pending", isClean ? id : null, erased.blobs, erased.messages);
  } finally {
    working.delete(id);
  }
}

/** What we said of it is taken back where the network can; the rows outlive what they name. Answers how many. */
async function takeBack(powers: Powers, { messages, conversations }: Plan): Promise<number> {
  const { store, settings } = powers;
  const ours = [...powers.connectors.keys()].flatMap((channel) => {
    const bot = store.ref("principal", settings.tenant, channel, SELF);
    return bot === null || bot === "erased" ? [] : store.messageIds({ sender: bot as never }, { limit: OURS_MAX });
  });
  const gone = ours
    .flatMap((it) => store.message(it) ?? [])
    .filter((it) => messages.has(it.id) || conversations.has(it.conversation));
  let count = 0;
  for (let at = 0; at < gone.length; at += REDACTIONS_A_COMMIT) {
    const part = gone.slice(at, at + REDACTIONS_A_COMMIT);
    count += await transact(powers, (draft) => part.filter((it) => redact(powers, draft, it)).length);
  }
  return count;
}
const OURS_MAX = 100_000;
const REDACTIONS_A_COMMIT = 100;

type Before = { readonly before: string; readonly redacted: number };

function orderOf(powers: Powers, scope: PurgeScope, plan: Plan, id: ReceiptId, { before, redacted }: Before) {
  const { tenant } = powers.settings;
  const { messages, conversations, values, approvals, runs, held, refs } = plan;
  const pending: Pending = {
    receipt: id,
    by: scope.by,
    target: targetOf(powers, scope),
    conversations: [...conversations].sort(),
    recipients: recipientsOf(powers, plan),
    leftovers: leftoversOf(powers, conversations),
    planned: { values: values.size, approvals: approvals.size, runs: runs.size, held, redacted },
    before,
    completed: false,
  };
  const name = `${PENDING}${id}`;
  const value = { id: name, tenant, value: pending as unknown as Canonical };
  const body = { receipt: id, by: scope.by, messages: messages.size, conversations: conversations.size };
  return {
    tenant,
    conversations: [...conversations],
    messages: [...messages],
    blobs: [...plan.blobs],
    drop: plan.drop,
    put: [...plan.put, { kind: "setting", id: name, expect: null, value } as const],
    refs: [...refs],
    entries: [{ type: "purge.started", tenant, actor: "daemon", body } as const],
  };
}

function targetOf(powers: Powers, scope: PurgeScope): string | number | null {
  switch (scope.by) {
    case "conversation":
      return conversationBy(powers, scope.conversation)?.id ?? null;
    case "sender":
      return scope.principal;
    case "session":
      return scope.session;
    case "channel":
      return scope.channel;
    case "before":
      return scope.time;
    case "all":
      return null;
  }
}

/** Who was told something of it, from the ledger: conversations that were written to, and whoever runs an agent. */
function recipientsOf({ store }: Powers, { touched }: Plan): readonly string[] {
  const found = new Set<string>();
  for (let after = 0; ; ) {
    const page = store.ledger.entries(after, PAGE);
    if (page.length === 0) break;
    for (const { type, run, body } of page) {
      if (run === undefined || !touched.has(run)) continue;
      const to = type === "effect.done" ? body["conversation"] : type === "egress.checked" ? body["recipient"] : null;
      if (typeof to === "string" && found.size < RECIPIENTS_MAX) found.add(to);
    }
    after = page.at(-1)?.seq ?? after;
  }
  return [...found].sort();
}

async function stopRuns(powers: Powers, plan: Plan): Promise<void> {
  await transact(powers, (draft) => {
    for (const id of plan.touched) {
      if (draft.get("run", id) === null) continue;
      const { run } = draft.run(id);
      if (!isTerminal(run)) cancelRun(powers, draft, run, "purged");
    }
  });
}

/** Values that were being made while their sources went: nothing is left to have made them from. */
async function dropOrphans(powers: Powers): Promise<void> {
  const { store } = powers;
  const orphans = all(powers, "value").filter(({ sources }) =>
    sources.some((it) => store.message(it.message) === null),
  );
  if (orphans.length === 0) return;
  await transact(powers, (draft) => {
    for (const { handle, blob } of orphans) {
      draft.drop("value", handle);
      draft.dropBlob(blob);
    }
  });
}

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

/** Writes the receipts of erasures that a crash or an open reader kept waiting. */
export async function finishPurges(powers: Powers): Promise<void> {
  const waiting = all(powers, "setting").filter(({ id }) => id.startsWith(PENDING));
  for (const { id } of waiting) {
    const receipt = ReceiptId.parse(id.slice(PENDING.length));
    if (busy.get(powers)?.has(receipt) === true || !powers.store.clean()) continue;
    await dropOrphans(powers);
    if (await isForgotten(powers, receipt)) await receipted(powers, receipt);
  }
}

/** Nothing is left of it with any connector; what is, is asked for again by the next look. */
async function isForgotten(powers: Powers, id: ReceiptId): Promise<boolean> {
  const { leftovers } = pendingOf(powers, id);
  if (leftovers.length === 0) return true;
  const left = await forgotten(powers, leftovers);
  await transact(powers, (draft) => {
    const name = `${PENDING}${id}`;
    const value = { ...pendingOf(powers, id), leftovers: left } as unknown as Canonical;
    draft.put("setting", name, { id: name, tenant: draft.tenant, value });
  });
  return left.length === 0;
}
