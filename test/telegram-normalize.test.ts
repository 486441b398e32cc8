/** Telegram's updates as events: what is said, by whom, to whom, and nothing else. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalize } from "../connectors/telegram/normalize.ts";
import { ATTACHMENT_BYTES_MAX } from "../src/core/limits.ts";
import { ANA, BOT, DATE, eventOf, eventsOf, GROUP, message, PLACE, TOPIC } from "./telegram/updates.ts";

test("a message becomes an envelope without its words or names", () => {
  expect(eventOf({ message: message() })).toEqual({
    envelope: {
      tenant: "default",
      channel: "family",
      delivery_id: "777:7",
      event_id: "-1001:9",
      kind: "message",
      conversation: "-1001",
      conversation_kind: "group",
      sender: { id: "42", kind: "person" },
      sent_at: DATE * 1000,
      received_at: PLACE.receivedAt,
      addressed: { how: "none" },
      content: { bytes: 5, media: [] },
      trust: { transport: "transport", verified: "platform", flags: [] },
    },
    content: { text: "hello", sender_name: "Ana Ωμέγα", conversation_name: "Familie" },
  });
});

describe("places", () => {
  test("a topic is a thread, and its root is nothing that was answered", () => {
    const inTopic = { ...TOPIC, reply_to_message: { message_id: 5, from: BOT, forum_topic_created: {} } };
    const { envelope } = eventOf({ message: message(inTopic) });
    expect([envelope.thread, envelope.reply_to]).toEqual(["5", undefined]);
  });

  test("a number that is no topic is no thread", () => {
    expect(eventOf({ message: message({ message_thread_id: 5 }) }).envelope.thread).toBeUndefined();
  });

  test("a reply names what it answers as that message was named", () => {
    const answered = eventOf({ message: message({ message_id: 3 }) }).envelope.event_id;
    const reply = message({ reply_to_message: { message_id: 3, from: ANA } });
    expect(eventOf({ message: reply }).envelope.reply_to).toBe(answered);
  });

  test("a group that became another one says so, and is not followed", () => {
    const { envelope, content } = eventOf({ message: message({ text: undefined, migrate_to_chat_id: -1002 }) });
    expect([envelope.kind, envelope.conversation, content.key]).toEqual(["membership", "-1001", "migrated"]);
  });
});

describe("senders", () => {
  test.each([
    ["a person", {}, "42", "person", "platform"],
    ["a bot", { from: BOT }, "777", "bot", "platform"],
    [
      "an anonymous admin",
      { sender_chat: GROUP, from: { id: 1087968824, is_bot: true, first_name: "Group" } },
      "chat:-1001",
      "anonymous",
      "none",
    ],
    ["a channel", { sender_chat: { id: -1009, type: "channel", title: "News" } }, "chat:-1009", "anonymous", "none"],
    ["nobody", { from: undefined }, "telegram", "service", "platform"],
  ])("%s", (_name, more, id, kind, verified) => {
    const { envelope } = eventOf({ message: message(more) });
    expect([envelope.sender, envelope.trust.verified]).toEqual([{ id, kind }, verified]);
  });

  test("a name that looks like an owner's changes nothing about who it is", () => {
    const { envelope } = eventOf({
      message: message({ from: { ...ANA, id: 43, first_name: "Ana", username: "ana" } }),
    });
    expect(envelope.sender).toEqual({ id: "43", kind: "person" });
  });

  test("forwarded words and words by way of a bot are flagged, and stay the sender's", () => {
    const more = { forward_origin: { type: "user", sender_user: BOT }, via_bot: BOT };
    const { envelope } = eventOf({ message: message(more) });
    expect([envelope.trust.flags, envelope.sender.id]).toEqual([["forwarded", "via_bot"], "42"]);
  });
});

describe("other kinds", () => {
  test("an edit names its message and brings the new text", () => {
    const { envelope, content } = eventOf({ edited_message: message({ edit_date: DATE + 1, text: "/approve 1234" }) });
    expect([envelope.kind, envelope.target, envelope.sent_at, content.text]).toEqual([
      "edit",
      "-1001:9",
      (DATE + 1) * 1000,
      "/approve 1234",
    ]);
    expect(envelope.event_id).not.toBe("-1001:9");
  });

  test("a press is the presser's, and its data is content", () => {
    const press = {
      id: "9001",
      from: ANA,
      chat_instance: "x",
      data: "a:<script>",
      message: { ...message({ from: BOT }), ...TOPIC },
    };
    const { envelope, content } = eventOf({ callback_query: press });
    expect([envelope.kind, envelope.target, envelope.thread, envelope.sender.id]).toEqual([
      "action",
      "-1001:9",
      "5",
      "42",
    ]);
    expect([envelope.sent_at, content.key]).toEqual([PLACE.receivedAt, "a:<script>"]);
  });

  test("a press whose message is out of reach still names it, one without message or data is nothing", () => {
    const press = { id: "1", from: ANA, data: "a:1", message: { chat: GROUP, message_id: 9, date: 0 } };
    expect(eventOf({ callback_query: press }).envelope.target).toBe("-1001:9");
    expect(eventsOf({ callback_query: { ...press, message: undefined, inline_message_id: "x" } })).toEqual([]);
    expect(eventsOf({ callback_query: { ...press, data: undefined, game_short_name: "x" } })).toEqual([]);
    expect(eventsOf({ callback_query: { ...press, data: "" } })).toEqual([]);
  });

  test("each reaction that came and each that went is an event of its own", () => {
    const emoji = (key: string) => ({ type: "emoji", emoji: key });
    const [up, down] = [emoji("👍"), emoji("👎")];
    const reaction = (before: object[], after: object[]) => ({
      message_reaction: {
        chat: GROUP,
        message_id: 9,
        user: ANA,
        date: DATE,
        old_reaction: before,
        new_reaction: after,
      },
    });
    const given = eventOf(reaction([], [up]));
    expect([given.envelope.kind, given.envelope.target, given.content.key]).toEqual(["reaction", "-1001:9", "👍"]);
    const [gone, come] = eventsOf(reaction([up], [down]));
    expect([gone?.envelope.kind, gone?.envelope.target]).toEqual(["delete", given.envelope.event_id]);
    expect([come?.envelope.kind, come?.content.key]).toEqual(["reaction", "👎"]);
    expect(new Set([gone?.envelope.delivery_id, come?.envelope.delivery_id]).size).toBe(2);
    expect(eventsOf(reaction([up], [up]))).toEqual([]);
  });

  test("a reaction by a chat is nobody's", () => {
    const reaction = {
      chat: GROUP,
      message_id: 9,
      actor_chat: GROUP,
      date: DATE,
      old_reaction: [],
      new_reaction: [{ type: "emoji", emoji: "👍" }],
    };
    expect(eventOf({ message_reaction: reaction }).envelope.sender).toEqual({ id: "chat:-1001", kind: "anonymous" });
  });

  test.each([
    ["left", "member", "joined"],
    ["member", "left", "left"],
    ["member", "kicked", "banned"],
    ["member", "administrator", "promoted"],
    ["administrator", "member", "demoted"],
    ["administrator", "creator", "changed"],
    ["member", "restricted", "changed"],
    ["kicked", "member", "joined"],
  ])("from %s to %s somebody %s", (before, after, key) => {
    const change = {
      chat: GROUP,
      from: BOT,
      date: DATE,
      old_chat_member: { status: before, user: ANA },
      new_chat_member: { status: after, user: ANA },
    };
    for (const kind of ["chat_member", "my_chat_member"]) {
      const { envelope, content } = eventOf({ [kind]: change });
      expect([envelope.kind, envelope.sender.id, content.key]).toEqual(["membership", "42", key]);
    }
  });
});

describe("files", () => {
  test("the largest photo counts, and a document brings its type", () => {
    const media = (more: object) => eventOf({ message: message({ text: undefined, ...more }) }).envelope.content.media;
    expect(media({ photo: [{ file_size: 10 }, { file_size: 900 }] })).toEqual([
      { kind: "image", mime: "image/jpeg", bytes: 900 },
    ]);
    expect(media({ document: { file_name: "../x", mime_type: "application/pdf", file_size: 5 } })).toEqual([
      { kind: "file", mime: "application/pdf", bytes: 5 },
    ]);
    expect(media({ document: { mime_type: "<b>", file_size: 2 ** 31 } })).toEqual([
      { kind: "file", mime: "application/octet-stream", bytes: ATTACHMENT_BYTES_MAX },
    ]);
    expect(media({ voice: {} })[0]?.kind).toBe("audio");
    expect(media({ sticker: { emoji: "👍" } })[0]?.kind).toBe("sticker");
  });
});

describe("what is nothing", () => {
  test.each([
    ["a kind that we do not take", { business_message: message() }],
    ["a channel's post", { channel_post: message() }],
    ["a chat talking about itself", { message: message({ text: undefined, new_chat_title: "x" }) }],
    ["an update without anything", {}],
    ["a message without a chat", { message: message({ chat: undefined }) }],
    ["a chat of an unknown type", { message: message({ chat: { id: 1, type: "hive" } }) }],
    ["an id that is no number", { message: message({ message_id: "9" }) }],
    ["a date that is none", { message: message({ date: Number.NaN }) }],
    ["an update id that is none", { update_id: -1, message: message() }],
  ])("%s", (_name, update) => expect(eventsOf(update)).toEqual([]));

  test.each([null, 7, "x", [], [1]])("%j is no update", (raw) => expect(normalize(raw, PLACE)).toEqual([]));
});

test("half a character becomes a whole one, in a text, a name and a button's data", () => {
  const half = "a\ud800";
  const { content } = eventOf({
    message: message({ text: half, from: { ...ANA, first_name: half, last_name: undefined } }),
  });
  const press = { id: "1", from: ANA, data: half, message: message() };
  expect([content.text, content.sender_name, eventOf({ callback_query: press }).content.key]).toEqual(
    Array(3).fill("a\ufffd"),
  );
});

test("a clock that is ahead at Telegram puts nothing into the future", () => {
  expect(eventOf({ message: message({ date: DATE + 3600 }) }).envelope.sent_at).toBe(PLACE.receivedAt);
});

test("whatever an update holds, it is events that parse, without a word of anybody's in an envelope", () => {
  const canary = "c4nary";
  const words = fc.constantFrom(canary, `@${canary}`, `${canary}\ud800`, "👩‍👧 c4nary", "");
  const user = fc.record({ id: fc.integer(), is_bot: fc.boolean(), first_name: words, username: words });
  const chat = fc.record({
    id: fc.integer(),
    type: fc.constantFrom("private", "group", "supergroup", "channel", canary),
    title: words,
  });
  const entity = fc.record({
    type: fc.constantFrom("mention", "bot_command", canary),
    offset: fc.nat(30),
    length: fc.nat(30),
    user,
  });
  const said = fc.record(
    {
      message_id: fc.nat(),
      date: fc.nat(4_000_000_000),
      chat,
      from: user,
      sender_chat: chat,
      text: words,
      caption: words,
      entities: fc.array(entity, { maxLength: 3 }),
      reply_to_message: fc.record({ message_id: fc.nat(), from: user }),
      document: fc.record({ mime_type: words, file_size: fc.nat() }),
      is_topic_message: fc.boolean(),
      message_thread_id: fc.nat(),
      [canary]: words,
    },
    { requiredKeys: ["message_id", "date", "chat"] },
  );
  const kinds = fc.array(fc.record({ type: fc.constantFrom("emoji", "paid"), emoji: fc.constantFrom("👍", "👎") }), {
    maxLength: 3,
  });
  const update = fc.oneof(
    fc.record({ message: said }),
    fc.record({ edited_message: said }),
    fc.record({ callback_query: fc.record({ id: fc.uuid(), from: user, data: words, message: said }) }),
    fc.record({
      message_reaction: fc.record({
        chat,
        message_id: fc.nat(),
        user,
        date: fc.nat(),
        old_reaction: kinds,
        new_reaction: kinds,
      }),
    }),
  );
  let seen = 0;
  fc.assert(
    fc.property(update, (drawn) => {
      const events = eventsOf(drawn);
      seen += events.length;
      expect(JSON.stringify(events.map(({ envelope }) => envelope))).not.toContain(canary);
      expect(new Set(events.map(({ envelope }) => envelope.delivery_id)).size).toBe(events.length);
    }),
    { numRuns: 400 },
  );
  expect(seen).toBeGreaterThan(50);
});
