/**
 * Which messages a call is about, whether the asker may have them, and their text as turns (CONTRACT sections 2 and 5).
 */
import type { CallId, ConversationId, Handle, MessageId, PrincipalId, ThreadId } from "../core/ids.ts";
import { joinAll, type Label } from "../core/label.ts";
import { RANGE_MESSAGES_MAX } from "../core/limits.ts";
import type { Message } from "../core/message.ts";
import type { Conversation, Pseudonym } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { LAST_DEFAULT, type Scope } from "../core/scope.ts";
import type { Turn } from "../core/transform.ts";
import type { Value } from "../core/value.ts";
import type { Asker } from "./asker.ts";
import type { Read } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import { isHeld } from "./holds.ts";
import { conversationByAlias, isMemberNow, timezoneOf } from "./people.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { knownIn, personToken } from "./pseudonyms.ts";

export type Range = {
  readonly conversation: Conversation;
  readonly messages: readonly Message[];
  readonly label: Label;
  readonly read: Read;
  /** The text of an attachment is read instead of what the messages say. */
  readonly file?: Value;
};

/**
 * The conversation a scope names: the run's own, or another that the asker belongs to now.
 * Anything else is `not_found`.
 */
function conversationOf(powers: Powers, asker: Asker, alias: string | undefined): Conversation {
  if (alias === undefined) {
    if (isHeld(powers, asker.conversation.id)) throw new Refusal("not_found");
    return asker.conversation;
  }
  const other = conversationByAlias(powers, alias);
  if (other === null || other.status !== "allowed" || other.closed || isHeld(powers, other.id))
    throw new Refusal("not_found");
  if (other.id === asker.conversation.id) return other;
  if (!isReachable(powers, asker, other)) throw new Refusal("not_found");
  return other;
}

/**
 * Another conversation is open to a run when its asker is in it now, and to an external agent only when its token
 * names it too.
 */
export function isReachable(powers: Powers, { principal, token }: Asker, other: Conversation): boolean {
  const isToken = token === null || token.conversations.includes(other.id);
  return isToken && (principal === null ? token !== null : isMemberNow(powers, other, principal.id));
}

/** Messages of people in the scope, oldest first: never the request itself, never what the bot said. */
export function rangeOf(powers: Powers, asker: Asker, scope: Scope): Range {
  if (scope.file !== undefined) return fileRange(powers, asker, scope.file);
  const conversation = conversationOf(powers, asker, scope.conversation);
  const isOwn = conversation.id === asker.conversation.id;
  const wanted =
    scope.messages === undefined
      ? listed(powers, asker, conversation, scope, isOwn)
      : named(powers, conversation, scope.messages);
  const messages = wanted.messages.filter(
    (message) => !message.own && message.id !== asker.run.request && !isHeld(powers, message.sender),
  );
  const kept = messages.slice(-(scope.last ?? (scope.since === undefined ? LAST_DEFAULT : RANGE_MESSAGES_MAX)));
  const label = joinAll(kept.map((message) => message.label));
  return {
    conversation,
    messages: kept,
    label:
      kept.length === 0
        ? { v: 1, cats: 4, integrity: 2, tenant: conversation.tenant, audience: [conversation.id] }
        : label,
    read: readOf(conversation, kept, scope, wanted.cut),
  };
}

/** The message that an extracted text came with. Another run's text, or one that is gone, is `not_found`. */
function fileRange(powers: Powers, { run }: Asker, handle: Handle): Range {
  const { store, clock } = powers;
  const value = store.get("value", handle)?.value;
  const isOurs = value?.run === run.id && value.kind === "attachment.extract_text" && value.expiresAt > clock.now();
  const message = isOurs ? store.message(value.sources[0]?.message as MessageId) : null;
  const conversation = message === null ? undefined : store.get("conversation", message.conversation)?.value;
  if (!isOurs || message === null || conversation === undefined) throw new Refusal("not_found", { field: handle });
  if (isHeld(powers, conversation.id)) throw new Refusal("not_found");
  const read = readOf(conversation, [message], {}, false);
  const others = Math.max(0, read.unread_media - 1);
  const label = value.label;
  return { conversation, messages: [message], label, file: value, read: { ...read, unread_media: others } };
}

type Wanted = { readonly messages: readonly Message[]; readonly cut: boolean };

function named(powers: Powers, conversation: Conversation, ids: readonly MessageId[]): Wanted {
  const messages = ids.map((id) => {
    const message = powers.store.message(id);
    if (message === null || message.conversation !== conversation.id) throw new Refusal("not_found");
    return message;
  });
  return { messages: messages.toSorted((a, b) => a.sentAt - b.sentAt), cut: false };
}

function listed(powers: Powers, asker: Asker, conversation: Conversation, scope: Scope, isOwn: boolean): Wanted {
  const isThread = isOwn && scope.scope !== "conversation" && asker.run.thread !== null;
  const sender = scope.person === undefined ? undefined : principalOf(powers, conversation.id, scope.person);
  // The bot's own messages and the request lie between: ask for some more, and drop them after.
  const last = Math.min(
    2 * RANGE_MESSAGES_MAX,
    2 * (scope.last ?? (scope.since === undefined ? LAST_DEFAULT : RANGE_MESSAGES_MAX)) + 20,
  );
  const messages = powers.store.messages({
    conversation: conversation.id,
    ...(isThread ? { thread: asker.run.thread as ThreadId } : {}),
    ...(sender === undefined ? {} : { sender }),
    ...(scope.since === undefined ? {} : { since: scope.since }),
    last,
  });
  return { messages, cut: scope.since !== undefined && messages.length >= last };
}

function principalOf(powers: Powers, conversation: ConversationId, token: string): PrincipalId {
  const known = powers.store.get("pseudonym", `${conversation}/${token}`)?.value;
  if (known?.principal == null) throw new Refusal("not_found");
  return known.principal;
}

function readOf(conversation: Conversation, messages: readonly Message[], scope: Scope, cut: boolean): Read {
  const from = messages[0]?.sentAt ?? null;
  return {
    messages: messages.length,
    people: new Set(messages.map((message) => message.sender)).size,
    from,
    to: messages.at(-1)?.sentAt ?? null,
    unread_media: messages.reduce((sum, message) => sum + message.media.length, 0),
    others_unread: conversation.kind === "group" && conversation.context !== "everyone",
    gap: conversation.gapAt !== null && conversation.gapAt >= (scope.since ?? from ?? 0),
    cut,
  };
}

/** Every way a person's name is written that we know: the whole name and its first word. */
function waysOf(name: string): readonly string[] {
  const whole = name.normalize("NFKC").trim();
  const first = whole.split(/\s+/)[0] ?? "";
  return first.length >= 2 && first !== whole ? [whole, first] : whole.length > 0 ? [whole] : [];
}

/**
 * Who may be named in a range: names to mask, the token of every principal, and all tokens of the conversation so far.
 */
export type Crowd = {
  readonly people: readonly { readonly names: readonly string[]; readonly token: string }[];
  readonly tokens: ReadonlyMap<PrincipalId, string>;
  readonly known: readonly Pseudonym[];
};
const PEOPLE_MAX = 500;

/** Everybody who spoke in the range or is known to be in the conversation. New tokens are written down in the draft. */
export function crowdOf(
  powers: Powers,
  draft: Draft,
  conversation: Conversation,
  speakers: readonly PrincipalId[],
): Crowd {
  const known = [...knownIn(powers, conversation.id)];
  const everybody = [...new Set([...speakers, ...(conversation.members ?? []).slice(0, PEOPLE_MAX)])];
  const permit = grantPermit({ by: "gateway", why: "names" }, "names", "people", []);
  const names = powers.store.names(permit, everybody);
  const tokens = new Map(everybody.map((id) => [id, personToken(powers, draft, conversation.id, id, known)]));
  const people = everybody.map((id) => ({ names: waysOf(names.get(id) ?? ""), token: tokens.get(id) ?? "" }));
  return { people, tokens, known };
}

/** Opens the range with a permit and hands its turns to `use`; the text is gone when `use` returns. */
export async function withTurns<T>(
  powers: Powers,
  asker: Asker,
  call: CallId,
  capability: string,
  range: Range,
  crowd: Crowd,
  use: (turns: readonly Turn[]) => Promise<T>,
): Promise<T> {
  const blobs = range.file === undefined ? range.messages.map((message) => message.blob) : [range.file.blob];
  const permit = grantPermit({ by: "run", run: asker.run.id, call, reserved: true }, "transform", capability, blobs);
  const zone = timezoneOf(powers, range.conversation, asker.principal);
  const position = new Map(range.messages.map((message, index) => [message.id, index]));
  return powers.store.open(permit, blobs, (opened) => {
    if (range.file !== undefined) return use(fileTurns(powers, range, crowd, opened[0]?.bytes));
    return use(
      range.messages.map((message, index) => ({
        index,
        sender: crowd.tokens.get(message.sender) ?? "",
        text: textOf(powers, opened[index]?.bytes),
        sentAt: message.sentAt,
        offsetMinutes: powers.hashing.offsetMinutes(zone, message.sentAt) ?? 0,
        replyTo: message.replyTo === null ? null : (position.get(message.replyTo) ?? null),
        media: message.media.length,
      })),
    );
  });
}

/** A document as turns of whoever sent it: lines that belong together, never more turns than a range has. */
function fileTurns(powers: Powers, { messages }: Range, crowd: Crowd, bytes: Uint8Array | undefined): readonly Turn[] {
  const text = textOf(powers, bytes);
  const chars = Math.max(FILE_TURN_CHARS, Math.ceil((2 * text.length) / RANGE_MESSAGES_MAX));
  const parts: string[] = [];
  for (const line of text.split("\n")) {
    const last = parts.at(-1);
    if (last === undefined || line === "" || last.length + line.length > chars) parts.push(line);
    else parts[parts.length - 1] = last === "" ? line : `${last}\n${line}`;
  }
  const [message] = messages;
  const sender = message === undefined ? "" : (crowd.tokens.get(message.sender) ?? "");
  return parts
    .filter((part) => part !== "")
    .slice(0, RANGE_MESSAGES_MAX)
    .map((part, index) => ({
      index,
      sender,
      text: part,
      sentAt: message?.sentAt ?? null,
      offsetMinutes: 0,
      replyTo: null,
      media: 0,
    }));
}
const FILE_TURN_CHARS = 400;

function textOf(powers: Powers, bytes: Uint8Array | undefined): string {
  if (bytes === undefined) throw new Refusal("not_found");
  return (JSON.parse(powers.hashing.text(bytes)) as { text: string }).text;
}
