/** Reminders, digests and notes in a whole Lazaret: what somebody types, what they read at once and what later. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { butler } from "../src/agents/butler.ts";
import { DAY_MS, HOUR_MS } from "../src/core/limits.ts";
import { purge } from "../src/gateway/erase.ts";
import { sweepFollowups } from "../src/gateway/followups.ts";
import { importLines } from "../src/gateway/import.ts";
import { changed } from "../src/gateway/inbound.ts";
import { replay } from "../src/gateway/replay.ts";
import { transact } from "../src/gateway/transact.ts";
import { permit } from "./store-home.ts";
import { type World, world } from "./world.ts";

/** Friday, 2 January 2026, 03:04:05 UTC: 04:04 in Vienna. */
let here: World;
beforeEach(async () => {
  here = await world({ drivers: [butler] });
});
afterEach(async () => {
  await here.close();
  here.home.remove();
});

async function ask(line: string): Promise<string> {
  const before = here.said.length;
  await here.type(line);
  return here.said.slice(before).join("\n---\n");
}

/** Turns the clock in one step, or in several. */
async function turn(ms: number, stepMs = ms): Promise<readonly string[]> {
  const before = here.said.length;
  for (let done = 0; done < ms; done += stepMs) {
    here.home.clock.turn(stepMs);
    await here.rest();
  }
  return here.said.slice(before);
}

const types = (): readonly string[] => here.store.ledger.entries(0, 10_000).map(({ type }) => type);
const count = (type: string): number => types().filter((it) => it === type).length;

test("a reminder is confirmed with its absolute time and zone, comes once, and names what was to be done", async () => {
  expect(await ask("remind me tomorrow at 9 to call Ben on +43 660 1234567")).toBe(
    "I will remind you on Sat 3 Jan 2026, 09:00 (Europe/Vienna).",
  );
  expect(await ask("what is scheduled")).toBe(
    "Set for later, times in Europe/Vienna:\n1. Sat 3 Jan 2026, 09:00 — call Ben on +43 660 1234567",
  );
  expect(await turn(28 * HOUR_MS)).toEqual([]);
  expect(await turn(HOUR_MS)).toEqual(["Reminder: call Ben on +43 660 1234567"]);
  expect(await ask("what is scheduled")).toBe("Nothing of yours is scheduled here.");
  expect(count("schedule.set")).toBe(1);
  expect(count("schedule.fired")).toBe(1);
  expect(replay(here.powers)).toMatchObject({ ok: true, differences: [] });
});

test("a digest runs at its time, again and again, until it is stopped", async () => {
  const now = here.home.clock.now();
  await importLines(here.powers, "family", [
    { id: "m1", sender: "Ana", text: "I will bring the tent on Saturday.", sent_at: now - 9 },
  ]);
  expect(await ask("every weekday at 8 summarise family")).toBe(
    "I will do that every weekday at 08:00: first on Fri 2 Jan 2026, 08:00 (Europe/Vienna), until Sun 1 Feb 2026.\n" +
      "“what is scheduled” shows it, “stop” and its number ends it.",
  );
  const first = await turn(4 * HOUR_MS);
  expect(first).toHaveLength(1);
  expect(first[0]).toMatch(/^Summary:\n• .*tent/);
  expect(await ask("what is scheduled")).toMatch(
    /1\. every weekday at 08:00, next Mon 5 Jan 2026, 08:00 — summarise family/,
  );
  expect(await turn(2 * DAY_MS)).toEqual([]);
  expect(await turn(DAY_MS)).toHaveLength(1);
  expect(await ask("stop the digest")).toBe("Stopped: summarise family");
  expect(await turn(3 * DAY_MS, DAY_MS)).toEqual([]);
  expect(count("schedule.fired")).toBe(2);
  expect(count("schedule.cancelled")).toBe(1);
});

test("what came due while nobody ran is done once on return, and that is said", async () => {
  await ask("every day at 8 remind me to water the plants");
  const { home, store } = here;
  await here.gateway.supervisor.close();
  await store.close();
  home.clock.turn(4 * DAY_MS + 4 * HOUR_MS);
  here = await world({ home, drivers: [butler] });
  await here.rest();
  expect(here.said).toEqual([
    "I was not running at Fri 2 Jan 2026, 08:00 (Europe/Vienna), so this comes late. I missed it more than once; " +
      "this is for all of them.",
    "Reminder: water the plants",
  ]);
  expect(await turn(DAY_MS)).toEqual(["Reminder: water the plants"]);
});

test("without a time it asks for one, and a time that has passed is no time", async () => {
  expect(await ask("remind me to call Ben")).toMatch(/^When\? Say for example/);
  expect(await ask("remind me today at 3 am to sleep")).toMatch(/^When\?/);
  expect(count("schedule.set")).toBe(0);
});

test("of several the one with the number is stopped, or all", async () => {
  await ask("remind me in 3 hours to eat");
  await ask("remind me in 2 hours to drink");
  await ask("remind me in 1 hour to breathe");
  expect(await ask("stop the reminder")).toMatch(/^Which one\? [\s\S]*1\. .*breathe\n2\. .*drink\n3\. .*eat$/);
  expect(await ask("stop 2")).toBe("Stopped: drink");
  expect(await ask("stop 9")).toBe("There are only 2.");
  expect(await ask("stop all reminders")).toBe("Stopped 2 of them.");
  expect(await turn(4 * HOUR_MS, HOUR_MS)).toEqual([]);
});

test("who may not ask any more by then gets nothing, and the ledger says why", async () => {
  await ask("remind me in 2 hours to drink");
  const person = here.store.all("principal", { limit: 10 }).find(({ value }) => value.role === "owner");
  if (person === undefined) throw new Error("no owner");
  await here.store.commit({
    put: [
      {
        kind: "principal",
        id: person.value.id,
        expect: person.version,
        value: { ...person.value, role: "participant" },
      },
    ],
  });
  expect(await turn(3 * HOUR_MS, HOUR_MS)).toEqual([]);
  expect(here.store.ledger.entries(0, 10_000).at(-1)).toMatchObject({
    type: "schedule.cancelled",
    body: { reason: "role" },
  });
});

test("what was to be remembered is recalled in its own words, and forgotten", async () => {
  expect(await ask("what do you remember")).toBe("You gave me nothing to remember here.");
  expect(await ask("remember that the wifi code is blue-42")).toMatch(/^Noted for 30 days/);
  await ask("remember that Ben eats no nuts");
  expect(await ask("what do you remember")).toBe(
    "This is what you gave me to remember:\n1. the wifi code is blue-42\n2. Ben eats no nuts",
  );
  expect(await ask("forget 1")).toBe("Forgotten: the wifi code is blue-42");
  expect(await ask("forget everything")).toBe("Forgotten: one note.");
  expect(here.store.all("note", { limit: 10 })).toEqual([]);
});

test("a message that is taken back, and a purge, take what was set and remembered along", async () => {
  await ask("remind me in 2 hours to drink");
  await ask("remember that the wifi code is blue-42");
  const [followup] = here.store.all("followup", { limit: 9 }).map(({ value }) => value);
  const [note] = here.store.all("note", { limit: 9 }).map(({ value }) => value);
  if (followup === undefined || note === undefined) throw new Error("both are set");
  const message = followup.source === null ? null : here.store.message(followup.source);
  if (message === null) throw new Error("it was asked for");
  await transact(here.powers, (draft) => void changed(here.powers, draft, message, "deleted"));
  expect(here.store.get("followup", followup.id)?.value.overAt).not.toBeNull();
  const use = async () => {};
  await expect(here.store.open(permit([followup.brief.blob]), [followup.brief.blob], use)).rejects.toThrow();
  await ask("remind me in 3 hours to eat");
  await purge(here.powers, { by: "session", session: followup.session });
  expect(here.store.all("followup", { limit: 9 })).toEqual([]);
  expect(here.store.all("note", { limit: 9 })).toEqual([]);
  await expect(here.store.open(permit([note.blob]), [note.blob], use)).rejects.toThrow();
  expect(await turn(4 * HOUR_MS)).toEqual([]);
});

test("what is over for a day is gone with its words", async () => {
  await ask("remind me in 1 hour to drink");
  await turn(HOUR_MS + 60_000);
  expect(here.store.all("followup", { limit: 9 })).toHaveLength(1);
  here.home.clock.turn(DAY_MS + HOUR_MS);
  await sweepFollowups(here.powers);
  expect(here.store.all("followup", { limit: 9 })).toEqual([]);
});
