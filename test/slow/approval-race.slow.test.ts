/** A thousand times yes and no at once, and a run that asks without end. */
import { expect, test } from "vitest";
import { race, raceWorld } from "../approval-rounds.ts";
import { butlerThat, call, closeWorld, group, hookWorld, person } from "../webhook-world.ts";

/** RACE_ROUNDS=1000 is the whole form; `.ci/run` has not the minutes for it. */
const ROUNDS = Number(process.env["RACE_ROUNDS"] ?? 300);

test(`B08: ${ROUNDS} rounds of concurrent yes and no have one outcome each`, async () => {
  const here = await raceWorld();
  const outcomes = await race(here, ROUNDS);
  expect(outcomes["consumed"]).toBeGreaterThan(ROUNDS / 20);
  expect(outcomes["denied"]).toBeGreaterThan(ROUNDS / 20);
  expect((await here.store.ledger.verify(null)).ok).toBe(true);
  expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
  await closeWorld(here);
});

test("B19: one place is asked thirty times an hour, a hundred times a day, and no more", async () => {
  const here = await hookWorld({
    drivers: [butlerThat(async (run) => void (await call(run, "chat.send", { to: "work", template: "Hello." })))],
    people: [person("ana", "approver"), person("ben", "member")],
    conversations: [group("family"), group("work")],
  });
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben"] });
  const ask = async (): Promise<void> => {
    await here.post({ conversation: "room-family", sender: "ben", text: "do it", addressed: true });
    await here.post({ conversation: "room-family", sender: "ben", text: "cancel", addressed: true });
  };
  for (let n = 0; n < 35; n++) await ask();
  expect(here.approvals()).toHaveLength(30);
  here.home.clock.turn(3_600_000);
  for (let n = 0; n < 75; n++) {
    await ask();
    here.home.clock.turn(180_000);
  }
  expect(here.approvals()).toHaveLength(100);
  here.home.clock.turn(24 * 3_600_000);
  await ask();
  expect(here.approvals()).toHaveLength(101);
  await closeWorld(here);
});
