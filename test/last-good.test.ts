/** The configuration of the last start: kept sealed, replaced when it changes, gone when it was erased. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepGood, lastGood } from "../src/last-good.ts";
import { START } from "./store-home.ts";
import { type World, world } from "./world.ts";

const TEXT = 'people:\n  - { role: owner, id: "home:@zorblatt:example.org" }\n';
let it: World;

beforeEach(async () => {
  it = await world({ drivers: [] });
});
afterEach(async () => {
  await it.close();
  it.home.remove();
});

test("nothing is kept before the first start", async () => {
  expect(await lastGood(it.powers)).toBeNull();
});

test("what was kept comes back as it was", async () => {
  await keepGood(it.powers, TEXT);
  expect(await lastGood(it.powers)).toEqual({ text: TEXT, at: START });
});

test("it lies sealed: no word of it is in any file of the home", async () => {
  await keepGood(it.powers, TEXT);
  it.store.clean();
  expect(readFileSync(join(it.home.dataDir, "lazaret.db")).includes("zorblatt")).toBe(false);
});

test("the same text changes nothing, another one replaces it", async () => {
  await keepGood(it.powers, TEXT);
  const { blobs } = it.store.counts();
  it.home.clock.turn(1000);
  await keepGood(it.powers, TEXT);
  expect((await lastGood(it.powers))?.at).toBe(START);
  await keepGood(it.powers, "language: de\n");
  expect(await lastGood(it.powers)).toEqual({ text: "language: de\n", at: START + 1000 });
  expect(it.store.counts().blobs).toBe(blobs);
});

test("erased with everything, it is as if there had been none", async () => {
  await keepGood(it.powers, TEXT);
  const kept = it.store.get("setting", "config/last-good")?.value.value as { readonly blob: `blob_${string}` };
  const nothing = { conversations: [], messages: [], drop: [], put: [], refs: [], entries: [] };
  await it.store.erase({ tenant: "default", ...nothing, blobs: [kept.blob as never] });
  expect(await lastGood(it.powers)).toBeNull();
});
