/** Telegram's updates as it sends them, and what we make of them. */
import { expect } from "vitest";
import { normalize } from "../../connectors/telegram/normalize.ts";
import { Content, Envelope, type InboundEvent } from "../../src/core/message.ts";

export const DATE = 1_767_225_600;
export const PLACE = {
  tenant: "default",
  channel: "family",
  bot: { id: 777, username: "Gate_bot" },
  receivedAt: (DATE + 2) * 1000,
};
export const ANA = {
  id: 42,
  is_bot: false,
  first_name: "Ana",
  last_name: "Ωμέγα",
  username: "ana",
  language_code: "de",
};
export const BOT = { id: 777, is_bot: true, first_name: "Gate", username: "Gate_bot" };
export const GROUP = { id: -1001, type: "supergroup", title: "Familie", is_forum: true };
export const PRIVATE = { id: 42, type: "private", first_name: "Ana" };

/** A message in the group, unless told otherwise. */
export const message = (more: object = {}) => ({
  message_id: 9,
  date: DATE,
  chat: GROUP,
  from: ANA,
  text: "hello",
  ...more,
});
/** The events of an update, each parsed strictly. */
export const eventsOf = (update: object): readonly InboundEvent[] => {
  const events = normalize({ update_id: 7, ...update }, PLACE);
  for (const { envelope, content } of events) {
    Envelope.parse(envelope);
    Content.parse(content);
  }
  return events;
};
export function eventOf(update: object): InboundEvent {
  const [event, ...more] = eventsOf(update);
  expect(more).toEqual([]);
  if (event === undefined) throw new TypeError("no event");
  return event;
}

/** Telegram's entity for the first place where `words` stand. */
export const mark = (type: string, text: string, words: string, more: object = {}) => ({
  text,
  entities: [{ type, offset: text.indexOf(words), length: words.length, ...more }],
});
export const TOPIC = { message_thread_id: 5, is_topic_message: true };
