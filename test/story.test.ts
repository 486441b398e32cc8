/** The main story: a message becomes a sealed blob, a summary, a reply; the agent never sees what was said. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgentDriver, InvocationReply } from "../src/core/agent.ts";
import { importLines } from "../src/gateway/import.ts";
import { type World, world } from "./world.ts";

const seen: InvocationReply[] = [];
/** An agent that reads its request, summarises the chat it names, and answers with the handle. */
const agent: AgentDriver = {
  name: "butler",
  async drive(_wake, run) {
    const request = await run.invoke({
      capability: "request.read",
      input: {},
      justification: "to know what was asked",
      idempotency_key: "read",
    });
    seen.push(request);
    const summary = await run.invoke({
      capability: "message.summarize",
      input: { conversation: "family", last: 20 },
      justification: "it was asked for",
      idempotency_key: "work",
    });
    seen.push(summary);
    const [value] = summary.values ?? [];
    seen.push(
      await run.invoke({
        capability: "chat.reply",
        input: { template: `Here it is:\n{{v:${value?.handle}.points}}` },
        justification: "the answer",
        idempotency_key: "reply",
      }),
    );
    await run.finish();
  },
};

let here: World;
beforeEach(async () => {
  seen.length = 0;
  here = await world({ drivers: [agent] });
});
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const LINES = [
  ["Ana", "Can somebody bring the tent on Saturday?"],
  ["Ben", "I will bring the tent and the stove."],
  ["Ana", "Great. Carla, please book the campsite by Thursday."],
  ["Carla", "Done, I booked two nights at the lake for 84 euros."],
] as const;

test("an imported conversation is summarised into a reply, and every step is in the ledger", async () => {
  await importLines(
    here.powers,
    "family",
    LINES.map(([sender, text], n) => ({ id: `m${n}`, sender, text, sent_at: here.home.clock.now() - 60_000 + n })),
  );
  await here.type("summarise family");
  expect(seen.map(({ status, code }) => code ?? status)).toEqual(["done", "done", "done"]);
  expect(here.said.join("\n")).toMatch(/tent/);
  const run = here.store.all("run", { limit: 10 })[0]?.value;
  expect(run?.status.state).toBe("done");
  const types = here.store.ledger.entries(0, 1000).map((entry) => entry.type);
  expect(types).toContain("quarantine.accessed");
  expect(types.at(-1)).toBe("effect.done");
  expect((await here.store.ledger.verify(null)).ok).toBe(true);
});
