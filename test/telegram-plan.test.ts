/** A plan on Telegram, through the whole daemon: a button a step, what is left of them, and who presses. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { ANA, BEN, direct, GROUP, Town } from "./telegram/town.ts";
import { butlerThat, call } from "./webhook-world.ts";

const CLUB = { id: -1003, type: "supergroup", title: "Club" } as const;
const DM = direct(ANA);
const send = (template: string) => ({
  capability: "chat.send",
  input: { to: "club", template },
  justification: "it was asked for",
});
const planner = butlerThat(async (run) => {
  const reply = await call(run, "plan.propose", { steps: [send("One."), send("Two."), send("Three.")] });
  if (reply.status === "approval_required") return;
  await call(run, "chat.reply", { template: "That is all." });
  await run.finish();
});

let town: Town;
beforeEach(async () => {
  town = await Town.found({ drivers: [planner], config: "policy: { packs: [strict] }" });
  await town.settle();
  await town.say(CLUB, BEN, "hello");
  await town.owner["conversation.allow"]({ conversation: String(CLUB.id), channel: "telegram", alias: "club" });
  await town.say(GROUP, BEN, "@gate_bot tell the club all three things");
});
afterEach(() => town.end());

const keyboard = (message: { readonly message_id: number }) =>
  town.api.world.message(DM.id, message.message_id)?.reply_markup?.inline_keyboard ?? [];
const words = (message: { readonly message_id: number }) => keyboard(message).map((row) => row.map(({ text }) => text));
const data = (message: { readonly message_id: number }, word: string): string =>
  (keyboard(message)
    .flat()
    .find(({ text }) => text === word)?.callback_data as string | undefined) ?? "";

test("each step has a button, which does it once and is gone then; refusing ends the rest", async () => {
  const question = town.last(DM);
  expect(question.text).toMatch(/^May I do these 3 things\?[\s\S]*The buttons below allow one step, or all\./);
  expect(words(question)).toEqual([
    ["✅ 1", "✅ 2", "✅ 3"],
    ["✅ Allow all", "❌ Refuse"],
  ]);
  for (const { callback_data } of keyboard(question).flat())
    expect(Buffer.byteLength(callback_data as string)).toBeLessThanOrEqual(64);
  const two = data(question, "✅ 2");
  await town.press(BEN, question, two);
  expect(town.said(CLUB)).toEqual([]);
  await town.press(ANA, question, two);
  expect(town.said(CLUB)).toEqual(["Two."]);
  expect(words(question)[0]).toEqual(["✅ 1", "✅ 3"]);
  expect(town.api.world.message(DM.id, question.message_id)?.text).toMatch(/1 ·\s+2 ✅\s+3 ·$/);
  await town.press(ANA, question, two);
  expect(town.said(CLUB)).toEqual(["Two."]);
  await town.press(ANA, question, data(question, "❌ Refuse"));
  expect(town.api.world.message(DM.id, question.message_id)?.text).toMatch(/^1 ❌\s+2 ✅\s+3 ❌$/);
  expect([town.said(CLUB), keyboard(question)]).toEqual([["Two."], []]);
  expect(town.said(GROUP).join("\n")).toMatch(/What came of the plan:\n1\. club: refused\n2\. club: done/);
});

test("it outlives a restart, and allowing all does what is left", async () => {
  const question = town.last(DM);
  await town.press(ANA, question, data(question, "✅ 3"));
  await town.down();
  await town.up();
  await town.rest();
  await town.press(ANA, question, data(question, "✅ Allow all"));
  expect(town.said(CLUB)).toEqual(["Three.", "One.", "Two."]);
});
