/**
 * The methods of the Bot API that a connector may call. What is not listed, or called with a field not listed, is
 * refused.
 */
import { z } from "zod";
import { ApiError, badRequest, type Keyboard, type WireChat, type WireMessage } from "./wire.ts";
import { standingOf, type World } from "./world.ts";

const TEXT_UNITS_MAX = 4096;
const BUTTON_BYTES_MAX = 64;
const ANSWER_UNITS_MAX = 200;
const DOWNLOAD_BYTES_MAX = 20 * 1024 * 1024;
const GENERAL_TOPIC = 1;

export type Method = (args: unknown, gone: AbortSignal) => unknown;

/** A method whose arguments fit `schema`; anything else is a bad request, as for a misspelt field it ought to be. */
const method =
  <S extends z.ZodType>(schema: S, run: (args: z.infer<S>, gone: AbortSignal) => unknown): Method =>
  (args, gone) => {
    const parsed = schema.safeParse(args);
    if (!parsed.success) throw badRequest(`wrong parameter ${parsed.error.issues[0]?.path.join(".") ?? ""}`);
    return run(parsed.data, gone);
  };

const Int = z.number().int();
const Button = z.strictObject({ text: z.string().min(1), callback_data: z.string() });
const Markup = z.strictObject({ inline_keyboard: z.array(z.array(Button)) });
const NoPreview = z.strictObject({ is_disabled: z.literal(true) });
const Nothing = z.strictObject({});

function keyboard(markup: Keyboard | undefined): Keyboard | undefined {
  const data = markup?.inline_keyboard.flat().map(({ callback_data }) => Buffer.byteLength(callback_data)) ?? [];
  if (data.some((bytes) => bytes === 0 || bytes > BUTTON_BYTES_MAX)) throw badRequest("BUTTON_DATA_INVALID");
  return markup && markup.inline_keyboard.length > 0 ? markup : undefined;
}

function textOf(text: string): string {
  if (text.trim() === "") throw badRequest("message text is empty");
  if (text.length > TEXT_UNITS_MAX) throw badRequest("message is too long");
  return text;
}

function chatOf(world: World, id: number): WireChat {
  const chat = world.chats.get(id);
  if (chat === undefined) throw badRequest("chat not found");
  return chat;
}

function messageOf(world: World, chat: number, id: number, purpose: string): WireMessage {
  const message = world.message(chat, id);
  if (message === undefined) throw badRequest(`message to ${purpose} not found`);
  return message;
}

const SendMessage = z.strictObject({
  chat_id: Int,
  text: z.string(),
  message_thread_id: Int.optional(),
  link_preview_options: NoPreview.optional(),
  protect_content: z.boolean().optional(),
  reply_parameters: z.strictObject({ message_id: Int, allow_sending_without_reply: z.boolean().optional() }).optional(),
  reply_markup: Markup.optional(),
});

const sending = (world: World): Readonly<Record<string, Method>> => ({
  sendMessage: method(SendMessage, (args) => {
    const chat = chatOf(world, args.chat_id);
    const markup = keyboard(args.reply_markup);
    const thread = args.message_thread_id;
    if (thread === GENERAL_TOPIC) throw badRequest("message thread not found");
    const answered = args.reply_parameters && world.message(chat.id, args.reply_parameters.message_id);
    if (args.reply_parameters && !answered && args.reply_parameters.allow_sending_without_reply !== true)
      throw badRequest("message to be replied not found");
    return world.write(chat, world.me, {
      text: textOf(args.text),
      ...(markup === undefined ? {} : { reply_markup: markup }),
      ...(thread === undefined ? {} : { message_thread_id: thread, is_topic_message: true }),
      ...(answered === undefined ? {} : { reply_to_message: answered }),
    });
  }),
  editMessageText: method(
    z.strictObject({
      chat_id: Int,
      message_id: Int,
      text: z.string(),
      link_preview_options: NoPreview.optional(),
      reply_markup: Markup.optional(),
    }),
    (args) => {
      const message = messageOf(world, args.chat_id, args.message_id, "edit");
      const reply_markup = keyboard(args.reply_markup);
      const same = message.text === args.text && JSON.stringify(message.reply_markup) === JSON.stringify(reply_markup);
      if (same) throw badRequest("message is not modified");
      return world.change(message, { text: textOf(args.text), reply_markup });
    },
  ),
  deleteMessage: method(z.strictObject({ chat_id: Int, message_id: Int }), (args) => {
    messageOf(world, args.chat_id, args.message_id, "delete");
    return world.messages.delete(`${args.chat_id}:${args.message_id}`);
  }),
  answerCallbackQuery: method(
    z.strictObject({ callback_query_id: z.string(), text: z.string().max(ANSWER_UNITS_MAX).optional() }),
    (args) => {
      if (!world.answer(args.callback_query_id))
        throw badRequest("query is too old and response timeout expired or query ID is invalid");
      return true;
    },
  ),
  setMessageReaction: method(
    z.strictObject({
      chat_id: Int,
      message_id: Int,
      reaction: z.array(z.strictObject({ type: z.literal("emoji"), emoji: z.string() })).max(1),
    }),
    (args) => messageOf(world, args.chat_id, args.message_id, "react") !== undefined,
  ),
  sendChatAction: method(
    z.strictObject({ chat_id: Int, action: z.literal("typing"), message_thread_id: Int.optional() }),
    (args) => chatOf(world, args.chat_id) !== undefined,
  ),
});

const receiving = (world: World, settings: { webhook: string }): Readonly<Record<string, Method>> => ({
  getUpdates: method(
    z.strictObject({
      offset: Int.optional(),
      limit: Int.optional(),
      timeout: Int.optional(),
      allowed_updates: z.array(z.string()).optional(),
    }),
    async (args, gone) => {
      if (settings.webhook !== "")
        throw await world.updates.conflict("can't use getUpdates method while webhook is active");
      return world.updates.poll(args, gone);
    },
  ),
  deleteWebhook: method(z.strictObject({ drop_pending_updates: z.boolean().optional() }), (args) => {
    settings.webhook = "";
    if (args.drop_pending_updates === true) world.updates.forget();
    return true;
  }),
  getFile: method(z.strictObject({ file_id: z.string() }), ({ file_id }) => {
    const found = world.files.get(file_id);
    if (found === undefined) throw badRequest("wrong file_id or the file is temporarily unavailable");
    if (found.file.file_size > DOWNLOAD_BYTES_MAX) throw badRequest("file is too big");
    return found.file;
  }),
});

/** What getMe says of a bot that @BotFather made and nobody changed. */
const BOT_FACTS = {
  can_join_groups: true,
  can_read_all_group_messages: false,
  supports_inline_queries: false,
  can_connect_to_business: false,
  has_main_web_app: false,
  has_topics_enabled: false,
  allows_users_to_create_topics: false,
  can_manage_bots: false,
  supports_join_request_queries: false,
} as const;

/** The bot's methods by name. `settings.webhook` is the address that some other program has set, if any. */
export const methodsOf = (world: World, settings: { webhook: string }): Readonly<Record<string, Method>> => ({
  ...sending(world),
  ...receiving(world, settings),
  getMe: method(Nothing, () => ({ ...BOT_FACTS, ...world.me })),
  setMyCommands: method(
    z.strictObject({ commands: z.array(z.strictObject({ command: z.string(), description: z.string() })).max(100) }),
    () => true,
  ),
  getChat: method(z.strictObject({ chat_id: Int }), (args) => chatOf(world, args.chat_id)),
  getChatMember: method(z.strictObject({ chat_id: Int, user_id: Int }), (args) => {
    chatOf(world, args.chat_id);
    const status = world.standings.get(`${args.chat_id}:${args.user_id}`);
    if (args.user_id !== world.me.id) {
      if (status === undefined) throw new ApiError(400, "Bad Request: user not found");
      return standingOf(status, { id: args.user_id, is_bot: false, first_name: "Somebody" });
    }
    return standingOf(world.leads.has(args.chat_id) ? "administrator" : "member", world.me);
  }),
});
