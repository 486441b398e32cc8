/**
 * Checkpoints outside the home: kept as they are signed, held against the ledger at the start, missed and made up
 * for.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CheckpointPlace, filePlace, gitPlace } from "../src/checkpoint-places.ts";
import { systemGit } from "../src/powers.ts";
import { configOf } from "./config-reading.ts";
import { type DaemonWorld, daemonOn } from "./daemon-world.ts";
import { type TestHome, testHome } from "./store-home.ts";

let home: TestHome;
let file: string;
let repository: string;
const places = (): readonly CheckpointPlace[] => [filePlace(file), gitPlace(repository, systemGit)];
const started = (at: readonly CheckpointPlace[]): Promise<DaemonWorld> =>
  daemonOn(home, configOf(null), { places: at });

beforeEach(async () => {
  home = testHome();
  file = join(home.dir, "lazaret.checkpoints");
  repository = join(home.dir, "repository");
  mkdirSync(repository);
  await systemGit(repository, ["init", "--quiet"]);
});
afterEach(() => home.remove());

test("a home that nobody touched goes on from what is kept, and keeps what it signs", async () => {
  await (await started(places())).close();
  const here = await started(places());
  expect((await here.owner.status({})).notes.filter((note) => note.startsWith("ALARM"))).toEqual([]);
  await here.owner["secrets.set"]({ name: "more", value: "x" });
  const { checkpoint } = await here.owner["ledger.checkpoint"]({});
  await here.daemon.watch.publish();
  for (const place of places()) expect((await place.read()).at(-1)).toBe(checkpoint);
  expect(await systemGit(repository, ["log", "-1", "--format=%s"])).toBe(`checkpoint ${checkpoint.split("\n")[1]}\n`);
  await here.close();
});

test("a place that is away is an alarm and stops nothing, and gets what it missed when it is back", async () => {
  const gone = join(home.dir, "stick", "lazaret.checkpoints");
  const here = await started([filePlace(gone), gitPlace(join(home.dir, "nothing"), systemGit)]);
  await here.owner["ledger.checkpoint"]({});
  await here.daemon.watch.publish();
  const { notes } = await here.owner.status({});
  expect(notes.filter((note) => note.startsWith("ALARM")).map((note) => note.slice(7, 40))).toEqual([
    `the checkpoints in ${home.dir}`.slice(0, 33),
    `no checkpoint can be kept in ${home.dir}`.slice(0, 33),
    `no checkpoint can be kept in ${home.dir}`.slice(0, 33),
  ]);
  mkdirSync(join(home.dir, "stick"));
  await here.daemon.watch.publish();
  expect(await filePlace(gone).read()).toHaveLength(1);
  expect((await here.owner.status({})).notes.filter((note) => note.includes("stick"))).toEqual([]);
  await here.close();
});

test("an effect that was begun before a crash and has no outcome is said at the next start", async () => {
  await (await daemonOn(home)).close();
  const store = await home.open();
  await store.commit({ entries: [{ type: "effect.intended", tenant: "default", body: { effect: "lost" } }] });
  const seq = store.ledger.size();
  await store.close();
  const here = await daemonOn(home);
  expect((await here.owner.status({})).notes).toContain(
    `ALARM: 1 effects were begun, and nobody wrote down what came of them: entries ${seq}`,
  );
  expect(here.daemon.watch.dangling).toEqual([seq]);
  await here.close();
});

test("what only waits to be fetched is no alarm", async () => {
  const first = await daemonOn(home);
  await first.owner["demo.load"]({});
  await first.owner["chat.say"]({ text: "who is mentioned in demo?" });
  await first.daemon.gateway.supervisor.idle();
  await first.close();
  const here = await daemonOn(home);
  expect(here.daemon.watch.dangling).toEqual([]);
  await here.close();
});

test("a ledger that does not go on from what is kept is an alarm, and the daemon starts all the same", async () => {
  await (await started([filePlace(file)])).close();
  const other = testHome();
  const there = await daemonOn(other, configOf(null), { places: [filePlace(file)] });
  const [alarm = ""] = (await there.owner.status({})).notes;
  expect(alarm).toMatch(/^ALARM: the ledger does not go on from the checkpoint of \d+ entries .* of another ledger$/);
  await there.close();
  other.remove();
});
