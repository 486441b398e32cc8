/** What is set for later fires once: over a restart, over both changes of the clock, and over a kill while it fires. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentDriver } from "../../src/core/agent.ts";
import type { Followup, When } from "../../src/core/followup.ts";
import { newId } from "../../src/core/ids.ts";
import { BOTTOM } from "../../src/core/label.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/core/limits.ts";
import { newPrincipal } from "../../src/gateway/people.ts";
import { openSession } from "../../src/gateway/start.ts";
import { transact } from "../../src/gateway/transact.ts";
import { HandClock, random, START, type TestHome, testHome } from "../store-home.ts";
import { type World, world } from "../world.ts";
import { openLazaret } from "./kill-home.ts";
import { toldBy } from "./mortal-story.ts";

const PEOPLE = 250;
const ID = <K extends Parameters<typeof newId>[0]>(kind: K) => newId<K>(kind, random.bytes(16));

/** Answers at once, without a thread. */
const quick: AgentDriver = {
  name: "butler",
  drive: async (_wake, run) => {
    await run.invoke({
      capability: "chat.reply",
      input: { template: "now" },
      justification: "it is time",
      idempotency_key: "reply",
    });
    await run.finish();
  },
};

async function opened(home: TestHome): Promise<World> {
  // A thousand in a day are more than a conversation has by default; what a day allows is tried in budget-race.
  const pools = { steps: 1_000_000, tokens: 0, cost_micros: 0 };
  return world({ home, drivers: [quick], settings: { pools } });
}

/** Four of each of 250 people: once and daily at the hour that is skipped or repeated, twice a day, and once. */
async function setAll(
  { powers, store }: World,
  day: string,
  from: number,
  until: number,
): Promise<readonly Followup[]> {
  const stored = store.all("conversation", { limit: 10 })[0];
  if (stored === undefined) throw new Error("no conversation");
  // Nobody says who is in it.
  const place = { ...stored.value, members: null };
  await store.commit({ put: [{ kind: "conversation", id: place.id, expect: stored.version, value: place }] });
  const all: Followup[] = [];
  for (let n = 0; n < PEOPLE; n++) {
    const whens: readonly When[] = [
      { day, minute: 150 },
      { weekdays: [1, 2, 3, 4, 5, 6, 7], minute: 150 },
      { cron: "15 2,3 * * *" },
      { day, minute: 600 + n },
    ];
    const firsts = [instant(day, 150), first(from, 150), first(from, 135), instant(day, 600 + n)];
    await transact(powers, (draft) => {
      const person = newPrincipal(draft, "console", `person-${n}`, "person", "member");
      const session = openSession(powers, draft, place.id, null, person.id);
      for (const [at, when] of whens.entries()) {
        const blob = draft.sealJson("note", "brief.v1", place.id, BOTTOM, { text: "now" }, null);
        const followup: Followup = {
          id: ID("FollowupId"),
          tenant: "default",
          session: session.id,
          conversation: place.id,
          thread: null,
          principal: person.id,
          when,
          zone: "Europe/Vienna",
          brief: { blob, label: BOTTOM, by: "person", does: "remind" },
          source: null,
          setAt: draft.now,
          endsAt: until,
          nextAt: firsts[at] ?? 0,
          fired: 0,
          overAt: null,
        };
        all.push(draft.put("followup", followup.id, followup));
      }
    });
  }
  return all;
}

/** Vienna's offset before and after the change of the day that is tested; the oracle knows no library. */
let changeAt = 0;
let [before, after] = [0, 0];
const offset = (at: number): number => (at < changeAt ? before : after);
/** Skipped: by the offset before the gap. Repeated: the first of the two. */
function instant(day: string, minute: number): number {
  const wall = Date.parse(`${day}T00:00:00Z`) + minute * MINUTE_MS;
  const early = wall - before * MINUTE_MS;
  const late = wall - after * MINUTE_MS;
  return early < changeAt ? early : offset(late) === after && late >= changeAt ? late : early;
}
const dayText = (at: number): string => new Date(at).toISOString().slice(0, 10);
function first(from: number, minute: number): number {
  for (let day = from - DAY_MS; ; day += DAY_MS) {
    const at = instant(dayText(day), minute);
    if (at > from) return at;
  }
}

type Case = {
  readonly name: string;
  readonly day: string;
  readonly change: number;
  readonly offsets: [number, number];
};
const CASES: readonly Case[] = [
  { name: "an hour is skipped", day: "2026-03-29", change: Date.UTC(2026, 2, 29, 1), offsets: [60, 120] },
  { name: "an hour is repeated", day: "2026-10-25", change: Date.UTC(2026, 9, 25, 1), offsets: [120, 60] },
];

test.each(CASES)("a thousand follow-ups fire once each over a restart and a day on which $name", async (it) => {
  changeAt = it.change;
  [before, after] = it.offsets;
  const from = Date.parse(`${it.day}T00:00:00Z`) - DAY_MS - 12 * HOUR_MS;
  const until = from + 3 * DAY_MS;
  const home = testHome();
  home.clock.turn(from - START);
  let here = await opened(home);
  const all = await setAll(here, it.day, from, until);
  expect(all).toHaveLength(1000);
  const turnTo = async (at: number): Promise<void> => {
    for (let step = 30 * MINUTE_MS; home.clock.now() < at; ) {
      home.clock.turn(Math.min(step, at - home.clock.now()));
      await here.rest();
      step = 30 * MINUTE_MS;
    }
  };
  // Down across the change itself, so that some of them are missed.
  await turnTo(it.change - 3 * HOUR_MS);
  await here.gateway.supervisor.close();
  await here.store.close();
  home.clock.turn(4 * HOUR_MS + 40 * MINUTE_MS);
  here = await opened(home);
  await here.rest();
  await turnTo(until - HOUR_MS);
  const entries = here.store.ledger.entries(0, 1_000_000);
  const fired = new Map<string, number[]>();
  for (const { type, body } of entries) {
    if (type !== "schedule.fired") continue;
    const id = String(body["followup"]);
    fired.set(id, [...(fired.get(id) ?? []), Number(body["due"])]);
  }
  for (const [at, { id }] of all.entries()) {
    const dues = fired.get(id) ?? [];
    expect(new Set(dues).size).toBe(dues.length);
    // Once a day: one; daily: the day before, the day and the day after; two patterns: what was missed is one.
    const days = new Set(dues.map((due) => dayText(due + offset(due) * MINUTE_MS)));
    if (at % 4 === 0 || at % 4 === 3) expect(dues).toEqual([at % 4 === 0 ? instant(it.day, 150) : dues[0]]);
    if (at % 4 === 1) expect([dues.length, days.size]).toEqual([3, 3]);
  }
  expect(fired.size).toBe(1000);
  const runs = here.store.all("run", { limit: 10_000 }).map(({ value }) => value);
  const total = [...fired.values()].reduce((sum, dues) => sum + dues.length, 0);
  expect(runs.filter(({ brief }) => brief?.followup !== undefined)).toHaveLength(total);
  expect(runs.every(({ status, facts }) => status.state === "done" && facts.replies === 1)).toBe(true);
  await here.close();
  home.remove();
});

const STORY = new URL("later-kill-story.ts", import.meta.url).pathname;
const KILLS = 14;
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "lz-later-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Line = { readonly points?: number; readonly shown?: string };
const told = (dir: string, killAt: number): Promise<readonly Line[]> => toldBy<Line>(STORY, root, dir, String(killAt));

test("killed anywhere while it fires, each fires once and its run ends with one answer", async () => {
  const whole = await told(join(root, "whole"), 0);
  const points = whole.find((line) => line.points !== undefined)?.points ?? 0;
  expect(points).toBeGreaterThan(10);
  for (let n = 0; n < KILLS; n++) {
    const killAt = 1 + Math.floor((n * (points - 1)) / (KILLS - 1));
    const dir = join(root, `kill-${killAt}`);
    const shown = (await told(dir, killAt)).flatMap((line) => line.shown ?? []);
    const clock = new HandClock(START + 4 * HOUR_MS);
    const here = await openLazaret(dir, clock);
    here.attach((operation) => void shown.push(operation.id));
    await here.rest();
    for (let minute = 0; minute < 5; minute++) {
      clock.turn(MINUTE_MS);
      await here.rest();
    }
    const fired = here.store.ledger.entries(0, 100_000).filter(({ type }) => type === "schedule.fired");
    expect(fired.map(({ body }) => body["followup"]).toSorted(), `killed at ${killAt}`).toEqual(
      here.store
        .all("followup", { limit: 10 })
        .map(({ value }) => value.id)
        .toSorted(),
    );
    expect(fired).toHaveLength(2);
    const runs = here.store.all("run", { limit: 100 }).map(({ value }) => value);
    const begun = runs.filter(({ brief }) => brief !== undefined);
    expect(begun.map(({ status, facts }) => [status.state, facts.replies])).toEqual([
      ["done", 1],
      ["done", 1],
    ]);
    expect(new Set(shown).size).toBe(shown.length);
    await here.daemon.close();
  }
});
