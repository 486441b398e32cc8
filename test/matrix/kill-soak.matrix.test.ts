/** Killed again and again while messages go both ways: nothing lost, nothing twice, one identity, nothing in clear. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./person.ts";
import { SoakTown } from "./soak-town.ts";

/** The long form is `MATRIX_KILLS=60`. */
const KILLS = Number(process.env["MATRIX_KILLS"] ?? 12);
/** From before a message can have come to after it can have been answered. */
const DELAYS_MS = [0, 40, 120, 250, 450, 700, 1100, 1600];
const TEST_MS_MAX = 60_000 + KILLS * 60_000;

let soak: SoakTown;
beforeAll(async () => {
  soak = await SoakTown.found();
});
afterAll(() => soak?.[Symbol.asyncDispose]());

async function kill(round: number): Promise<void> {
  // The whole program, or the account alone, which is started again by the program.
  if (round % 3 !== 2) return soak.town.restart("SIGKILL");
  for (const pid of soak.accounts()) process.kill(pid, "SIGKILL");
}

test(`after ${KILLS} kills every message was answered exactly once, by the same device`, {
  timeout: TEST_MS_MAX,
}, async () => {
  await soak.ask();
  await soak.answered();
  const before = await soak.devices();
  expect(before).toHaveLength(1);
  for (let round = 0; round < KILLS; round++) {
    await soak.ask();
    await pause(DELAYS_MS[round % DELAYS_MS.length]);
    await kill(round);
    // Every fourth time the next kill comes while it still starts.
    if (round % 4 === 1) continue;
    await soak.answered();
    expect(await soak.answers()).toBe(soak.asked);
  }
  await soak.answered();
  // What was sent twice would have come before this.
  await soak.ask();
  await soak.answered();
  expect(await soak.answers()).toBe(soak.asked);
  expect(await soak.devices()).toEqual(before);
});

test("nobody saw a message that did not open, and no key was published twice", async () => {
  const { alice, proxy, room, town } = soak;
  const heard = await alice.heard(room, town.bot.user);
  expect(heard.length).toBe(soak.asked);
  expect(heard.filter(({ encrypted }) => !encrypted)).toEqual([]);
  const failed = alice.client
    .getRoom(room)
    ?.getLiveTimeline()
    .getEvents()
    .filter((event) => event.isDecryptionFailure());
  expect(failed).toEqual([]);
  expect(proxy.passed.filter(({ path }) => path.includes("/keys/upload")).length).toBeGreaterThan(0);
  expect(proxy.with(/\/keys\/upload/, 400)).toEqual([]);
  const entries = await town.entries();
  expect(
    entries.filter(({ type, body }) => type === "message.rejected" && JSON.stringify(body).includes("undecryptable")),
  ).toEqual([]);
});

test("no body, room, event, person, token or key of theirs is in any file of the home", async () => {
  const { alice, direct, proxy, room, town } = soak;
  const keys = (await soak.devices()).flatMap(({ keys }) => Object.values(keys));
  const words = ["dolphin", room, direct, ...soak.said, alice.id, ...proxy.tokens, ...keys];
  expect(words.length).toBeGreaterThan(7);
  expect(soak.traces(words)).toEqual([]);
  await town.daemon.stop();
  expect(soak.traces(words)).toEqual([]);
  await town.restart();
  await until(async () => (await town.entries()).length > 0);
});
