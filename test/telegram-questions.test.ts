/**
 * Questions on Telegram, through the whole daemon: buttons, words, reactions, absence, and what is never sent twice.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ANA, BEN, CARLA, direct, GROUP, Town } from "./telegram/town.ts";
import { emoji } from "./telegram/world.ts";
import { sender } from "./webhook-world.ts";

let town: Town;
beforeEach(async () => {
  // In strict mode a send needs medium, and somebody else's yes.
  const drivers = [sender("club", "The tent is ready.")];
  town = await Town.found({ drivers, config: "policy: { packs: [strict] }" });
});
afterEach(() => town.end());

const DM = direct(ANA);
const approvals = async () => (await town.owner["approvals.list"]({})).approvals;

describe("a question", () => {
  const CLUB = { id: -1003, type: "supergroup", title: "Club" } as const;

  /** Ben wants something said in another group: Ana is asked, in her direct chat. */
  async function asked() {
    await town.settle();
    await town.say(CLUB, BEN, "hello");
    await town.owner["conversation.allow"]({ conversation: String(CLUB.id), channel: "telegram", alias: "club" });
    await town.say(GROUP, BEN, "@gate_bot tell the club that the tent is ready");
    return town.last(DM);
  }
  const sent = (): readonly string[] => town.said(CLUB);
  const states = async () =>
    (await approvals()).filter(({ capability }) => capability === "chat.send").map(({ state }) => state);

  test("has buttons, and the right person's press does it once", async () => {
    const question = await asked();
    expect(question.text).toMatch(/^May I send this text to club\?/);
    expect(question.reply_markup?.inline_keyboard[0]).toHaveLength(2);
    await town.press(ANA, question, 0);
    await town.press(ANA, question, question.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? "");
    expect(sent()).toHaveLength(1);
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
    expect(sent()).toEqual([]);
    expect(town.api.world.message(DM.id, question.message_id)).toMatchObject({ text: "❌ Refused." });
  });

  test("is not answered by a reaction or a word, which prove less: what would count is said", async () => {
    const question = await asked();
    town.api.world.react(question, ANA, [], emoji("👍"));
    await town.rest();
    expect(await states()).toEqual(["pending"]);
    expect(town.last(DM).text).toMatch(/^This kind of yes does not suffice here\. It needs medium/);
    const code = /deny ([A-Z0-9]{8})/.exec(question.text ?? "")?.[1] ?? "";
    await town.say(DM, ANA, `approve ${code}`);
    expect(await states()).toEqual(["pending"]);
    await town.say(DM, ANA, `deny ${code}`);
    expect(await states()).toEqual(["denied"]);
  });

  test("goes where it can be answered: not to an owner whose presses were not accepted as enough", async () => {
    await town.add();
    await town.pair(ANA, "owner", "low");
    await town.say(CLUB, BEN, "hello");
    for (const [place, alias] of [
      [GROUP, "hiking"],
      [CLUB, "club"],
    ] as const)
      await town.owner["conversation.allow"]({
        conversation: String(place.id),
        channel: "telegram",
        alias,
        members_all: true,
      });
    const before = town.said(DM).length;
    await town.say(GROUP, BEN, "@gate_bot tell the club that the tent is ready");
    expect(await states()).toEqual(["pending"]);
    expect(town.said(DM)).toHaveLength(before);
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
    expect(sent()).toHaveLength(1);
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
    expect(sent()).toHaveLength(1);
  });

  test("that was sent without an answer from Telegram is never sent again", async () => {
    await town.settle();
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
    expect(sent()).toEqual([]);
  });
});
