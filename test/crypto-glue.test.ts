/** What the pinned WebAssembly asks of IndexedDB, read from its own glue: an upgrade that asks for more fails here. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { IDBCursor, IDBCursorWithValue } from "../connectors/matrix/indexeddb/cursor.ts";
import { IDBDatabase } from "../connectors/matrix/indexeddb/database.ts";
import { IDBVersionChangeEvent } from "../connectors/matrix/indexeddb/event.ts";
import { IDBFactory } from "../connectors/matrix/indexeddb/factory.ts";
import { IDBKeyRange } from "../connectors/matrix/indexeddb/key-range.ts";
import { nameList } from "../connectors/matrix/indexeddb/name-list.ts";
import { IDBObjectStore } from "../connectors/matrix/indexeddb/object-store.ts";
import { IDBOpenDBRequest, IDBRequest } from "../connectors/matrix/indexeddb/request.ts";
import { IDBIndex } from "../connectors/matrix/indexeddb/store-index.ts";
import { IDBTransaction } from "../connectors/matrix/indexeddb/transaction.ts";

const GLUE = "node_modules/@matrix-org/matrix-sdk-crypto-wasm/pkg/matrix_sdk_crypto_wasm_bg.js";
const glue = readFileSync(GLUE, "utf8");
const packages = JSON.parse(readFileSync("package.json", "utf8")) as Record<
  "dependencies" | "devDependencies",
  Record<string, string>
>;

/** Every member of every interface of Indexed DB 3.0 that somebody could ask for, and of the list of names. */
const MEMBERS = `abort add advance autoIncrement bound clear close cmp commit contains continue continuePrimaryKey count
createIndex createObjectStore databases db delete deleteDatabase deleteIndex deleteObjectStore direction durability
get getAll getAllKeys getAllRecords getKey includes index indexNames item key keyPath lower lowerBound lowerOpen mode
multiEntry name newVersion objectStore objectStoreNames oldVersion onabort onblocked onclose oncomplete onerror
onsuccess onupgradeneeded onversionchange only open openCursor openKeyCursor primaryKey put readyState request result
source transaction update upper upperBound upperOpen value version`.split(/\s+/);

const used = MEMBERS.filter((name) => new RegExp(`\\b(?:arg\\d|IDBKeyRange)\\.${name}\\b`).test(glue));

test("library and WebAssembly are pinned to the byte", () => {
  // The SDK is bundled, the WebAssembly installed.
  const dependencies = { ...packages.devDependencies, ...packages.dependencies };
  expect(dependencies["matrix-js-sdk"]).toMatch(/^\d+\.\d+\.\d+$/);
  expect(dependencies["@matrix-org/matrix-sdk-crypto-wasm"]).toMatch(/^\d+\.\d+\.\d+$/);
});

test("the glue asks for these members and no others", () => {
  const members = [
    "abort add bound clear close commit continue count createIndex createObjectStore delete",
    "deleteObjectStore get getAll getAllKeys index item key lowerBound name objectStore",
    "objectStoreNames oldVersion onabort oncomplete onerror onsuccess onupgradeneeded open",
    "openCursor put readyState request result transaction update upperBound value version",
  ];
  expect(used).toEqual(members.join(" ").split(" "));
});

test("every member that the glue asks for is there", () => {
  const instances = [new IDBRequest(), new IDBOpenDBRequest(), nameList([])];
  const made = new IDBVersionChangeEvent("upgradeneeded", new IDBRequest(), { from: 1, to: 2 });
  const classes = [IDBFactory, IDBDatabase, IDBTransaction, IDBObjectStore, IDBIndex, IDBCursor, IDBCursorWithValue];
  const prototypes = classes.map((it) => it.prototype);
  // Fields that only an object which is really in use has; the other tests hold them.
  const fields = ["key", "name", "transaction", "oncomplete", "onabort", "request", "source", "mode", "direction"];
  const isThere = (name: string): boolean =>
    [...instances, made, IDBKeyRange, ...prototypes].some((it) => name in it) || fields.includes(name);
  expect(used.filter((name) => !isThere(name))).toEqual([]);
});

test("the classes it looks for by name are the ones that are installed", () => {
  const named = [...glue.matchAll(/\b(?:instanceof |= )(IDB\w+)/g)].map(([, name = ""]) => name);
  const installed = readFileSync("connectors/matrix/indexeddb/install.ts", "utf8");
  expect(new Set(named).size).toBeGreaterThan(4);
  expect([...new Set(named)].filter((name) => !installed.includes(`    ${name},\n`))).toEqual([]);
});
