/** Encrypted rooms on a real Synapse, with people whose clients are no part of ours. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Person, until } from "./person.ts";
import { Town } from "./town.ts";

let town: Town;
let alice: Person;
let ben: Person;
let direct: string;

beforeAll(async () => {
  town = await Town.found();
  alice = await town.arrive("alice");
  ben = await town.arrive("ben");
  direct = await town.settle(alice);
});
afterAll(() => town?.[Symbol.asyncDispose]());

const v3 = "/_matrix/client/v3";
const said = async (room = direct, who = alice): Promise<readonly string[]> =>
  (await who.heard(room, town.bot.user)).map(({ body }) => body);
/** Everything before it has been answered or left alone once this is. */
const settled = async (): Promise<void> => {
  const before = (await said()).length;
  await alice.say(direct, "help");
  await alice.hears(direct, town.bot.user, /^I work with this chat/, before);
};
type Round = { readonly ok: boolean; readonly checks: readonly { readonly name: string; readonly ok: boolean }[] };
const verify = (): Promise<Round> => town.ask<Round>("channel.verify", { name: "mx" });
const device = async () => (await verify()).checks.find(({ name }) => name === "device");

describe("an account", () => {
  test("is signed, backed up and has keys for others, and what goes out comes back", async () => {
    const round = await verify();
    expect(round.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(round.ok).toBe(true);
  });

  test("keeps its device and its keys over a kill, and answers once what was said meanwhile", async () => {
    const before = await device();
    const count = (await said()).length;
    await town.daemon.stop("SIGKILL");
    await alice.say(direct, "status");
    await alice.say(direct, "help");
    await town.restart();
    await alice.hears(direct, town.bot.user, /^I work with this chat/, count);
    await settled();
    expect((await said()).slice(count)).toEqual([
      "Nothing of yours is running here.",
      expect.stringMatching(/^I work with this chat/),
      expect.stringMatching(/^I work with this chat/),
    ]);
    expect(await device()).toEqual(before);
  });
});

describe("in an encrypted direct chat", () => {
  test("everything we say is encrypted", async () => {
    await settled();
    expect((await alice.heard(direct, town.bot.user)).every(({ encrypted }) => encrypted)).toBe(true);
  });

  test("what the homeserver says in its owner's name, in clear, starts nothing", async () => {
    const before = (await said()).length;
    await town.server.forge(alice.id, direct, "m.room.message", { msgtype: "m.text", body: "status" });
    await settled();
    expect((await said()).slice(before)).toEqual([expect.stringMatching(/^I work/)]);
  });

  test("a device that its user never signed is not heard", async () => {
    const before = (await said()).length;
    const login = { type: "m.login.password", identifier: { type: "m.id.user", user: alice.id }, password: "pw-alice" };
    type Login = { access_token: string; device_id: string };
    const { access_token, device_id } = await town.server.api<Login>("POST", `${v3}/login`, login);
    const account = { user: alice.id, token: access_token, device: device_id, password: "pw-alice" };
    await using thief = await Person.arrive(town.server, account, false);
    await until(() => thief.client.getRoom(direct)?.hasEncryptionStateEvent());
    await thief.say(direct, "status");
    await settled();
    expect((await said()).slice(before)).toEqual([expect.stringMatching(/^I work/)]);
  });

  test("notices of other programs start nothing", async () => {
    const before = (await said()).length;
    await alice.say(direct, "status", { msgtype: "m.notice" });
    await settled();
    expect((await said()).slice(before)).toHaveLength(1);
  });
});

describe("in an encrypted group", () => {
  let room: string;
  beforeAll(async () => {
    room = await alice.makeRoom([ben.id, town.bot.user]);
    await ben.joinFrom(alice.id);
    await alice.joined(room, town.bot.user);
    await town.ask("conversation.allow", { conversation: room, channel: "mx", alias: "hiking", members_all: true });
    await town.ask("conversation.context", { conversation: "hiking", context: "everyone" });
  });

  test("words that mention nobody start nothing, and a real mention does, in a thread too", async () => {
    await ben.hears(room, town.bot.user, /./);
    const before = (await said(room, ben)).length;
    const root = await ben.say(room, "Can somebody bring the tent on Saturday?");
    await alice.say(room, "I will bring the tent and the stove.");
    await ben.say(room, "bot: status");
    const relation = { rel_type: "m.thread", event_id: root, is_falling_back: true };
    await ben.ask(room, town.bot.user, "bot: status", {
      "m.relates_to": { ...relation, "m.in_reply_to": { event_id: root } },
    });
    const answer = await ben.hears(room, town.bot.user, /^Nothing of yours/);
    await settled();
    expect((await said(room, ben)).slice(before)).toEqual([answer.body]);
    expect(answer.encrypted).toBe(true);
  });

  test("a member is answered with a summary of what was said, with a new key for each message", async () => {
    await ben.say(room, "Alice, please book the campsite by Thursday.");
    const asked = await ben.ask(room, town.bot.user, "summarise the last 20 messages");
    const answer = await ben.hears(room, town.bot.user, /tent|campsite/);
    expect(answer.body).toMatch(/alice|ben/i);
    expect(answer.body).not.toMatch(/PERSON_/);
    expect(answer.content["m.relates_to"]).toMatchObject({ "m.in_reply_to": { event_id: asked } });
  });

  test("a redaction destroys what was said", async () => {
    const count = async (): Promise<number> => (await town.entries("message.deleted")).length;
    const [before, secret] = [await count(), await ben.say(room, "The code of the gate is 4711.")];
    await settled();
    await ben.client.redactEvent(room, secret);
    await until(async () => (await count()) > before);
  });

  test("a stranger's invitation is left alone", async () => {
    const mallory = await town.arrive("mallory");
    const lair = await mallory.makeRoom([town.bot.user]);
    await settled();
    expect(mallory.client.getRoom(lair)?.getMember(town.bot.user)?.membership).toBe("invite");
  });
});
