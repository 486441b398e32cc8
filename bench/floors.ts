/** What nobody can do without: a durable write, a bare web server, a bare table. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { quantile } from "./case.ts";

const PAGE = Buffer.alloc(4096, 1);

/** Milliseconds for one page written over and synced: the median of many. */
export function syncMs(dir: string, times = 100): number {
  const path = join(dir, "floor.tmp");
  const file = openSync(path, "w");
  const ms = Array.from({ length: times }, () => {
    const from = performance.now();
    writeSync(file, PAGE, 0, PAGE.length, 0);
    fdatasyncSync(file);
    return performance.now() - from;
  });
  closeSync(file);
  rmSync(path);
  return quantile(ms, 0.5);
}

/** Messages as one would keep them without a thought for secrecy: a table, an index, blobs apart. */
export class RawTable {
  readonly #db: Database.Database;
  readonly #last: Database.Statement;

  constructor(path: string, rooms: number, messages: number, bytes: number) {
    this.#db = new Database(path);
    this.#db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE message (id INTEGER PRIMARY KEY, event TEXT NOT NULL UNIQUE, room INTEGER NOT NULL,
        at INTEGER NOT NULL, sender TEXT NOT NULL) STRICT;
      CREATE INDEX message_by_room ON message (room, at);
      CREATE TABLE blob (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;`);
    const message = this.#db.prepare("INSERT INTO message VALUES (?, ?, ?, ?, ?)");
    const blob = this.#db.prepare("INSERT INTO blob VALUES (?, ?)");
    const body = Buffer.alloc(bytes, 7);
    const fill = this.#db.transaction((from: number, to: number) => {
      for (let n = from; n < to; n++) {
        message.run(n, `$event-${n}`, n % rooms, n, `@u${n % 50}`);
        blob.run(n, body);
      }
    });
    for (let n = 0; n < messages; n += 10_000) fill(n, Math.min(messages, n + 10_000));
    this.#last = this.#db.prepare(
      `SELECT m.*, b.body FROM message m JOIN blob b ON b.id = m.id
       WHERE m.room = ? ORDER BY m.at DESC LIMIT ?`,
    );
  }

  last(room: number, count: number): readonly unknown[] {
    return this.#last.all(room, count);
  }

  close(): void {
    this.#db.close();
  }
}
