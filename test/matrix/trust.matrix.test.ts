/** Comparing emoji on a real Synapse: begun and decided at the command line. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Person } from "./person.ts";
import { Town } from "./town.ts";

let town: Town;
let alice: Person;

beforeAll(async () => {
  town = await Town.found();
  alice = await town.arrive("alice");
  await town.settle(alice);
});
afterAll(() => town?.[Symbol.asyncDispose]());

test("a person whose emoji were the same is verified", async () => {
  const theirs = alice.comparing();
  const ours = town.ask<{ emoji: string[]; person: string }>("channel.trust", { name: "mx" });
  const [mine, shown] = [await theirs, await ours];
  expect(shown.person).toBe(alice.id);
  expect(shown.emoji).toEqual(mine.emoji);
  const confirmed = mine.confirm();
  expect(await town.ask("channel.trusted", { name: "mx", same: true })).toEqual({ trusted: true });
  await confirmed;
});
