/** An account is added on a terminal in six inputs, and again on a new machine with its recovery key. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RealDaemon, RealHome } from "../real-lazaret.ts";
import { Homeserver, type Registered } from "./homeserver.ts";
import { Person, until } from "./person.ts";
import { Pty } from "./pty.ts";

const MS_MAX = 180_000;

let server: Homeserver;
let alice: Person;
let bot: Registered;
const homes: RealHome[] = [];
const daemons: RealDaemon[] = [];
let recovery = "";

beforeAll(async () => {
  server = await Homeserver.start();
  bot = await server.register("bot");
  alice = await Person.arrive(server, await server.register("alice"));
});
afterAll(async () => {
  await alice?.[Symbol.asyncDispose]();
  for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
  for (const home of homes) home[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

async function machine(): Promise<{ readonly home: RealHome; readonly daemon: RealDaemon }> {
  const home = new RealHome();
  homes.push(home);
  const daemon = await home.up();
  daemons.push(daemon);
  return { home, daemon };
}

/** From the question for the homeserver to the owner who is paired; `more` is what is asked besides. */
async function add(home: RealHome, args: readonly string[], more: (pty: Pty) => Promise<void>): Promise<Pty> {
  using pty = new Pty(home, ["channel", "add", "matrix", "mx", "--owner", alice.id, ...args]);
  await pty.answer(/Homeserver .*: $/, server.url);
  await pty.answer(/The bot's user: $/, "bot");
  await pty.answer(/Password: $/, bot.password);
  await more(pty);
  await pty.shows(/You are invited to an encrypted chat/);
  pty.typed += 1;
  const direct = await alice.joinFrom(bot.user);
  const [code = ""] = await pty.shows(/\b\d{6}\b/);
  pty.typed += 1;
  await alice.say(direct, code);
  await pty.answer(/Make them .*\[y\/N\] $/, "y");
  expect(await pty.ended()).toBe(0);
  await alice.hears(direct, bot.user, /^We are connected/);
  return pty;
}

const master = async (): Promise<unknown> => {
  const token = alice.client.getAccessToken() ?? "";
  const body = { device_keys: { [bot.user]: [] } };
  type Found = { readonly master_keys: Readonly<Record<string, { readonly keys: object }>> };
  return (await server.api<Found>("POST", "/_matrix/client/v3/keys/query", body, token)).master_keys[bot.user]?.keys;
};

test("six inputs, well under three minutes, and neither password nor token on the screen", async () => {
  const { home } = await machine();
  const begun = performance.now();
  const pty = await add(home, [], async () => {});
  expect(pty.typed).toBe(6);
  expect(performance.now() - begun).toBeLessThan(MS_MAX);
  recovery = /Recovery key.*: ((?:[A-Za-z0-9]{4} ?){12})/.exec(pty.shown)?.[1]?.trim() ?? "";
  expect(recovery).toHaveLength(59);
  expect(pty.shown).not.toContain(bot.password);
  expect(pty.shown).not.toMatch(/syt_/);
});

test("on a new machine the recovery key opens the identity there is", async () => {
  const before = await master();
  const [old] = daemons;
  await old?.stop();
  const { home, daemon } = await machine();
  const pty = await add(home, ["--recovery-key"], (it) => it.answer(/Recovery key: $/, recovery));
  expect(pty.shown).not.toContain(recovery);
  expect(await master()).toEqual(before);
  type Round = { readonly ok: boolean; readonly checks: readonly { readonly ok: boolean }[] };
  await until(async () => (await daemon.ask<Round>("channel.verify", { name: "mx" })).ok);
});

test("without it, or with another one, nothing is replaced", async () => {
  const before = await master();
  const { daemon } = await machine();
  const settings = { homeserver: server.url, user: "bot", owner: alice.id };
  const order = { name: "mx", kind: "matrix", secret: bot.password, settings };
  await expect(daemon.ask("channel.add", order)).rejects.toThrow(/recovery/);
  await expect(daemon.ask("channel.add", { ...order, name: "mx2", recovery: "EsT1" })).rejects.toThrow(/recovery/);
  expect(await master()).toEqual(before);
});
