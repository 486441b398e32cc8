/** A homeserver that is away, slow, restarted or overrun: nothing is lost, and `status` says how it is. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Weather } from "./between.ts";
import { until } from "./person.ts";
import { SoakTown } from "./soak-town.ts";

const HEALTH_MS_MAX = 60_000;
const BAD_GATEWAY: Weather = { status: 502, body: {} };
const TOO_MANY: Weather = {
  status: 429,
  body: { errcode: "M_LIMIT_EXCEEDED", error: "Too many requests", retry_after_ms: 500 },
};

let soak: SoakTown;
beforeAll(async () => {
  soak = await SoakTown.found();
});
afterAll(() => soak?.[Symbol.asyncDispose]());

type Listed = { readonly channels: readonly { readonly name: string; readonly state: string }[] };
const state = async (): Promise<string | undefined> =>
  (await soak.town.ask<Listed>("channel.list")).channels.find(({ name }) => name === "mx")?.state;

/** The state within the promised time; throws what it was when it did not come. */
async function within(wanted: (now: string | undefined) => boolean): Promise<void> {
  const late = performance.now() + HEALTH_MS_MAX;
  const found = await until(async () => {
    const now = await state();
    return wanted(now) || performance.now() > late ? (now ?? "none") : null;
  });
  if (!wanted(found)) throw new Error(`the channel is ${found}`);
}

async function once(): Promise<void> {
  await soak.answered();
  expect(await soak.answers()).toBe(soak.asked);
}

describe("nothing is lost and the state is true within a minute", () => {
  test.each<[string, Weather]>([
    ["gone", "gone"],
    ["answering 502", BAD_GATEWAY],
  ])("when the homeserver is %s for a while", async (_name, weather) => {
    soak.proxy.set(weather);
    await soak.ask();
    await within((now) => now !== "live");
    await soak.ask();
    soak.proxy.set("fair");
    await within((now) => now === "live");
    await once();
  });

  test("when the homeserver says that it is too much", async () => {
    soak.proxy.set(TOO_MANY);
    await soak.ask();
    await soak.ask();
    // A sync that was cut off asks for /versions until that is answered, so it may be the one that is told.
    await until(() => soak.proxy.with(/^\/_matrix\/client\//, 429).length > 0);
    soak.proxy.set("fair");
    await within((now) => now === "live");
    await once();
  });

  test("when each answer takes seconds", async () => {
    soak.proxy.set({ slowMs: 2500 });
    await soak.ask();
    await once();
    soak.proxy.set("fair");
  });

  test("when the homeserver is restarted", async () => {
    await soak.ask();
    await soak.town.server.down();
    await within((now) => now !== "live");
    await soak.town.server.up();
    await soak.ask();
    await within((now) => now === "live");
    await once();
  });
});
