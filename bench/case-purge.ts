/** Erasing a conversation: until it is unreadable, until its bytes are gone, and what others feel meanwhile. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import type { ConversationId } from "../src/core/ids.ts";
import type { HomeStore } from "../src/store/store.ts";
import { BODY_BYTES, batchOf, fill, newRooms, openAt } from "./big-home.ts";
import { type Case, msOf, quantile, type Round } from "./case.ts";
import { syncMs } from "./floors.ts";

const CHUNK = 100;
const PACE_MS = 5;

/** Rows of the same size, deleted in the same chunks with the same pragmas, by the shortest program that does so. */
async function rawMs(path: string, messages: number): Promise<number> {
  const db = new Database(path);
  db.exec(`PRAGMA auto_vacuum = incremental; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    CREATE TABLE message (id INTEGER PRIMARY KEY, event TEXT NOT NULL UNIQUE, room INTEGER NOT NULL) STRICT;
    CREATE INDEX message_by_room ON message (room);
    CREATE TABLE blob (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT; BEGIN`);
  const message = db.prepare("INSERT INTO message VALUES (?, ?, ?)");
  const blob = db.prepare("INSERT INTO blob VALUES (?, ?)");
  for (let n = 0; n < 2 * messages; n++) {
    message.run(n, `$event-${n}`, n % 2);
    blob.run(n, Buffer.alloc(BODY_BYTES, 7));
  }
  db.exec("COMMIT");
  const find = db.prepare("SELECT id FROM message WHERE room = 1 LIMIT ?").pluck();
  const [dropMessage, dropBlob] = [
    db.prepare("DELETE FROM message WHERE id = ?"),
    db.prepare("DELETE FROM blob WHERE id = ?"),
  ];
  const ms = await msOf(async () => {
    for (;;) {
      const ids = find.all(CHUNK);
      if (ids.length === 0) break;
      db.exec("BEGIN");
      for (const id of ids) for (const drop of [dropMessage, dropBlob]) drop.run(id);
      db.exec("COMMIT");
      await new Promise((resolve) => setImmediate(resolve));
    }
    db.exec("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
  });
  db.close();
  return ms;
}

/** Commits a message every few milliseconds until told; answers how long each took. */
function trickle(store: HomeStore, room: ConversationId): () => Promise<readonly number[]> {
  const ms: number[] = [];
  let isOver = false;
  const work = (async () => {
    for (let n = 0; !isOver; n++) {
      const batch = batchOf([room], 1e9 + n + trickled, 1);
      ms.push(await msOf(() => store.commit(batch)));
      await sleep(PACE_MS);
    }
    trickled += ms.length;
  })();
  return async () => {
    isOver = true;
    await work;
    return ms;
  };
}
let trickled = 0;

async function round(dir: string, messages: number): Promise<Round> {
  const home = mkdtempSync(join(dir, "purge-"));
  const rooms = newRooms(2) as [ConversationId, ConversationId];
  let committed = 0;
  let began = 0;
  const probe = (step: string): void => {
    if (step === "erase.committed") committed = performance.now();
  };
  const store = await openAt(home, { probe });
  await fill(store, rooms, 2 * messages);
  const before = trickle(store, rooms[1]);
  await sleep(1000);
  const quietP99 = quantile(await before(), 0.99);
  const during = trickle(store, rooms[1]);
  const nothing = { messages: [], blobs: [], drop: [], put: [], refs: [], entries: [] };
  const ms = await msOf(async () => {
    began = performance.now();
    await store.erase({ tenant: "default", conversations: [rooms[0]], ...nothing });
  });
  const stallP99 = quantile(await during(), 0.99);
  const { messages: left } = store.counts();
  await store.close();
  rmSync(home, { recursive: true });
  const raw = await rawMs(join(dir, "purge-raw.db"), messages);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(dir, `purge-raw.db${suffix}`), { force: true });
  const floor = syncMs(dir);
  return {
    "unreadable / sync": (committed - began) / floor,
    "gone / raw delete": ms / raw,
    "p99 during / before": stallP99 / quietP99,
    "unreadable ms": committed - began,
    "gone ms": ms,
    "raw ms": raw,
    "sync ms": floor,
    "messages left": left,
  };
}

export const purge: Case = {
  name: "purge",
  bounds: [
    { ratio: "unreadable / sync", at: "most", gate: 100, goal: 20 },
    // Short of it (RESULTS.md): the gate only keeps it from getting worse.
    { ratio: "gone / raw delete", at: "most", gate: 4, goal: 1.3 },
    { ratio: "p99 during / before", at: "most", gate: 5, goal: 2 },
  ],
  begin: async ({ dir, smoke }) => ({ round: () => round(dir, smoke ? 2_000 : 20_000), end: async () => {} }),
};
