/**
 * Real erasure: what goes is planned from records, made unreadable by its keys, and receipted when it is done
 * (CONTRACT section 12).
 */
import type { ErasePlan, RecordDrop, RecordPut } from "../core/batch.ts";
import { canonical } from "../core/canonical.ts";
import {
  type BlobId,
  type ConversationId,
  type MessageId,
  newId,
  type PrincipalId,
  type ReceiptId,
} from "../core/ids.ts";
import type { MessageScope } from "../core/ports.ts";
import type { RecordKind, Records } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/run.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { PurgeScope } from "../core/verbs/evidence.ts";
import { isHeld } from "./holds.ts";
import { cancelRun } from "./inbound.ts";
import { conversationBy } from "./people.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

const EVERYTHING = 1_000_000;

/** What a purge would take. Held content is counted and left out. */
export type Plan = {
  readonly conversations: ReadonlySet<ConversationId>;
  readonly messages: ReadonlySet<MessageId>;
  readonly blobs: ReadonlySet<BlobId>;
  readonly runs: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
  readonly approvals: ReadonlySet<string>;
  readonly drop: readonly RecordDrop[];
  readonly put: readonly RecordPut[];
  readonly refs: ReadonlySet<string>;
  readonly held: number;
};

const all = <K extends RecordKind>(powers: Powers, kind: K): readonly Records[K][] =>
  powers.store.all(kind, { limit: EVERYTHING }).map(({ value }) => value);

function conversationsOf(powers: Powers, scope: PurgeScope): readonly ConversationId[] {
  switch (scope.by) {
    case "conversation": {
      const found = conversationBy(powers, scope.conversation);
      if (found === null) throw new Refusal("conversation.unknown");
      return [found.id];
    }
    case "channel":
      return powers.store
        .find("conversation", "channel", scope.channel, { limit: EVERYTHING })
        .map(({ value }) => value.id);
    case "all":
      return all(powers, "conversation").map(({ id }) => id);
    default:
      return [];
  }
}

/** Reads what the scope covers. Nothing is written. */
export function planOf(powers: Powers, scope: PurgeScope): Plan {
  const { store } = powers;
  const wanted = conversationsOf(powers, scope);
  const conversations = new Set(wanted.filter((id) => !isHeld(powers, id) && !hasHeldPerson(powers, id)));
  const messageScope: MessageScope | null =
    scope.by === "sender" ? { sender: scope.principal } : scope.by === "before" ? { sentBefore: scope.time } : null;
  const listed =
    messageScope === null ? sessionMessages(powers, scope) : store.messageIds(messageScope, { limit: EVERYTHING });
  const free = listed.filter((id) => !isMessageHeld(powers, id));
  let held = listed.length - free.length;
  for (const id of wanted)
    if (!conversations.has(id)) held += store.messageIds({ conversation: id }, { limit: EVERYTHING }).length;
  const messages = new Set(free);
  const runs = new Set(
    all(powers, "run")
      .filter(
        (run) =>
          conversations.has(run.conversation) ||
          (run.request !== null && messages.has(run.request)) ||
          (scope.by === "session" && run.session === scope.session),
      )
      .map(({ id }) => id as string),
  );
  return derived(powers, scope, { conversations, messages, runs, held });
}

/** A person under a hold keeps their messages, so their conversation cannot go as a whole. */
function hasHeldPerson(powers: Powers, conversation: ConversationId): boolean {
  return all(powers, "hold").some(
    (hold) =>
      hold.scope === "principal" &&
      powers.store.messages({ conversation, sender: hold.target as PrincipalId, last: 1 }).length > 0,
  );
}

function isMessageHeld(powers: Powers, id: MessageId): boolean {
  const message = powers.store.message(id);
  return message !== null && (isHeld(powers, message.conversation) || isHeld(powers, message.sender));
}

function sessionMessages(powers: Powers, scope: PurgeScope): readonly MessageId[] {
  if (scope.by !== "session") return [];
  const runs = powers.store.find("run", "session", scope.session, { limit: EVERYTHING });
  return runs.flatMap(({ value }) => (value.request === null ? [] : [value.request]));
}

type Base = Pick<Plan, "conversations" | "messages" | "held"> & { readonly runs: ReadonlySet<string> };

/** Everything that was made from what goes: values, questions, calls, queued requests, pseudonyms, names. */
function derived(powers: Powers, scope: PurgeScope, base: Base): Plan {
  const { store } = powers;
  const { conversations, messages, runs } = base;
  const blobs = new Set<BlobId>();
  const drop: RecordDrop[] = [];
  const put: RecordPut[] = [];
  const refs = new Set<string>();
  const take = (kind: RecordKind, id: string, ...sealed: readonly (BlobId | null)[]): void => {
    drop.push({ kind, id });
    for (const blob of sealed) if (blob !== null) blobs.add(blob);
  };
  const isOurs = (conversation: ConversationId | null): boolean =>
    conversation !== null && conversations.has(conversation);
  const values = all(powers, "value").filter(
    (it) => isOurs(it.conversation) || runs.has(it.run) || it.sources.some((s) => messages.has(s.message)),
  );
  for (const value of values) take("value", value.handle, value.blob);
  const approvals = all(powers, "approval").filter(
    (it) => isOurs(it.conversation) || (it.run !== null && runs.has(it.run)) || it.sources.some((s) => messages.has(s)),
  );
  for (const it of approvals) take("approval", it.id, it.prompt, it.stored);
  for (const call of all(powers, "call"))
    if (runs.has(call.run)) take("call", call.id, call.why, call.input, call.answer);
  for (const it of all(powers, "issued")) if (runs.has(it.id)) take("issued", it.id);
  for (const it of all(powers, "queued"))
    if (messages.has(it.id) || isOurs(store.get("session", it.session)?.value.conversation ?? null))
      take("queued", it.id);
  for (const run of runs) take("run", run);
  for (const it of all(powers, "session"))
    if (isOurs(it.conversation) || (scope.by === "session" && it.id === scope.session)) take("session", it.id);
  for (const it of all(powers, "pseudonym")) {
    const isSender = scope.by === "sender" && it.principal === scope.principal;
    if (isOurs(it.conversation) || isSender) take("pseudonym", it.id, it.blob);
  }
  for (const id of conversations) emptied(powers, id, put);
  for (const id of gone(powers, scope)) {
    refs.add(id);
    drop.push({ kind: "principal", id });
  }
  return {
    conversations,
    messages,
    blobs,
    runs,
    values: new Set(values.map((it) => it.handle)),
    approvals: new Set(approvals.map((it) => it.id)),
    drop,
    put,
    refs,
    held: base.held,
  };
}

function emptied(powers: Powers, id: ConversationId, put: RecordPut[]): void {
  const stored = powers.store.get("conversation", id);
  if (stored === null) return;
  put.push({ kind: "conversation", id, expect: stored.version, value: { ...stored.value, bytes: 0, gapAt: null } });
}

/** Persons whose mapping dies: those without a role who have nothing left to be known for. */
function gone(powers: Powers, scope: PurgeScope): readonly PrincipalId[] {
  const isNobody = (id: PrincipalId): boolean => {
    const role = powers.store.get("principal", id)?.value.role;
    return (role === "participant" || role === "stranger") && !isHeld(powers, id);
  };
  if (scope.by === "sender") return isNobody(scope.principal) ? [scope.principal] : [];
  if (scope.by !== "all") return [];
  return all(powers, "principal")
    .map(({ id }) => id)
    .filter(isNobody);
}

const UNREACHABLE = [
  "What the networks' own servers and the devices of the people there keep.",
  "What was sent to recipients named in the ledger: they have it.",
  "Copies of the keys directory made by somebody else: with them an old copy of the database opens.",
];

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

/** How much the plan would take, counted before. */
export function dryRun(powers: Powers, plan: Plan): VerbOutput<"purge"> {
  const inside = [...plan.conversations].reduce(
    (sum, id) => sum + powers.store.messageIds({ conversation: id }, { limit: EVERYTHING }).length,
    0,
  );
  const count = new Set([...plan.messages]).size + inside;
  return viewOf(plan, "dry_run", null, plan.blobs.size + count, count);
}

/**
 * Purges. Open runs are cancelled and open questions void before;
 * the receipt is written only when nothing is left in any file.
 */
export async function purge(powers: Powers, scope: PurgeScope): Promise<VerbOutput<"purge">> {
  const { store, settings } = powers;
  await stopRuns(powers, planOf(powers, scope));
  const plan = planOf(powers, scope);
  const before = await store.ledger.checkpoint();
  const id = newId("ReceiptId", powers.random.bytes(16));
  const started = {
    type: "purge.started",
    tenant: settings.tenant,
    actor: "daemon",
    body: { receipt: id, by: scope.by, messages: plan.messages.size, conversations: plan.conversations.size },
  } as const;
  const order: ErasePlan = {
    tenant: settings.tenant,
    conversations: [...plan.conversations],
    messages: [...plan.messages],
    blobs: [...plan.blobs],
    drop: plan.drop,
    put: plan.put,
    refs: [...plan.refs],
    entries: [started],
  };
  const erased = await store.erase(order);
  if (!erased.journalClean && !store.clean()) return viewOf(plan, "pending", null, erased.blobs, erased.messages);
  await receipted(powers, scope, plan, id, before, erased);
  return viewOf(plan, "done", id, erased.blobs, erased.messages);
}

async function stopRuns(powers: Powers, plan: Plan): Promise<void> {
  await transact(powers, (draft) => {
    for (const id of plan.runs) {
      const { run } = draft.run(id as Parameters<typeof draft.run>[0]);
      if (!isTerminal(run)) cancelRun(powers, draft, run, "purged");
    }
  });
}

async function receipted(
  powers: Powers,
  scope: PurgeScope,
  plan: Plan,
  id: ReceiptId,
  before: string,
  erased: Awaited<ReturnType<Powers["store"]["erase"]>>,
): Promise<void> {
  const at = powers.clock.now();
  const counts = {
    messages: erased.messages,
    blobs: erased.blobs,
    records: erased.records,
    references: erased.references,
    values: plan.values.size,
    approvals: plan.approvals.size,
    runs: plan.runs.size,
    held: plan.held,
  };
  await transact(powers, (draft) => {
    draft.entry(
      "purge.completed",
      { receipt: id, by: scope.by, ...counts, epoch_before: erased.epoch[0], epoch_after: erased.epoch[1] },
      { actor: "daemon" },
    );
  });
  const after = await powers.store.ledger.checkpoint();
  const text = canonical({
    v: 1,
    receipt: id,
    at,
    scope: scope.by,
    conversations: [...plan.conversations].sort(),
    counts,
    epoch: { before: erased.epoch[0], after: erased.epoch[1] },
    checkpoint: { before, after },
    unreachable: UNREACHABLE,
  });
  await transact(powers, (draft) => void draft.put("receipt", id, { id, tenant: draft.tenant, at, text }));
}
