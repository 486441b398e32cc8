/** The verb that exports, on a whole daemon: what it writes verifies offline, and stands in the ledger itself. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { offlineVerbs } from "../src/offline-verbs.ts";
import { type DaemonWorld, daemonOn, inHome } from "./daemon-world.ts";
import { type TestHome, testHome } from "./store-home.ts";

const { verifyBundle } = offlineVerbs({}, () => "/");
let home: TestHome;
let here: DaemonWorld;
beforeEach(async () => {
  home = testHome();
  here = await daemonOn(home);
});
afterEach(async () => {
  await here.close();
  home.remove();
});

test("an export verifies offline, against a checkpoint of before and after, and is an entry itself", async () => {
  const { checkpoint: before } = await here.owner["ledger.checkpoint"]({});
  await here.owner["demo.load"]({});
  const file = inHome(home, "bundle");
  const made = await here.owner["ledger.export"]({ file });
  const report = await verifyBundle?.(file, before);
  expect(report).toMatchObject({ ok: true, entries: made.entries, not_excluded: null, dangling: [] });
  const { entries } = await here.owner["ledger.entries"]({ after: made.entries, limit: 10 });
  expect(entries.map(({ type, body }) => [type, body["what"]])).toEqual([["export.made", "ledger"]]);
  const { checkpoint: after } = await here.owner["ledger.checkpoint"]({});
  expect(await verifyBundle?.(file, after)).toMatchObject({ ok: false, bad_seq: made.entries + 1 });
});

test("a bundle holds no word of what people wrote and no name of theirs", async () => {
  await here.owner.import({
    conversation: "family",
    lines: [{ id: "CANARY-ID", sender: "CANARY-SENDER", text: "CANARY-TEXT", sent_at: home.clock.now() }],
  });
  const file = inHome(home, "bundle");
  await here.owner["ledger.export"]({ file });
  expect(readFileSync(file, "utf8")).not.toMatch(/CANARY/);
});

test("an export never writes over a file", async () => {
  const file = inHome(home, "there");
  writeFileSync(file, "precious");
  await expect(here.owner["ledger.export"]({ file })).rejects.toMatchObject({ code: "input.invalid" });
  expect(readFileSync(file, "utf8")).toBe("precious");
});
