/** Which of Telegram's messages are for the bot: told by marks, never by searching the text. */
import { describe, expect, test } from "vitest";
import { ANA, BOT, eventOf, GROUP, mark, message, PRIVATE, TOPIC } from "./telegram/updates.ts";

describe("addressed", () => {
  test.each([
    ["a private message", { chat: PRIVATE }, "direct"],
    ["a private command", { chat: PRIVATE, ...mark("bot_command", "/summary", "/summary") }, "command"],
    [
      "a private command for another bot",
      { chat: PRIVATE, ...mark("bot_command", "/go@other_bot", "/go@other_bot") },
      "direct",
    ],
    ["a message in a group", {}, "none"],
    ["a mention", mark("mention", "hi @gate_bot!", "@gate_bot"), "mention"],
    ["a mention behind an emoji of many units", mark("mention", "👩‍👩‍👧‍👦 @Gate_bot", "@Gate_bot"), "mention"],
    ["a name that only begins alike", mark("mention", "hi @gate_bot2", "@gate_bot2"), "none"],
    ["the name in a code span", mark("code", "@gate_bot", "@gate_bot"), "none"],
    ["the name without a mark", { text: "@gate_bot" }, "none"],
    ["a mention by number", mark("text_mention", "hi Gate", "Gate", { user: BOT }), "mention"],
    ["a mention of somebody else by number", mark("text_mention", "hi Ana", "Ana", { user: ANA }), "none"],
    ["a command with our name", mark("bot_command", "/todo@Gate_bot now", "/todo@Gate_bot"), "command"],
    ["a command with another's name", mark("bot_command", "/todo@other_bot", "/todo@other_bot"), "none"],
    ["a bare command in a group", mark("bot_command", "/todo", "/todo"), "none"],
    ["a command in the middle", mark("bot_command", "say /todo@Gate_bot", "/todo@Gate_bot"), "none"],
    [
      "a mention in a caption",
      {
        text: undefined,
        caption: "@gate_bot",
        photo: [{}],
        caption_entities: [{ type: "mention", offset: 0, length: 9 }],
      },
      "mention",
    ],
    ["a reply to the bot", { reply_to_message: { message_id: 3, from: BOT } }, "reply"],
    ["a reply to somebody else", { reply_to_message: { message_id: 3, from: ANA } }, "none"],
    [
      "a reply to a chat that poses as the bot",
      { reply_to_message: { message_id: 3, from: BOT, sender_chat: GROUP } },
      "none",
    ],
    [
      "a message in a topic that the bot opened",
      { ...TOPIC, reply_to_message: { message_id: 5, from: BOT, forum_topic_created: {} } },
      "none",
    ],
    [
      "a message in a topic whose root is known by number alone",
      { ...TOPIC, reply_to_message: { message_id: 5, from: BOT } },
      "none",
    ],
    [
      "a message below a topic's root without the topic's mark",
      { reply_to_message: { message_id: 5, from: BOT, forum_topic_created: {} } },
      "none",
    ],
    ["a reply to the bot within a topic", { ...TOPIC, reply_to_message: { message_id: 6, from: BOT } }, "reply"],
  ])("%s", (_name, more, how) => expect(eventOf({ message: message(more) }).envelope.addressed.how).toBe(how));
});
