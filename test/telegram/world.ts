/** Telegram's people and rooms: what they do becomes messages and updates. */
import type { Clock } from "../../src/core/ports.ts";
import { UpdateQueue } from "./update-queue.ts";
import type { WireChat, WireFile, WireMessage, WireUser } from "./wire.ts";

const PRESS_SECONDS = 150;

export type Emoji = { readonly type: "emoji"; readonly emoji: string };
export const emoji = (...keys: readonly string[]): readonly Emoji[] =>
  keys.map((key) => ({ type: "emoji", emoji: key }));

const RIGHTS = {
  can_be_edited: false,
  is_anonymous: false,
  can_manage_chat: true,
  can_delete_messages: true,
  can_manage_video_chats: false,
  can_restrict_members: false,
  can_promote_members: false,
  can_change_info: false,
  can_invite_users: true,
  can_post_stories: false,
  can_edit_stories: false,
  can_delete_stories: false,
  can_send_welcome_messages: false,
} as const;

/** What somebody is in a chat, as the Bot API says it (ChatMember). */
export const standingOf = (status: string, user: WireUser): object => ({
  status,
  user,
  ...(status === "administrator" ? RIGHTS : {}),
  ...(status === "kicked" ? { until_date: 0 } : {}),
});

export class World {
  readonly clock: Clock;
  readonly me: WireUser;
  readonly updates: UpdateQueue;
  readonly chats = new Map<number, WireChat>();
  readonly messages = new Map<string, WireMessage>();
  readonly files = new Map<string, { readonly file: WireFile; readonly bytes: Uint8Array }>();
  /** Chats in which the bot is an administrator: only there it sees reactions. */
  readonly leads = new Set<number>();
  /** What somebody is in a chat, as `chat:user`: whoever wrote there is a member until told otherwise. */
  readonly standings = new Map<string, string>();
  readonly #presses = new Map<string, { answered: boolean; readonly at: number }>();
  #drawn = 0;

  constructor(clock: Clock, me: WireUser) {
    this.clock = clock;
    this.me = me;
    this.updates = new UpdateQueue(clock);
  }

  get seconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  message(chat: number, id: number): WireMessage | undefined {
    return this.messages.get(`${chat}:${id}`);
  }

  /** What the bot itself said, oldest first. */
  get said(): readonly WireMessage[] {
    return [...this.messages.values()].filter(({ from }) => from?.id === this.me.id);
  }

  /** Keeps a message under the next number. */
  write(chat: WireChat, from: WireUser, more: object): WireMessage {
    this.chats.set(chat.id, chat);
    const key = `${chat.id}:${from.id}`;
    if (!this.standings.has(key)) this.standings.set(key, "member");
    this.#drawn += 1;
    const message: WireMessage = { message_id: this.#drawn, date: this.seconds, chat, from, ...more };
    this.messages.set(`${chat.id}:${message.message_id}`, message);
    return message;
  }

  change(message: WireMessage, more: object): WireMessage {
    const changed = { ...message, edit_date: this.seconds, ...more };
    this.messages.set(`${message.chat.id}:${message.message_id}`, changed);
    return changed;
  }

  say(chat: WireChat, from: WireUser, text: string, more: object = {}): WireMessage {
    const message = this.write(chat, from, { text, ...more });
    this.updates.emit("message", message);
    return message;
  }

  edit(message: WireMessage, text: string): void {
    this.updates.emit("edited_message", this.change(message, { text }));
  }

  react(message: WireMessage, user: WireUser, before: readonly Emoji[], after: readonly Emoji[]): void {
    const { chat, message_id } = message;
    if (chat.type !== "private" && !this.leads.has(chat.id)) return;
    const change = { chat, message_id, user, date: this.seconds, old_reaction: before, new_reaction: after };
    this.updates.emit("message_reaction", change);
  }

  /** A press of a button; gives the id that has to be answered. */
  press(from: WireUser, message: WireMessage, data: string): string {
    this.#drawn += 1;
    const id = `press-${this.#drawn}`;
    this.#presses.set(id, { answered: false, at: this.clock.now() });
    this.updates.emit("callback_query", { id, from, message, chat_instance: "1", data });
    return id;
  }

  /** Answers a press, once and in time; false otherwise. */
  answer(id: string): boolean {
    const press = this.#presses.get(id);
    const late = press === undefined || this.clock.now() >= press.at + PRESS_SECONDS * 1000;
    if (late || press.answered) return false;
    press.answered = true;
    return true;
  }

  /** Somebody's standing in a chat changed; it is the bot's own when `user` is the bot. */
  member(chat: WireChat, user: WireUser, before: string, after: string): void {
    this.chats.set(chat.id, chat);
    this.standings.set(`${chat.id}:${user.id}`, after);
    this.updates.emit(user.id === this.me.id ? "my_chat_member" : "chat_member", {
      chat,
      from: user,
      date: this.seconds,
      old_chat_member: standingOf(before, user),
      new_chat_member: standingOf(after, user),
    });
  }

  /** A file as a message names it: its path is told by getFile alone. */
  sized({ file_id, file_unique_id, file_size }: WireFile) {
    return { file_id, file_unique_id, file_size };
  }

  /** A file that getFile finds; `size` is what Telegram says of it, which may be wrong. */
  upload(bytes: Uint8Array, size: number = bytes.length): WireFile {
    const at = this.files.size + 1;
    const file = { file_id: `F${at}`, file_unique_id: `U${at}`, file_size: size, file_path: `documents/file_${at}` };
    this.files.set(file.file_id, { file, bytes });
    return file;
  }
}
