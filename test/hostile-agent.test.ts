/** An external agent that wants more than it was given: every try is refused, and written down. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InvocationReply } from "../src/core/agent.ts";
import type { Token } from "../src/core/records.ts";
import { type AgentStage, agentStage, codeOf } from "./agent-stage.ts";
import { closeWorld, type HookWorld } from "./webhook-world.ts";

let stage: AgentStage;
let here: HookWorld;
let token: Token;
beforeEach(async () => {
  stage = await agentStage();
  ({ here, token } = stage);
});
afterEach(() => closeWorld(here));
const tokenFor: AgentStage["tokenFor"] = (...order) => stage.tokenFor(...order);
const start: AgentStage["start"] = (...order) => stage.start(...order);
const invoke: AgentStage["invoke"] = (...order) => stage.invoke(...order);
const say: AgentStage["say"] = (...order) => stage.say(...order);
const steps: AgentStage["steps"] = (...order) => stage.steps(...order);
const fresh: AgentStage["fresh"] = (...order) => stage.fresh(...order);

test("it approves nothing, reads no lists of the owner's, purges nothing", async () => {
  const door = here.door;
  const run = await start();
  await invoke(run, "chat.send", { to: "side", template: "Hello." });
  const asked = here.approvals().at(-1);
  expect(asked?.status.state).toBe("pending");
  const id = asked?.id as never;
  const tries = [
    () => door.decide(token, id, true),
    () => door.decide(token, id, false),
    () => door.approvals(token),
    () => door.policy(token),
    () => door.tokens(token),
    () => door.secrets(token),
    () => door.receipts(token),
    () => door.channels(token),
    () => door.checkpoint(token),
    () => door.entries(token, 0, 10),
    () => door.purge(token, { by: "all" }),
  ];
  expect(await Promise.all(tries.map(codeOf))).toEqual(tries.map(() => "auth.denied"));
  expect(here.approvals().at(-1)?.status.state).toBe("pending");
  // An operator may refuse and may not allow; an owner's yes over HTTP is low, and this needs medium.
  const operator = await tokenFor("ops", [], ["operator"]);
  expect(await codeOf(() => door.decide(operator, id, true))).toBe("auth.denied");
  const owner = await tokenFor("mine", [], ["owner"]);
  expect(await codeOf(() => door.decide(owner, id, true))).toBe("approval.weak");
  await door.decide(operator, id, false);
  expect(here.store.get("approval", id)?.value.status.state).toBe("denied");
});

test("there is no capability to govern with, and asking for one costs its step and stands in the ledger", async () => {
  const run = await start();
  const wanted = [
    "policy.load",
    "budget.extend",
    "secrets.get",
    "secret.insert",
    "approvals.decide",
    "channel.connect",
    "capability.enable",
    "token.create",
    "shell.run",
    "",
    "constructor",
  ];
  const before = steps(run);
  for (const capability of wanted) expect((await invoke(run, capability)).code).toBe("capability.unknown");
  expect((await invoke(run, "chat.reply", { template: 7 })).code).toBe("input.invalid");
  expect((await invoke(run, "chat.reply", { template: "x", force: true })).code).toBe("input.invalid");
  expect(steps(run) - before).toBe(wanted.length + 2);
  const noted = here.entries("decision.made").filter((entry) => entry.run === run && entry.body["effect"] === "deny");
  expect(noted).toHaveLength(wanted.length + 2);
});

test("it does not raise its budget, and asking for ever ends its run", async () => {
  const run = await start({
    conversation: "family",
    budget: { steps: 1_000_000, cost_micros: 1e12, egress_bytes: 1e12 },
  });
  const { limit } = here.door.run(token, run);
  expect([limit.steps, limit.cost_micros]).toEqual([
    here.powers.settings.background.steps,
    here.powers.settings.background.cost_micros,
  ]);
  const codes = new Set<string | undefined>();
  for (let n = 0; n < limit.steps + 5; n++) codes.add((await invoke(run, "nothing.at_all")).code);
  expect(here.store.get("run", run)?.value.status).toEqual({ state: "failed", reason: "budget.steps" });
  expect((await invoke(run, "conversation.list")).code).toBe("budget.exhausted");
});

test("one run a conversation, no silent end, and a key keeps its body", async () => {
  const run = await start();
  expect(await codeOf(() => start())).toBe("run.queue_full");
  expect(await codeOf(() => here.door.finish(token, run, null))).toBe("run.not_done");
  expect(here.store.get("run", run)?.value.status.state).toBe("active");
  expect((await invoke(run, "request.read")).status).toBe("refused");
  const input = { template: "Hello." };
  expect((await invoke(run, "chat.reply", input, "one")).status).toBe("done");
  expect((await invoke(run, "chat.reply", input, "one")).status).toBe("done");
  expect((await invoke(run, "chat.reply", { template: "Bye." }, "one")).code).toBe("idempotency.mismatch");
  expect((await invoke(run, "message.list", {}, "one")).code).toBe("idempotency.mismatch");
  expect(await here.read("family")).toEqual(["[helper] Hello."]);
  expect((await here.door.finish(token, run, null)).state).toBe("done");
  expect((await invoke(run, "chat.reply", input, "two")).code).toBe("run.ended");
});

test("its own words are marked and ten an hour, at once or one after the other; the eleventh is asked", async () => {
  const run = await start();
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, n) => invoke(run, "chat.reply", { template: `Hello ${n}.` })),
  );
  const done = all.filter(({ status }) => status === "done").length;
  let last: InvocationReply | undefined;
  for (let n = done; n < 11; n++) last = await invoke(run, "chat.reply", { template: `Again ${n}.` });
  expect(last?.status).toBe("approval_required");
  const sent = (await here.read("family")).filter((text) => /Hello|Again/.test(text));
  expect([sent.length, sent.every((text) => text.startsWith("[helper] "))]).toEqual([10, true]);
  await here.door.cancel(token, run);
  here.home.clock.turn(3_600_000);
  const later = await start();
  expect((await invoke(later, "chat.reply", { template: "A new hour." })).status).toBe("done");
});

test("a send to another conversation is asked, each one, and so is what it learned", async () => {
  await say("family", "ana", "we meet at the lake on Friday at noon");
  const run = await start();
  expect((await invoke(run, "chat.send", { to: "side", template: "Hello." })).status).toBe("approval_required");
  expect((await invoke(run, "chat.send", { to: "side", template: "Hello." })).code).toBe("run.waiting");
  await here.door.cancel(token, run);
  const second = await start();
  await invoke(second, "message.summarize");
  expect((await invoke(second, "chat.reply", { template: "I learned something." })).status).toBe("approval_required");
});

test("what one run was shown, every later and every parallel run of the token carries", async () => {
  await say("family", "ana", "we meet at the lake on Friday at noon");
  const parallel = await start({ conversation: "side" });
  const first = await start();
  await invoke(first, "message.summarize");
  const grown = fresh(token.id).context;
  expect([grown.cats & 2, grown.audience]).toEqual([2, [here.place("family").id]]);
  await here.door.cancel(token, first);
  for (const run of [parallel, await start()]) {
    const reply = await invoke(run, "chat.reply", { template: "Only my own words." });
    expect([reply.status, reply.code]).not.toEqual(["done", undefined]);
  }
  await here.door.cancel(token, parallel);
  await here.owner["token.revoke"]({ token: token.id });
  expect(fresh(token.id).context).toEqual(grown);
});

test("a reveal after a yes is remembered, and is egress to the recipient", async () => {
  await say("family", "ana", "we meet at the lake on Friday at noon");
  const run = await start();
  expect((await invoke(run, "message.redact", {}, "redact")).status).toBe("approval_required");
  await here.owner["approvals.decide"]({ approval: here.approvals().at(-1)?.id as never, yes: true, pin: "4711" });
  expect((await here.door.invocation(token, run, "redact", 0)).status).toBe("done");
  expect(fresh(token.id).context.cats & 4).toBe(4);
  expect(here.entries("egress.checked").at(-1)?.body).toMatchObject({
    sink: "agent",
    token: token.id,
    recipient: "local",
  });
});

test("calls side by side are told no more than calls one after the other", async () => {
  const long = "We should really talk about the boat, the tent, the stove and the long way to the lake";
  for (let n = 0; n < 12; n++) await say("family", "ana", `${long} number ${n}, on day ${n + 1} of June.`);
  const run = await start();
  await Promise.all(Array.from({ length: 40 }, (_, n) => invoke(run, "message.summarize", { last: 1 + (n % 12) })));
  const { revealedChars, revealedBits } = here.store.get("run", run)?.value ?? { revealedChars: -1, revealedBits: -1 };
  expect(revealedChars).toBeGreaterThan(0);
  expect([revealedChars <= 2000, revealedBits <= 2000]).toEqual([true, true]);
});
