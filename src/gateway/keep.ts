/**
 * Keeps a message sealed, revises it, withdraws it. Content passes through here once,
 * from the inbox row to its own key.
 */

import type { BlobId, MessageId, ThreadId } from "../core/ids.ts";
import { CATEGORY, type Label } from "../core/label.ts";
import { CONVERSATION_BYTES_MAX } from "../core/limits.ts";
import { type Envelope, type InboundEvent, type Message, plainMime } from "../core/message.ts";
import { paddedBytes } from "../core/padding.ts";
import type { Conversation, Principal } from "../core/people.ts";
import type { Activation } from "./activate.ts";
import type { Draft } from "./draft.ts";
import { defer, isMessageHeld } from "./holds.ts";
import type { Powers } from "./powers.ts";

/** Events are named within their conversation: some networks number them per chat. */
export const keyOf = (envelope: Pick<Envelope, "conversation">, event: string): string =>
  `${envelope.conversation}\n${event}`;

/** Of a platform id as stored by `keyOf`, the event's own part. */
export const eventOf = (key: string): string => key.slice(key.indexOf("\n") + 1);

/** The kept message that an envelope points at, if we have it. */
export function messageBy(draft: Draft, envelope: Envelope, event: string | undefined): Message | null {
  if (event === undefined) return null;
  const id = draft.ref("event", envelope.channel, keyOf(envelope, event));
  return id === null || id === "erased" ? null : draft.messageBy(id as MessageId);
}

/** The thread in which it was said, known from now on; null outside of any. */
export function threadOf(draft: Draft, envelope: Envelope, conversation: Conversation): ThreadId | null {
  if (envelope.thread === undefined) return null;
  const key = keyOf(envelope, envelope.thread);
  const known = draft.ref("thread", envelope.channel, key);
  if (known !== null && known !== "erased") return known as ThreadId;
  const id = draft.newId("ThreadId");
  draft.addRef("thread", envelope.channel, key, id, conversation.id);
  return id;
}

type Kept = Extract<Activation, { is: "instruction" | "material" }>;

/** Seals content and attachments and writes the message. Null when the conversation's quota is full. */
export function keep(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  sender: Principal,
  activation: Kept,
): Message | null {
  const { envelope } = event;
  // Lengths are kept in steps: a row must not tell how long a message was.
  const media = envelope.content.media.map((it) => ({
    ...it,
    mime: plainMime(it.mime),
    bytes: paddedBytes(it.bytes),
  }));
  const bytes = paddedBytes(envelope.content.bytes) + media.reduce((sum, it) => sum + it.bytes, 0);
  if (conversation.bytes + bytes > CONVERSATION_BYTES_MAX) return null;
  const expiresAt = envelope.received_at + conversation.ttlMs;
  const label: Label = {
    v: 1,
    cats: CATEGORY["pii.chat.message"],
    integrity: activation.integrity,
    tenant: draft.tenant,
    audience: [conversation.id],
  };
  const id = draft.newId("MessageId");
  const message: Message = {
    id,
    tenant: draft.tenant,
    channel: envelope.channel,
    conversation: conversation.id,
    thread: threadOf(draft, envelope, conversation),
    sender: sender.id,
    senderKind: envelope.sender.kind,
    sentAt: envelope.sent_at,
    receivedAt: envelope.received_at,
    replyTo: messageBy(draft, envelope, envelope.reply_to)?.id ?? null,
    addressed: activation.is === "instruction" ? activation.addressed : "none",
    trust: envelope.trust,
    media,
    label,
    blob: sealText(powers, draft, event, conversation, label, expiresAt),
    attachments: sealAttachments(powers, draft, event, conversation, expiresAt),
    revision: 1,
    bytes,
    expiresAt,
    own: false,
  };
  draft.addRef("event", envelope.channel, keyOf(envelope, envelope.event_id), id, conversation.id);
  draft.message(null, message);
  draft.put("conversation", conversation.id, { ...conversation, bytes: conversation.bytes + bytes });
  draft.entry(
    "message.received",
    { conversation: conversation.id, message: id, addressed: message.addressed, integrity: label.integrity, bytes },
    { actor: sender.id, commits: [{ name: "content", blob: message.blob, bytes: textBytes(powers, event) }] },
  );
  return message;
}

const textBytes = (powers: Powers, event: InboundEvent): Uint8Array => powers.hashing.utf8(event.content.text ?? "");

function sealText(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  label: Label,
  expires: number,
): BlobId {
  const { text = "" } = event.content;
  void powers;
  return draft.sealJson("message", "text.v1", conversation.id, label, { text }, expires);
}

function sealAttachments(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  expires: number,
): readonly BlobId[] {
  const label: Label = {
    v: 1,
    cats: CATEGORY["pii.attachment"],
    integrity: 2,
    tenant: draft.tenant,
    audience: [conversation.id],
  };
  return (event.content.attachments ?? []).map(({ name, mime, data }) => {
    const bytes = powers.hashing.utf8(JSON.stringify({ name, mime, data }));
    return draft.seal({
      kind: "attachment",
      schema: "attachment.v1",
      conversation: conversation.id,
      label,
      bytes,
      expires,
    });
  });
}

/** A new revision of a message. False when the text is what it was or the message is gone. */
export function revise(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  message: Message,
): boolean {
  const blob = sealText(powers, draft, event, conversation, message.label, message.expiresAt);
  if (isMessageHeld(powers, message)) defer(draft, message.id, { blob: message.blob });
  else draft.dropBlob(message.blob);
  draft.message(message.revision, { ...message, blob, revision: message.revision + 1 });
  draft.entry(
    "message.edited",
    { conversation: conversation.id, message: message.id, revision: message.revision + 1 },
    { actor: message.sender, commits: [{ name: "content", blob, bytes: textBytes(powers, event) }] },
  );
  return true;
}

/** Set when keys above a deleted message have to be drawn anew with the next epoch. */
export const DELETED_SINCE = "retention/deleted";

/**
 * Destroys a message's keys and rows. Its reference stays as a tombstone, so that a late original is dropped. What is
 * held is closed and kept, and goes when the hold does.
 */
export function withdraw(powers: Powers, draft: Draft, conversation: Conversation, message: Message): void {
  if (isMessageHeld(powers, message)) {
    defer(draft, message.id, { deleted: true });
    return;
  }
  draft.dropMessage(message.id);
  if (draft.get("setting", DELETED_SINCE) === null)
    draft.put("setting", DELETED_SINCE, { id: DELETED_SINCE, tenant: draft.tenant, value: true });
  const bytes = Math.max(0, conversation.bytes - message.bytes);
  draft.put("conversation", conversation.id, { ...conversation, bytes });
  draft.entry("message.deleted", { conversation: conversation.id, message: message.id });
}
