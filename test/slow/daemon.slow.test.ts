/** The daemon as a process: starts, ends, and what an operator may do to its files. */
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { RealHome } from "../real-lazaret.ts";

const SAID = { id: "1", sender: "Ana", text: "I bring the bread", sent_at: "2026-05-02T16:30:00Z" };
const LINE = `${JSON.stringify(SAID)}\n`;

describe("a start", () => {
  test("makes a home that is ours alone, and says where it is and how it is reached", async () => {
    using home = new RealHome();
    await using daemon = await home.up();
    expect(daemon.said.stderr).toContain(`Home: ${home.home}. HTTP: http://127.0.0.1:`);
    const names = readdirSync(home.home).filter((name) => name !== "config.yaml");
    for (const name of [...names, ...readdirSync(join(home.home, "keys")).map((key) => join("keys", key))]) {
      expect(`${name} ${(statSync(join(home.home, name)).mode & 0o077).toString(8)}`).toBe(`${name} 0`);
    }
    expect(await daemon.stop()).toBe(0);
    expect(existsSync(home.socket)).toBe(false);
  });

  test("a second daemon is told that one is there, and what to do", async () => {
    using home = new RealHome();
    await using daemon = await home.up();
    const second = await home.run(["up"]);
    expect([second.code, second.stdout]).toEqual([1, ""]);
    expect(second.stderr).toContain("[home.locked]");
    expect(second.stderr).toContain("lazaret chat");
    expect((await home.run(["status"])).code).toBe(0);
    expect(await daemon.stop()).toBe(0);
  });

  test("after SIGKILL its socket and lock are no obstacle, and what was acknowledged is there", async () => {
    using home = new RealHome();
    {
      await using daemon = await home.up();
      writeFileSync(join(home.dir, "chat.jsonl"), LINE);
      expect((await daemon.ask<object>("demo.load", {})) as unknown).toMatchObject({ messages: 40 });
      expect(await daemon.stop("SIGKILL")).toBe("SIGKILL");
      expect(existsSync(home.socket)).toBe(true);
    }
    expect((await home.run(["status"])).code).toBe(3);
    await using daemon = await home.up();
    const status = JSON.parse(await home.ok(["status", "--json"])) as { store: { messages: number } };
    expect(status.store.messages).toBe(40);
    expect(await home.ok(["ledger", "verify"])).toContain("internally consistent");
    expect(await daemon.stop()).toBe(0);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s twice at once stops in order, as npm sends it", async (name) => {
    using home = new RealHome();
    await using daemon = await home.up();
    daemon.signal(name);
    daemon.signal(name);
    expect(await daemon.ended).toBe(0);
    await using again = await home.up();
    expect(await again.stop()).toBe(0);
  });
});

describe("a home that cannot be used is refused with the way out", () => {
  const refused = async (home: RealHome, code: number, ...words: readonly string[]): Promise<void> => {
    const ran = await home.run(["up"]);
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([code, "", expect.stringContaining(words[0] ?? "")]);
    for (const word of words) expect(ran.stderr).toContain(word);
    expect(ran.stderr).not.toMatch(/\n\s+at |node:/u);
  };
  const made = async (): Promise<RealHome> => {
    const home = new RealHome();
    await home.ok(["init"]);
    return home;
  };

  test("a database of a newer version", async () => {
    using home = await made();
    const db = new Database(join(home.home, "lazaret.db"));
    db.pragma("user_version = 999");
    db.close();
    await refused(home, 78, "[home.newer]", "restore");
  });

  test("a key file that others can read", async () => {
    using home = await made();
    const keys = join(home.home, "keys");
    for (const name of readdirSync(keys)) chmodSync(join(keys, name), 0o644);
    await refused(home, 78, "[home.insecure]", "chmod go-rwx");
  });

  test("a home that others can enter", async () => {
    using home = await made();
    chmodSync(home.home, 0o755);
    await refused(home, 78, "[home.insecure]", "chmod go-rwx");
  });

  test("a file that is no database", async () => {
    using home = new RealHome();
    writeFileSync(join(home.home, "lazaret.db"), "not a database, but long enough to look like one".repeat(100), {
      mode: 0o600,
    });
    await refused(home, 1, "lazaret up: ");
  });

  test("a configuration with errors: every one with line, column and the nearest key", async () => {
    using home = new RealHome("listen: { port: 0 }\ntimezoen: Europe/Vienna\nretention: { default: 7 }\n");
    await refused(home, 78, "[config.invalid]", ":2:1", "timezone", ":3:");
    const check = await home.run(["config", "check"]);
    expect([check.code, check.stderr]).toEqual([78, expect.stringContaining("timezone")]);
  });

  test("a variable that is not known", async () => {
    using home = new RealHome();
    const ran = await home.run(["up"], "", { LAZARET_HOEM: "/nowhere" });
    expect([ran.code, ran.stderr]).toEqual([78, expect.stringContaining("LAZARET_HOEM")]);
    expect(ran.stderr).toContain("LAZARET_HOME");
  });
});
