/** The past of a Telegram group, from Telegram Desktop's export, beside what comes in live. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTelegram } from "../src/cli/telegram-export.ts";
import type { ConversationId } from "../src/core/ids.ts";
import { ANA, BEN, GROUP, Town } from "./telegram/town.ts";
import type { WireMessage, WireUser } from "./telegram/wire.ts";

let town: Town;
beforeEach(async () => {
  town = await Town.found();
  await town.settle();
});
afterEach(() => town.end());

/** A message as Telegram Desktop writes it. */
const exported = (message: WireMessage, user: WireUser, more: object = {}) => ({
  id: message.message_id,
  type: "message",
  date_unixtime: String(message.date),
  from: user.first_name,
  from_id: `user${user.id}`,
  text: message.text,
  ...more,
});

async function bring(...messages: readonly object[]) {
  const file = async function* () {
    yield JSON.stringify({ name: GROUP.title, type: "private_supergroup", id: 1, messages });
  };
  const lines = (await Array.fromAsync(readTelegram(file))).flatMap((it) =>
    it.what === "message" ? [it.message] : [],
  );
  return town.owner.import({ conversation: "hiking", lines, format: "telegram" });
}

const kept = () => {
  const { store } = town.daemon.daemon.powers;
  const id = store.find("conversation", "alias", "default/hiking", { limit: 1 })[0]?.value.id as ConversationId;
  return store.messages({ conversation: id, last: 100 }).filter(({ own }) => !own);
};

test("what came in live is known, what did not is added, and again changes nothing", async () => {
  const live = await town.say(GROUP, BEN, "I bring the tent.");
  const missed = { ...live, message_id: 900, text: "And I bring the stove." };
  const reply = { ...live, message_id: 901, text: "Good." };
  const history = [
    exported(live, BEN),
    exported(missed, ANA),
    exported(reply, BEN, { reply_to_message_id: live.message_id }),
  ];
  expect(await bring(...history)).toMatchObject({ added: 2, known: 1 });
  expect(await bring(...history)).toMatchObject({ added: 0, known: 3 });
  const [first, , last] = kept();
  expect(kept()).toHaveLength(3);
  expect(last?.replyTo).toBe(first?.id);
});

test("what was imported does not come in a second time when Telegram delivers it late", async () => {
  const late = town.api.world.write(GROUP, BEN, { text: "I bring the map." });
  expect(await bring(exported(late, BEN))).toMatchObject({ added: 1, known: 0 });
  town.api.world.updates.emit("message", late);
  await town.rest();
  expect(kept()).toHaveLength(1);
});

test("ids of a file that is no export of Telegram's are its own", async () => {
  const live = await town.say(GROUP, BEN, "I bring the tent.");
  const line = { id: String(live.message_id), sender: "Eve", text: "Something else.", sent_at: 1_000_000 };
  expect(await town.owner.import({ conversation: "hiking", lines: [line], format: "jsonl" })).toMatchObject({
    added: 1,
  });
});

test("people are called by their names, and are nobody's identity", async () => {
  const past = {
    message_id: 900,
    date: Math.floor(town.home.clock.now() / 1000) - 60,
    chat: GROUP,
    text: "@gate_bot help",
  };
  const before = town.said(GROUP).length;
  await bring(
    exported(past, ANA),
    exported({ ...past, message_id: 901, text: "I will bring the tent on Saturday." }, BEN),
    exported({ ...past, message_id: 902, text: "Please book the campsite by Thursday." }, BEN),
  );
  await town.rest();
  expect(town.said(GROUP)).toHaveLength(before);
  await town.say(GROUP, ANA, "/summary@gate_bot");
  expect(town.last(GROUP).text).toMatch(/Ben/);
  expect(town.last(GROUP).text).not.toMatch(/user43|\b43\b/);
});

test("context is proved by a word that is addressed to nobody, and the way to the past is told", async () => {
  const context = await town.owner["conversation.context"]({ conversation: "hiking", context: "members" });
  expect(context.past).toMatch(/Telegram Desktop.*lazaret import FILE --conversation hiking/);
  const heard = (since: number) => town.owner["conversation.heard"]({ conversation: "hiking", since, wait_ms: 0 });
  town.home.clock.turn(60_000);
  const since = town.home.clock.now();
  await town.say(GROUP, BEN, "@gate_bot help");
  expect(await heard(since)).toEqual({ heard: false });
  await town.say(GROUP, BEN, "Good morning.");
  expect(await heard(since)).toEqual({ heard: true });
});
