/** The Bot API server of our own against the types of @grammyjs/types: whatever it is asked and answers fits them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UPDATE_KINDS } from "../connectors/telegram/update.ts";
import type { ApprovalId, OutboxId } from "../src/core/ids.ts";
import { BotBench } from "./contract/telegram-harness.ts";
import { reader } from "./contract/unfinished.ts";
import { BotApiSchema } from "./telegram/schema.ts";
import type { WireChat, WireUser } from "./telegram/wire.ts";
import { emoji } from "./telegram/world.ts";

const ANA: WireUser = { id: 42, is_bot: false, first_name: "Ana" };
const DM: WireChat = { id: 42, type: "private", first_name: "Ana" };
const GROUP: WireChat = { id: -1001, type: "supergroup", title: "Hiking", is_forum: true };
const CHANNEL: WireChat = { id: -1009, type: "channel", title: "News" };
const BYTES = new Uint8Array([1, 2, 3]);
const NEVER = new AbortController().signal;

const schema = new BotApiSchema();
const faults: string[] = [];
const asked = new Set<string>();
const kinds = new Set<string>();
let bench: BotBench;

/** Everybody does everything once. */
function live({ world }: BotBench["api"]): void {
  const said = world.say(GROUP, ANA, "hello");
  world.say(DM, ANA, "/start", { entities: [{ type: "bot_command", offset: 0, length: 6 }] });
  world.say(GROUP, ANA, "in a topic", { message_thread_id: 5, is_topic_message: true, reply_to_message: said });
  world.say(GROUP, ANA, "forwarded", { forward_origin: { type: "user", sender_user: ANA, date: 1 } });
  world.say(GROUP, ANA, "by a bot", { via_bot: { id: 9, is_bot: true, first_name: "Pic", username: "pic" } });
  world.say(GROUP, { id: 1087968824, is_bot: true, first_name: "Group" }, "anonymous", { sender_chat: GROUP });
  world.say(GROUP, { id: 777000, is_bot: false, first_name: "Telegram" }, "a channel", { sender_chat: CHANNEL });
  world.edit(said, "hello, all");
  world.react(said, ANA, [], emoji("👍"));
  world.react(said, ANA, emoji("👍"), []);
  world.press(ANA, said, "x");
  world.member(GROUP, ANA, "member", "left");
  world.member(GROUP, ANA, "left", "kicked");
  world.member(GROUP, ANA, "member", "administrator");
  world.member(GROUP, world.me, "left", "member");
  for (const at of [1, 2]) {
    const file = world.upload(BYTES);
    const photo = [{ ...world.sized(file), width: 9, height: 9 }];
    world.updates.emit("message", world.write(GROUP, ANA, { photo, media_group_id: "album", caption: `photo ${at}` }));
    world.updates.emit(
      "message",
      world.write(GROUP, ANA, { document: { ...world.sized(file), file_name: "a.txt", mime_type: "text/plain" } }),
    );
  }
  world.updates.emit("message", world.write(GROUP, ANA, { migrate_to_chat_id: -1002 }));
}

beforeAll(async () => {
  bench = await BotBench.start();
  bench.api.onAnswer = (method, args, result) => {
    asked.add(method);
    faults.push(...schema.args(method, args), ...schema.result(method, result));
    if (method !== "getUpdates") return;
    for (const update of result as object[]) {
      faults.push(...schema.update(update));
      for (const kind of Object.keys(update)) kinds.add(kind);
    }
  };
  const connector = bench.make();
  live(bench.api);
  const stream = reader(connector);
  await stream.pull();
  bench.api.world.say(GROUP, ANA, "and a last one");
  // What was pulled is acknowledged, and with it the press is answered.
  await stream.pull();
  const at = { id: `out_${"0".repeat(32)}` as OutboxId, conversation: String(GROUP.id) } as const;
  const approval = {
    id: `appr_${"a".repeat(32)}` as ApprovalId,
    code: "K7QM-2",
    expiresAt: Date.UTC(2026, 0, 1),
  };
  const sent = await connector.send({ ...at, op: "text", text: "hi", thread: "5" }, NEVER);
  const target = sent.state === "sent" ? (sent.eventIds[0] ?? "") : "";
  await connector.send({ ...at, op: "text", text: "Shall I?", approval, replyTo: target }, NEVER);
  await connector.send({ ...at, op: "edit", target, text: "ho" }, NEVER);
  await connector.send({ ...at, op: "react", target, key: "👍" }, NEVER);
  await connector.send({ ...at, op: "typing" }, NEVER);
  await connector.send({ ...at, op: "redact", target }, NEVER);
  await connector.isMember(String(GROUP.id), "42", NEVER);
  await connector.isMember(String(GROUP.id), String(bench.api.world.me.id), NEVER);
  await connector.probe(NEVER);
  await stream.leave();
});
afterAll(() => bench.end());

test("every argument, every result and every update is what the types say", () => {
  expect([...new Set(faults)]).toEqual([]);
});

test("and all that a connector asks for and is told was among them", () => {
  expect([...kinds].filter((kind) => kind !== "update_id").sort()).toEqual([...UPDATE_KINDS].sort());
  expect([...asked].sort()).toEqual([
    "answerCallbackQuery",
    "deleteMessage",
    "deleteWebhook",
    "editMessageText",
    "getChatMember",
    "getFile",
    "getMe",
    "getUpdates",
    "sendChatAction",
    "sendMessage",
    "setMessageReaction",
    "setMyCommands",
  ]);
});

describe("the schema refuses", () => {
  const message = { message_id: 1, date: 1, chat: DM, from: ANA, text: "x" };
  test.each([
    ["a field that is unknown", { message: { ...message, txt: "x" } }, /txt is unknown/],
    ["a number for a text", { message: { ...message, text: 7 } }, /text is no string/],
    ["a chat of no kind", { message: { ...message, chat: { id: 1, type: "club" } } }, /type is not/],
    ["a message without a date", { message: { ...message, date: undefined } }, /date is missing/],
    [
      "a reaction that is no list",
      { message_reaction: { chat: DM, message_id: 1, date: 1, old_reaction: [], new_reaction: 1 } },
      /no array/,
    ],
  ])("%s", (_what, update, why) => {
    expect(schema.update({ update_id: 1, message })).toEqual([]);
    expect(schema.update({ update_id: 1, ...update }).join()).toMatch(why);
  });
});
