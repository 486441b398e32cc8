/** Work that is under way: it stops with its run, and whoever waits for it is told that it goes on. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver, InvocationReply } from "../src/core/agent.ts";
import { SECOND_MS } from "../src/core/limits.ts";
import { WorkerRunner } from "../src/edge/worker-runner.ts";
import { importLines } from "../src/gateway/import.ts";
import { until, WALL, type World, type WorldOptions, world } from "./world.ts";

let here: World;
let transforms: WorkerRunner | null = null;
afterEach(async () => {
  await here.close();
  await transforms?.close();
  transforms = null;
  here.home.remove();
});

test("a cancelled run takes the thread of its transform along, and the next request is served", async () => {
  const replies: InvocationReply[] = [];
  const stops: boolean[] = [];
  const agent: AgentDriver = {
    name: "butler",
    async drive(_wake, run, stop) {
      const input = { conversation: "family", last: 5 };
      replies.push(
        await run.invoke({ capability: "message.summarize", input, justification: "asked", idempotency_key: "s" }),
      );
      stops.push(stop.aborted);
    },
  };
  // The fixture hangs for ever, and its deadline is far.
  const entry = new URL("./fixtures/worker-hung.ts", import.meta.url);
  transforms = new WorkerRunner({ entry, clock: WALL, workersMax: 1 });
  here = await world({ drivers: [agent], transforms });
  transforms.warm();
  const sent_at = here.home.clock.now() - 60_000;
  await importLines(here.powers, "family", [{ id: "m1", sender: "Ana", text: "Bring the tent.", sent_at }]);
  const begun = performance.now();
  await here.console.submit("summarise family");
  await until(() => here.store.find("call", "open", "open", { limit: 1 }).length === 1);
  await here.console.submit("cancel");
  await until(() => replies.length === 1);
  expect(performance.now() - begun).toBeLessThan(9000);
  expect(replies[0]).toMatchObject({ code: "run.ended", next: "ended" });
  await here.rest();
  expect(stops).toEqual([true]);
  expect(here.said).toEqual(["Stopped: one request."]);
  expect(here.store.all("run", { limit: 1 })[0]?.value.status).toEqual({ state: "cancelled", reason: "asked" });
});

/** A driver that works until it is let go, then answers. */
function slow(): { readonly options: WorldOptions; readonly letGo: () => void } {
  const gate = Promise.withResolvers<void>();
  const driver: AgentDriver = {
    name: "butler",
    drive: async (_wake, run) => {
      await gate.promise;
      await run.invoke({
        capability: "chat.reply",
        input: { template: "Here it is." },
        justification: "asked",
        idempotency_key: "r",
      });
      await run.finish();
    },
  };
  return { options: { drivers: [driver] }, letGo: gate.resolve };
}

test("a sign within three seconds, a word within ten, and the word is edited as time passes", async () => {
  const { options, letGo } = slow();
  here = await world(options);
  await here.console.submit("something long");
  await until(() => here.gateway.drives.busy === 1);
  const shown = (): readonly string[] => here.shown.map((it) => ("text" in it ? `${it.op}: ${it.text}` : it.op));
  const turn = async (ms: number): Promise<void> => {
    const had = here.shown.length;
    here.home.clock.turn(ms);
    // Shown, and known to have been.
    const open = { channel: "console", states: ["pending", "sending"] } as const;
    await until(() => here.shown.length > had && here.store.outbox(open, { limit: 1 }).length === 0);
  };
  await turn(2.6 * SECOND_MS);
  expect(shown()).toEqual(["typing"]);
  await turn(7 * SECOND_MS);
  expect(shown().at(-1)).toBe("text: butler is on it. Say cancel to stop it.");
  await turn(15 * SECOND_MS);
  expect(shown().at(-1)).toBe("edit: butler is on it: 25 seconds, 0 steps of 50. Say cancel to stop it.");
  letGo();
  await here.rest();
  expect(shown().at(-1)).toBe("text: Here it is.");
  await turn(15 * SECOND_MS);
  expect(shown().at(-1)).toBe("edit: Done.");
  here.home.clock.turn(60 * SECOND_MS);
  await here.rest();
  expect(shown().filter((line) => line.startsWith("edit"))).toHaveLength(2);
});

test("who was answered at once hears nothing more", async () => {
  const { options, letGo } = slow();
  letGo();
  here = await world(options);
  await here.type("something short");
  here.home.clock.turn(60 * SECOND_MS);
  await here.rest();
  expect(here.said).toEqual(["Here it is."]);
});
