/** Every shipped attack on each of its channels, each against a Lazaret of its own. */
import { expect, test } from "vitest";
import { attackCases, runAttack } from "../../src/attack/attack.ts";
import { random } from "../store-home.ts";
import { threads, WALL } from "../world.ts";

const all = attackCases([]).flatMap((given) => given.on.map((on) => [given.id, on, given] as const));

test.each(all)("%s holds on %s", async (_id, on, given) => {
  const result = await runAttack(given, on, { clock: WALL, random, transforms: threads() });
  expect(result.wrong, result.seen).toEqual([]);
});
