/** What we said rests on messages: when one goes, what was made from it is withheld, or taken back where it can be. */
import type { MessageId } from "../core/ids.ts";
import { BOTTOM } from "../core/label.ts";
import type { Message } from "../core/message.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { Said } from "../core/records.ts";
import type { Draft } from "./draft.ts";
import { eventOf } from "./keep.ts";
import type { Powers } from "./powers.ts";

const SAID_MAX = 1000;
const PENDING_MAX = 10_000;

/** In the commit that puts it into the outbox. */
export function noteSaid(
  draft: Draft,
  message: MessageId,
  of: Pick<Said, "conversation" | "channel" | "run">,
  sources: Iterable<MessageId>,
): void {
  const all = [...new Set(sources)];
  if (all.length === 0) return;
  draft.put("said", message, { id: message, tenant: draft.tenant, ...of, sources: all, at: draft.now });
}

/** May this network take a message back, and does the owner want that? */
const mayRedact = (powers: Powers, channel: string): boolean =>
  powers.settings.onDelete !== "keep" &&
  powers.connectors.get(channel)?.abilities.operations.includes("redact") === true;

/**
 * Takes one of ours back on its network. Its platform ids travel sealed in the row, under no conversation's key: they
 * are needed after everything else of it is gone.
 */
export function redact(powers: Powers, draft: Draft, message: Message): boolean {
  const { store } = powers;
  if (!message.own || !mayRedact(powers, message.channel)) return false;
  const conversation = store.platformOf("conversation", message.conversation);
  const event = store.platformOf("event", message.id);
  if (conversation === null || event === null) return false;
  const label = { ...BOTTOM, tenant: draft.tenant };
  const body = { op: "redact", target: eventOf(event), conversation };
  const id = draft.newId("OutboxId");
  draft.outbox({
    id,
    seq: 0,
    tenant: draft.tenant,
    channel: message.channel,
    conversation: message.conversation,
    thread: null,
    op: "redact",
    blob: draft.sealJson("outbox", "operation.v1", "-", label, body, null),
    label,
    replyTo: null,
    target: null,
    run: null,
    call: null,
    approval: null,
    message: null,
    state: "pending",
    code: null,
    attempts: 0,
    dueAt: draft.now,
    createdAt: draft.now,
  });
  draft.entry("effect.intended", { effect: id, op: "redact", conversation: message.conversation, target: message.id });
  return true;
}

/** Not sent yet: it is not sent at all. */
function withhold(draft: Draft, row: OutboxRow): void {
  draft.moveOutbox("pending", { ...row, state: "failed", code: "aborted", blob: null });
  if (row.blob !== null) draft.dropBlob(row.blob);
  const body = { effect: row.message ?? row.id, outbox: row.id, conversation: row.conversation, code: "aborted" };
  draft.entry("effect.failed", body, row.run === null ? {} : { run: row.run });
}

/** A message goes: what we said because of it goes too. */
export function takeBackDerived(powers: Powers, draft: Draft, source: Message): void {
  const { store } = powers;
  if (source.own) redact(powers, draft, source);
  for (const { value } of store.find("said", "source", source.id, { limit: SAID_MAX })) {
    draft.drop("said", value.id);
    const rows = store.outbox({ channel: value.channel, states: ["pending"] }, { limit: PENDING_MAX });
    for (const row of rows) if (row.message === value.id) withhold(draft, row);
    const ours = store.message(value.id);
    if (ours === null) continue;
    redact(powers, draft, ours);
    draft.dropMessage(ours.id);
    draft.entry("message.deleted", { conversation: ours.conversation, message: ours.id, because: source.id });
  }
}
