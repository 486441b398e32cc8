import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { decodeKey } from "../../connectors/matrix/indexeddb/key.ts";
import { Tables } from "../../connectors/matrix/indexeddb/tables.ts";
import { unpack } from "../../connectors/matrix/indexeddb/value.ts";
import { openDatabase } from "../../connectors/matrix/sqlite.ts";

const STORY = new URL("indexeddb-story.ts", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "lazaret-idb-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Told = {
  readonly round?: number;
  readonly identity?: string;
  readonly session?: string;
  readonly sessions?: string[];
  readonly commits?: number;
};

function tell(file: string, how: "own" | "sdk", at = 0, side = "before"): readonly Told[] {
  const { stdout, stderr, signal, status } = spawnSync(process.execPath, [STORY, file, how, String(at), side], {
    encoding: "utf8",
  });
  if (at > 0 ? signal !== "SIGKILL" : status !== 0)
    throw new Error(`${how} ${at} ${side}: ${signal} ${status} ${stderr}`);
  return stdout
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Told);
}
const commitsOf = (how: "own" | "sdk"): number =>
  tell(join(folder, `${how}-whole.db`), how).find(({ commits }) => commits !== undefined)?.commits ?? 0;
const last = (told: readonly Told[]): number => told.reduce((most, { round = -1 }) => Math.max(most, round), -1);

test("killed at any commit, each transaction is there whole or not at all, and each that was told is there", () => {
  const commits = commitsOf("own");
  expect(commits).toBe(13);
  for (let at = 1; at <= commits; at++) {
    for (const side of ["before", "after"]) {
      const file = join(folder, `own-${at}-${side}.db`);
      const told = last(tell(file, "own", at, side));
      const db = openDatabase(file);
      const tables = new Tables(db);
      expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
      const stores = tables.stores("x");
      expect([...stores.keys()]).toEqual(at === 1 && side === "before" ? [] : ["a", "b"]);
      const [a, b] = [stores.get("a"), stores.get("b")];
      if (a !== undefined && b !== undefined) {
        const latest = tables.records(b, { range: null }).map(({ v }) => Number(unpack(v)))[0] ?? -1;
        expect(latest).toBe(side === "after" && at > 1 ? told + 1 : told);
        const kept = tables.records(a, { range: null }).map(({ k }) => decodeKey(k));
        const rounds = Array.from({ length: latest + 1 }, (_, round) => round);
        expect(kept).toEqual(rounds.slice(-3));
        const n = a.indexes.get("n");
        expect(n === undefined ? null : tables.entries(a, n, { range: null }).map(({ k }) => decodeKey(k))).toEqual(
          kept,
        );
      }
      db.close();
    }
  }
});

/** `IDB_STRIDE=1` tries every commit. */
const SDK_STRIDE = Number(process.env["IDB_STRIDE"] ?? 7);

test("killed at a commit, the crypto machine comes back as itself, with every room key that it has used", () => {
  const commits = commitsOf("sdk");
  expect(commits).toBeGreaterThan(40);
  for (let at = 1; at <= commits; at += SDK_STRIDE) {
    const side = at % 2 === 0 ? "before" : "after";
    const file = join(folder, `sdk-${at}.db`);
    const before = tell(file, "sdk", at, side);
    const after = tell(file, "sdk");
    const identities = new Set([...before, ...after].flatMap(({ identity }) => identity ?? []));
    expect(identities.size).toBe(1);
    const kept = after.find(({ sessions }) => sessions !== undefined)?.sessions ?? [];
    expect(before.flatMap(({ session }) => session ?? []).filter((session) => !kept.includes(session))).toEqual([]);
  }
});

test("a second one that opens the file is refused", () => {
  const file = join(folder, "held.db");
  const db = openDatabase(file);
  const { signal, status, stderr } = spawnSync(process.execPath, [STORY, file, "own", "0", "before"], {
    encoding: "utf8",
  });
  db.close();
  expect([signal, status]).toEqual([null, 1]);
  expect(stderr).toContain("SQLITE_BUSY");
});
