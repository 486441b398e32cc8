/** 2,000 messages, twelve kills at any moment: each is kept, and none twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ConversationId } from "../../src/core/ids.ts";
import { systemRandom, wallClock } from "../../src/powers.ts";
import { openStore } from "../../src/store/open.ts";
import { textOf } from "../store-home.ts";
import { BotApi } from "../telegram/bot-api.ts";
import { GROUP, TOKEN } from "../telegram/town.ts";

const MESSAGES = 2000;
const KILLS = 12;
const STORY = new URL("telegram-kill-story.ts", import.meta.url).pathname;
const ANA = { id: 42, is_bot: false, first_name: "Ana" };

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A daemon that is set up, and ends when the returned function is called. */
async function up(dir: string, root: string): Promise<() => Promise<void>> {
  const child: ChildProcess = spawn(process.execPath, [STORY, dir, root, TOKEN], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await Promise.race([
    new Promise<void>((resolve) => child.stdout?.once("data", () => resolve())),
    gone.then(() => Promise.reject(new Error("it ended by itself"))),
  ]);
  return async () => {
    child.kill("SIGKILL");
    await gone;
  };
}

test("2,000 messages and twelve kills: none lost, none twice", { timeout: 300_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "lazaret-telegram-kill-"));
  const api = new BotApi(TOKEN, wallClock, { username: "gate_bot" });
  const root = await api.start();
  const first = await up(dir, root);
  await first();
  let written = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Some wait for the daemon, some come while it works.
    const until = Math.ceil((MESSAGES * (kill + 1)) / KILLS);
    const early = written + Math.floor((until - written) / 2);
    for (; written < early; written += 1) api.world.say(GROUP, ANA, `message ${written}`);
    const end = await up(dir, root);
    for (; written < until; written += 1) api.world.say(GROUP, ANA, `message ${written}`);
    // Anything from the first commit to the last.
    await later(Math.random() * 400);
    await end();
  }
  const end = await up(dir, root);
  for (let tries = 0; api.world.updates.pending > 0 && tries < 600; tries += 1) await later(50);
  await later(3000);
  await end();
  const last = await up(dir, root);
  await later(3000);
  await last();
  await api.stop();
  const store = await openStore({
    dataDir: join(dir, "data"),
    keysDir: join(dir, "keys"),
    clock: wallClock,
    random: systemRandom,
    unlock: { kind: "file" },
    tenant: "default",
    create: false,
  });
  const place = store.find("conversation", "alias", "default/hiking", { limit: 1 })[0]?.value.id as ConversationId;
  const kept = store.messages({ conversation: place, last: 10_000 }).filter(({ own }) => !own);
  const texts = await Promise.all(kept.map(async ({ blob }) => JSON.parse(await textOf(store, blob)).text as string));
  const wanted = Array.from({ length: MESSAGES }, (_, at) => `message ${at}`);
  expect(store.inboxCount()).toBe(0);
  expect(texts.length).toBe(MESSAGES);
  expect(new Set(texts)).toEqual(new Set(wanted));
  expect((await store.ledger.verify(null)).ok).toBe(true);
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});
