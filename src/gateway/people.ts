/**
 * Principals and conversations behind platform ids: found, or made when an allowed conversation brings somebody new.
 */
import type { PrincipalId } from "../core/ids.ts";
import type { Envelope } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { wasConfirmed } from "./confirm.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";

export function findConversation(draft: Draft, channel: string, platform: string): Conversation | null {
  const id = draft.ref("conversation", channel, platform);
  return id === null || id === "erased" ? null : draft.get("conversation", id);
}

export function findPrincipal(draft: Draft, channel: string, platform: string): Principal | null {
  const id = draft.ref("principal", channel, platform);
  return id === null || id === "erased" ? null : draft.get("principal", id);
}

export function newPrincipal(
  draft: Draft,
  channel: string,
  platform: string,
  kind: Principal["kind"],
  role: Principal["role"],
  name?: string,
): Principal {
  const id = draft.newId("PrincipalId");
  draft.addRef("principal", channel, platform, id, "-", name);
  return draft.put("principal", id, {
    id,
    tenant: draft.tenant,
    channel,
    kind,
    role,
    only: null,
    person: id,
    pairedAt: null,
    assurance: "low",
    timezone: null,
    language: null,
    optedOut: false,
    direct: null,
  });
}

/** The sender as a principal; somebody new becomes a participant. A changed display name is sealed again. */
export function senderOf(draft: Draft, envelope: Envelope, name: string | undefined): Principal {
  const { channel, sender } = envelope;
  const known = findPrincipal(draft, channel, sender.id);
  if (known === null) return newPrincipal(draft, channel, sender.id, sender.kind, "participant", name);
  if (name !== undefined) draft.addRef("principal", channel, sender.id, known.id, "-", name);
  return known;
}

export function newConversation(
  powers: Powers,
  draft: Draft,
  place: {
    readonly channel: string;
    readonly platform: string;
    readonly kind: Conversation["kind"];
    readonly encrypted: boolean;
  },
  set: Partial<Conversation> = {},
): Conversation {
  const id = draft.newId("ConversationId");
  draft.addRef("conversation", place.channel, place.platform, id, "-");
  return draft.put("conversation", id, {
    id,
    tenant: draft.tenant,
    channel: place.channel,
    kind: place.kind,
    alias: null,
    status: "unknown",
    context: "off",
    ttlMs: powers.settings.ttlMs,
    timezone: null,
    language: null,
    agent: null,
    membersAll: false,
    members: null,
    encrypted: place.encrypted,
    bytes: 0,
    closed: false,
    gapAt: null,
    ...set,
  });
}

/** By the owner's word for it, the only name that a run may use. */
export const conversationByAlias = (powers: Powers, alias: string): Conversation | null =>
  powers.store.find("conversation", "alias", `${powers.settings.tenant}/${alias}`, { limit: 1 })[0]?.value ?? null;

/** By alias or internal id; null when there is none. */
export const conversationBy = (powers: Powers, name: string): Conversation | null =>
  conversationByAlias(powers, name) ?? powers.store.get("conversation", name)?.value ?? null;

/** The same, where there has to be one. Throws `conversation.unknown`. */
export function conversationNamed(powers: Powers, name: string): Conversation {
  const found = conversationBy(powers, name);
  if (found === null) throw new Refusal("conversation.unknown", { field: name });
  return found;
}

/** Is this person in the conversation as far as the connector has said? Unknown is not in. */
export function isMemberNow(powers: Powers, conversation: Conversation, principal: PrincipalId): boolean {
  const person = powers.store.get("principal", principal)?.value;
  if (person === undefined) return false;
  if (conversation.members === null) return wasConfirmed(powers, conversation, principal);
  return conversation.members.some(
    (id) => id === principal || powers.store.get("principal", id)?.value.person === person.person,
  );
}

export const timezoneOf = (powers: Powers, conversation: Conversation, principal: Principal | null): string =>
  principal?.timezone ?? conversation.timezone ?? powers.settings.timezone;

export const languageOf = (powers: Powers, conversation: Conversation, principal: Principal | null): string =>
  principal?.language ?? conversation.language ?? powers.settings.language;
