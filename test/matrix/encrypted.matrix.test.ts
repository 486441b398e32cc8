/** Encrypted rooms on a real Synapse, with a person whose client is no part of ours. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Person } from "./person.ts";
import { Town } from "./town.ts";

let town: Town;
let alice: Person;
let direct: string;

beforeAll(async () => {
  town = await Town.found();
  alice = await town.arrive("alice");
  direct = await town.settle(alice);
});
afterAll(() => town?.[Symbol.asyncDispose]());

const said = async (room = direct) => (await alice.heard(room, town.bot.user)).map(({ body }) => body);

describe("in an encrypted direct chat", () => {
  test("the owner is paired by a code, and everything we say is encrypted", async () => {
    await alice.say(direct, "status");
    await alice.hears(direct, town.bot.user, /^Nothing of yours/);
    expect((await alice.heard(direct, town.bot.user)).every(({ encrypted }) => encrypted)).toBe(true);
  });
});
