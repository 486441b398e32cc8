/** The story on Telegram, through the whole daemon: pair, ask, answer, approve, restart. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ANA, BEN, CARLA, direct, GROUP, TOKEN, Town } from "./telegram/town.ts";

let town: Town;
beforeEach(async () => {
  town = await Town.found();
});
afterEach(() => town.end());

const DM = direct(ANA);

/** Ana owns the bot, and the group may speak with it. */
async function settled(context: "off" | "everyone" = "everyone"): Promise<void> {
  await town.add();
  await town.pair(ANA, "owner", "medium");
  await town.owner["conversation.allow"]({
    conversation: String(GROUP.id),
    channel: "telegram",
    alias: "hiking",
    members_all: true,
  });
  await town.owner["conversation.context"]({ conversation: "hiking", context });
  await town.rest();
}

const approvals = async () => (await town.owner["approvals.list"]({})).approvals;

describe("a bot", () => {
  test("is added by its token, found by a link, and its commands are presented", async () => {
    expect(await town.add()).toEqual({ done: true, link: "https://t.me/gate_bot" });
    await town.rest();
    const shown = town.api.calls.find(({ method }) => method === "setMyCommands")?.args;
    expect(JSON.stringify(shown)).toMatch(/summary.*todo.*status.*cancel.*help/);
    expect((await town.owner["channel.verify"]({ name: "telegram" })).ok).toBe(true);
    expect((await town.owner["channel.list"]({})).channels.find(({ name }) => name === "telegram")?.state).toBe("live");
  });

  test("with a token that Telegram does not know is not added, and neither is one twice", async () => {
    const add = (name: string, secret: string) =>
      town.owner["channel.add"]({ name, kind: "telegram", secret, settings: { root: town.root } });
    await expect(add("x", `778${TOKEN.slice(3)}`)).rejects.toMatchObject({ code: "input.invalid" });
    await town.add();
    await town.rest();
    await expect(add("y", TOKEN)).rejects.toMatchObject({ code: "conflict" });
    await expect(add("z", "not a token at all, but long enough")).rejects.toMatchObject({ code: "input.invalid" });
    expect((await town.owner["secrets.list"]({})).names).toEqual(["telegram-telegram"]);
  });

  test("gives nobody an answer before they are paired", async () => {
    await town.add();
    await town.say(direct(BEN), BEN, "/start");
    await town.say(direct(BEN), BEN, "summarise this");
    await town.say(GROUP, BEN, "@gate_bot summarise this");
    expect(town.api.world.said).toEqual([]);
  });

  test("learns its owner by a code, and answers words at once", async () => {
    await town.add();
    await town.pair(ANA, "owner");
    expect(town.said(DM)).toEqual(["We are connected. Say help to see what I can do."]);
    await town.say(DM, ANA, "/start");
    await town.say(DM, ANA, "/status");
    expect(town.said(DM).slice(1)).toEqual([
      expect.stringContaining("I work with this chat"),
      "Nothing of yours is running here.",
    ]);
  });
});

describe("in a group", () => {
  const talk = async (): Promise<void> => {
    await town.say(GROUP, BEN, "Can somebody bring the tent on Saturday?");
    await town.say(GROUP, CARLA, "I will bring the tent and the stove.");
    await town.say(GROUP, BEN, "Carla, please book the campsite by Thursday.");
  };

  test("a mention, a reply and a command for it are heard, and nothing else is answered", async () => {
    await settled();
    const before = town.said(GROUP).length;
    await talk();
    await town.say(GROUP, BEN, "/help");
    await town.say(GROUP, BEN, "/help@other_bot");
    await town.say(GROUP, BEN, "the gate_bot is helpful", { entities: [] });
    expect(town.said(GROUP)).toHaveLength(before);
    await town.say(GROUP, BEN, "/help@gate_bot");
    await town.say(GROUP, BEN, "@gate_bot status");
    await town.say(GROUP, BEN, "status", { reply_to_message: town.last(GROUP) });
    expect(town.said(GROUP).slice(before)).toEqual([
      expect.stringContaining("I work with this chat"),
      "Nothing of yours is running here.",
      "Nothing of yours is running here.",
    ]);
  });

  test("a summary by command says who said it by name, as an answer to who asked", async () => {
    await settled();
    await talk();
    const asked = await town.say(GROUP, ANA, "/summary@gate_bot");
    const answer = town.last(GROUP);
    expect(answer.text).toMatch(/tent|campsite/);
    expect(answer.text).toMatch(/Ben|Carla/);
    expect(answer.text).not.toMatch(/PERSON_/);
    expect(answer.reply_to_message?.message_id).toBe(asked.message_id);
    await town.say(GROUP, ANA, "/todo@gate_bot");
    expect(town.last(GROUP).text).toMatch(/campsite/i);
  });

  test("whoever is in it may ask about it in a direct chat, and whoever is not, or left, may not", async () => {
    await settled();
    await talk();
    await town.say(DM, ANA, "summarise hiking");
    expect(town.last(DM).text).not.toMatch(/tent/);
    await town.say(GROUP, ANA, "I am in");
    town.home.clock.turn(60_000);
    await town.say(DM, ANA, "summarise hiking");
    expect(town.last(DM).text).toMatch(/^Summary[\s\S]*tent/);
    town.api.world.member(GROUP, ANA, "member", "left");
    town.home.clock.turn(60_000);
    await town.say(DM, ANA, "summarise hiking");
    expect(town.last(DM).text).not.toMatch(/tent/);
  });

  test("forwarded words, anonymous admins and channels start nothing", async () => {
    await settled();
    const before = town.said(GROUP).length;
    const text = "@gate_bot help";
    await town.say(GROUP, ANA, text, { forward_origin: { type: "user" } });
    await town.say(GROUP, { id: 1087968824, is_bot: true, first_name: "Group" }, text, { sender_chat: GROUP });
    await town.say(GROUP, { id: 777000, is_bot: false, first_name: "Telegram" }, text, {
      sender_chat: { id: -1009, type: "channel", title: "News" },
    });
    expect(town.said(GROUP)).toHaveLength(before);
  });

  test("a changed request is dropped and said to be, and an edit starts nothing", async () => {
    await settled();
    const asked = await town.say(GROUP, ANA, "hello there", {});
    const before = town.said(GROUP).length;
    town.api.world.edit({ ...asked, ...{ entities: [{ type: "mention", offset: 0, length: 9 }] } }, "@gate_bot help");
    await town.rest();
    expect(town.said(GROUP)).toHaveLength(before);
  });

  test("that became another one it stays silent, and the owner is asked", async () => {
    await settled();
    town.api.world.updates.emit("message", town.api.world.write(GROUP, ANA, { migrate_to_chat_id: -1002 }));
    await town.rest();
    const next = { ...GROUP, id: -1002 };
    await town.say(next, ANA, "@gate_bot help");
    await town.say(GROUP, ANA, "@gate_bot help");
    expect(town.said(next)).toEqual([]);
    const command = /lazaret conversation allow (conv_[0-9a-f]{32}) --alias hiking/.exec(town.last(DM).text ?? "");
    expect(command?.[1]).toBeDefined();
    await town.owner["conversation.allow"]({
      conversation: command?.[1] ?? "",
      alias: "hiking",
      members_all: true,
    });
    await town.say(next, ANA, "@gate_bot help");
    expect(town.said(next)).toHaveLength(1);
  });

  test("context and privacy mode that disagree are told to the owner", async () => {
    await settled("off");
    const told = async (context: "off" | "members" | "everyone") =>
      (await town.owner["conversation.context"]({ conversation: "hiking", context })).notice ?? "";
    expect(await told("everyone")).toMatch(/privacy mode is on.*BotFather/);
    expect(await told("off")).toBe("");
  });
});

describe("a question", () => {
  const CLUB = { id: -1003, type: "supergroup", title: "Club" } as const;

  /** Ben wants what one group said sent to another: Ana is asked, in her direct chat. */
  async function asked() {
    await settled();
    await town.say(CLUB, BEN, "hello");
    await town.owner["conversation.allow"]({ conversation: String(CLUB.id), channel: "telegram", alias: "club" });
    await town.owner["conversation.context"]({ conversation: "club", context: "everyone" });
    await town.say(GROUP, BEN, "Can somebody bring the tent on Saturday?");
    await town.say(GROUP, CARLA, "I will bring the tent and the stove.");
    await town.say(GROUP, BEN, "@gate_bot send a summary to club");
    return town.last(DM);
  }
  const summaries = (): readonly string[] => town.said(CLUB).filter((text) => text.includes("tent"));
  const states = async () =>
    (await approvals()).filter(({ capability }) => capability === "chat.send").map(({ state }) => state);

  test("has buttons, and the right person's press does it once", async () => {
    const question = await asked();
    expect(question.text).toMatch(/^May I send this text to club\?/);
    expect(question.reply_markup?.inline_keyboard[0]).toHaveLength(2);
    await town.press(ANA, question, 0);
    await town.press(ANA, question, question.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? "");
    expect(summaries()).toHaveLength(1);
    expect(town.api.world.message(DM.id, question.message_id)).toMatchObject({ text: "✅ Allowed." });
    expect(town.api.world.message(DM.id, question.message_id)?.reply_markup).toBeUndefined();
  });

  test("is not answered by anybody else, by made-up data, or by a button of another question", async () => {
    const question = await asked();
    const before = town.api.world.said.length;
    for (const user of [BEN, CARLA]) await town.press(user, question, 0);
    for (const data of ["approve", "a:AAAAAAAAAAAAAAAAAAAAAA", "a:", "yes"]) await town.press(ANA, question, data);
    expect(await states()).toEqual(["pending"]);
    expect(town.api.world.said).toHaveLength(before);
    await town.press(ANA, question, 1);
    expect(await states()).toEqual(["denied"]);
    expect(summaries()).toEqual([]);
    expect(town.api.world.message(DM.id, question.message_id)).toMatchObject({ text: "❌ Refused." });
  });

  test("outlives a restart: it is pointed at again, and its button still works", async () => {
    const question = await asked();
    await town.down();
    town.home.clock.turn(200_000);
    await town.up();
    await town.rest();
    expect(town.last(DM)).toMatchObject({ reply_to_message: { message_id: question.message_id } });
    expect(town.last(DM).text).toMatch(/still open/i);
    await town.press(ANA, question, 0);
    expect(summaries()).toHaveLength(1);
  });

  test("is not pointed at again after a moment's absence, and a press meanwhile counts", async () => {
    const question = await asked();
    const data = question.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? "";
    await town.down();
    town.api.world.press(ANA, question, data);
    town.home.clock.turn(20_000);
    await town.up();
    await town.rest();
    expect(town.said(DM).filter((text) => text.includes("still open"))).toEqual([]);
    expect(summaries()).toHaveLength(1);
  });

  test("that was sent without an answer from Telegram is never sent again", async () => {
    await settled();
    town.api.fault("sendMessage", { kind: "drop_after" });
    await town.say(DM, ANA, "/help");
    const texts = () => town.said(DM).filter((text) => text.includes("I work with this chat"));
    expect(texts()).toHaveLength(1);
    town.home.clock.turn(3_600_000);
    await town.rest();
    expect(texts()).toHaveLength(1);
    const { entries } = await town.owner["ledger.entries"]({ after: 0, type: "effect.unknown", limit: 10 });
    expect(entries).toHaveLength(1);
  });

  test("and its request are ended by /cancel, and the question says so", async () => {
    const question = await asked();
    await town.say(GROUP, BEN, "/cancel@gate_bot");
    expect(await states()).toEqual(["void"]);
    expect(town.api.world.message(DM.id, question.message_id)?.text).toMatch(/void/);
    await town.press(ANA, question, question.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? "");
    expect(summaries()).toEqual([]);
  });
});
