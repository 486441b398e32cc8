/** A run whose budget is used up, where the owner wants to be asked: once, for what is shown, and nobody else. */
import { afterEach, expect, test } from "vitest";
import type { InvocationReply } from "../src/core/agent.ts";
import { INTERACTIVE } from "../src/core/budget.ts";
import { butlerThat, closeWorld, group, type HookWorld, hookWorld, person } from "./webhook-world.ts";

let here: HookWorld;
let made: InvocationReply[] = [];
let times = 0;
afterEach(() => closeWorld(here));

/** Asks as often as it is told, each time under the key it had before, and answers at the end. */
const eager = butlerThat(async (run) => {
  made = [];
  for (let n = 0; n < times; n += 1) {
    const reply = await run.invoke({
      capability: "conversation.list",
      input: {},
      justification: "I count.",
      idempotency_key: `n${n}`,
    });
    made.push(reply);
    if (reply.status !== "done") return;
  }
  await run.invoke({
    capability: "chat.reply",
    input: { template: "Counted." },
    justification: "An answer.",
    idempotency_key: "end",
  });
  await run.finish();
});

async function begin(calls: number, onExhausted: "fail" | "ask" = "ask", owner = true): Promise<void> {
  times = calls;
  here = await hookWorld({
    drivers: [eager],
    assurance: "medium",
    settings: { interactive: { ...INTERACTIVE, steps: 5 }, onExhausted },
    people: [...(owner ? [person("olga", "owner")] : []), person("ben", "approver"), person("ana", "member")],
    conversations: [group("family")],
  });
  const members = [...(owner ? ["olga"] : []), "ben", "ana"];
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members });
  await here.post({ id: "ask", conversation: "room-family", sender: "ana", text: "count", addressed: true });
}
const say = (sender: string, text: string) => here.post({ conversation: "room-family", sender, text, addressed: true });
const run = () => here.runs()[0];
const code = async (): Promise<string> => (await here.question()).approval.code;

test("the owner's yes adds what was shown, once, and the run goes on where it was", async () => {
  await begin(8);
  expect(run()?.status.state).toBe("paused.approval");
  expect(made.map(({ status }) => status)).toEqual(["done", "done", "done", "done", "done", "approval_required"]);
  const { text } = await here.question();
  expect(text).toContain("5 more steps, once. So far 5 of 5 were used.");
  expect(text).not.toContain("whoever reads it there");
  await say("olga", `approve ${await code()}`);
  expect([run()?.status.state, run()?.budget.limit.steps]).toEqual(["done", 10]);
  expect(here.approvals()[0]?.status.state).toBe("consumed");
  expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
});

test("what is used up a second time ends the run: nobody is asked again", async () => {
  await begin(30);
  await say("olga", `approve ${await code()}`);
  expect(run()?.status).toEqual({ state: "failed", reason: "budget.steps" });
  expect(here.approvals()).toHaveLength(1);
});

test("nobody but the owner adds to it", async () => {
  await begin(8);
  const asked = await code();
  for (const sender of ["ben", "ana"]) await say(sender, `approve ${asked}`);
  expect([run()?.status.state, run()?.budget.limit.steps]).toEqual(["paused.approval", 5]);
});

test("a no, and no answer in time, end the run by the unit that was used up", async () => {
  await begin(8);
  await say("olga", `deny ${await code()}`);
  expect(run()?.status).toEqual({ state: "failed", reason: "budget.steps" });
  expect(run()?.budget.limit.steps).toBe(5);
});

test("where no owner is in the room, the owner is asked where the owner is", async () => {
  await begin(8, "ask", false);
  expect(run()?.status.state).toBe("paused.approval");
  expect(await here.read("family")).toEqual([expect.stringContaining("I have asked where it can be given")]);
});

test("where the owner does not want to be asked, the run ends at once", async () => {
  await begin(8, "fail");
  expect(run()?.status).toEqual({ state: "failed", reason: "budget.steps" });
  expect(here.approvals()).toEqual([]);
});
