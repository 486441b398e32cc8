/** What a network says of conversations rather than in them: missed events everywhere, a group that moved. */
import type { PrincipalId } from "../core/ids.ts";
import { EVERYWHERE, type InboundEvent } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { voidWhere } from "./answer.ts";
import type { Draft } from "./draft.ts";
import { welcome } from "./everybody.ts";
import { findConversation, findPrincipal, newConversation, senderOf } from "./people.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";

const CONVERSATIONS_MAX = 10_000;
const OWNERS_MAX = 20;
const GONE_MAX = 5000;

/** True when the event was a gap that nobody can place: every conversation of the channel may lack something. */
export function missedEverywhere(powers: Powers, draft: Draft, { envelope }: InboundEvent): boolean {
  if (envelope.kind !== "gap" || envelope.conversation !== EVERYWHERE) return false;
  const all = powers.store.find("conversation", "channel", envelope.channel, { limit: CONVERSATIONS_MAX });
  for (const { value } of all) {
    const conversation = draft.get("conversation", value.id);
    if (conversation?.status !== "allowed" || conversation.closed) continue;
    draft.put("conversation", conversation.id, { ...conversation, gapAt: envelope.received_at });
    draft.entry("message.gap", { conversation: conversation.id, reason: "network" });
  }
  return true;
}

/**
 * A group that the network gave another id is a new conversation and needs the owner, who is asked in every direct
 * chat there is. The old one is closed, and its alias is free.
 */
function migrated(powers: Powers, draft: Draft, { envelope }: InboundEvent, from: Conversation): void {
  const { channel, target } = envelope;
  if (target === undefined || from.closed) return;
  voidWhere(powers, draft, "conversation", from.id, "changed");
  draft.put("conversation", from.id, { ...from, closed: true, alias: null });
  draft.entry("conversation.changed", { conversation: from.id, closed: true, reason: "migrated" });
  const place = { channel, platform: target, kind: from.kind, encrypted: from.encrypted };
  const next = findConversation(draft, channel, target) ?? newConversation(powers, draft, place);
  const name = from.alias ?? "NAME";
  const command = `lazaret conversation allow ${next.id} --alias ${name}`;
  const what = `${from.alias ?? "A group"} has become another group to the network, so I stay silent there.`;
  const text = `${what} To allow it, type on this machine: ${command}`;
  for (const { value: owner } of powers.store.find("principal", "role", "owner", { limit: OWNERS_MAX })) {
    const direct = owner.direct === null ? null : draft.get("conversation", owner.direct);
    if (direct !== null) say(draft, { conversation: direct, thread: null }, text);
  }
}

/** Of one person alone only that they are gone is kept: a yes of theirs must not count any more (threat B20). */
function standing(conversation: Conversation, person: PrincipalId, key: string): Conversation {
  const isGone = key === "left" || key === "banned";
  const others = (conversation.gone ?? []).filter((it) => it !== person);
  return { ...conversation, gone: isGone ? [...others, person].slice(-GONE_MAX) : others };
}

/** Whoever writes somewhere is there. */
export function seenIn(draft: Draft, conversation: Conversation, person: PrincipalId): Conversation {
  if (conversation.gone?.includes(person) !== true) return conversation;
  return draft.put("conversation", conversation.id, standing(conversation, person, "joined"));
}

/** Who is in a conversation, stated whole; or that it moved; or what became of one person. */
export function receiveMembership(powers: Powers, draft: Draft, event: InboundEvent, conversation: Conversation): void {
  const { envelope, content } = event;
  if (content.key === "migrated") {
    migrated(powers, draft, event, conversation);
    return;
  }
  const stated = content.members;
  if (stated === undefined) {
    const person = findPrincipal(draft, envelope.channel, envelope.sender.id);
    if (person !== null)
      draft.put("conversation", conversation.id, standing(conversation, person.id, content.key ?? ""));
    return;
  }
  const members = stated.map((platform) => {
    const known = findPrincipal(draft, envelope.channel, platform);
    return (known ?? senderOf(draft, { ...envelope, sender: { id: platform, kind: "person" } }, undefined)).id;
  });
  const before = conversation.members;
  if (before !== null && members.some((id) => !before.includes(id))) welcome(draft, conversation);
  draft.put("conversation", conversation.id, { ...conversation, members: [...new Set(members)] });
  draft.entry("conversation.changed", { conversation: conversation.id, members: members.length });
}

/**
 * The conversation of an event, with what the event shows of it: once anything in it was encrypted, it is for good; and
 * a chat with one person that others joined is a group, which nobody allowed.
 */
export function placeAsItIs(powers: Powers, draft: Draft, { envelope }: InboundEvent): Conversation | null {
  const known = findConversation(draft, envelope.channel, envelope.conversation);
  if (known === null) return null;
  let place = known;
  if (envelope.trust.transport === "e2ee" && !place.encrypted) {
    place = draft.put("conversation", place.id, { ...place, encrypted: true });
    draft.entry("conversation.changed", { conversation: place.id, encrypted: true });
  }
  const isGrown = place.kind === "direct" && envelope.conversation_kind === "group";
  if (!isGrown || powers.store.get("channel", place.channel)?.value.kind !== "matrix") return place;
  voidWhere(powers, draft, "conversation", place.id, "changed");
  for (const member of place.members ?? []) {
    const person = draft.get("principal", member);
    if (person?.direct === place.id) draft.put("principal", person.id, { ...person, direct: null });
  }
  const status = place.status === "blocked" ? "blocked" : "unknown";
  place = draft.put("conversation", place.id, { ...place, kind: "group", status, members: null });
  draft.entry("conversation.changed", { conversation: place.id, kind: "group", status, reason: "joined" });
  return place;
}

/** A person whom we would have answered reads that we could not, where nobody else is bothered by it. */
export function sayUnread(
  draft: Draft,
  { envelope }: InboundEvent,
  conversation: Conversation,
  person: Principal | null,
): void {
  const isAnswered = person !== null && ["owner", "approver", "member"].includes(person.role);
  const isOpen = conversation.status === "allowed" && !conversation.closed && conversation.kind === "direct";
  if (!isAnswered || !isOpen || !envelope.event_id.endsWith(".late")) return;
  const text =
    "I could not decrypt your last message: its key has not reached me, or your device is not verified by you. " +
    "Please send it again.";
  say(draft, { conversation, thread: null }, text);
}
