import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import type { BlobId, ConversationId, MessageId } from "../../src/core/ids.ts";
import { openStore } from "../../src/store/open.ts";
import { event, HandClock, random, textOf } from "../store-home.ts";

type Scope = { conversations?: ConversationId[]; messages?: MessageId[] };
type Told = {
  point?: string;
  points?: number;
  said?: string;
  blob?: BlobId;
  message?: MessageId;
  platform?: string;
  cursor?: string;
  setting?: number;
  checkpoint?: string;
  erasing?: Scope;
  erased?: Scope;
  restored?: boolean;
};

const STORY = new URL("store-story.ts", import.meta.url).pathname;

function told(dir: string, killAt: number): Told[] {
  const { stdout, stderr, signal, status } = spawnSync(process.execPath, [STORY, dir, String(killAt)], {
    encoding: "utf8",
  });
  if (signal !== "SIGKILL" && status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Told);
}

/** Everything acknowledged is there; what was being erased is there or gone, never half; the home is sound. */
async function check(dir: string, story: readonly Told[]): Promise<void> {
  const keysDir = join(dir, "keys");
  const options = { dataDir: join(dir, "data"), keysDir, clock: new HandClock(), random, tenant: "default" };
  const store = await openStore({ ...options, unlock: { kind: "file" }, create: true, shared: true });
  const erased = story.flatMap(({ erased: done }) => (done === undefined ? [] : [done]));
  const erasing = story.flatMap(({ erasing: begun }) => (begun === undefined ? [] : [begun]));
  const within = (scopes: readonly Scope[], said: Told): boolean =>
    scopes.some(({ messages = [], conversations = [] }) => {
      if (said.message !== undefined && messages.includes(said.message)) return true;
      return conversations.length > 0 && said.said === "third";
    });
  for (const said of story.filter((one) => one.blob !== undefined)) {
    const text = await textOf(store, said.blob as BlobId).catch((error: { code: string }) => error.code);
    const isThere = store.message(said.message as MessageId) !== null;
    if (within(erased, said)) expect([text, isThere]).toEqual(["not_found", false]);
    else if (within(erasing, said))
      expect([
        [said.said, true],
        ["not_found", false],
      ]).toContainEqual([text, isThere]);
    else expect([text, isThere]).toEqual([said.said, true]);
    if (!isThere) expect(store.ref("event", "default", "home", said.platform ?? "")).toBe("erased");
    else expect(store.platformOf("event", said.message as MessageId)).toBe(said.platform);
  }
  if (story.some(({ cursor }) => cursor !== undefined)) {
    expect(store.cursor("home")).toBe("c1");
    expect(store.inbox(9)).toMatchObject([{ event: event(1, "in") }]);
  }
  if (story.some(({ setting }) => setting !== undefined)) expect(store.get("setting", "x")?.version).toBe(1);
  for (const { checkpoint } of story.filter((one) => one.checkpoint !== undefined)) {
    expect(await store.ledger.verify(checkpoint ?? "")).toMatchObject({ ok: true, notExcluded: null });
  }
  expect(await store.ledger.verify(null)).toMatchObject({ ok: true, dangling: [] });
  expect(readdirSync(keysDir).filter((name) => name.startsWith("epoch")).length).toBe(1);
  const db = new Database(join(dir, "data", "lazaret.db"), { readonly: true });
  const halves = db.prepare(
    `SELECT (SELECT count(*) FROM message WHERE blob NOT IN (SELECT id FROM blob)),
      (SELECT count(*) FROM blob b WHERE NOT EXISTS (SELECT 1 FROM blob_key k WHERE k.n = b.n)),
      (SELECT count(*) FROM blob_key WHERE n NOT IN (SELECT n FROM blob)),
      (SELECT count(*) FROM conversation_key WHERE dead = 1)`,
  );
  expect(halves.raw().get()).toEqual([0, 0, 0, 0]);
  const counted = db
    .prepare("SELECT (SELECT count(*) FROM message) AS messages, (SELECT count(*) FROM blob) AS blobs")
    .get();
  expect(store.counts()).toMatchObject(counted as object);
  db.close();
  await store.close();
}

test("SIGKILL at every durable step loses nothing that was acknowledged", { timeout: 1_800_000 }, async () => {
  const names = new Set<string>();
  const all = mkdtempSync(join(tmpdir(), "lazaret-kill-"));
  const points = told(all, 0).at(-1)?.points ?? 0;
  expect(points).toBeGreaterThan(50);
  for (let at = 1; at <= points; at++) {
    const dir = mkdtempSync(join(tmpdir(), "lazaret-kill-"));
    const story = told(dir, at);
    const point = story.find((one) => one.point !== undefined)?.point ?? "none";
    names.add(point);
    try {
      await check(dir, story);
    } catch (error) {
      throw new Error(`killed at ${at}, ${point}`, { cause: error });
    }
    rmSync(dir, { recursive: true });
  }
  rmSync(all, { recursive: true });
  expect([...names]).toEqual(
    expect.arrayContaining([
      "create.key.written",
      "migrate.1.before",
      "commit.before",
      "commit.after",
      "checkpoint.signed",
      "rekey.written",
      "rekey.renamed",
      "rekey.settled",
      "erase.key.written",
      "erase.rewrapped",
      "erase.committed",
      "erase.key.destroyed",
      "erase.swept",
      "erase.shrunk",
      "backup.copied",
      "backup.done",
      "restore.prepared",
      "restore.swapped",
      "restore.done",
    ]),
  );
});
