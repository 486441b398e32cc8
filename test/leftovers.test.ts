/** A purge is done when the connector has forgotten too, and is asked for again while it cannot. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connector, Stop } from "../src/core/ports.ts";
import { finishPurges, purge } from "../src/gateway/erase.ts";
import { HookOutbox } from "../src/gateway/hooks.ts";
import { newConversation } from "../src/gateway/people.ts";
import { transact } from "../src/gateway/transact.ts";
import { type World, world } from "./world.ts";

let here: World;
let can: boolean;
let asked: string[];
const account: Connector = {
  channel: "mx",
  kind: "matrix",
  abilities: {
    kinds: ["message"],
    operations: ["text"],
    textUnitsMax: 8000,
    threads: true,
    idempotency: "native",
    limits: [],
    transport: "e2ee",
    buttons: false,
  },
  async *open({ stop }: { readonly stop: Stop }) {
    await new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }));
  },
  send: async () => ({ state: "sent", eventIds: [] }),
  health: () => ({ state: "live", code: null }),
  forget: async (conversation) => {
    asked.push(conversation);
    return can;
  },
  close: async () => {},
};

beforeEach(async () => {
  [can, asked] = [true, []];
  here = await world({ drivers: [] });
  const { powers } = here;
  const record = { id: "mx", tenant: "default", kind: "matrix", from: "cli", assurance: "low", secret: null } as const;
  await transact(powers, (draft) => {
    draft.put("channel", "mx", { ...record, settings: {} });
    for (const alias of ["club", "other"]) {
      const place = { channel: "mx", platform: `!${alias}:hs`, kind: "group", encrypted: true } as const;
      newConversation(powers, draft, place, { status: "allowed", alias, members: [] });
    }
  });
});
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const connect = () => here.gateway.supervisor.connect(account, new HookOutbox(here.powers, "mx"));
const purgeClub = () => purge(here.powers, { by: "conversation", conversation: "club" });
const completed = (): number =>
  here.store.ledger.entries(0, 1000).filter(({ type }) => type === "purge.completed").length;

test("the room of the conversation is forgotten, and no other", async () => {
  await connect();
  expect((await purgeClub()).state).toBe("done");
  expect([asked, completed()]).toEqual([["!club:hs"], 1]);
});

test("while it cannot be, the purge is pending and has no receipt", async () => {
  can = false;
  await connect();
  expect(await purgeClub()).toMatchObject({ state: "pending", receipt: null });
  await finishPurges(here.powers);
  expect([asked.length, completed()]).toEqual([2, 0]);
  can = true;
  await finishPurges(here.powers);
  await finishPurges(here.powers);
  expect([asked.length, completed()]).toEqual([3, 1]);
});

test("where the account is not there yet, it is waited for; where its channel is gone, so are its stores", async () => {
  expect((await purgeClub()).state).toBe("pending");
  await finishPurges(here.powers);
  expect(completed()).toBe(0);
  await transact(here.powers, (draft) => draft.drop("channel", "mx"));
  await finishPurges(here.powers);
  expect([asked, completed()]).toEqual([[], 1]);
});
