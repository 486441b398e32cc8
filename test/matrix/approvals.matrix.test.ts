/** Questions and answers on a real Synapse: what a reaction proves, and what the homeserver cannot say for anybody. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Person, until } from "./person.ts";
import { Town } from "./town.ts";

let town: Town;
let alice: Person;
let ben: Person;
let direct: string;
let hiking: string;
let family: string;

beforeAll(async () => {
  town = await Town.found();
  alice = await town.arrive("alice");
  ben = await town.arrive("ben");
  direct = await town.settle(alice);
  hiking = await alice.makeRoom([ben.id, town.bot.user]);
  family = await alice.makeRoom([town.bot.user]);
  await ben.joinFrom(alice.id);
  await Promise.all([hiking, family].map((room) => alice.joined(room, town.bot.user)));
  for (const [alias, room] of Object.entries({ hiking, family })) {
    await town.ask("conversation.allow", { conversation: room, channel: "mx", alias, members_all: true });
    await town.ask("conversation.context", { conversation: alias, context: "everyone" });
  }
  await ben.say(hiking, "Can somebody bring the tent on Saturday?");
  await alice.say(hiking, "I will bring the tent and the stove.");
});
afterAll(() => town?.[Symbol.asyncDispose]());

const said = async (room: string): Promise<readonly string[]> =>
  (await alice.heard(room, town.bot.user)).map(({ body }) => body);

/** Alice asks to have a summary sent; the question comes to her direct chat. */
async function question() {
  const there = (await said(direct)).length;
  await alice.ask(hiking, town.bot.user, "send a summary of the last 20 messages to family");
  const asked = await alice.hears(direct, town.bot.user, /^May I send this text to family\?/, there);
  const [, yes = ""] = /To allow it: react with (\S+) on this message/.exec(asked.body) ?? [];
  const [, no = ""] = /To refuse: react with (\S+) or/.exec(asked.body) ?? [];
  const [, code = ""] = /approve ([A-Z0-9]{8})/.exec(asked.body) ?? [];
  return { id: asked.id, body: asked.body, yes, no, code, before: (await said(family)).length };
}

const helped = async (): Promise<number> =>
  (await said(direct)).filter((text) => text.startsWith("I work with this chat")).length;

/** Whatever was said before is dealt with: what is said after it has its answer. */
const settled = async (): Promise<void> => {
  const before = await helped();
  await alice.say(direct, "help");
  await until(async () => (await helped()) > before);
};

const voided = async (): Promise<number> => (await town.entries("approval.voided")).length;

describe("a question in the direct chat", () => {
  test("has emoji of its own, and the right one sends once, whoever else answers", async () => {
    const { id, yes, no, before } = await question();
    expect(yes).not.toBe(no);
    await ben.react(hiking, id, yes).catch(() => null);
    await settled();
    expect(await said(family)).toHaveLength(before);
    const reaction = await alice.react(direct, id, yes);
    await alice.hears(family, town.bot.user, /tent/, before);
    await alice.client.redactEvent(direct, reaction);
    await alice.react(direct, id, yes);
    await settled();
    expect(await said(family)).toHaveLength(before + 1);
  });

  test("is ended by a wrong one, as by one that the homeserver forges", async () => {
    const { id, yes, before } = await question();
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: id, key: "✅" } };
    await town.server.forge(alice.id, direct, "m.reaction", content);
    await alice.hears(direct, town.bot.user, /neither of the two emoji/);
    await alice.react(direct, id, yes);
    await settled();
    expect(await said(family)).toHaveLength(before);
  });

  test("is refused by its other emoji", async () => {
    const { id, no, before } = await question();
    await alice.react(direct, id, no);
    await alice.hears(direct, town.bot.user, /^All right, I will not do it/);
    expect(await said(family)).toHaveLength(before);
  });

  test("is answered by its code in an encrypted message, and not by one that the homeserver forges", async () => {
    const { code, before } = await question();
    await town.server.forge(alice.id, direct, "m.room.message", { msgtype: "m.text", body: `approve ${code}` });
    await settled();
    expect(await said(family)).toHaveLength(before);
    await alice.say(direct, `approve ${code}`);
    await alice.hears(family, town.bot.user, /tent/, before);
  });

  test("is void once what it rests on was redacted", async () => {
    const source = await ben.say(hiking, "The tent is green and has a hole.");
    const { id, yes, before } = await question();
    const ended = await voided();
    await ben.client.redactEvent(hiking, source);
    await until(async () => (await voided()) > ended);
    await settled();
    await alice.react(direct, id, yes);
    await settled();
    expect(await said(family)).toHaveLength(before);
  });
});
