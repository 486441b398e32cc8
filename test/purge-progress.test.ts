import { join } from "node:path";
import { expect, test } from "vitest";
import { finishPurges } from "../src/gateway/erase.ts";
import { importLines } from "../src/gateway/import.ts";
import { openDatabase } from "../src/store/db.ts";
import { agentStage } from "./agent-stage.ts";
import { closeWorld } from "./webhook-world.ts";
import { until } from "./world.ts";

const LINES = Array.from({ length: 600 }, (_, at) => ({
  id: `m${at}`,
  sender: "zed",
  text: `the lake at noon, ${at}`,
  sent_at: 1_700_000_000_000 + at,
}));

test("a long erasure says what is gone and what is left, at the socket and to an auditor, then nothing", async () => {
  const { here, tokenFor } = await agentStage();
  const auditor = await tokenFor("audit", [], ["auditor"]);
  await importLines(here.powers, "work", LINES, "jsonl");
  const seen: string[] = [];
  const gone: number[] = [];
  let isOver = false;
  const done = here.owner.purge({ scope: { by: "conversation", conversation: "work" }, pin: "4711" }).finally(() => {
    isOver = true;
  });
  await until(() => {
    const [it] = here.door.receipts(auditor).under_way;
    // After the last row it is the journal that is cleaned.
    if (it?.state === "unreadable") {
      seen.push(`${it.by} ${it.state} ${it.reason}`);
      gone.push(it.gone);
      expect(it.gone + it.left).toBeGreaterThanOrEqual(600);
    }
    return isOver;
  });
  expect(await done).toMatchObject({ state: "done", messages: 600 });
  expect(seen).toContain("conversation unreadable rows");
  // Only ever more, and not all at once.
  expect(gone).toEqual([...gone].sort((a, b) => a - b));
  expect(new Set(gone).size).toBeGreaterThan(2);
  const after = await here.owner["purge.list"]({});
  expect([after.under_way, after.receipts.length]).toEqual([[], 1]);
  await closeWorld(here);
});

test("an erasure that an open reader holds up says so, and is done once the reader has gone", async () => {
  const { here } = await agentStage();
  await importLines(here.powers, "work", LINES.slice(0, 3), "jsonl");
  const reader = openDatabase(join(here.home.dataDir, "lazaret.db"), () => undefined, true);
  reader.exec("BEGIN");
  reader.prepare("SELECT COUNT(*) FROM message").get();
  const made = await here.owner.purge({ scope: { by: "conversation", conversation: "work" }, pin: "4711" });
  expect(made.state).toBe("pending");
  const { under_way: waiting } = await here.owner["purge.list"]({});
  expect(waiting).toMatchObject([{ by: "conversation", state: "pending", reason: "journal", left: 0 }]);
  reader.exec("COMMIT");
  reader.close();
  await finishPurges(here.powers);
  expect(await here.owner["purge.list"]({})).toMatchObject({ under_way: [], receipts: [{}] });
  await closeWorld(here);
});

test("deletion goes on after a leap of the clock by the owner's PIN, and looking needs none", async () => {
  const { here } = await agentStage();
  await expect(here.owner.doctor({ clock_is_right: true })).rejects.toMatchObject({ code: "auth.pin" });
  await expect(here.owner.doctor({ clock_is_right: true, pin: "0000" })).rejects.toMatchObject({ code: "auth.pin" });
  expect(await here.owner.doctor({})).toEqual({ checks: [] });
  expect(await here.owner.doctor({ clock_is_right: true, pin: "4711" })).toEqual({ checks: [] });
  await closeWorld(here);
});
