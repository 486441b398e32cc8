/** What the configuration says about people and places is there when the gateway starts. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { configuredOf } from "../src/config.ts";
import { bootstrap } from "../src/gateway/bootstrap.ts";
import { configOf } from "./config-reading.ts";
import { type World, world } from "./world.ts";

let here: World;
beforeEach(async () => {
  here = await world({ drivers: [] });
});
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const TEXT = `
channels: [{ name: hook, kind: webhook, secret: s }]
conversations:
  - { alias: ops, channel: hook, room: r1, context: everyone, ttl: 3d, timezone: Asia/Tokyo, language: de,
      members: all }
people:
  - { role: member, id: "hook:ben", only: [ops, nowhere], timezone: Europe/Rome }
`;

const read = (text: string) => configuredOf(configOf(text));
const ben = () => here.store.all("principal", { limit: 10 }).find(({ value }) => value.channel === "hook")?.value;
const ops = () => here.store.find("conversation", "channel", "hook", { limit: 10 })[0]?.value;

test("a place has its context, time, zone and language, and a member is limited to the places named", async () => {
  await bootstrap(here.powers, read(TEXT));
  expect(ops()).toMatchObject({
    alias: "ops",
    status: "allowed",
    context: "everyone",
    ttlMs: 3 * 86_400_000,
    timezone: "Asia/Tokyo",
    language: "de",
    membersAll: true,
  });
  expect(ben()).toMatchObject({ role: "member", only: [ops()?.id], timezone: "Europe/Rome" });
});

test("the same file again writes nothing, and a changed one what it changes", async () => {
  await bootstrap(here.powers, read(TEXT));
  const size = here.store.ledger.size();
  const since = ben()?.pairedAt;
  await bootstrap(here.powers, read(TEXT));
  expect(here.store.ledger.size()).toBe(size);
  await bootstrap(
    here.powers,
    read(TEXT.replace("role: member", "role: approver").replace("only: [ops, nowhere], ", "")),
  );
  expect(ben()).toMatchObject({ role: "approver", only: null, pairedAt: since });
  expect(here.store.ledger.size()).toBe(size + 1);
});
