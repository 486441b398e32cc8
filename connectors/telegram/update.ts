/** The parts of Telegram's updates that we use, checked (Bot API 10.x, core.telegram.org/bots/api). */
import { z } from "zod";

const TEXT_CHARS_MAX = 16_384;
const NAME_CHARS_MAX = 512;
const ENTITIES_MAX = 500;

/**
 * Telegram adds fields whenever it likes. Ours are picked out first, so that what is checked is strict all the same.
 */
function part<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.keys(shape);
  const pick = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      keys.flatMap((key) => (Object.hasOwn(value, key) ? [[key, Reflect.get(value, key)]] : [])),
    );
  };
  return z.preprocess(pick, z.strictObject(shape));
}

// Ids have at most 52 significant bits (Bot API, User and Chat); chats of groups are negative.
const Id = z
  .number()
  .int()
  .min(-(2 ** 52))
  .max(2 ** 52);
const Seconds = z.number().int().min(0).max(8_640_000_000_000);
const Name = z.string().max(NAME_CHARS_MAX);
/** Only whether it is there counts. */
const There = z.unknown();

export const User = part({ id: Id, is_bot: z.boolean(), first_name: Name, last_name: Name.optional() });
export type User = z.infer<typeof User>;

export const Chat = part({
  id: Id,
  type: z.enum(["private", "group", "supergroup", "channel"]),
  title: Name.optional(),
});
export type Chat = z.infer<typeof Chat>;

/** `offset` and `length` count UTF-16 units, as JavaScript does. */
const Entity = part({
  type: z.string().max(64),
  offset: z.number().int().min(0).max(TEXT_CHARS_MAX),
  length: z.number().int().min(0).max(TEXT_CHARS_MAX),
  user: User.optional(),
});
const Entities = z.array(Entity).max(ENTITIES_MAX);

const File = part({
  file_id: z.string().min(1).max(256).optional(),
  file_name: z.string().max(1024).optional(),
  file_size: z
    .number()
    .int()
    .min(0)
    .max(2 ** 52)
    .optional(),
  mime_type: z.string().max(256).optional(),
});
export type File = z.infer<typeof File>;

const Answered = part({
  message_id: Id,
  from: User.optional(),
  sender_chat: Chat.optional(),
  forum_topic_created: There.optional(),
});

export const Message = part({
  message_id: Id,
  message_thread_id: Id.optional(),
  is_topic_message: z.boolean().optional(),
  from: User.optional(),
  sender_chat: Chat.optional(),
  date: Seconds,
  edit_date: Seconds.optional(),
  chat: Chat,
  text: z.string().max(TEXT_CHARS_MAX).optional(),
  caption: z.string().max(TEXT_CHARS_MAX).optional(),
  entities: Entities.optional(),
  caption_entities: Entities.optional(),
  reply_to_message: Answered.optional(),
  forward_origin: There.optional(),
  via_bot: User.optional(),
  migrate_to_chat_id: Id.optional(),
  photo: z.array(File).max(50).optional(),
  document: File.optional(),
  audio: File.optional(),
  voice: File.optional(),
  video: File.optional(),
  video_note: File.optional(),
  sticker: File.optional(),
});
export type Message = z.infer<typeof Message>;

const ReactionType = part({
  type: z.string().max(32),
  emoji: z.string().max(64).optional(),
  custom_emoji_id: z.string().max(64).optional(),
});
export type ReactionType = z.infer<typeof ReactionType>;

export const Reaction = part({
  chat: Chat,
  message_id: Id,
  user: User.optional(),
  actor_chat: Chat.optional(),
  date: Seconds,
  old_reaction: z.array(ReactionType).max(100),
  new_reaction: z.array(ReactionType).max(100),
});
export type Reaction = z.infer<typeof Reaction>;

/** The message of a press may be out of reach: then only its chat and number are there. */
export const Press = part({
  id: z.string().min(1).max(64),
  from: User,
  message: part({
    chat: Chat,
    message_id: Id,
    message_thread_id: Id.optional(),
    is_topic_message: z.boolean().optional(),
  }).optional(),
  data: z.string().max(64).optional(),
});
export type Press = z.infer<typeof Press>;

const Membership = part({ status: z.string().max(32), user: User });
export const MemberChange = part({
  chat: Chat,
  from: User,
  date: Seconds,
  old_chat_member: Membership,
  new_chat_member: Membership,
});
export type MemberChange = z.infer<typeof MemberChange>;

/** What getUpdates is asked for, always in full: an empty list would mean Telegram's own choice. */
export const UPDATE_KINDS = [
  "message",
  "edited_message",
  "callback_query",
  "message_reaction",
  "my_chat_member",
  "chat_member",
] as const;

export const Update = part({
  update_id: z
    .number()
    .int()
    .min(0)
    .max(2 ** 52),
  message: Message.optional(),
  edited_message: Message.optional(),
  callback_query: Press.optional(),
  message_reaction: Reaction.optional(),
  my_chat_member: MemberChange.optional(),
  chat_member: MemberChange.optional(),
});
export type Update = z.infer<typeof Update>;
