import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { PurgeScope } from "../../src/core/verbs/evidence.ts";
import { openStore } from "../../src/store/open.ts";
import { restoreHome } from "../../src/store/restore.ts";
import { HandClock, START, textOf } from "../store-home.ts";
import { copyHome, optionsFor } from "./kill-home.ts";
import { PurgeScene } from "./purge-scene.ts";

const scenes: PurgeScene[] = [];
afterEach(() => {
  for (const scene of scenes.splice(0)) scene.remove();
});

async function setUp(): Promise<PurgeScene> {
  const scene = new PurgeScene();
  scenes.push(scene);
  return scene.setUp();
}

/** Long enough never to come again by chance. */
const piece = (sealed: Buffer): string => sealed.subarray(0, 48).toString("latin1");

type Case = {
  readonly name: string;
  readonly scope: (scene: PurgeScene) => Promise<PurgeScope> | PurgeScope;
  /** Messages of people that stay, by room. */
  readonly ops: readonly string[];
  readonly family: readonly string[];
};

const FAMILY = ["m0", "m1", "m2"];
const OPS = ["e1", "e2", "e3", "e4"];
const CASES: readonly Case[] = [
  { name: "a conversation", scope: () => ({ by: "conversation", conversation: "family" }), ops: OPS, family: [] },
  {
    name: "a sender",
    scope: async (scene) => ({ by: "sender", principal: (await scene.principal("zoe")) as never }),
    ops: ["e2", "e4"],
    family: FAMILY,
  },
  {
    name: "a session",
    scope: (scene) => ({ by: "session", session: scene.session("ops") as never }),
    ops: ["e1", "e2", "e3"],
    family: FAMILY,
  },
  { name: "a channel", scope: () => ({ by: "channel", channel: "alerts" }), ops: [], family: FAMILY },
  { name: "what is old", scope: ({ clock }) => ({ by: "before", time: clock.now() - 1000 }), ops: OPS, family: [] },
  { name: "all", scope: () => ({ by: "all" }), ops: [], family: [] },
];

test.each(CASES)("purging $name leaves nothing of it in any file, and everything else as it was", async (it) => {
  const scene = await setUp();
  const { owner, store } = scene;
  const scope = await it.scope(scene);
  const before = scene.sealed();
  const texts = new Map<string, string>();
  for (const message of [...scene.kept("ops"), ...scene.kept("family")])
    texts.set(message.id, await textOf(store, message.blob));
  expect(await owner.purge({ scope, dry_run: true })).toMatchObject({ state: "dry_run", receipt: null });
  expect([scene.people("ops"), scene.people("family")]).toEqual([OPS, FAMILY]);
  const done = await owner.purge({ scope });
  expect(done).toMatchObject({ state: "done", held: 0 });
  expect([scene.people("ops"), scene.people("family")]).toEqual([it.ops, it.family]);
  const after = scene.sealed();
  const gone = [...before].filter(([id]) => !after.has(id));
  expect(gone.length).toBeGreaterThan(3);
  const files = scene.files();
  for (const [id, parts] of gone)
    for (const part of parts) expect(`${id} ${files.includes(piece(part))}`).toBe(`${id} false`);
  expect(scene.words.foundIn(files)).toEqual([]);
  // What is left opens as before.
  for (const message of [...scene.kept("ops"), ...scene.kept("family")])
    expect(await textOf(store, message.blob)).toBe(texts.get(message.id));
  // Nothing that was made of it is left to be shown.
  const sources = store.all("value", { limit: 1000 }).flatMap(({ value }) => value.sources);
  expect(sources.filter(({ message }) => store.message(message) === null)).toEqual([]);
  expect(await owner["ledger.verify"]({})).toMatchObject({ ok: true });
  expect((await owner["ledger.replay"]({})).differences).toEqual([]);
  await scene.close();
});

test("the bot's own words about what was erased go with it, its answers to agents too", async () => {
  const scene = await setUp();
  const said = (): number =>
    scene.store.messageIds({ channel: "console" }, { limit: 100 }).filter((id) => scene.store.message(id)?.own).length;
  const answers = (): number =>
    scene.store
      .all("call", { limit: 100 })
      .filter(({ value }) => value.answer !== null && value.capability === "message.summarize").length;
  const [saidBefore, answersBefore] = [said(), answers()];
  expect([saidBefore, answersBefore]).toEqual([expect.any(Number), 2]);
  await scene.owner.purge({ scope: { by: "conversation", conversation: "family" } });
  expect(said()).toBeLessThan(saidBefore);
  expect(answers()).toBe(1);
  const names = (await scene.owner["principal.list"]({})).principals.map(({ platform }) => platform ?? "");
  expect(names.filter((name) => name.startsWith("import:"))).toEqual([]);
  await scene.close();
});

test("an older copy of the data without the epoch key opens nothing", async () => {
  const scene = await setUp();
  scene.store.clean();
  const copy = join(scene.dir, "copy");
  copyHome(scene.dir, copy, ["data"]);
  await scene.owner.purge({ scope: { by: "conversation", conversation: "family" } });
  await scene.close();
  copyHome(scene.dir, copy, ["keys"]);
  const opening = openStore(optionsFor(copy, new HandClock(START)));
  await expect(opening).rejects.toMatchObject({ code: "home.unlock" });
});

test("a backup from before, restored into the living home, opens everything but what was purged", async () => {
  const scene = await setUp();
  await scene.owner.backup({ file: join(scene.dir, "backup") });
  const ops = await Promise.all(scene.kept("ops").map(({ blob }) => textOf(scene.store, blob)));
  const { receipt } = await scene.owner.purge({ scope: { by: "conversation", conversation: "family" } });
  await scene.close();
  const restored = await restoreHome({ ...optionsFor(scene.dir, scene.clock), backupDir: join(scene.dir, "backup") });
  await scene.reopen(restored.store);
  expect([scene.people("ops"), scene.people("family")]).toEqual([OPS, []]);
  expect(await Promise.all(scene.kept("ops").map(({ blob }) => textOf(scene.store, blob)))).toEqual(ops);
  expect(scene.words.foundIn(scene.files())).toEqual([]);
  expect(receipt).toMatch(/^rcpt_/);
  expect(await scene.owner["ledger.verify"]({})).toMatchObject({ ok: true });
  expect((await scene.owner["ledger.replay"]({})).differences).toEqual([]);
  await scene.close();
});

test("a receipt says what was named, how much went, who had been told, and between which signed ledgers", async () => {
  const scene = await setUp();
  const zoe = await scene.principal("zoe");
  const items = await scene.here.fetch();
  await scene.here.ack(items.at(-1)?.seq ?? 0);
  const { receipt, messages } = await scene.owner.purge({ scope: { by: "sender", principal: zoe as never } });
  const { text } = await scene.owner["purge.receipt"]({ receipt: receipt as never });
  const said = JSON.parse(text) as Record<string, never> & { checkpoint: { before: string; after: string } };
  expect(said).toMatchObject({ v: 1, receipt, scope: "sender", target: zoe, counts: { messages, held: 0 } });
  expect(said["recipients"]).toEqual([scene.kept("ops")[0]?.conversation]);
  expect(said["unreachable"]).not.toEqual([]);
  for (const against of Object.values(said.checkpoint))
    expect(await scene.owner["ledger.verify"]({ against })).toMatchObject({ ok: true, not_excluded: null });
  expect(scene.words.foundIn(text)).toEqual([]);
  expect((await scene.owner["purge.list"]({})).receipts.map((it) => it.receipt)).toEqual([receipt]);
  await scene.close();
});

test("what is held stays whatever is purged, and goes once nobody holds it", async () => {
  const scene = await setUp();
  const { owner } = scene;
  const zoe = await scene.principal("zoe");
  const holds = [
    await owner["hold.add"]({ scope: "principal", target: zoe }),
    await owner["hold.add"]({ scope: "conversation", target: "family" }),
    await owner["hold.add"]({ scope: "session", target: scene.session("ops") }),
  ];
  const held = await owner.purge({ scope: { by: "all" } });
  expect(held).toMatchObject({ state: "done" });
  expect(held.held).toBeGreaterThanOrEqual(6);
  expect([scene.people("ops"), scene.people("family")]).toEqual([["e1", "e3", "e4"], FAMILY]);
  await scene.post({ id: "d1", sender: "zoe", kind: "delete", target: "e1" });
  const kept = (): number => scene.store.messageIds({ sender: zoe as never }, { limit: 100 }).length;
  const before = kept();
  scene.clock.turn(8 * 24 * 3_600_000);
  await scene.here.rest();
  // Past its age it is closed to everybody, and still there.
  expect(scene.people("ops")).toEqual([]);
  expect(kept()).toBe(before);
  for (const { hold } of holds) await owner["hold.remove"]({ hold });
  expect(await owner.purge({ scope: { by: "all" } })).toMatchObject({ state: "done", held: 0 });
  expect([scene.people("ops"), scene.people("family")]).toEqual([[], []]);
  expect(scene.words.foundIn(scene.files())).toEqual([]);
  await scene.close();
});

test("what was erased does not come back with a backlog", async () => {
  const scene = await setUp();
  const zoe = await scene.principal("zoe");
  await scene.owner.purge({ scope: { by: "sender", principal: zoe as never } });
  for (const [id, sender] of [
    ["e1", "zoe"],
    ["e3", "zoe"],
    ["e2", "ben"],
  ] as const)
    await scene.here.post({ id, sender, text: "the same again" });
  await scene.here.rest();
  expect(scene.people("ops")).toEqual(["e2", "e4"]);
  await scene.close();
});
