/** A transform that hangs in a real thread: it meets its deadline, and meanwhile everybody else is served. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentDriver, InvocationReply } from "../src/core/agent.ts";
import { INTERACTIVE } from "../src/core/budget.ts";
import { WorkerRunner } from "../src/edge/worker-runner.ts";
import { importLines } from "../src/gateway/import.ts";
import { until, WALL, type World, world } from "./world.ts";

/** Real time: a thread that hangs cannot be waited for by a clock turned by hand. */
const DEADLINE_MS = 400;
const entry = new URL("./fixtures/worker-hung.ts", import.meta.url);
const replies: InvocationReply[] = [];
const agent: AgentDriver = {
  name: "butler",
  async drive(_wake, run) {
    const input = { conversation: "family", last: 5 };
    const asked = { capability: "message.summarize", input, justification: "it was asked for", idempotency_key: "s" };
    replies.push(await run.invoke(asked));
    await run.fail("agent");
  },
};

let here: World;
const transforms = new WorkerRunner({ entry, clock: WALL, workersMax: 1 });
beforeAll(async () => {
  const settings = { interactive: { ...INTERACTIVE, wall_clock_ms: DEADLINE_MS } };
  here = await world({ drivers: [agent], settings, transforms });
  transforms.warm();
  const sent_at = here.home.clock.now() - 60_000;
  await importLines(here.powers, "family", [{ id: "m1", sender: "Ana", text: "Bring the tent.", sent_at }]);
});
afterAll(async () => {
  await here.close();
  await transforms.close();
  here.home.remove();
});

test("a hung transform ends at its deadline by name, and the daemon answers all the while", async () => {
  const begun = performance.now();
  await here.console.submit("summarise family");
  await until(() => here.store.all("call", { limit: 1 }).length === 1);
  let turns = 0;
  let slowest = 0;
  let last = performance.now();
  await here.console.submit("status");
  await until(() => {
    turns++;
    slowest = Math.max(slowest, performance.now() - last);
    last = performance.now();
    return here.said.length > 0;
  });
  expect(replies).toEqual([]);
  expect(here.said).toEqual([expect.stringMatching(/working on it, 0 of 50 steps used/)]);
  await here.rest();
  const took = performance.now() - begun;
  expect(replies).toEqual([expect.objectContaining({ status: "failed", code: "transform.timeout", retryable: true })]);
  expect(took).toBeGreaterThanOrEqual(DEADLINE_MS - 1);
  expect([turns > 1, slowest < DEADLINE_MS]).toEqual([true, true]);
  const types = here.store.ledger.entries(0, 1000).map(({ type, body }) => `${type} ${body["code"] ?? ""}`.trim());
  expect(types).toContain("transform.failed transform.timeout");
});

test("the person who asked reads that it did not work, and the next request is served by a new thread", async () => {
  expect(here.said.at(-1)).toMatch(/^I could not do this/);
  await here.type("summarise family");
  expect(replies.map(({ code }) => code)).toEqual(["transform.timeout", "transform.timeout"]);
});
