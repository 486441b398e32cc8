import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IDBFactory as ReferenceFactory, IDBKeyRange as ReferenceRange } from "fake-indexeddb";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { IDBDatabase } from "../connectors/matrix/indexeddb/database.ts";
import { IDBFactory } from "../connectors/matrix/indexeddb/factory.ts";
import { openIndexedDb } from "../connectors/matrix/indexeddb/install.ts";
import { decodeKey, encodeKey, type Key } from "../connectors/matrix/indexeddb/key.ts";
import { IDBKeyRange } from "../connectors/matrix/indexeddb/key-range.ts";
import { Queue } from "../connectors/matrix/indexeddb/queue.ts";
import { Tables } from "../connectors/matrix/indexeddb/tables.ts";
import { openDatabase } from "../connectors/matrix/sqlite.ts";
import { type Idb, openWorld, programs, runProgram } from "./indexeddb-program.ts";

const folder = mkdtempSync(join(tmpdir(), "lazaret-idb-"));
const opened = openIndexedDb({
  file: join(folder, "crypto.db"),
  onFault: (error) => {
    throw error;
  },
});
afterAll(() => {
  opened.close();
  rmSync(folder, { recursive: true });
});

const ours: Idb = { factory: opened.factory, range: IDBKeyRange };
let names = 0;

test("random programs see and leave the same as on the reference", async () => {
  const everything = ["store", "plain", "unique", "multi", "pair"] as const;
  const look = (["one", "two"] as const).map((store) => ({
    store,
    mode: "readonly" as const,
    ops: everything.map((on) => ({
      op: "walk" as const,
      on,
      query: { kind: "all" as const },
      down: false,
      each: "look" as const,
    })),
  }));
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const reference = { factory: new ReferenceFactory(), range: ReferenceRange } as unknown as Idb;
      const name = `db-${++names}`;
      const whole = [...program, ...look];
      const expected = await runProgram(reference, await openWorld(reference, name), whole);
      expect(await runProgram(ours, await openWorld(ours, name), whole)).toEqual(expected);
    }),
    { numRuns: Number(process.env["IDB_RUNS"] ?? 40) },
  );
});

type Req = { result: unknown; error: DOMException | null; onsuccess: unknown; onerror: unknown };
const done = (request: object): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const it = request as Req;
    it.onsuccess = () => resolve(it.result);
    it.onerror = () => reject(it.error);
  });

/** A file of its own with one store in it. */
async function place(prepare: (db: ReturnType<typeof openDatabase>) => void = () => {}) {
  const file = join(folder, `own-${++names}.db`);
  const db = openDatabase(file);
  const faults: unknown[] = [];
  const queue = new Queue(db, (error) => faults.push(error));
  const factory = new IDBFactory({ tables: new Tables(db), queue });
  prepare(db);
  const request = factory.open("x", 1);
  request.onupgradeneeded = () => (request.result as IDBDatabase).createObjectStore("s");
  const database = (await done(request)) as IDBDatabase;
  const put = (value: unknown, key: unknown): Promise<string> => {
    const transaction = database.transaction("s", "readwrite");
    transaction.objectStore("s").put(value, key);
    return new Promise((resolve) => {
      transaction.oncomplete = () => resolve("complete");
      transaction.onabort = () => resolve(`abort ${transaction.error?.name}`);
    });
  };
  const get = (key: unknown): Promise<unknown> => done(database.transaction("s").objectStore("s").get(key));
  return { file, db, queue, factory, faults, database, put, get };
}

const key = fc.letrec((tie) => ({
  key: fc.oneof(
    fc.double({ noNaN: true }),
    fc.string({ unit: "binary" }),
    fc.uint8Array().map((bytes) => Uint8Array.from(bytes).buffer),
    fc.array(tie("key"), { maxLength: 3 }),
  ),
})).key as fc.Arbitrary<Key>;

test("a key comes back as it went in, and bytes compare as the reference compares keys", () => {
  const reference = new ReferenceFactory();
  fc.assert(
    fc.property(key, key, (one, other) => {
      const [a, b] = [encodeKey(one), encodeKey(other)];
      expect(Math.sign(Buffer.compare(a, b))).toBe(reference.cmp(one, other));
      expect(encodeKey(decodeKey(a))).toEqual(a);
    }),
    { numRuns: 500 },
  );
  expect(decodeKey(encodeKey(-0))).toBe(0);
});

test("what lies outside the subset is refused by name", async () => {
  const { factory, database } = await place();
  const refused = (what: () => unknown) => expect(what).toThrow(expect.objectContaining({ name: "NotSupportedError" }));
  refused(() => factory.deleteDatabase());
  refused(() => factory.databases());
  refused(() => encodeKey(new Date(0)));
  const store = () => database.transaction("s").objectStore("s");
  refused(() => store().openCursor(undefined, "nextunique" as never));
  database.close();
  const again = factory.open("x", 2);
  again.onupgradeneeded = () => {
    const upgraded = again.result as IDBDatabase;
    refused(() => upgraded.createObjectStore("k", { keyPath: "id" }));
    refused(() => upgraded.createObjectStore("a", { autoIncrement: true }));
  };
  const held = (await done(again)) as IDBDatabase;
  expect([...held.objectStoreNames]).toEqual(["s"]);
  await expect(done(factory.open("x", 3))).rejects.toMatchObject({ name: "NotSupportedError" });
  await expect(done(factory.open("x", 1))).rejects.toMatchObject({ name: "VersionError" });
});

test("an upgrade that fails leaves version, stores and records as they were", async () => {
  const { factory, database, put, get } = await place();
  await put("kept", 1);
  database.close();
  const failing = factory.open("x", 2);
  failing.onupgradeneeded = () => {
    const upgraded = failing.result as IDBDatabase;
    upgraded.deleteObjectStore("s");
    upgraded.createObjectStore("t").put("new", 1);
    throw new Error("a migration that does not work");
  };
  await expect(done(failing)).rejects.toMatchObject({ name: "AbortError" });
  const back = (await done(factory.open("x"))) as IDBDatabase;
  expect([back.version, ...back.objectStoreNames]).toEqual([1, "s"]);
  expect(await done(back.transaction("s").objectStore("s").get(1))).toBe("kept");
  expect(() => get(1)).toThrow(expect.objectContaining({ name: "InvalidStateError" }));
});

test("a full disk ends the transaction, is told once, and nothing is taken after it", async () => {
  const { db, faults, put, get } = await place();
  expect(await put("small", 1)).toBe("complete");
  db.pragma(`max_page_count = ${Number(db.pragma("page_count", { simple: true }))}`);
  expect(await put("x".repeat(100_000), 2)).toBe("abort UnknownError");
  expect(faults).toMatchObject([{ code: "SQLITE_FULL" }]);
  expect(db.inTransaction).toBe(false);
  db.pragma("max_page_count = 100000");
  expect(await put("small", 3)).toBe("abort UnknownError");
  await expect(get(1)).rejects.toMatchObject({ name: "AbortError" });
  expect(faults).toHaveLength(1);
});

test("nobody hears of a commit before it is in the file", async () => {
  const { file, put } = await place();
  const copy = `${file}.copy`;
  await put("durable", 1);
  for (const end of ["", "-wal"]) copyFileSync(file + end, copy + end);
  const other = openDatabase(copy);
  expect(new Tables(other).stores("x").size).toBe(1);
  expect(other.prepare("SELECT count(*) AS n FROM idb_record").get()).toEqual({ n: 1 });
  expect(other.pragma("synchronous", { simple: true })).toBe(2);
  other.close();
});

test("after cleaning, what was deleted is in no file; a journal that grew is cut off by itself", async () => {
  const { file, queue, database, put } = await place();
  const traces = () => [file, `${file}-wal`].filter((path) => readFileSync(path).includes("very-secret-value"));
  await put("very-secret-value", 1);
  expect(traces()).not.toEqual([]);
  await done(database.transaction("s", "readwrite").objectStore("s").delete(1));
  await queue.clean();
  expect(traces()).toEqual([]);
  await put("x".repeat(6_000_000), 2);
  await new Promise(setImmediate);
  expect(statSync(`${file}-wal`).size).toBe(0);
});
