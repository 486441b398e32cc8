/**
 * A source that changes while its answer is being made: the answer is made anew once, from what the message says now.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgentDriver, InvocationReply } from "../src/core/agent.ts";
import { type World, world } from "./world.ts";

let here: World;
let between: (() => Promise<void>) | null = null;
const replies: InvocationReply[] = [];
const why = "it was asked for";

/**
 * Summarises the messages before the request, lets the test do something, then answers.
 * Other requests are acknowledged.
 */
const agent: AgentDriver = {
  name: "butler",
  async drive(_wake, run) {
    const act = between;
    between = null;
    let template = "Noted.";
    if (act !== null) {
      const input = { last: 5 };
      const made = await run.invoke({
        capability: "message.summarize",
        input,
        justification: why,
        idempotency_key: "work",
      });
      template = `{{v:${made.values?.[0]?.handle}.points}}`;
      await act();
    }
    replies.push(
      await run.invoke({ capability: "chat.reply", input: { template }, justification: why, idempotency_key: "reply" }),
    );
    await (replies.at(-1)?.status === "done" ? run.finish() : run.fail("agent"));
  },
};

beforeEach(async () => {
  replies.length = 0;
  here = await world({ drivers: [agent] });
  await here.console.submit("The boat tour starts on Saturday at ten at the north pier.", { id: "tour" });
  await here.rest();
});
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const drained = async (): Promise<void> => {
  while (here.store.inboxCount() > 0) await new Promise<void>((resolve) => setImmediate(resolve));
};

test("an answer says what the message says now, not what it said when it was read", async () => {
  between = async () => {
    await here.console.submit("The boat tour starts on Sunday at eleven at the south pier.", {
      kind: "edit",
      target: "tour",
    });
    await drained();
  };
  await here.type("summarise");
  expect(replies.at(-1)?.status).toBe("done");
  expect(here.said.at(-1)).toMatch(/Sunday/);
  expect(here.said.at(-1)).not.toMatch(/Saturday/);
});

test("an answer that rests on a deleted message is not said", async () => {
  between = async () => {
    await here.console.submit("", { kind: "delete", target: "tour" });
    await drained();
  };
  await here.type("summarise");
  expect(replies.at(-1)).toMatchObject({ status: "refused", code: "not_found" });
  expect(here.said.join("\n")).not.toMatch(/Saturday/);
});
