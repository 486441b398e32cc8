/** What users of a modern client do, on a real Synapse: gaps, upgrades, kicks, identities, words, erasure. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeKey } from "../../connectors/matrix/indexeddb/key.ts";
import { openDatabase } from "../../connectors/matrix/sqlite.ts";
import { type Person, until } from "./person.ts";
import { SoakTown } from "./soak-town.ts";

const IDLE = "Nothing of yours is running here.";

let soak: SoakTown;
let ben: Person;
let group: string;
beforeAll(async () => {
  soak = await SoakTown.found();
  const { town, alice } = soak;
  ben = await town.arrive("ben");
  group = await alice.makeRoom([ben.id, town.bot.user]);
  await ben.joinFrom(alice.id);
  await alice.joined(group, town.bot.user);
  await alice.joined(group, ben.id);
  await town.ask("conversation.allow", { conversation: group, channel: "mx", alias: "hiking", members_all: true });
  await town.ask("conversation.context", { conversation: "hiking", context: "everyone" });
});
afterAll(() => soak?.[Symbol.asyncDispose]());

const botSaid = async (room: string, who = soak.alice) => who.heard(room, soak.town.bot.user);
const count = async (type: string): Promise<number> => (await soak.town.entries(type)).length;
/** Everything that was said before is dealt with once this is answered. */
const settled = async (): Promise<void> => {
  const { alice, direct, town } = soak;
  const before = (await botSaid(direct)).length;
  await alice.say(direct, "help");
  await alice.hears(direct, town.bot.user, /^I work with this chat/, before);
};

test("a timeline that was cut short is filled to the last of 60 messages, each once and in order", async () => {
  await settled();
  const before = await count("message.received");
  soak.proxy.set("gone");
  for (let at = 0; at < 60; at++) await ben.say(group, `line ${at}`);
  await ben.ask(group, soak.town.bot.user, "status");
  soak.proxy.set("fair");
  await ben.hears(group, soak.town.bot.user, new RegExp(`^${IDLE}`));
  await settled();
  // The word itself is answered and not kept; so is the help.
  expect((await count("message.received")) - before).toBe(60);
  expect(await count("message.gap")).toBe(0);
  expect(soak.proxy.passed.some(({ path }) => path.includes("/messages?") && path.includes("dir=b"))).toBe(true);
});

test("what was asked inside a thread is answered in that thread", async () => {
  const root = await ben.say(group, "About the tent");
  const before = (await botSaid(group, ben)).length;
  const relation = { rel_type: "m.thread", event_id: root, is_falling_back: true, "m.in_reply_to": { event_id: root } };
  await ben.ask(group, soak.town.bot.user, "status", { "m.relates_to": relation });
  const answer = await ben.hears(group, soak.town.bot.user, new RegExp(`^${IDLE}`), before);
  expect(answer.content["m.relates_to"]).toMatchObject({ rel_type: "m.thread", event_id: root });
});

test("nobody sees how far we have read, and our own other devices could", async () => {
  await settled();
  const receipts = soak.proxy.passed.filter(({ path }) => path.includes("/receipt/"));
  expect(receipts.length).toBeGreaterThan(0);
  expect(receipts.filter(({ path }) => !path.includes("/receipt/m.read.private/"))).toEqual([]);
  expect(
    ben.client
      .getRoom(group)
      ?.getUsersReadUpTo(ben.client.getRoom(group)?.getLiveTimeline().getEvents().at(-1) as never),
  ).not.toContain(soak.town.bot.user);
});

describe("the words for everybody", () => {
  const told = async (text: string, looks: RegExp, more: object = {}) => {
    const before = (await botSaid(group, ben)).length;
    await ben.ask(group, soak.town.bot.user, text, more);
    return ben.hears(group, soak.town.bot.user, looks, before);
  };

  test("a newcomer is told of them once", async () => {
    await ben.hears(group, soak.town.bot.user, /Say privacy to me/);
    const news = (await botSaid(group, ben)).filter(({ body }) => /Say privacy to me/.test(body));
    expect(news).toHaveLength(1);
  });

  test("are answered, in an encrypted message", async () => {
    expect((await told("privacy", /forget me/)).encrypted).toBe(true);
    await told("optout", /./);
    const before = await count("message.received");
    await ben.say(group, "nobody keeps this");
    await told("optin", /./);
    expect(await count("message.received")).toBe(before);
  });

  test("forget this destroys what it answers", async () => {
    const secret = await ben.say(group, "The code of the gate is 4711.");
    const before = await count("message.deleted");
    await told("forget this", /^I have forgotten it/, { "m.relates_to": { "m.in_reply_to": { event_id: secret } } });
    expect(await count("message.deleted")).toBe(before + 1);
  });

  test("forget me erases all of somebody's, and says when it is done", async () => {
    const done = await count("purge.completed");
    await told("forget me", /^I am erasing/);
    await until(async () => (await count("purge.completed")) > done);
    await told("optin", /./);
  });
});

test("a room that is upgraded is closed, and the next one is nobody's until its owner allows it", async () => {
  const { alice, town } = soak;
  const old = await alice.makeRoom([town.bot.user]);
  await alice.joined(old, town.bot.user);
  await town.ask("conversation.allow", { conversation: old, channel: "mx", alias: "old", members_all: true });
  const { replacement_room: next } = await alice.client.upgradeRoom(old, "11");
  await until(() => alice.client.getRoom(next)?.getMyMembership() === "join");
  await alice.client.invite(next, town.bot.user);
  await alice.joined(next, town.bot.user);
  await alice.ask(next, town.bot.user, "status");
  await settled();
  expect(await botSaid(next)).toEqual([]);
  expect((await town.entries("conversation.changed")).filter(({ body }) => body["reason"] === "migrated")).toHaveLength(
    1,
  );
  await alice.hears(soak.direct, town.bot.user, /^old has become another group/);
});

test("whoever removes us from a room hears no more of us, and what was to be said there fails", async () => {
  const { alice, town } = soak;
  const room = await alice.makeRoom([town.bot.user]);
  await alice.joined(room, town.bot.user);
  await town.ask("conversation.allow", { conversation: room, channel: "mx", alias: "short", members_all: true });
  await alice.client.kick(room, town.bot.user);
  await alice.ask(room, town.bot.user, "status").catch(() => null);
  await settled();
  expect((await botSaid(room)).filter(({ body }) => body.startsWith(IDLE))).toEqual([]);
  await town.live();
});

test("what was said before we came starts nothing, even in clear", async () => {
  const { alice, town } = soak;
  const room = await alice.makeRoom([], false);
  await alice.ask(room, town.bot.user, "status");
  await alice.client.invite(room, town.bot.user);
  await alice.joined(room, town.bot.user);
  await town.ask("conversation.allow", { conversation: room, channel: "mx", alias: "clear", members_all: true });
  await settled();
  expect((await botSaid(room)).filter(({ body }) => body.startsWith(IDLE))).toEqual([]);
  await alice.ask(room, town.bot.user, "status");
  await alice.hears(room, town.bot.user, new RegExp(`^${IDLE}`));
});

test("whose identity changed is not heard any more", async () => {
  const { town } = soak;
  const before = (await botSaid(group, ben)).length;
  await ben.sign(true);
  await ben.ask(group, town.bot.user, "status");
  await settled();
  expect((await botSaid(group, ben)).slice(before).filter(({ body }) => body.startsWith(IDLE))).toEqual([]);
});

test("a purged room's sessions are in no file and in no backup, and other rooms are read on", async () => {
  const { alice, town, proxy } = soak;
  const room = await alice.makeRoom([town.bot.user]);
  await alice.joined(room, town.bot.user);
  await town.ask("conversation.allow", { conversation: room, channel: "mx", alias: "gone", members_all: true });
  await alice.ask(room, town.bot.user, "status");
  await alice.hears(room, town.bot.user, new RegExp(`^${IDLE}`));
  await settled();
  const before = await sessions();
  const scope = { by: "conversation", conversation: "gone" };
  expect(await town.ask("purge", { scope })).toMatchObject({ state: "done" });
  const told = proxy.passed.filter(({ method, path }) => method === "DELETE" && path.includes("/room_keys/keys/"));
  expect(told.map(({ path, status }) => [path.includes(encodeURIComponent(room)), status])).toEqual([[true, 200]]);
  const after = await sessions();
  const gone = [...before].filter(([hash]) => !after.has(hash));
  expect(gone).toHaveLength(1);
  // Ours and hers.
  const values = gone.flatMap(([, sealed]) => sealed);
  expect(values.length).toBeGreaterThanOrEqual(2);
  expect(soak.holding(values)).toEqual([]);
  expect(soak.holding([...after.values()].flat().slice(0, 1))).not.toEqual([]);
  await soak.ask();
  await soak.answered();
  expect(await soak.answers()).toBe(soak.asked);
});

/** Sealed sessions that others' messages are read with, by the hash of their room: read while nobody writes. */
async function sessions(): Promise<ReadonlyMap<string, readonly Buffer[]>> {
  const { town } = soak;
  await town.daemon.stop();
  const file = soak.files().find((it) => it.endsWith("crypto.db")) ?? "";
  const db = openDatabase(file);
  const rows = db
    .prepare("SELECT k, v FROM idb_record JOIN idb_store ON id = s WHERE name = 'inbound_group_sessions3'")
    .all() as readonly { readonly k: Buffer; readonly v: Buffer }[];
  db.close();
  await town.restart();
  await town.live();
  const found = new Map<string, Buffer[]>();
  for (const { k, v } of rows) {
    const [hash = ""] = String(decodeKey(k)).split("\u001d");
    // A page holds the beginning of a value; the rest of it may lie in another.
    found.set(hash, [...(found.get(hash) ?? []), v.subarray(300, 364)]);
  }
  return found;
}
