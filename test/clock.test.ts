/** A clock that steps: it is said in the ledger, deletes nothing by itself, and the owner has a way out. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../src/core/limits.ts";
import { confirmClock, Housekeeping } from "../src/gateway/housekeeping.ts";
import { importLines } from "../src/gateway/import.ts";
import { type World, world } from "./world.ts";

let here: World;
let house: Housekeeping;
beforeEach(async () => {
  here = await world({ drivers: [] });
  house = started();
  await look();
});
afterEach(async () => {
  await here.close();
  here.home.remove();
});

/** As a daemon's start makes it. */
function started(): Housekeeping {
  const { drives, rejections, supervisor } = here.gateway;
  return new Housekeeping(here.powers, drives, rejections, () => supervisor.forget());
}

/** Time passes, a minute unless told, and housekeeping looks. */
async function look(ms: number = MINUTE_MS): Promise<void> {
  here.home.clock.turn(ms);
  await house.tidy();
}
const steps = () =>
  here.store.ledger
    .entries(0, 10_000)
    .filter(({ type }) => type === "clock.stepped")
    .map(({ body }) => Math.round((Number(body["to"]) - Number(body["from"])) / MINUTE_MS));
const bring = () =>
  importLines(here.powers, "family", [
    { id: "1", sender: "Ana", text: "Bring the tent.", sent_at: here.powers.clock.now() },
  ]);
const kept = () => here.store.counts().messages;

test("minutes that pass are no step", async () => {
  for (let n = 0; n < 10; n++) await look();
  expect(steps()).toEqual([]);
});

test("a step back is one entry, however long it takes to catch up", async () => {
  await look(-2 * HOUR_MS);
  for (let n = 0; n < 5; n++) await look();
  expect(steps()).toHaveLength(1);
  expect(steps()[0]).toBeLessThan(-100);
});

test("a step on is an entry, and what has not reached its age stays", async () => {
  await bring();
  await look(3 * HOUR_MS);
  await look();
  expect(steps()).toEqual([180]);
  expect(kept()).toBe(1);
});

test("after a leap nothing is deleted, over a restart too, until the owner says that the clock is right", async () => {
  await bring();
  await look(30 * DAY_MS);
  for (let n = 0; n < 3; n++) await look();
  expect([steps(), kept()]).toEqual([[30 * 24 * 60], 1]);
  house = started();
  for (let n = 0; n < 3; n++) await look();
  expect(kept()).toBe(1);
  await confirmClock(here.powers);
  for (let n = 0; n < 3; n++) await look();
  expect(kept()).toBe(0);
});
