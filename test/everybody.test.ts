/** Words for everybody in an allowed conversation, on webhook, console and Telegram; what an erasure takes along. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseEverybodyWord } from "../src/gateway/words.ts";
import { ANA, BEN, CARLA, GROUP, Town } from "./telegram/town.ts";
import { butlerThat, call, closeWorld, group, type HookWorld, hookWorld, person } from "./webhook-world.ts";

test("the whole message must be the word, as said or as a command", () => {
  for (const [text, word] of [
    ["privacy", "privacy"],
    ["/privacy@gate_bot", "privacy"],
    ["@gate_bot Opt out", "optout"],
    ["opt-in", "optin"],
    ["/forget_me@gate_bot", "forget me"],
    ["/forget this", "forget this"],
    ["  FORGET   me ", "forget me"],
    ["bot, privacy", "privacy"],
    ["forget me please", null],
    ["please forget me", null],
    ["forget\u200b me", null],
    ["privасy", null],
    ["forget", null],
    ["constructor", null],
  ] as const)
    expect([text, parseEverybodyWord(text, ["bot"])]).toEqual([text, word]);
});

describe("on a webhook", () => {
  let here: HookWorld;
  const driver = butlerThat(async (run) => {
    const read = await call(run, "message.summarize", { last: 20 });
    await call(run, "chat.reply", { template: `It was said: {{v:${read.values?.[0]?.handle}}}` });
    await run.finish();
  });
  beforeEach(async () => {
    here = await hookWorld({
      drivers: [driver],
      people: [person("ben", "member")],
      conversations: [group("family", { context: "everyone" }), group("quiet")],
    });
  });
  afterEach(() => closeWorld(here));
  const say = (sender: string, text: string, more: object = {}) =>
    here.post({ conversation: "room-family", sender, text, addressed: true, ...more });
  /** Messages of people. */
  const kept = (): number =>
    here.store
      .messageIds({ conversation: here.place("family").id }, { limit: 100 })
      .filter((id) => here.store.message(id)?.own === false).length;
  const read = () => here.read("family");

  test("a participant and a stranger are answered, a bot is not, and no run begins", async () => {
    await say("zoe", "privacy");
    expect((await read()).at(-1)).toMatch(/everybody writes.*7 days.*forget me/s);
    await here.post({ conversation: "room-quiet", sender: "zoe", text: "privacy", addressed: true });
    expect((await here.read("quiet")).at(-1)).toContain("only what is said to me");
    await here.post({ conversation: "room-elsewhere", sender: "zoe", text: "privacy", addressed: true });
    await say("zoe", "privacy", { addressed: false });
    expect(await here.items()).toEqual([]);
    expect([here.runs().length, kept()]).toEqual([0, 1]);
  });

  test("what is asked inside a thread is answered in that thread", async () => {
    const threads = async () => (await here.items()).map(({ thread }) => thread);
    for (const [sender, text] of [
      ["ben", "status"],
      ["ben", "help"],
      ["ben", "cancel"],
      ["ben", "approve ABCDEFGH"],
      ["ben", "privacy"],
      ["ben", "optin"],
      ["ben", "forget this"],
    ] as const)
      await say(sender, text, { thread: "t-7" });
    expect(await threads()).toEqual(Array(7).fill("t-7"));
    await say("ben", "status");
    expect((await threads()).at(-1)).toBeUndefined();
  });

  test("who opts out is not kept until they opt in, and is still answered", async () => {
    await say("zoe", "optout");
    await say("zoe", "a plan of mine", { addressed: false });
    expect(kept()).toBe(0);
    await say("zoe", "optin");
    await say("zoe", "another plan", { addressed: false });
    expect(kept()).toBe(1);
    expect(
      here.entries("conversation.changed").filter(({ body }) => String(body["what"]).startsWith("opt")),
    ).toHaveLength(2);
  });

  test("forget me erases what one wrote and what was made of it, is receipted, and keeps nothing after", async () => {
    await say("zoe", "I bring the tent on Saturday.", { addressed: false });
    await say("ben", "I bring the stove on Sunday.", { addressed: false });
    await say("ben", "sum it up");
    expect((await read()).at(-1)).toContain("tent");
    await say("zoe", "forget me");
    await here.rest();
    const said = await read();
    expect(said.at(-1)).toMatch(/Erased: 2 messages, yours.*Receipt: rcpt_/);
    await say("zoe", "and more", { addressed: false });
    await say("zoe", "I bring the tent on Saturday.", { addressed: false });
    const zoe = (await here.owner["principal.list"]({})).principals.find(({ platform }) => platform === "zoe");
    expect(here.store.messageIds({ sender: zoe?.id as never }, { limit: 10 })).toEqual([]);
    expect(here.store.all("value", { limit: 10 })).toEqual([]);
    const receipts = (await here.owner["purge.list"]({})).receipts;
    expect(receipts).toHaveLength(1);
  });

  test("a wish to be forgotten outlives a crash, and what is held goes when it may", async () => {
    await say("zoe", "I bring the tent on Saturday.", { addressed: false });
    const { hold } = await here.owner["hold.add"]({ scope: "conversation", target: "family" });
    await say("zoe", "forget me");
    await here.rest();
    expect((await read()).at(-1)).toContain("has to keep one message for now");
    await here.gateway.supervisor.forget();
    expect(kept()).toBe(1);
    await here.owner["hold.remove"]({ hold });
    await here.gateway.supervisor.forget();
    expect(kept()).toBe(0);
    expect(here.store.all("setting", { limit: 1000 }).filter(({ value }) => value.id.startsWith("forget/"))).toEqual(
      [],
    );
  });

  test("forget this takes one's own message with what was made of it, and nobody else's", async () => {
    await say("zoe", "I bring the tent on Saturday.", { addressed: false, id: "z1" });
    await say("ben", "I bring the stove.", { addressed: false, id: "b1" });
    await say("ben", "sum it up");
    expect(kept()).toBe(3);
    await say("zoe", "forget this", { reply_to: "b1" });
    expect((await read()).at(-1)).toContain("what you wrote yourself");
    await say("zoe", "forget this");
    expect((await read()).at(-1)).toContain("in reply to the message");
    await say("zoe", "forget this", { reply_to: "z1" });
    expect((await read()).at(-1)).toContain("I have forgotten it");
    expect(kept()).toBe(2);
    expect(here.store.all("said", { limit: 10 })).toEqual([]);
  });

  test("an answer that waits to be sent is withheld when what it was made from is deleted", async () => {
    await say("zoe", "I bring the tent on Saturday.", { addressed: false, id: "z1" });
    await say("ben", "sum it up");
    await here.post({ conversation: "room-family", sender: "zoe", kind: "delete", target: "z1" });
    expect((await read()).join()).not.toContain("tent");
    expect(here.entries("effect.failed").map(({ body }) => body["code"])).toContain("aborted");
  });

  test("a newcomer is told once, and the next ones with the next day", async () => {
    await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben"] });
    const notices = async () => (await read()).filter((text) => text.startsWith("To who is new"));
    await say("zoe", "hello", { addressed: false });
    expect(await notices()).toHaveLength(1);
    await say("zoe", "hello again", { addressed: false });
    await say("yan", "hello too", { addressed: false });
    expect(await notices()).toHaveLength(0);
    here.home.clock.turn(24 * 3_600_000);
    const { repeatNotices } = await import("../src/gateway/everybody.ts");
    await repeatNotices(here.powers);
    await repeatNotices(here.powers);
    expect(await notices()).toHaveLength(1);
    await here.post({ conversation: "room-quiet", sender: "xia", text: "hello" });
    expect(await here.read("quiet")).toEqual([]);
  });

  test("the owner at the console has the words too", async () => {
    await here.type("privacy");
    expect(here.said.at(-1)).toContain("Words for everybody");
  });
});

describe("on Telegram", () => {
  let town: Town;
  beforeEach(async () => {
    town = await Town.found();
    await town.settle();
  });
  afterEach(() => town.end());

  test("the words are commands, and what was made of a forgotten message is taken back there", async () => {
    await town.say(GROUP, BEN, "Can somebody bring the tent on Saturday?");
    await town.say(GROUP, ANA, "@gate_bot summarise the last 5 messages");
    const answered = town.said(GROUP).length;
    expect(town.said(GROUP).at(-1)).toContain("tent");
    await town.say(GROUP, CARLA, "/privacy@gate_bot");
    expect(town.said(GROUP).at(-1)).toContain("Words for everybody");
    await town.say(GROUP, BEN, "/forget_me@gate_bot");
    await town.rest();
    expect(town.said(GROUP).join("\n")).toContain("Erased: 2 messages, yours");
    const deleted = town.api.calls.filter(({ method }) => method === "deleteMessage");
    expect(deleted).toHaveLength(1);
    expect(answered).toBeGreaterThan(0);
  });
});

test("a receipt is signed, and a changed one, a foreign one or one without its entries is told", async () => {
  const here = await hookWorld({ drivers: [], people: [], conversations: [group("family", { context: "everyone" })] });
  const other = await hookWorld({ drivers: [], people: [], conversations: [group("family", { context: "everyone" })] });
  const receiptIn = async (world: HookWorld): Promise<string> => {
    await world.post({ conversation: "room-family", sender: "zoe", text: "I bring the tent." });
    const { receipt } = await world.owner.purge({ scope: { by: "conversation", conversation: "family" } });
    return (await world.owner["purge.receipt"]({ receipt: receipt as never })).text;
  };
  const text = await receiptIn(here);
  expect(await here.owner["ledger.receipt"]({ text })).toMatchObject({ ok: true, reason: null, messages: 1 });
  const said = JSON.parse(text) as { counts: Record<string, number>; target: string };
  for (const changed of [
    { ...said, counts: { ...said.counts, messages: 2 } },
    { ...said, target: "conv_0" },
    { ...said, more: 1 },
    JSON.parse(await receiptIn(other)) as object,
  ])
    expect((await here.owner["ledger.receipt"]({ text: JSON.stringify(changed) })).ok).toBe(false);
  expect(await here.owner["ledger.receipt"]({ text: "no receipt" })).toMatchObject({ ok: false, receipt: null });
  await closeWorld(here);
  await closeWorld(other);
});
