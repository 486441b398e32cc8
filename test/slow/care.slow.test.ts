/** What an owner does with the files of a home: brings chats in, makes a backup under load, puts it back. */
import { chmodSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { type RealDaemon, RealHome } from "../real-lazaret.ts";

type Status = { readonly store: { readonly messages: number } };
const kept = async (daemon: RealDaemon): Promise<number> => (await daemon.ask<Status>("status", {})).store.messages;

const jsonl = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      id: `${from + index}`,
      sender: index % 2 === 0 ? "Ana" : "Ben",
      text: `I bring loaf number ${from + index} on Friday`,
      sent_at: "2026-05-02T16:30:00Z",
    }),
  ).join("\n");

const EXPORTS = {
  jsonl: jsonl(0, 3),
  telegram: JSON.stringify({
    name: "Home",
    type: "private_group",
    id: 4711,
    messages: [1, 2, 3].map((id) => ({
      id,
      type: "message",
      date_unixtime: `${1_777_739_400 + 60 * id}`,
      from: "Ana",
      from_id: "user123",
      text: ["please book ", { type: "bold", text: `boat ${id}` }],
    })),
  }),
  matrix: JSON.stringify({
    room_name: "Home",
    messages: [1, 2, 3].map((id) => ({
      type: "m.room.message",
      event_id: `$${id}`,
      sender: "@ana:x",
      origin_server_ts: 1_777_739_400_000 + 60_000 * id,
      content: { msgtype: "m.text", body: `please book boat ${id}` },
    })),
  }),
} as const;

test("in a real home no two salts, keys or hashes are alike, and none is zeros", async () => {
  using home = new RealHome();
  await using daemon = await home.up();
  await home.ok(["demo"]);
  expect(await daemon.stop()).toBe(0);
  const db = new Database(join(home.home, "lazaret.db"), { readonly: true });
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  // Version byte, then the salt (docs/blob-format.md), in everything that is sealed or wrapped.
  const heads = tables.flatMap((table) =>
    (db.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[]).flatMap((row) =>
      ["sealed", "wrapped"].flatMap((column) => {
        const value = row[column];
        return Buffer.isBuffer(value) ? [value.subarray(1, 25).toString("hex")] : [];
      }),
    ),
  );
  db.close();
  expect(heads.length).toBeGreaterThan(80);
  expect(new Set(heads).size).toBe(heads.length);
  expect(heads.some((head) => /^0{8}/u.test(head))).toBe(false);
});

test("an export of each kind comes in, is read where it is named, and comes in once", async () => {
  using home = new RealHome();
  await using daemon = await home.up();
  for (const [format, text] of Object.entries(EXPORTS)) {
    const file = join(home.dir, `export-${format}`);
    writeFileSync(file, text);
    const args = ["import", file, "--conversation", `from-${format}`, "--format", format];
    expect(await home.ok(args)).toBe(`3 messages imported into from-${format}.\n`);
    expect(await home.ok([...args, "--json"])).toContain('"added":0,"known":3');
    const said = await home.ok(["chat"], `make a to-do list from from-${format}\n`);
    expect(said).toContain("Read 3 messages");
  }
  expect(await kept(daemon)).toBe(9 + 6);
  expect(await daemon.stop()).toBe(0);
});

describe("a backup made while messages come in", () => {
  /** A running home whose backup lies in `file`; messages imported before it, and more after. */
  async function saved(home: RealHome, file: string): Promise<number> {
    await using daemon = await home.up();
    const [before, during] = [join(home.dir, "before"), join(home.dir, "during")];
    writeFileSync(before, jsonl(0, 200));
    writeFileSync(during, jsonl(1000, 800));
    await home.ok(["import", before, "--conversation", "family"]);
    const [made] = await Promise.all([
      home.run(["backup", file, "--json"]),
      home.ok(["import", during, "--conversation", "family"]),
    ]);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(JSON.parse(made.stdout)).toMatchObject({ verified: true });
    expect(await kept(daemon)).toBe(1000);
    expect(await daemon.stop()).toBe(0);
    return 200;
  }

  test("goes into a new home that has the keys, and into none that has not", async () => {
    using home = new RealHome();
    using fresh = new RealHome();
    using foreign = new RealHome();
    const file = join(home.dir, "backup");
    const least = await saved(home, file);
    const refused = await foreign.run(["restore", file, "--yes"]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/\[home\.unlock\]/u);
    cpSync(join(home.home, "keys"), join(fresh.home, "keys"), { recursive: true });
    chmodSync(join(fresh.home, "keys"), 0o700);
    expect((await fresh.run(["restore", file, "--dry-run"])).code).toBe(0);
    await fresh.ok(["restore", file, "--yes"]);
    await using daemon = await fresh.up();
    const there = await kept(daemon);
    expect(there).toBeGreaterThanOrEqual(least);
    expect(await fresh.ok(["chat"], "summarise the last 20 messages of family\n")).toContain("Read 20 messages");
    expect(await fresh.ok(["ledger", "verify"])).toContain("internally consistent");
    expect(await daemon.stop()).toBe(0);
  });

  test("goes back into its own home without what was erased since, and not under a running daemon", async () => {
    using home = new RealHome();
    const file = join(home.dir, "backup");
    await saved(home, file);
    {
      await using daemon = await home.up();
      const under = await home.run(["restore", file, "--yes"]);
      expect([under.code, under.stderr]).toEqual([1, expect.stringContaining("[home.locked]")]);
      await home.ok(["demo"]);
      await home.ok(["purge", "--conversation", "family", "--yes"]);
      expect(await kept(daemon)).toBe(40);
      expect(await daemon.stop()).toBe(0);
    }
    await home.ok(["restore", file, "--yes"]);
    await using daemon = await home.up();
    const said = await home.ok(["chat"], "summarise the last 20 messages of family\n");
    expect(said).not.toMatch(/loaf|Read 20/u);
    expect(await home.ok(["ledger", "verify"])).toContain("consistent");
    expect(await daemon.stop()).toBe(0);
  });
});
