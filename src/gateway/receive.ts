/** From a sealed inbox row to a kept message, an instruction, or a counter: the first stop of every event. */
import type { ApprovalId, RunId } from "../core/ids.ts";
import type { InboundEvent } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { activate, type Rejection } from "./activate.ts";
import type { Draft } from "./draft.ts";
import { keep, keyOf, messageBy, revise, withdraw } from "./keep.ts";
import { findConversation, findPrincipal, senderOf } from "./people.ts";
import type { Powers } from "./powers.ts";
import type { Rejections } from "./rejections.ts";
import { say } from "./say.ts";
import { request } from "./start.ts";
import { transact } from "./transact.ts";
import { parseWord, type Word } from "./words.ts";

/** Something to do after the commit: start driving a run, carry out what was granted, tell a driver to stop. */
export type Aftermath =
  | { readonly do: "drive"; readonly run: RunId }
  | { readonly do: "consume"; readonly approval: ApprovalId }
  /** Runs were cancelled: whoever drives them is told. Others had a question closed and go on. */
  | { readonly do: "stopped"; readonly goOn: readonly RunId[] }
  | { readonly do: "nothing" };

/** Parts of the gateway that receive hands some events to. Each works inside the event's own draft. */
export type Handlers = {
  /** A reaction, a button or a code: an answer to an approval, or nothing. */
  readonly answer: (draft: Draft, event: InboundEvent, conversation: Conversation, principal: Principal) => Aftermath;
  readonly word: (
    draft: Draft,
    word: Word,
    event: InboundEvent,
    conversation: Conversation,
    principal: Principal,
  ) => Aftermath;
  /** A six-digit code from somebody whom nobody knows yet. True when it was one. */
  readonly pair: (draft: Draft, event: InboundEvent) => boolean;
  /** A paired owner speaks in, or invites us to, a conversation that nobody allowed. */
  readonly unknown: (draft: Draft, event: InboundEvent, principal: Principal) => void;
  /** Runs, approvals and values that a changed or deleted message takes with it. Returns runs that go on. */
  readonly changed: (
    draft: Draft,
    message: Parameters<typeof withdraw>[2],
    how: "edited" | "deleted",
  ) => readonly RunId[];
  /** A reaction was deleted; `id` is ours for it. Returns runs that go on. */
  readonly takenBack: (draft: Draft, id: string) => readonly RunId[];
};

export const DRAIN_MAX = 64;

/** Drains what waits. Returns what is to be done after; an event that cannot be read is named in the ledger and dropped. */
export async function drain(powers: Powers, rejections: Rejections, handlers: Handlers): Promise<readonly Aftermath[]> {
  const aftermath: Aftermath[] = [];
  const rows = powers.store.inbox(DRAIN_MAX);
  for (const group of independent(rows)) {
    const done = await Promise.all(
      group.map((row) =>
        transact(powers, (draft): Aftermath => {
          draft.taken(row.seq);
          if (row.event !== "altered") return receive(powers, draft, row.event, rejections, handlers);
          draft.entry("quarantine.integrity_failed", { what: "inbox", seq: row.seq });
          return { do: "nothing" };
        }),
      ),
    );
    aftermath.push(...done);
  }
  return aftermath;
}

/**
 * Rows that touch different conversations may share a group commit; those of one conversation keep their order. Each group holds
 * the first waiting row of every conversation.
 */
function independent<T extends { readonly event: InboundEvent | "altered" }>(
  rows: readonly T[],
): readonly (readonly T[])[] {
  const groups: T[][] = [];
  const depth = new Map<string, number>();
  for (const row of rows) {
    const key = row.event === "altered" ? "" : `${row.event.envelope.channel}/${row.event.envelope.conversation}`;
    const at = depth.get(key) ?? 0;
    depth.set(key, at + 1);
    const group = groups[at];
    if (group === undefined) groups.push([row]);
    else group.push(row);
  }
  return groups;
}

function receive(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  rejections: Rejections,
  handlers: Handlers,
): Aftermath {
  const { envelope } = event;
  const nothing: Aftermath = { do: "nothing" };
  if (draft.ref("delivery", envelope.channel, envelope.delivery_id) !== null) return nothing;
  draft.addRef("delivery", envelope.channel, envelope.delivery_id, "", "-");
  const conversation = findConversation(draft, envelope.channel, envelope.conversation);
  const principal = findPrincipal(draft, envelope.channel, envelope.sender.id);
  const reject = (reason: Rejection): Aftermath => {
    rejections.count(conversation?.id ?? null, envelope.channel, reason);
    return nothing;
  };
  if (conversation === null || conversation.status === "unknown") {
    if (handlers.pair(draft, event)) return nothing;
    if (principal?.role === "owner") handlers.unknown(draft, event, principal);
    return reject("unknown_conversation");
  }
  switch (envelope.kind) {
    case "message":
      return receiveMessage(powers, draft, event, conversation, principal, rejections, handlers);
    case "edit":
      return receiveEdit(powers, draft, event, conversation, principal, reject, handlers);
    case "delete":
      return receiveDelete(powers, draft, event, conversation, reject, handlers);
    case "reaction":
    case "action":
      return receiveAnswer(draft, event, conversation, principal, rejections, handlers);
    case "membership":
      receiveMembership(draft, event, conversation);
      return nothing;
    case "gap":
      draft.put("conversation", conversation.id, { ...conversation, gapAt: envelope.received_at });
      draft.entry("message.gap", { conversation: conversation.id, reason: "network" });
      return nothing;
    case "undecryptable":
      return reject("undecryptable");
  }
}

/** Who nods is looked at before what the nod is on: bots, nobody, strangers and replays leave a count. */
function receiveAnswer(
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  principal: Principal | null,
  rejections: Rejections,
  handlers: Handlers,
): Aftermath {
  const { channel, sender, trust, sent_at } = event.envelope;
  const isReplay = trust.flags.some((flag) => flag === "backfill" || flag === "imported" || flag === "forwarded");
  const reason: Rejection | null =
    conversation.status !== "allowed" || conversation.closed
      ? "blocked_conversation"
      : sender.kind === "bot" || sender.kind === "anonymous"
        ? sender.kind
        : isReplay
          ? "replayed"
          : principal === null
            ? "stranger"
            : rejections.isFlooding(channel, sender.id, sent_at)
              ? "rate"
              : null;
  if (reason === null && principal !== null) return handlers.answer(draft, event, conversation, principal);
  rejections.count(conversation.id, channel, reason ?? "stranger");
  return { do: "nothing" };
}

function receiveMessage(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  known: Principal | null,
  rejections: Rejections,
  handlers: Handlers,
): Aftermath {
  const { envelope, content } = event;
  const reject = (reason: Rejection): Aftermath => {
    rejections.count(conversation.id, envelope.channel, reason);
    return { do: "nothing" };
  };
  if (draft.ref("event", envelope.channel, keyOf(envelope, envelope.event_id)) !== null) return reject("erased");
  const text = (content.text ?? "").normalize("NFKC");
  const repliesToUs = messageBy(powers, draft, envelope, envelope.reply_to)?.own === true;
  const { keywords } = powers.settings;
  const activation = activate({ conversation, principal: known, envelope, text, keywords, repliesToUs });
  if (activation.is === "rejected") return reject(activation.reason);
  if (!isImport(event) && rejections.isFlooding(envelope.channel, envelope.sender.id, envelope.sent_at)) {
    rejections.count(conversation.id, envelope.channel, "rate");
    draft.put("conversation", conversation.id, { ...conversation, gapAt: envelope.received_at });
    return { do: "nothing" };
  }
  const sender = senderOf(draft, envelope, content.sender_name);
  if (activation.is === "instruction") {
    const word = parseWord(text);
    if (word !== null) return handlers.word(draft, word, event, conversation, sender);
  }
  const message = keep(powers, draft, event, conversation, sender, activation);
  if (message === null) {
    draft.put("conversation", conversation.id, { ...conversation, gapAt: envelope.received_at });
    return reject("quota");
  }
  if (activation.is !== "instruction") return { do: "nothing" };
  return begin(powers, draft, conversation, message);
}

const isImport = (event: InboundEvent): boolean => event.envelope.trust.flags.includes("imported");

function begin(
  powers: Powers,
  draft: Draft,
  conversation: Conversation,
  message: NonNullable<ReturnType<typeof keep>>,
): Aftermath {
  const started = request(powers, draft, conversation, message);
  const where = { conversation, thread: message.thread, replyTo: message.id };
  switch (started.is) {
    case "started":
      return { do: "drive", run: started.run.id };
    case "queued":
      say(draft, where, `I am still working on your earlier request; this one is number ${started.ahead} in line.`);
      return { do: "nothing" };
    case "full":
      say(
        draft,
        where,
        "Too many of your requests are waiting, so I did not take this one. Try again when I have answered some.",
      );
      return { do: "nothing" };
  }
}

function receiveEdit(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  principal: Principal | null,
  reject: (reason: Rejection) => Aftermath,
  handlers: Handlers,
): Aftermath {
  const target = messageBy(powers, draft, event.envelope, event.envelope.target);
  // Only the author edits; what anybody else calls an edit of it changes nothing (threat B05).
  if (target === null || target.own || principal === null || target.sender !== principal.id) return reject("malformed");
  // What it said before is not what its author says now, even where the new words are not kept.
  const goOn = handlers.changed(draft, target, "edited");
  const isKept = conversation.status === "allowed" && !conversation.closed && !principal.optedOut;
  if (isKept) revise(powers, draft, event, conversation, target);
  else {
    withdraw(draft, conversation, target);
    reject(principal.optedOut ? "opted_out" : "blocked_conversation");
  }
  return { do: "stopped", goOn };
}

function receiveDelete(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  reject: (reason: Rejection) => Aftermath,
  handlers: Handlers,
): Aftermath {
  const { envelope } = event;
  const target = messageBy(powers, draft, envelope, envelope.target);
  if (envelope.target === undefined) return reject("malformed");
  if (target === null) {
    const known = draft.ref("event", envelope.channel, keyOf(envelope, envelope.target));
    if (known !== null) return { do: "stopped", goOn: known === "erased" ? [] : handlers.takenBack(draft, known) };
    // The original may still come: remember its id so that it is dropped then.
    draft.addRef(
      "event",
      envelope.channel,
      keyOf(envelope, envelope.target),
      draft.newId("MessageId"),
      conversation.id,
    );
    return { do: "nothing" };
  }
  const goOn = handlers.changed(draft, target, "deleted");
  withdraw(draft, conversation, target);
  return { do: "stopped", goOn };
}

function receiveMembership(draft: Draft, event: InboundEvent, conversation: Conversation): void {
  const { envelope, content } = event;
  const stated = content.members;
  if (stated === undefined) return;
  const members = stated.map((platform) => {
    const known = findPrincipal(draft, envelope.channel, platform);
    return (known ?? senderOf(draft, { ...envelope, sender: { id: platform, kind: "person" } }, undefined)).id;
  });
  draft.put("conversation", conversation.id, { ...conversation, members: [...new Set(members)] });
  draft.entry("conversation.changed", { conversation: conversation.id, members: members.length });
}
