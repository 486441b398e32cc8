import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDatabase } from "../connectors/matrix/sqlite.ts";
import { SyncStore } from "../connectors/matrix/sync-store.ts";
import { random } from "./store-home.ts";

const folder = mkdtempSync(join(tmpdir(), "lazaret-sync-"));
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = new Uint8Array(32).fill(3);
const ROOM = "!porcupine:hs.test";
let files = 0;
const place = (): string => join(folder, `sync-${++files}.db`);
function open(file: string) {
  const db = openDatabase(file);
  return { db, store: new SyncStore({ db, key: KEY, now: () => 1000, random: (count) => random.bytes(count) }) };
}

type Event = { readonly event_id: string; readonly sender: string; readonly type: string; readonly content: object };
const said = (n: number): Event & { origin_server_ts: number } => ({
  event_id: `$event-${n}`,
  sender: "@marmot:hs.test",
  type: "m.room.message",
  content: { msgtype: "m.text", body: `hedgehog ${n}` },
  origin_server_ts: n,
});
type Sync = Parameters<SyncStore["setSyncData"]>[0];
const sync = (next_batch: string, events: readonly object[], timeline: object = {}): Sync =>
  ({
    next_batch,
    rooms: {
      join: { [ROOM]: { timeline: { events, limited: false, prev_batch: `before-${next_batch}`, ...timeline } } },
    },
  }) as unknown as Sync;
const ids = (store: SyncStore): unknown[] =>
  store.rows("new", 100).map(({ kind, raw }) => (kind === "event" ? raw["event_id"] : kind));

test("events and token are there together after a restart, in order, each once", async () => {
  const file = place();
  const first = open(file);
  await first.store.setSyncData(sync("t1", [said(1), said(2)]));
  await first.store.setSyncData(sync("t2", [said(2), said(3)]));
  first.store.close();
  const { store } = open(file);
  expect(await store.getSavedSyncToken()).toBe("t2");
  expect(ids(store)).toEqual(["$event-1", "$event-2", "$event-3"]);
  expect(store.wantsSave()).toBe(false);
  store.close();
});

test("what was dealt with does not come back, not even when the homeserver sends it again", async () => {
  const file = place();
  const first = open(file);
  await first.store.setSyncData(sync("t1", [said(1), said(2)]));
  first.store.done(first.store.rows("new", 1).map(({ id }) => id));
  first.store.close();
  const { store } = open(file);
  await store.setSyncData(sync("t2", [said(1), said(2)]));
  expect(ids(store)).toEqual(["$event-2"]);
  store.close();
});

test("a commit that fails moves neither token nor events, is told, and nothing is taken after it", async () => {
  const file = place();
  const { db, store } = open(file);
  await store.setSyncData(sync("t1", [said(1)]));
  const faults: unknown[] = [];
  store.onFault = (error) => faults.push(error);
  db.pragma(`max_page_count = ${Number(db.pragma("page_count", { simple: true }))}`);
  const many = Array.from({ length: 200 }, (_, n) => said(n + 2));
  await expect(store.setSyncData(sync("t2", many))).rejects.toMatchObject({ code: "SQLITE_FULL" });
  expect(faults).toHaveLength(1);
  db.pragma("max_page_count = 100000");
  await expect(store.setSyncData(sync("t3", [said(300)]))).rejects.toThrow();
  store.close();
  const again = open(file);
  expect(await again.store.getSavedSyncToken()).toBe("t1");
  expect(ids(again.store)).toEqual(["$event-1"]);
  again.store.close();
});

test("after a sync that the library did not deal with, nothing more is taken", async () => {
  const { store } = open(place());
  await store.setSyncData(sync("t1", [said(1)]));
  store.poison();
  await expect(store.setSyncData(sync("t2", [said(2)]))).rejects.toThrow();
  expect(ids(store)).toEqual(["$event-1"]);
  store.close();
});

test("a gap of a known room stands before what came after it, and is filled in its place", async () => {
  const { store } = open(place());
  await store.setSyncData(sync("t1", [said(1)]));
  await store.setSyncData(sync("t2", [said(9)], { limited: true, prev_batch: "p2" }));
  expect(ids(store)).toEqual(["$event-1", "gap", "$event-9"]);
  const gap = store.rows("new", 10).find(({ kind }) => kind === "gap");
  expect(gap?.raw).toEqual({ prev_batch: "p2", since: "t1" });
  store.fill(gap?.id ?? 0, [said(1), said(5), said(6)], null);
  expect(ids(store)).toEqual(["$event-1", "$event-5", "$event-6", "$event-9"]);
  store.close();
});

test("nothing that the homeserver said is in the file, before or after it is dealt with", async () => {
  const file = place();
  const { db, store } = open(file);
  await store.setSyncData(sync("token-wombat", [said(1)]));
  store.put("ever encrypted", [ROOM]);
  const bytes = (): Buffer => Buffer.concat([file, `${file}-wal`].map((path) => readFileSync(path)));
  const words = ["porcupine", "hs.test", "hedgehog", "marmot", "$event-1", "token-wombat", "m.room.message"];
  expect(words.filter((word) => bytes().includes(word))).toEqual([]);
  // The same scan does find what is there in clear.
  db.exec("CREATE TABLE clear (text TEXT); INSERT INTO clear VALUES ('hedgehog in clear')");
  expect(words.filter((word) => bytes().includes(word))).toEqual(["hedgehog"]);
  store.close();
});

test("another key is refused, and the file stays as it was", async () => {
  const file = place();
  const first = open(file);
  await first.store.setSyncData(sync("t1", [said(1)]));
  first.store.close();
  const before = readFileSync(file);
  const db = openDatabase(file);
  const wrong = {
    db,
    key: new Uint8Array(32).fill(4),
    now: () => 1000,
    random: (count: number) => random.bytes(count),
  };
  expect(() => new SyncStore(wrong)).toThrow();
  db.close();
  expect(readFileSync(file).equals(before)).toBe(true);
  const { store } = open(file);
  expect(ids(store)).toEqual(["$event-1"]);
  store.close();
});
