/** Telegram's updates as envelopes and contents. Pure: the same update gives the same events. */
import { ATTACHMENT_BYTES_MAX } from "../../src/core/limits.ts";
import type { Content, Envelope, EventKind, InboundEvent, Media, Trust } from "../../src/core/message.ts";
import { addressedBy, type Bot, isTopicRoot } from "./addressed.ts";
import {
  type Chat,
  type File,
  type MemberChange,
  type Message,
  type Press,
  type Reaction,
  type ReactionType,
  Update,
  type User,
} from "./update.ts";

/** Where updates come in: the bot, its channel, and the time of receipt in milliseconds. */
export type TelegramPlace = {
  readonly tenant: string;
  readonly channel: string;
  readonly bot: Bot;
  readonly receivedAt: number;
};

/** Telegram's id of a message, unique among all chats. */
const messageId = (chat: number, message: number): string => `${chat}:${message}`;

/**
 * The events that one update is: none for what is malformed or of a kind that we do not take, several for a change of
 * several reactions. Delivery ids hold the bot's id, because update ids are counted by bot.
 */
export function normalize(raw: unknown, place: TelegramPlace): readonly InboundEvent[] {
  const parsed = Update.safeParse(raw);
  if (!parsed.success) return [];
  const { update_id, message, edited_message, callback_query, message_reaction } = parsed.data;
  const change = parsed.data.my_chat_member ?? parsed.data.chat_member;
  const at = new At(place, `${place.bot.id}:${update_id}`);
  if (message !== undefined) return said(message, at);
  if (edited_message !== undefined) return edited(edited_message, at);
  if (callback_query !== undefined) return pressed(callback_query, at);
  if (message_reaction !== undefined) return reacted(message_reaction, at);
  return change === undefined ? [] : memberChanged(change, at);
}

type Facts = {
  readonly kind: EventKind;
  readonly event: string;
  readonly chat: Chat;
  readonly sender: Envelope["sender"];
  /** Unix seconds; null where Telegram does not say. */
  readonly date: number | null;
  readonly content: Content;
  readonly thread?: string | undefined;
  readonly target?: string;
  readonly replyTo?: string | undefined;
  readonly how?: Envelope["addressed"]["how"];
  readonly media?: readonly Media[];
  readonly flags?: Trust["flags"];
};

/** One update at its place; numbers the events that come of it. */
class At {
  readonly place: TelegramPlace;
  readonly delivery: string;
  #made = 0;

  constructor(place: TelegramPlace, delivery: string) {
    this.place = place;
    this.delivery = delivery;
  }

  event(facts: Facts): InboundEvent {
    const { place } = this;
    const delivery_id = this.#made === 0 ? this.delivery : `${this.delivery}:${this.#made}`;
    this.#made += 1;
    const title = facts.chat.title;
    return {
      envelope: {
        tenant: place.tenant,
        channel: place.channel,
        delivery_id,
        event_id: facts.event,
        kind: facts.kind,
        conversation: String(facts.chat.id),
        conversation_kind: facts.chat.type === "private" ? "direct" : "group",
        ...(facts.thread === undefined ? {} : { thread: facts.thread }),
        sender: facts.sender,
        sent_at: facts.date === null ? place.receivedAt : Math.min(facts.date * 1000, place.receivedAt),
        received_at: place.receivedAt,
        ...(facts.replyTo === undefined ? {} : { reply_to: facts.replyTo }),
        ...(facts.target === undefined ? {} : { target: facts.target }),
        addressed: { how: facts.how ?? (facts.chat.type === "private" ? "direct" : "none") },
        content: { bytes: Buffer.byteLength(facts.content.text ?? ""), media: [...(facts.media ?? [])] },
        // Who writes as a chat shows no identity: whichever admin it was, nobody vouches for it.
        trust: {
          transport: "transport",
          verified: facts.sender.kind === "anonymous" ? "none" : "platform",
          flags: [...(facts.flags ?? [])],
        },
      },
      content: { ...facts.content, ...(title === undefined ? {} : { conversation_name: title.toWellFormed() }) },
    };
  }
}

/** A chat that speaks hides who wrote; `from` is a stand-in then. */
function senderOf(user: User | undefined, chat: Chat | undefined): Envelope["sender"] {
  if (chat !== undefined) return { id: `chat:${chat.id}`, kind: "anonymous" };
  if (user === undefined) return { id: "telegram", kind: "service" };
  return { id: String(user.id), kind: user.is_bot ? "bot" : "person" };
}

const nameOf = (user: User | undefined): Content =>
  user === undefined
    ? {}
    : { sender_name: [user.first_name, user.last_name ?? ""].join(" ").trim().slice(0, 512).toWellFormed() };

const threadOf = (message: { is_topic_message?: boolean | undefined; message_thread_id?: number | undefined }) =>
  message.is_topic_message === true && message.message_thread_id !== undefined
    ? String(message.message_thread_id)
    : undefined;

function factsOf(message: Message, at: At): Facts {
  const { chat, reply_to_message: answered } = message;
  const text = message.text ?? message.caption;
  return {
    kind: "message",
    event: messageId(chat.id, message.message_id),
    chat,
    sender: senderOf(message.from, message.sender_chat),
    date: message.date,
    thread: threadOf(message),
    replyTo: answered === undefined || isTopicRoot(message) ? undefined : messageId(chat.id, answered.message_id),
    how: addressedBy(message, at.place.bot),
    media: mediaOf(message),
    flags: [
      ...(message.forward_origin === undefined ? [] : ["forwarded" as const]),
      ...(message.via_bot === undefined ? [] : ["via_bot" as const]),
    ],
    content: {
      ...(text === undefined ? {} : { text: text.toWellFormed() }),
      ...(message.sender_chat === undefined ? nameOf(message.from) : {}),
    },
  };
}

function said(message: Message, at: At): readonly InboundEvent[] {
  const facts = factsOf(message, at);
  if (message.migrate_to_chat_id !== undefined)
    return [
      at.event({
        ...facts,
        kind: "membership",
        how: "none",
        target: String(message.migrate_to_chat_id),
        content: { key: "migrated" },
      }),
    ];
  // Everything else without words and files is the chat talking about itself.
  return facts.content.text === undefined && facts.media?.length === 0 ? [] : [at.event(facts)];
}

/** A new revision, of which the gateway makes no command, whatever it begins with. */
function edited(message: Message, at: At): readonly InboundEvent[] {
  const facts = factsOf(message, at);
  const { edit_date } = message;
  if (facts.content.text === undefined) return [];
  return [
    at.event({
      ...facts,
      kind: "edit",
      event: `edit:${at.delivery}`,
      target: facts.event,
      date: edit_date ?? message.date,
    }),
  ];
}

/** `from` is who pressed, even where that person writes anonymously. */
function pressed({ id, from, message, data }: Press, at: At): readonly InboundEvent[] {
  if (message === undefined || data === undefined || data === "") return [];
  const { chat } = message;
  return [
    at.event({
      kind: "action",
      event: `press:${id}`,
      chat,
      sender: senderOf(from, undefined),
      date: null,
      thread: threadOf(message),
      target: messageId(chat.id, message.message_id),
      content: { key: data.toWellFormed(), ...nameOf(from) },
    }),
  ];
}

const keyOf = ({ type, emoji, custom_emoji_id }: ReactionType): string => emoji ?? custom_emoji_id ?? type;

/**
 * Each reaction that came is a reaction, each that went deletes one. Telegram gives reactions no id, so theirs is
 * made of message, person and key: whoever takes one back and gives it again has not given it, which is the safe side
 * for a yes.
 */
function reacted(reaction: Reaction, at: At): readonly InboundEvent[] {
  const { chat, user, actor_chat, date } = reaction;
  const target = messageId(chat.id, reaction.message_id);
  const sender = senderOf(user, actor_chat);
  const [before, after] = [reaction.old_reaction.map(keyOf), reaction.new_reaction.map(keyOf)];
  const facts = (key: string) => ({ event: `${target}:${sender.id}:${codeOf(key)}`, chat, sender, date });
  return [
    ...before
      .filter((key) => !after.includes(key))
      .map((key) =>
        at.event({
          ...facts(key),
          kind: "delete",
          event: `undo:${at.delivery}:${codeOf(key)}`,
          target: facts(key).event,
          content: {},
        }),
      ),
    ...after
      .filter((key) => !before.includes(key))
      .map((key) =>
        at.event({ ...facts(key), kind: "reaction", target, content: { key: key.toWellFormed(), ...nameOf(user) } }),
      ),
  ];
}

/** An emoji in the characters that an id may have. */
const codeOf = (key: string): string => Buffer.from(key).toString("base64url").slice(0, 96);

/** The sender is the member it is about; the key says what became of them. Telegram never tells who else is there. */
function memberChanged(
  { chat, date, old_chat_member, new_chat_member }: MemberChange,
  at: At,
): readonly InboundEvent[] {
  const { user, status } = new_chat_member;
  return [
    at.event({
      kind: "membership",
      event: `member:${at.delivery}`,
      chat,
      sender: senderOf(user, undefined),
      date,
      how: "none",
      content: { key: changeOf(old_chat_member.status, status), ...nameOf(user) },
    }),
  ];
}

const LEADS = ["administrator", "creator"];

function changeOf(before: string, after: string): string {
  if (after === "left") return "left";
  if (after === "kicked") return "banned";
  if (LEADS.includes(after)) return LEADS.includes(before) ? "changed" : "promoted";
  if (LEADS.includes(before)) return "demoted";
  return before === "left" || before === "kicked" ? "joined" : "changed";
}

/**
 * What is attached, by the sender's word; files are fetched later, if at all. A size beyond the cap is given as the
 * cap.
 */
function mediaOf(message: Message): readonly Media[] {
  const medium = (kind: Media["kind"], file: File | undefined, mime: string): readonly Media[] => {
    if (file === undefined) return [];
    const known = /^[a-z0-9.+-]{1,64}\/[a-z0-9.+-]{1,64}$/.test(file.mime_type ?? "") ? file.mime_type : undefined;
    return [{ kind, mime: known ?? mime, bytes: Math.min(file.file_size ?? 0, ATTACHMENT_BYTES_MAX) }];
  };
  return [
    ...medium("image", message.photo?.at(-1), "image/jpeg"),
    ...medium(documentKind(message.document), message.document, "application/octet-stream"),
    ...medium("audio", message.voice ?? message.audio, "audio/ogg"),
    ...medium("video", message.video ?? message.video_note, "video/mp4"),
    ...medium("sticker", message.sticker, "image/webp"),
  ];
}

/** A picture that was sent as a file, to keep its quality, is still a picture. */
function documentKind(file: File | undefined): Media["kind"] {
  const kind = /^(image|audio|video)\//.exec(file?.mime_type ?? "")?.[1];
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "file";
}
