import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IDBFactory as ReferenceFactory, IDBKeyRange as ReferenceRange } from "fake-indexeddb";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { openIndexedDb } from "../connectors/matrix/indexeddb/install.ts";
import { IDBKeyRange } from "../connectors/matrix/indexeddb/key-range.ts";
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
