/** Random programs over an IndexedDB, run the same on ours and on a reference, and what they saw. */
import fc from "fast-check";

/** What both implementations have; the reference's types are the browser's. */
export type Idb = { readonly factory: IDBFactoryLike; readonly range: RangeMaker };
export type IDBFactoryLike = { open(name: string, version?: number): RequestLike };
export type RangeMaker = {
  bound(lower: unknown, upper: unknown, lowerOpen?: boolean, upperOpen?: boolean): unknown;
  lowerBound(lower: unknown, isOpen?: boolean): unknown;
  upperBound(upper: unknown, isOpen?: boolean): unknown;
  only(key: unknown): unknown;
};
export type RequestLike = {
  result: unknown;
  error: { readonly name: string } | null;
  onsuccess: unknown;
  onerror: unknown;
  onupgradeneeded?: unknown;
};
type Failing = { preventDefault(): void; stopPropagation(): void };
type Source = Record<"get" | "getAll" | "getAllKeys" | "count" | "getKey", (...given: unknown[]) => RequestLike> & {
  openCursor(range: unknown, direction: string): RequestLike;
};
type Store = Source & {
  put(value: unknown, key?: unknown): RequestLike;
  add(value: unknown, key?: unknown): RequestLike;
  delete(query: unknown): RequestLike;
  clear(): RequestLike;
  index(name: string): Source;
};
type Cursor = {
  key: unknown;
  primaryKey: unknown;
  value: unknown;
  continue(key?: unknown): void;
  update(value: unknown): RequestLike;
  delete(): RequestLike;
};
type Transaction = {
  objectStore(name: string): Store;
  abort(): void;
  oncomplete: unknown;
  onabort: unknown;
};
export type Database = {
  readonly objectStoreNames: Iterable<string>;
  readonly version: number;
  transaction(stores: string | string[], mode: string): Transaction;
  createObjectStore(name: string): Store & {
    createIndex(name: string, path: string | string[], options?: object): unknown;
  };
  close(): void;
};

const KEYS: readonly unknown[] = [
  ...[0, 1, -1, 1.5, -1.5, 1e300, -1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...["", "a", "aa", "b", "\0", "a\0", "a\0b", "\u007e", "\u007f", "\u0080", "é", "\uffff", "😀", "\ud800"],
  ...[[], [[]], ["a"], ["a", "b"], [1, "a"], ["a", 1], [["a"], "b"], ["\0"], ["", ""]],
  ...[[], [0], [0, 0], [1], [0, 1], [255], [255, 0]].map((bytes) => Uint8Array.from(bytes).buffer),
];
const NO_KEYS: readonly unknown[] = [undefined, null, Number.NaN, [undefined], ["a", {}]];

export type Query =
  | { readonly kind: "key"; readonly key: unknown }
  | { readonly kind: "all" }
  | {
      readonly kind: "bound";
      readonly lower: unknown;
      readonly upper: unknown;
      readonly lowerOpen: boolean;
      readonly upperOpen: boolean;
    }
  | { readonly kind: "lower" | "upper"; readonly key: unknown; readonly isOpen: boolean };
export type Op =
  | { readonly op: "put" | "add"; readonly key: unknown; readonly value: unknown; readonly prevent: boolean }
  | {
      readonly op: "get" | "getKey" | "getAll" | "getAllKeys" | "count";
      readonly on: On;
      readonly query: Query;
      readonly limit?: number;
    }
  | { readonly op: "delete"; readonly query: Query }
  | { readonly op: "clear" }
  | {
      readonly op: "walk";
      readonly on: On;
      readonly query: Query;
      readonly down: boolean;
      readonly each: "look" | "update" | "delete";
    }
  | { readonly op: "abort" };
type On = "store" | "plain" | "unique" | "multi" | "pair";
export type Part = {
  readonly store: "one" | "two";
  readonly mode: "readonly" | "readwrite";
  readonly ops: readonly Op[];
};

const key = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: fc.constantFrom(...NO_KEYS) },
);
const value = fc.record({
  // "unique" must often be there twice.
  u: fc.oneof(fc.constantFrom(1, 2, 3, "x", undefined), key),
  p: key,
  m: fc.oneof(fc.array(fc.constantFrom(...KEYS), { maxLength: 3 }), key),
  deep: fc.record({ er: fc.constantFrom("a", 1, null) }),
  blob: fc.uint8Array({ maxLength: 8 }),
});
const query: fc.Arbitrary<Query> = fc.oneof(
  fc.record({ kind: fc.constant("key" as const), key }),
  fc.record({ kind: fc.constant("all" as const) }),
  fc.record({
    kind: fc.constant("bound" as const),
    lower: key,
    upper: key,
    lowerOpen: fc.boolean(),
    upperOpen: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom("lower" as const, "upper" as const), key, isOpen: fc.boolean() }),
);
const on = fc.constantFrom<On>("store", "plain", "unique", "multi", "pair");
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constantFrom("put" as const, "add" as const), key, value, prevent: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record(
      {
        op: fc.constantFrom(
          "get" as const,
          "getKey" as const,
          "getAll" as const,
          "getAllKeys" as const,
          "count" as const,
        ),
        on,
        query,
        limit: fc.integer({ min: 0, max: 3 }),
      },
      { requiredKeys: ["op", "on", "query"] },
    ),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("delete" as const), query }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("clear" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("walk" as const),
      on,
      query,
      down: fc.boolean(),
      each: fc.constantFrom("look" as const, "update" as const, "delete" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("abort" as const) }) },
);
export const programs: fc.Arbitrary<readonly Part[]> = fc.array(
  fc.record({
    store: fc.constantFrom("one" as const, "two" as const),
    mode: fc.constantFrom("readwrite" as const, "readwrite" as const, "readonly" as const),
    ops: fc.array(op, { maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 6 },
);

export function openWorld(idb: Idb, name: string): Promise<Database> {
  return new Promise((resolve, reject) => {
    const request = idb.factory.open(name, 1);
    request.onupgradeneeded = () => {
      const database = request.result as Database;
      for (const store of ["one", "two"]) {
        const made = database.createObjectStore(store);
        made.createIndex("plain", "p");
        made.createIndex("unique", "u", { unique: store === "one" });
        made.createIndex("multi", "m", { multiEntry: true });
        made.createIndex("pair", ["deep.er", "p"]);
      }
    };
    request.onsuccess = () => resolve(request.result as Database);
    request.onerror = () => reject(new Error("it did not open"));
  });
}

/** Runs a program; each line is what one operation came to. */
export async function runProgram(idb: Idb, database: Database, parts: readonly Part[]): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  for (const { store, mode, ops } of parts) {
    const transaction = database.transaction(store, mode);
    const ended = new Promise((resolve) => {
      transaction.oncomplete = () => resolve("complete");
      transaction.onabort = () => resolve("abort");
    });
    const lines = ops.map((it) => perform(idb, transaction, store, it));
    const settled = await Promise.all(lines);
    seen.push([settled, await ended]);
  }
  return seen;
}

function perform(idb: Idb, transaction: Transaction, name: string, it: Op): Promise<unknown> {
  try {
    if (it.op === "abort") {
      transaction.abort();
      return Promise.resolve("aborted");
    }
    const store = transaction.objectStore(name);
    if ("value" in it) return settle(store[it.op](it.value, it.key), it.prevent);
    if (it.op === "clear") return settle(store.clear());
    if (it.op === "delete") return settle(store.delete(rangeOf(idb, it.query)));
    const source = it.on === "store" ? store : store.index(it.on);
    const range = rangeOf(idb, it.query);
    if (it.op === "walk") return walk(source.openCursor(range, it.down ? "prev" : "next"), it.each);
    const more = it.limit !== undefined && (it.op === "getAll" || it.op === "getAllKeys") ? [it.limit] : [];
    return settle(source[it.op](range, ...more));
  } catch (error) {
    return Promise.resolve(nameOf(error));
  }
}

function rangeOf({ range }: Idb, asked: Query): unknown {
  if (asked.kind === "all") return undefined;
  if (asked.kind === "key") return asked.key;
  if (asked.kind === "bound") return range.bound(asked.lower, asked.upper, asked.lowerOpen, asked.upperOpen);
  return asked.kind === "lower" ? range.lowerBound(asked.key, asked.isOpen) : range.upperBound(asked.key, asked.isOpen);
}

const nameOf = (error: unknown): string =>
  error instanceof Error || error instanceof DOMException ? `! ${error.name}` : "! ?";

function settle(request: RequestLike, isPrevented = true): Promise<unknown> {
  return new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event: Failing) => {
      if (isPrevented) event.preventDefault();
      resolve(`! ${request.error?.name}`);
    };
  });
}

function walk(request: RequestLike, each: "look" | "update" | "delete"): Promise<unknown> {
  const seen: unknown[] = [];
  return new Promise((resolve) => {
    const end = (what: unknown): void => resolve([...seen, what]);
    request.onsuccess = () => {
      const cursor = request.result as Cursor | null;
      if (cursor === null) return end("end");
      seen.push([cursor.key, cursor.primaryKey, cursor.value]);
      try {
        const { u: _, ...kept } = cursor.value as { u: unknown };
        const change =
          each === "update" ? cursor.update({ ...kept, walked: true }) : each === "delete" ? cursor.delete() : null;
        if (change !== null) change.onerror = (event: Failing) => event.preventDefault();
        cursor.continue();
      } catch (error) {
        end(nameOf(error));
      }
      return undefined;
    };
    request.onerror = (event: Failing) => {
      event.preventDefault();
      end(`! ${request.error?.name}`);
    };
  });
}
