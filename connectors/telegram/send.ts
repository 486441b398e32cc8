/** An operation as one call of the Bot API. Text goes plain: no parse mode, no preview of any link. */
import type { Api } from "grammy";
import type { Operation } from "../../src/core/outbox.ts";
import type { Stop } from "../../src/core/ports.ts";

const CHAT = /^-?[1-9]\d{0,15}$/;
const NUMBER = /^[1-9]\d{0,15}$/;
/** What stands in no topic of a forum stands in this one, which may not be named when sending. */
const GENERAL_TOPIC = 1;

type Place = { readonly chat: number; readonly thread: number | null };
type Keyboard = { inline_keyboard: { text: string; callback_data: string }[][] };

/** Null for ids that Telegram cannot have given. */
export function placeOf({ conversation, thread }: Operation): Place | null {
  if (!CHAT.test(conversation) || (thread !== undefined && !NUMBER.test(thread))) return null;
  return { chat: Number(conversation), thread: thread === undefined ? null : Number(thread) };
}

/** The number of a message in this chat, of an id as `normalize` gives it; null when it is none or of another chat. */
function numberIn(chat: number, event: string): number | null {
  const [home, number, ...more] = event.split(":");
  return home === String(chat) && NUMBER.test(number ?? "") && more.length === 0 ? Number(number) : null;
}

export type Sending = {
  readonly api: Api;
  readonly keyboard: (
    approval: NonNullable<Extract<Operation, { op: "text" | "edit" }>["approval"]>,
  ) => Promise<Keyboard>;
  readonly stop: Stop;
};

/** The ids of what is there now; null when the operation names what cannot be. Throws what the client throws. */
export async function perform(operation: Operation, place: Place, sending: Sending): Promise<string[] | null> {
  const { api } = sending;
  // The client takes its polyfill's signal and uses of it what every Stop has.
  const stop = sending.stop as never;
  const { chat } = place;
  switch (operation.op) {
    case "text":
      return sendText(operation, place, sending);
    case "edit": {
      const target = numberIn(chat, operation.target);
      if (target === null) return null;
      // Without a keyboard in it, an edit takes the buttons away.
      const { approval } = operation;
      const markup = approval === undefined ? {} : { reply_markup: await sending.keyboard(approval) };
      const plain = { link_preview_options: { is_disabled: true }, ...markup };
      await api.editMessageText(chat, target, operation.text.toWellFormed(), plain, stop);
      return [];
    }
    case "redact": {
      const target = numberIn(chat, operation.target);
      if (target === null) return null;
      await api.deleteMessage(chat, target, stop);
      return [];
    }
    case "react": {
      const target = numberIn(chat, operation.target);
      if (target === null) return null;
      await api.setMessageReaction(chat, target, [{ type: "emoji", emoji: operation.key as "👍" }], {}, stop);
      return [];
    }
    case "typing":
      await api.sendChatAction(chat, "typing", threadOf(place), stop);
      return [];
  }
}

const threadOf = ({ thread }: Place): { message_thread_id?: number } =>
  thread === null ? {} : { message_thread_id: thread };

async function sendText(
  operation: Extract<Operation, { op: "text" }>,
  place: Place,
  { api, keyboard, stop }: Sending,
): Promise<string[] | null> {
  const { approval, replyTo } = operation;
  const answered = replyTo === undefined ? null : numberIn(place.chat, replyTo);
  const text = operation.text.toWellFormed();
  const code = approval === undefined || text.includes(approval.code) ? "" : `\napprove ${approval.code}`;
  const message = await api.sendMessage(
    place.chat,
    text + code,
    {
      ...(place.thread === GENERAL_TOPIC ? {} : threadOf(place)),
      link_preview_options: { is_disabled: true },
      ...(answered === null ? {} : { reply_parameters: { message_id: answered, allow_sending_without_reply: true } }),
      // A question is for the chat in which it was put.
      ...(approval === undefined ? {} : { reply_markup: await keyboard(approval), protect_content: true }),
    },
    stop as never,
  );
  return [`${place.chat}:${message.message_id}`];
}
