/** A hundred thousand messages of one room go while others arrive: at once unreadable, then nowhere in any file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { batchOf, openAt } from "../../bench/big-home.ts";
import { syncMs } from "../../bench/floors.ts";
import { type ConversationId, newId } from "../../src/core/ids.ts";
import { systemRandom } from "../../src/powers.ts";

const MESSAGES = 100_000;
const BATCH = 500;
const NOTHING = { messages: [], blobs: [], drop: [], put: [], refs: [], entries: [] };

const p99 = (all: readonly number[]): number => [...all].sort((a, b) => a - b)[Math.floor(all.length * 0.99)] ?? 0;

function* filesIn(dir: string): Generator<string> {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) yield* filesIn(path);
    else yield path;
  }
}

test("a purge of 100,000 messages is fast to take effect, holds up nobody and leaves no bytes", async () => {
  const dir = mkdtempSync(join(tmpdir(), "lazaret-many-"));
  let committed = 0;
  const probe = (step: string): void => {
    if (step === "erase.committed") committed = performance.now();
  };
  const store = await openAt(dir, { probe });
  const [gone, stays] = [0, 1].map(() => newId("ConversationId", systemRandom.bytes(16))) as [
    ConversationId,
    ConversationId,
  ];
  const sealed: string[] = [];
  for (let at = 0; at < MESSAGES; at += BATCH) {
    const batch = batchOf([gone], at, BATCH);
    await store.commit(batch);
    if (at % 10_000 === 0) sealed.push(...(batch.messages ?? []).slice(0, 5).map(({ value }) => value.id));
  }
  let arrived = 0;
  const arrivals = async (isOver: () => boolean): Promise<readonly number[]> => {
    const ms: number[] = [];
    while (!isOver()) {
      const begun = performance.now();
      await store.commit(batchOf([stays], MESSAGES + arrived++, 1));
      ms.push(performance.now() - begun);
      await pause(5);
    }
    return ms;
  };
  const until = performance.now() + 2000;
  const before = p99(await arrivals(() => performance.now() > until));
  const floor = syncMs(dir);
  let isDone = false;
  const during = arrivals(() => isDone);
  const began = performance.now();
  const erased = await store.erase({ tenant: "default", conversations: [gone], ...NOTHING });
  isDone = true;
  const ended = performance.now();
  const after = p99(await during);
  console.info(
    `unreadable ${(committed - began).toFixed(1)} ms = ${((committed - began) / floor).toFixed(1)} syncs; ` +
      `gone ${(ended - began).toFixed(0)} ms; p99 of arrivals ${before.toFixed(1)} → ${after.toFixed(1)} ms`,
  );
  expect(erased).toMatchObject({ messages: MESSAGES, blobs: MESSAGES, journalClean: true });
  expect(store.counts().messages).toBe(arrived);
  expect(store.residue()).toMatchObject({ deadKeys: 0, blobsWithoutKey: 0, keysWithoutBlob: 0 });
  // Ids are kept as bytes: of none of those that went is one left outside the ledger, which keeps what it was told.
  const [first = ""] = sealed;
  expect(store.message(first as never)).toBeNull();
  await store.close();
  for (const file of filesIn(dir)) {
    const bytes = readFileSync(file);
    const left = sealed.filter((id) => bytes.includes(Buffer.from(id.slice(4), "hex")));
    expect([file, left]).toEqual([file, []]);
  }
  // Far beyond what a quiet machine shows; what it shows is printed above.
  expect((committed - began) / floor).toBeLessThan(500);
  rmSync(dir, { recursive: true, force: true });
});
