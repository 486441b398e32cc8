/** The story on Telegram, through the whole daemon: pair, ask, answer, approve, restart. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ANA, BEN, CARLA, direct, GROUP, TOKEN, Town } from "./telegram/town.ts";

let town: Town;
beforeEach(async () => {
  town = await Town.found();
});
afterEach(() => town.end());

const DM = direct(ANA);

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
    await town.settle();
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
    await town.settle();
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
    await town.settle();
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
    await town.settle();
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
    await town.settle();
    const asked = await town.say(GROUP, ANA, "hello there", {});
    const before = town.said(GROUP).length;
    town.api.world.edit({ ...asked, ...{ entities: [{ type: "mention", offset: 0, length: 9 }] } }, "@gate_bot help");
    await town.rest();
    expect(town.said(GROUP)).toHaveLength(before);
  });

  test("that became another one it stays silent, and the owner is asked", async () => {
    await town.settle();
    town.api.world.updates.emit("message", town.api.world.write(GROUP, ANA, { migrate_to_chat_id: -1002 }));
    await town.rest();
    const next = { ...GROUP, id: -1002 };
    await town.say(next, ANA, "@gate_bot help");
    const before = town.said(GROUP).length;
    await town.say(GROUP, ANA, "@gate_bot help");
    expect(town.said(GROUP)).toHaveLength(before);
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

  test("a day's absence is written down for every conversation that is open", async () => {
    await town.settle();
    await town.down();
    town.home.clock.turn(25 * 3_600_000);
    await town.up();
    await town.say(GROUP, ANA, "@gate_bot help");
    const { entries } = await town.owner["ledger.entries"]({ after: 0, type: "message.gap", limit: 10 });
    expect(entries).toHaveLength(2);
  });

  test("context and privacy mode that disagree are told to the owner", async () => {
    await town.settle("off");
    const told = async (context: "off" | "members" | "everyone") =>
      (await town.owner["conversation.context"]({ conversation: "hiking", context })).notice ?? "";
    expect(await told("everyone")).toMatch(/privacy mode is on.*BotFather/);
    expect(await told("off")).toBe("");
  });
});
