/** Is this for the bot? Told by what the network marked, never by searching the text (CONTRACT section 2). */
import type { Addressed } from "../../src/core/message.ts";
import type { Message } from "./update.ts";

/** Who the bot is, as getMe says. */
export type Bot = { readonly id: number; readonly username: string };

/**
 * `direct` in a private chat unless it is a command; in groups a real mention, a command for this bot, or a reply to
 * it.
 */
export function addressedBy(message: Message, bot: Bot): Addressed {
  const direct = message.chat.type === "private";
  const text = message.text ?? message.caption ?? "";
  const name = `@${bot.username.toLowerCase()}`;
  for (const { type, offset, length, user } of message.entities ?? message.caption_entities ?? []) {
    const words = text.slice(offset, offset + length).toLowerCase();
    const command = type === "bot_command" && offset === 0;
    // In a group a bare command may be meant for any bot; only one with our name is for us.
    if (command && (direct ? !words.includes("@") || words.endsWith(name) : words.endsWith(name))) return "command";
    if (type === "mention" && words === name) return "mention";
    if (type === "text_mention" && user?.id === bot.id) return "mention";
  }
  if (direct) return "direct";
  return answersBot(message, bot) ? "reply" : "none";
}

/**
 * In a topic that the bot opened, every message answers the topic's first, which is the bot's: that is no reply to
 * it.
 */
function answersBot(message: Message, bot: Bot): boolean {
  const answered = message.reply_to_message;
  if (answered?.from?.id !== bot.id || answered.sender_chat !== undefined) return false;
  return !isTopicRoot(message);
}

/** Does the message only stand in a topic, although Telegram says that it answers something? */
export function isTopicRoot(message: Message): boolean {
  const answered = message.reply_to_message;
  if (answered === undefined) return false;
  if (answered.forum_topic_created !== undefined) return true;
  return message.is_topic_message === true && answered.message_id === message.message_thread_id;
}
