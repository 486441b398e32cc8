/**
 * Faults at the ports, each at every place of one story where it can happen: a disk that is full, that fails, that is
 * slow; a clock that steps. The person who asked gets one answer, nothing is lost or doubled, and the ledger is whole
 * with no intent left open.
 */
import { afterEach, expect, test } from "vitest";
import { butler } from "../../src/agents/butler.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../src/core/limits.ts";
import { Refusal } from "../../src/core/refusal.ts";
import type { HomeStore } from "../../src/store/store.ts";
import { testHome } from "../store-home.ts";
import { group, type HookWorld, hookWorld, person } from "../webhook-world.ts";

const MATERIAL = [
  "Can somebody bring the tent on Saturday?",
  "I will bring the tent and the stove.",
  "Carla, please book the campsite by Thursday.",
];

/** Longer than a first pause of the supervisor, and much shorter than a run may take: threads go by the real clock. */
const BACKOFF_SECONDS = 5;

let it: HookWorld;
afterEach(async () => {
  await it.close();
  it.home.remove();
});

/** Puts itself between the gateway and the store's commits. */
function between(store: HomeStore, around: (n: number, commit: () => Promise<void>) => Promise<void>): () => number {
  const commit = store.commit.bind(store);
  let count = 0;
  store.commit = (batch) => around(count++, () => commit(batch));
  return () => count;
}

async function begin(): Promise<HookWorld> {
  it = await hookWorld({
    home: testHome(),
    drivers: [butler],
    people: [person("u1", "member")],
    conversations: [group("family", { context: "everyone" })],
  });
  return it;
}

/** Time passes, and what waits for it happens. */
async function later(): Promise<void> {
  for (let minute = 0; minute < 4; minute++) {
    for (const ms of [SECOND_MS, 2 * SECOND_MS, MINUTE_MS]) {
      it.home.clock.turn(ms);
      await it.rest();
    }
  }
}

/** The network waits while time passes, and sends again, under the same id, what it did not see committed. */
async function deliver(body: Readonly<Record<string, unknown>>): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    let state: "waiting" | "taken" | "refused" = "waiting";
    const posted = it.post(body).then(
      () => (state = "taken"),
      () => (state = "refused"),
    );
    for (let seconds = 0; state === "waiting" && seconds < BACKOFF_SECONDS; seconds++) {
      for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
      if (state === "waiting") it.home.clock.turn(SECOND_MS);
    }
    if ((await posted) === "taken") return;
  }
  throw new Error("the daemon was asked five times in vain");
}

async function story(): Promise<readonly string[]> {
  for (const [n, text] of MATERIAL.entries()) {
    await deliver({ id: `m${n}`, conversation: "room-family", sender: `u${n + 2}`, text });
  }
  const asks = { id: "q", conversation: "room-family", sender: "u1", text: "summarise the last 3 messages" };
  await deliver({ ...asks, addressed: true });
  await later();
  // Who is new in the room is told once what is kept, and who waits that somebody is at it; those are no answers.
  return (await fetched()).filter((text) => !/^To who is new here|^butler is on it/.test(text));
}

/** What is fetched is acknowledged; a network whose fetch or word of it failed asks again and gets the same. */
async function fetched(): Promise<readonly string[]> {
  const read = (): Promise<readonly string[]> => it.read("family");
  const before = await it.items().catch(() => []);
  const texts = await read().catch(read);
  return texts.length === 0 ? before.map(({ text }) => text) : texts;
}

async function isWhole(): Promise<void> {
  const kept = it.entries("message.received").filter(({ body }) => body["addressed"] !== undefined);
  const ids = kept.map(({ body }) => body["message"]);
  expect(new Set(ids).size).toBe(ids.length);
  const stored = it.store.messages({ conversation: it.place("family").id, last: 100 }).filter(({ own }) => !own);
  expect(stored).toHaveLength(MATERIAL.length + 1);
  expect(await it.store.ledger.verify(null)).toMatchObject({ ok: true, dangling: [] });
  expect(it.runs().filter(({ status }) => status.state === "active")).toEqual([]);
}

async function commitsOfTheStory(): Promise<number> {
  const counted = between((await begin()).store, (_, commit) => commit());
  const said = await story();
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^Summary:/);
  await isWhole();
  const count = counted();
  await it.close();
  it.home.remove();
  return count;
}

test.each([
  ["full", () => new Refusal("store.full")],
  ["failing", () => new Refusal("store.failed")],
])("a disk that is %s at one commit of the story delays it, and one answer comes", async (_, fault) => {
  const count = await commitsOfTheStory();
  expect(count).toBeGreaterThan(5);
  for (let at = 0; at < count; at++) {
    between((await begin()).store, (n, commit) => (n === at ? Promise.reject(fault()) : commit()));
    const said = await story();
    expect({ at, answers: said.length }).toEqual({ at, answers: 1 });
    await isWhole();
    if (at < count - 1) {
      await it.close();
      it.home.remove();
    }
  }
});

test("a disk that is slow at every commit changes nothing but the time", async () => {
  between((await begin()).store, async (n, commit) => {
    for (let turn = 0; turn < n % 7; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    await commit();
  });
  const said = await story();
  expect(said).toHaveLength(1);
  await isWhole();
});

test.each([
  ["back", -2 * HOUR_MS],
  ["on", 2 * HOUR_MS],
])("a clock that steps %s in the middle leaves times that never go back, and one answer", async (_, step) => {
  const counted = between((await begin()).store, async (n, commit) => {
    if (n === 4) it.home.clock.turn(step);
    await commit();
  });
  const said = await story();
  expect(counted()).toBeGreaterThan(4);
  expect(said).toHaveLength(1);
  const times = it.store.ledger.entries(0, 10_000).map(({ time }) => time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  await isWhole();
});
