/** The main story, cut off at every durable point: what was acknowledged is there, nothing is done twice, all ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConversationId } from "../../src/core/ids.ts";
import { isTerminal } from "../../src/core/run.ts";
import type { HomeStore } from "../../src/store/store.ts";
import { HandClock, START } from "../store-home.ts";
import { type Lazaret, openLazaret, SECRET } from "./kill-home.ts";
import { EVENTS, type Told } from "./kill-told.ts";
import { toldBy } from "./mortal-story.ts";

const STORY = new URL("kill-story.ts", import.meta.url).pathname;
const POINTS_MIN = 200;
/** Real kills go on for so long, a few of them in any case: each costs a process. */
const KILLS_MS = Number(process.env["KILLS_MS"] ?? 60_000);
const KILLS_MIN = 12;
const MINUTE_MS = 60_000;
/** Turned twelve times: longer than any question waits. */
const HOUR_MS = 60 * MINUTE_MS;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "lz-story-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const tell = (dir: string, killAt: string): Promise<readonly Told[]> => toldBy<Told>(STORY, root, dir, killAt);

const listed = <K extends keyof Told>(story: readonly Told[], key: K): readonly NonNullable<Told[K]>[] =>
  story.flatMap((line) => (line[key] === undefined ? [] : [line[key] as NonNullable<Told[K]>]));

const placeOf = (store: HomeStore, alias: string): ConversationId | null =>
  store.find("conversation", "alias", `default/${alias}`, { limit: 1 })[0]?.value.id ?? null;

/** Ids that a sender gave to messages of people which are kept. */
function keptIn(store: HomeStore, alias: string): readonly string[] {
  const place = placeOf(store, alias);
  if (place === null) return [];
  const kept = store.messages({ conversation: place, last: 1000 }).filter(({ own }) => !own);
  return kept.map(({ id }) => store.platformOf("event", id)?.split("\n").at(-1) ?? "?").sort();
}

/** The second life: what waits is carried on, senders try again, then time passes until everything has ended. */
async function goOn(here: Lazaret, clock: HandClock, shown: string[]): Promise<void> {
  const { owner } = here.daemon.surface;
  here.attach((operation) => void shown.push(operation.id));
  await here.rest();
  if (!here.store.secretNames("default").includes("hook-alerts"))
    await owner["secrets.set"]({ name: "hook-alerts", value: SECRET, pin: "1234" });
  for (const event of EVENTS) {
    expect([200, 202]).toContain((await here.post(event)).status);
    await here.rest();
  }
  for (let round = 0; round < 12; round++) {
    const items = await here.fetch();
    if (items.length > 0) await here.ack(items.at(-1)?.seq ?? 0);
    clock.turn(3 * HOUR_MS);
    await here.rest();
  }
}

/** The rules that hold wherever it was cut off. */
async function check(dir: string, story: readonly Told[]): Promise<void> {
  const clock = new HandClock(START + MINUTE_MS);
  const here = await openLazaret(dir, clock);
  const { store } = here;
  const { owner } = here.daemon.surface;
  const isRestored = store.ledger.entries(0, 1)[0]?.type === "backup.restored";
  const shown = [...listed(story, "shown")];
  try {
    await here.rest();
    acknowledged(store, story, isRestored);
    await goOn(here, clock, shown);
    for (const checkpoint of listed(story, "checkpoint"))
      expect(await owner["ledger.verify"]({ against: checkpoint })).toMatchObject({ ok: true, not_excluded: null });
    expect(await owner["ledger.verify"]({})).toMatchObject({ ok: true, dangling: [] });
    expect((await owner["ledger.replay"]({})).differences).toEqual([]);
    once(store, story, shown);
    ended(store);
    await receipts(here, story);
    // Retries of the senders: each of their messages is kept exactly once, and what was erased stays away.
    const isGone = (name: "family" | "zoe"): boolean => store.ledger.size() > 0 && erasedIn(store, name, story);
    expect(keptIn(store, "ops")).toEqual(["e2", "e3", "e8", ...(isGone("zoe") ? [] : ["e1"])].sort());
  } finally {
    await here.daemon.close();
  }
}

/** Was the erasure committed, told or not? All of it is gone then, and otherwise none. */
function erasedIn(store: HomeStore, name: "family" | "zoe", story: readonly Told[]): boolean {
  const isBegun = listed(story, "begun").includes(name);
  if (listed(story, "erased").includes(name)) return true;
  if (!isBegun) return false;
  return name === "zoe" ? !keptIn(store, "ops").includes("e1") : keptIn(store, "family").length === 0;
}

function acknowledged(store: HomeStore, story: readonly Told[], isRestored: boolean): void {
  if (listed(story, "secret").length > 0) expect(store.secretNames("default")).toContain("hook-alerts");
  const imported = listed(story, "imported").flat();
  const family = keptIn(store, "family");
  if (listed(story, "erased").includes("family")) expect(family).toEqual([]);
  else if (listed(story, "begun").includes("family")) expect([[...imported].sort(), []]).toContainEqual(family);
  else if (imported.length > 0) expect(family).toEqual([...imported].sort());
  const runs = store.all("run", { limit: 1000 });
  // A line that was taken in has its run, for as long as nothing of it was erased.
  const typed = listed(story, "typed").filter(
    (n) => n === 1 || (n === 2 && !listed(story, "begun").includes("family")),
  );
  const consoleRuns = runs.filter(({ value }) => value.request !== null && value.agent === "butler");
  if (!isRestored && !listed(story, "begun").includes("family"))
    expect(consoleRuns.length).toBeGreaterThanOrEqual(typed.length);
}

/** Nothing happened twice: no request had two runs, no call two effects, no line was shown again. */
function once(store: HomeStore, story: readonly Told[], shown: readonly string[]): void {
  expect(new Set(shown).size).toBe(shown.length);
  const runs = store.all("run", { limit: 1000 }).map(({ value }) => value);
  const requests = runs.flatMap(({ request }) => (request === null ? [] : [request]));
  expect(new Set(requests).size).toBe(requests.length);
  const states = ["pending", "sending", "sent", "failed", "unknown"] as const;
  const rows = ["console", "alerts"].flatMap((channel) => store.outbox({ channel, states }, { limit: 1000 }));
  const calls = rows.flatMap(({ call }) => (call === null ? [] : [call]));
  expect(new Set(calls).size).toBe(calls.length);
  const outcomes = new Map<unknown, number>();
  for (const { type, body } of store.ledger.entries(0, 100_000))
    if (/^effect\.(?:done|failed|unknown)$/.test(type))
      outcomes.set(body["effect"], (outcomes.get(body["effect"]) ?? 0) + 1);
  expect([...outcomes.values()].filter((count) => count !== 1)).toEqual([]);
  for (const run of runs) expect(run.facts.replies).toBeLessThanOrEqual(1);
  for (const id of listed(story, "approved")) {
    const approval = store.get("approval", id)?.value;
    // A yes that was acknowledged was carried out, in whichever life, unless its run was over by then.
    if (approval !== undefined) expect(["consumed", "void"]).toContain(approval.status.state);
    expect(rows.filter((row) => row.approval === id && row.call !== null).length).toBeLessThanOrEqual(1);
  }
}

function ended(store: HomeStore): void {
  expect(
    store
      .all("run", { limit: 1000 })
      .filter(({ value }) => !isTerminal(value))
      .map(({ value }) => value.status),
  ).toEqual([]);
  expect(store.find("call", "open", "open", { limit: 100 })).toEqual([]);
  expect(store.find("approval", "open", "open", { limit: 100 })).toEqual([]);
  expect(store.all("queued", { limit: 100 })).toEqual([]);
  expect(store.inboxCount()).toBe(0);
}

/** An erasure that was begun has its receipt, in whichever life. */
async function receipts({ store, daemon }: Lazaret, story: readonly Told[]): Promise<void> {
  const { owner } = daemon.surface;
  const written = (await owner["purge.list"]({})).receipts.map(({ receipt }) => String(receipt));
  for (const receipt of listed(story, "receipt"))
    if (!listed(story, "begun").includes("restore")) expect(written).toContain(receipt);
  const entries = store.ledger.entries(0, 100_000);
  const of = (type: string) =>
    entries.filter((entry) => entry.type === type).map(({ body }) => String(body["receipt"]));
  expect(of("purge.completed").sort()).toEqual(of("purge.started").sort());
  expect(store.all("setting", { limit: 1000 }).filter(({ value }) => value.id.startsWith("purge/"))).toEqual([]);
}

async function checked(dir: string, story: readonly Told[], at: number): Promise<void> {
  try {
    await check(dir, story);
  } catch (error) {
    throw new Error(`cut off at ${at}, ${listed(story, "point").at(-1) ?? "no point"}`, { cause: error });
  }
  rmSync(dir, { recursive: true });
}

let points = 0;

test("at every point of the story what the disk holds is enough to go on from", async () => {
  const dir = join(root, "copies");
  const told = await tell(dir, "copy");
  points = listed(told, "points")[0] ?? 0;
  console.log(`${points} durable points: the home goes on from each`);
  expect(points).toBeGreaterThan(POINTS_MIN);
  const names = new Set(listed(told, "point"));
  for (const name of [
    "commit.before",
    "commit.after",
    "checkpoint.signed",
    "migrate.1.before",
    "erase.key.written",
    "erase.rewrapped",
    "erase.committed",
    "erase.key.destroyed",
    "erase.swept",
    "backup.copied",
    "restore.prepared",
    "restore.swapped",
    "restore.done",
  ])
    expect(names).toContain(name);
  let at = 0;
  for (const [index, { point }] of told.entries()) {
    if (point === undefined) continue;
    at++;

    await checked(
      join(dir, "copies", String(at)),
      told.slice(0, index + 1).filter((line) => line.point === undefined || line === told[index]),
      at,
    );
  }
});

test("a process that is killed there leaves just that behind", async () => {
  const order = Array.from({ length: points }, (_, n) => n + 1).sort(
    (a, b) => ((a * 7919) % points) - ((b * 7919) % points),
  );
  const begun = performance.now();
  let kills = 0;
  for (let pair = 0; pair < order.length; pair += 2) {
    if (kills >= KILLS_MIN && performance.now() - begun > KILLS_MS) break;
    const some = order.slice(pair, pair + 2).map((at) => ({ at, dir: join(root, String(at)) }));
    const stories = await Promise.all(some.map(({ at, dir }) => tell(dir, String(at))));
    for (const [index, { at, dir }] of some.entries()) {
      await checked(dir, stories[index] ?? [], at);
      kills++;
    }
  }
  console.log(`${kills} processes killed at them`);
  expect(kills).toBeGreaterThanOrEqual(KILLS_MIN);
});
