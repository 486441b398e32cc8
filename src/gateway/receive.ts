/** From a sealed inbox row to a kept message, an instruction, or a counter: the first stop of every event. */
import type { ApprovalId, RunId } from "../core/ids.ts";
import type { InboundEvent, Message } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { isRefusal } from "../core/refusal.ts";
import { type Activation, activate, type Rejection } from "./activate.ts";
import type { Draft } from "./draft.ts";
import { keep, keyOf, messageBy, revise, withdraw } from "./keep.ts";
import { findConversation, findPrincipal, senderOf } from "./people.ts";
import type { Powers } from "./powers.ts";
import type { Rejections, Weighed } from "./rejections.ts";
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
    message: Parameters<typeof withdraw>[3],
    how: "edited" | "deleted",
  ) => readonly RunId[];
  /** A reaction was deleted; `id` is ours for it. Returns runs that go on. */
  readonly takenBack: (draft: Draft, id: string) => readonly RunId[];
};

/** Read at a time; those of them that start nothing share one batch. */
const DRAIN_MAX = 128;

type Row = ReturnType<Powers["store"]["inbox"]>[number] & { readonly weighed: Weighed };

/**
 * Drains what waits. Returns what is to be done after; an event that cannot be read is named in the ledger and dropped.
 */
export async function drain(powers: Powers, rejections: Rejections, handlers: Handlers): Promise<readonly Aftermath[]> {
  const rows = powers.store.inbox(DRAIN_MAX).map((row): Row => ({ ...row, weighed: rejections.weigh() }));
  const later = await takeTogether(powers, rows);
  const taken = rows.length - later.length;
  const aftermath: Aftermath[] = Array.from({ length: taken }, () => NOTHING);
  for (const group of independent(later)) {
    aftermath.push(...(await Promise.all(group.map((row) => takeAlone(powers, row, handlers)))));
  }
  return aftermath;
}

const NOTHING: Aftermath = { do: "nothing" };

/**
 * Messages that start nothing, all in one batch. What may start something waits, with everything that came after it
 * in its
 * conversation; so does all when the batch fails for a reason of its own, since each for itself shows which event has
 * it.
 */
async function takeTogether(powers: Powers, rows: readonly Row[]): Promise<readonly Row[]> {
  try {
    const { later, taken } = await transact(powers, (draft) => {
      const later = new Map<string, Row[]>();
      const taken = rows.filter((row) => {
        const key = placeOf(row);
        const waiting = later.get(key);
        if (waiting === undefined && row.event !== "altered" && receiveQuietly(powers, draft, row.event, row))
          return true;
        later.set(key, [...(waiting ?? []), row]);
        return false;
      });
      return { later: [...later.values()].flat(), taken };
    });
    for (const { weighed } of taken) weighed.settle();
    return later;
  } catch (error) {
    if (isRefusal(error) && error.code !== "conflict" && error.retryable) throw error;
    return rows;
  }
}

async function takeAlone(powers: Powers, row: Row, handlers: Handlers): Promise<Aftermath> {
  const aftermath = await transact(powers, (draft): Aftermath => {
    draft.taken(row.seq);
    if (row.event !== "altered") return receive(powers, draft, row.event, row.weighed, handlers);
    draft.entry("quarantine.integrity_failed", { what: "inbox", seq: row.seq });
    return NOTHING;
  });
  row.weighed.settle();
  return aftermath;
}

const placeOf = ({ event }: Pick<Row, "event">): string =>
  event === "altered" ? "" : `${event.envelope.channel}/${event.envelope.conversation}`;

/**
 * Rows that touch different conversations may share a group commit; those of one conversation keep their order. Each
 * group holds the first waiting row of every conversation.
 */
function independent(rows: readonly Row[]): readonly (readonly Row[])[] {
  const groups: Row[][] = [];
  const depth = new Map<string, number>();
  for (const row of rows) {
    const key = placeOf(row);
    const at = depth.get(key) ?? 0;
    depth.set(key, at + 1);
    const group = groups[at];
    if (group === undefined) groups.push([row]);
    else group.push(row);
  }
  return groups;
}

function receive(powers: Powers, draft: Draft, event: InboundEvent, weighed: Weighed, handlers: Handlers): Aftermath {
  const { envelope } = event;
  if (!isFirst(draft, event)) return NOTHING;
  const conversation = findConversation(draft, envelope.channel, envelope.conversation);
  const principal = findPrincipal(draft, envelope.channel, envelope.sender.id);
  const reject = (reason: Rejection): Aftermath => weighed.reject(conversation?.id ?? null, envelope.channel, reason);
  if (conversation === null || conversation.status === "unknown") {
    if (handlers.pair(draft, event)) return NOTHING;
    if (principal?.role === "owner") handlers.unknown(draft, event, principal);
    return reject("unknown_conversation");
  }
  switch (envelope.kind) {
    case "message":
      return receiveMessage(powers, draft, event, conversation, weighed, handlers);
    case "edit":
      return receiveEdit(powers, draft, event, conversation, principal, reject, handlers);
    case "delete":
      return receiveDelete(powers, draft, event, conversation, reject, handlers);
    case "reaction":
    case "action":
      return receiveAnswer(draft, event, conversation, principal, weighed, handlers);
    case "membership":
      receiveMembership(draft, event, conversation);
      return NOTHING;
    case "gap":
      draft.put("conversation", conversation.id, { ...conversation, gapAt: envelope.received_at });
      draft.entry("message.gap", { conversation: conversation.id, reason: "network" });
      return NOTHING;
    case "undecryptable":
      return reject("undecryptable");
  }
}

/** Remembers the delivery. False for one that came before. */
function isFirst(draft: Draft, { envelope }: InboundEvent): boolean {
  if (draft.ref("delivery", envelope.channel, envelope.delivery_id) !== null) return false;
  draft.addRef("delivery", envelope.channel, envelope.delivery_id, "", "-");
  return true;
}

/** A message as it stands to us, before anything is written. */
type Standing = { readonly conversation: Conversation; readonly text: string; readonly activation: Activation };

function standingOf(powers: Powers, draft: Draft, event: InboundEvent, conversation: Conversation): Standing {
  const { envelope, content } = event;
  const principal = findPrincipal(draft, envelope.channel, envelope.sender.id);
  const text = (content.text ?? "").normalize("NFKC");
  const repliesToUs = messageBy(draft, envelope, envelope.reply_to)?.own === true;
  const { keywords } = powers.settings;
  return {
    conversation,
    text,
    activation: activate({ conversation, principal, envelope, text, keywords, repliesToUs }),
  };
}

/** Takes a message that starts nothing. False, and nothing written, for every other event. */
function receiveQuietly(powers: Powers, draft: Draft, event: InboundEvent, { seq, weighed }: Row): boolean {
  const { envelope } = event;
  if (envelope.kind !== "message") return false;
  const conversation = findConversation(draft, envelope.channel, envelope.conversation);
  if (conversation === null || conversation.status === "unknown") return false;
  const standing = standingOf(powers, draft, event, conversation);
  if (standing.activation.is === "instruction") return false;
  draft.taken(seq);
  if (isFirst(draft, event)) takeMessage(powers, draft, event, standing, weighed);
  return true;
}

/** Who nods is looked at before what the nod is on: bots, nobody, strangers and replays leave a count. */
function receiveAnswer(
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  principal: Principal | null,
  weighed: Weighed,
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
            : weighed.isFlooding(channel, sender.id, sent_at)
              ? "rate"
              : null;
  if (reason === null && principal !== null) return handlers.answer(draft, event, conversation, principal);
  return weighed.reject(conversation.id, channel, reason ?? "stranger");
}

function receiveMessage(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  weighed: Weighed,
  handlers: Handlers,
): Aftermath {
  const standing = standingOf(powers, draft, event, conversation);
  const word = standing.activation.is === "instruction" ? parseWord(standing.text) : null;
  const answer = word === null ? null : (sender: Principal) => handlers.word(draft, word, event, conversation, sender);
  const taken = takeMessage(powers, draft, event, standing, weighed, answer);
  if (taken === null || "do" in taken) return taken ?? NOTHING;
  return standing.activation.is === "instruction" ? begin(powers, draft, conversation, taken) : NOTHING;
}

/** Keeps it, or lets the sender's word be answered; null when it was rejected. */
function takeMessage(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  { conversation, activation }: Standing,
  weighed: Weighed,
  answer: ((sender: Principal) => Aftermath) | null = null,
): Message | Aftermath | null {
  const { envelope, content } = event;
  const reject = (reason: Rejection): Aftermath => weighed.reject(conversation.id, envelope.channel, reason);
  if (draft.ref("event", envelope.channel, keyOf(envelope, envelope.event_id)) !== null) return reject("erased");
  if (activation.is === "rejected") return reject(activation.reason);
  if (!isImport(event) && weighed.isFlooding(envelope.channel, envelope.sender.id, envelope.sent_at)) {
    draft.put("conversation", conversation.id, { ...conversation, gapAt: envelope.received_at });
    return reject("rate");
  }
  const sender = senderOf(draft, envelope, content.sender_name);
  if (answer !== null) return answer(sender);
  const kept = keep(powers, draft, event, conversation, sender, activation);
  if (kept !== null) return kept;
  draft.put("conversation", conversation.id, { ...conversation, gapAt: envelope.received_at });
  return reject("quota");
}

const isImport = (event: InboundEvent): boolean => event.envelope.trust.flags.includes("imported");

function begin(powers: Powers, draft: Draft, conversation: Conversation, message: Message): Aftermath {
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
  const target = messageBy(draft, event.envelope, event.envelope.target);
  // Only the author edits; what anybody else calls an edit of it changes nothing (threat B05).
  if (target === null || target.own || principal === null || target.sender !== principal.id) return reject("malformed");
  // What it said before is not what its author says now, even where the new words are not kept.
  const goOn = handlers.changed(draft, target, "edited");
  const isKept = conversation.status === "allowed" && !conversation.closed && !principal.optedOut;
  if (isKept) revise(powers, draft, event, conversation, target);
  else {
    withdraw(powers, draft, conversation, target);
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
  const target = messageBy(draft, envelope, envelope.target);
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
  withdraw(powers, draft, conversation, target);
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
