/** From a raw event to a kept message, an instruction, or a counter: the first stop of every event. */
import type { InboundEvent, Message } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { type Activation, activate, type Rejection } from "./activate.ts";
import type { Draft } from "./draft.ts";
import { missedEverywhere, placeAsItIs, receiveMembership, sayUnread, seenIn } from "./elsewhere.ts";
import { answerEverybody, welcome, wordOf } from "./everybody.ts";
import { hearFor } from "./followups.ts";
import type { Aftermath, Handlers } from "./handlers.ts";
import { keep, keyOf, messageBy, revise, withdraw } from "./keep.ts";
import { findPrincipal, senderOf } from "./people.ts";
import type { Powers } from "./powers.ts";
import type { Weighed } from "./rejections.ts";
import { takeBackDerived } from "./said.ts";
import { say } from "./say.ts";
import { request } from "./start.ts";
import { type EverybodyWord, parseWord } from "./words.ts";

const NOTHING: Aftermath = { do: "nothing" };

/** One event in its own draft. */
export function receive(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  weighed: Weighed,
  handlers: Handlers,
): Aftermath {
  const { envelope } = event;
  if (!isFirst(draft, event)) return NOTHING;
  if (missedEverywhere(powers, draft, event)) return NOTHING;
  const conversation = placeAsItIs(powers, draft, event);
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
      return receiveEdit(powers, draft, event, conversation, principal, weighed, handlers);
    case "delete":
      return receiveDelete(powers, draft, event, conversation, reject, handlers);
    case "reaction":
    case "action":
      return receiveAnswer(draft, event, conversation, principal, weighed, handlers);
    case "membership":
      receiveMembership(powers, draft, event, conversation);
      return NOTHING;
    case "gap":
      draft.put("conversation", conversation.id, { ...conversation, gapAt: envelope.received_at });
      draft.entry("message.gap", { conversation: conversation.id, reason: "network" });
      return NOTHING;
    case "undecryptable":
      sayUnread(draft, event, conversation, principal);
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
type Standing = {
  readonly conversation: Conversation;
  readonly text: string;
  readonly activation: Activation;
  /** A word that anybody may say. */
  readonly everybody: EverybodyWord | null;
};

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
    everybody: wordOf(powers, event, conversation, text, repliesToUs),
  };
}

/** Takes a message that starts nothing. False, and nothing written, for every other event. */
export function receiveQuietly(powers: Powers, draft: Draft, event: InboundEvent, weighed: Weighed): boolean {
  const { envelope } = event;
  if (envelope.kind !== "message") return false;
  const conversation = placeAsItIs(powers, draft, event);
  if (conversation === null || conversation.status === "unknown") return false;
  const standing = standingOf(powers, draft, event, conversation);
  if (standing.activation.is === "instruction" || standing.everybody !== null) return false;
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
          : principal === null || trust.verified === "none"
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
  const { everybody } = standing;
  const answer =
    everybody !== null
      ? (sender: Principal) => answerEverybody(powers, draft, everybody, event, conversation, sender, handlers.changed)
      : word === null
        ? null
        : (sender: Principal) => handlers.word(draft, word, event, conversation, sender);
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
  if (activation.is === "rejected" && answer === null) return reject(activation.reason);
  if (!isImport(event) && weighed.isFlooding(envelope.channel, envelope.sender.id, envelope.sent_at)) {
    gapAt(draft, conversation, envelope.received_at);
    return reject("rate");
  }
  const isNew = findPrincipal(draft, envelope.channel, envelope.sender.id) === null;
  const sender = senderOf(draft, envelope, content.sender_name);
  const place = seenIn(draft, conversation, sender.id);
  if (isNew && !isImport(event)) welcome(draft, place);
  if (answer !== null) return answer(sender);
  if (activation.is === "rejected") return reject(activation.reason);
  const kept = keep(powers, draft, event, place, sender, activation);
  if (kept !== null) {
    hearFor(powers, draft, kept);
    return kept;
  }
  gapAt(draft, conversation, envelope.received_at);
  return reject("quota");
}

/** Something is missing from then on: whoever reads the conversation is told. */
const gapAt = (draft: Draft, { id }: Conversation, at: number): void => {
  draft.put("conversation", id, { ...draft.need("conversation", id), gapAt: at });
};

const isImport = (event: InboundEvent): boolean => event.envelope.trust.flags.includes("imported");

function begin(powers: Powers, draft: Draft, conversation: Conversation, message: Message): Aftermath {
  const started = request(powers, draft, conversation, message);
  const where = { conversation, thread: message.thread, replyTo: message.id };
  switch (started.is) {
    case "started":
      return { do: "drive", run: started.run.id };
    case "woken":
      return NOTHING;
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
  weighed: Weighed,
  handlers: Handlers,
): Aftermath {
  const target = messageBy(draft, event.envelope, event.envelope.target);
  // What was said encrypted is not changed in clear, by whomever it may have been (threat B13).
  const isClear = conversation.encrypted && event.envelope.trust.transport !== "e2ee";
  // Only the author edits; what anybody else calls an edit of it changes nothing (threat B05).
  if (isClear || target === null || target.own || principal === null || target.sender !== principal.id)
    return weighed.reject(conversation.id, event.envelope.channel, "malformed");
  // What it said before is not what its author says now, even where the new words are not kept.
  const goOn = handlers.changed(draft, target, "edited");
  const { channel, sender, sent_at, received_at } = event.envelope;
  const isOpen = conversation.status === "allowed" && !conversation.closed;
  const why = principal.optedOut
    ? "opted_out"
    : !isOpen
      ? "blocked_conversation"
      : weighed.isFlooding(channel, sender.id, sent_at)
        ? "rate"
        : null;
  if (why === null) revise(powers, draft, event, conversation, target);
  else {
    // Nobody knows what the message says now, so it goes; more edits of it cost nothing.
    withdraw(powers, draft, conversation, target);
    weighed.reject(conversation.id, channel, why);
    if (why === "rate") gapAt(draft, conversation, received_at);
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
  takeBackDerived(powers, draft, target);
  withdraw(powers, draft, conversation, target);
  return { do: "stopped", goOn };
}
