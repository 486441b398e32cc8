/** An external agent that wants more than it was given: every try is refused, and written down. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InvocationReply } from "../src/core/agent.ts";
import { newId, type RunId } from "../src/core/ids.ts";
import type { Token } from "../src/core/records.ts";
import type { RunOrder } from "../src/gateway/surface.ts";
import { random } from "./store-home.ts";
import { closeWorld, codeOf, group, type HookWorld, hookWorld, person } from "./webhook-world.ts";

let here: HookWorld;
let token: Token;
beforeEach(async () => {
  here = await hookWorld({
    people: [person("ana", "approver"), person("ben", "member")],
    conversations: [
      group("family", { context: "everyone", agent: "helper" }),
      group("work", { context: "everyone" }),
      group("side", { context: "everyone" }),
    ],
  });
  for (const room of ["family", "work", "side"])
    await here.post({ kind: "membership", conversation: `room-${room}`, sender: "net", members: ["ana", "ben"] });
  await here.owner["pin.set"]({ next: "4711" });
  token = await tokenFor("helper", ["family", "side"]);
});
afterEach(() => closeWorld(here));
async function tokenFor(
  name: string,
  conversations: readonly string[],
  scopes: Token["scopes"] = ["agent"],
): Promise<Token> {
  const order = { name, scopes: [...scopes], conversations: [...conversations], runs_on: "local", pin: "4711" };
  const { id } = await here.owner["token.create"](order);
  return fresh(id);
}
const fresh = (id: string): Token => here.store.get("token", id)?.value as Token;
const start = async (order: RunOrder = { conversation: "family" }, by = token): Promise<RunId> =>
  (await here.door.startRun(fresh(by.id), order)).id as RunId;
let keys = 0;
const invoke = (
  run: RunId,
  capability: string,
  input: unknown = {},
  key = `key-${++keys}`,
  by = token,
): Promise<InvocationReply> =>
  here.door.invoke(fresh(by.id), run, { capability, input, justification: "because I want to", idempotency_key: key });
const say = (room: string, sender: string, text: string, addressed = false) =>
  here.post({ conversation: `room-${room}`, sender, text, addressed });
const steps = (run: RunId): number => here.store.get("run", run)?.value.budget.used.steps ?? -1;
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
test("conversations that are not its token's are not there, whatever it tries", async () => {
  await say("work", "ana", "the password is on the desk");
  const work = here.place("work");
  for (const conversation of ["work", work.id, "nowhere"])
    expect(await codeOf(() => start({ conversation }))).toBe("not_found");
  const run = await start();
  const list = await invoke(run, "conversation.list");
  expect(JSON.stringify(list.output)).not.toContain("work");
  const answers = await Promise.all(
    ["work", "nowhere", work.id].map(async (to) => [
      (await invoke(run, "message.summarize", { conversation: to })).code,
      (await invoke(run, "message.list", { conversation: to })).code,
      (await invoke(run, "chat.send", { to, template: "Hello." })).code,
    ]),
  );
  // One answer for what is not its own and for what is not at all.
  expect(answers.map(String)).toEqual(Array(3).fill("not_found,not_found,conversation.unknown"));
  const [message] = here.store.messages({ conversation: work.id, last: 1 });
  expect((await invoke(run, "message.summarize", { messages: [message?.id] })).code).toBe("not_found");
  expect((await invoke(run, "message.summarize", { messages: [newId("MessageId", random.bytes(16))] })).code).toBe(
    "not_found",
  );
  expect(here.approvals().filter(({ run: of }) => of === run)).toEqual([]);
});
test("runs, values and traces of others are not there: one answer for all", async () => {
  await say("side", "ana", "we meet at the lake on Friday at noon");
  const other = await tokenFor("other", ["side"]);
  const theirs = await start({ conversation: "side" }, other);
  const made = await invoke(theirs, "message.summarize", {}, "sum", other);
  const handle = made.values?.[0]?.handle as never;
  const mine = await start({ conversation: "side" });
  const forged = newId("Handle", random.bytes(16));
  const tries = [
    () => here.door.value(token, handle),
    () => here.door.value(token, forged),
    () => here.door.run(token, theirs),
    () => here.door.run(token, newId("RunId", random.bytes(16))),
    () => here.door.cancel(token, theirs),
    () => here.door.finish(token, theirs, null),
    () => here.door.invocation(token, theirs, "sum", 0),
    () => here.door.trace(token, newId("SessionId", random.bytes(16))),
    () => invoke(theirs, "message.list"),
    () => invoke(newId("RunId", random.bytes(16)), "message.list"),
    () => invoke(mine, "chat.reply", { template: `{{v:${handle}.points}}` }),
    () => invoke(mine, "chat.reply", { template: `{{v:${forged}}}` }),
  ];
  expect(await Promise.all(tries.map(codeOf))).toEqual(tries.map(() => "not_found"));
  expect(here.door.runs(token, false).map(({ id }) => id)).toEqual([mine]);
  expect(here.door.value(other, handle).kind).toBe("message.summarize");
});
test("a handle of its own earlier run is no handle of this one", async () => {
  await say("family", "ana", "we meet at the lake on Friday at noon");
  const first = await start();
  const made = await invoke(first, "message.summarize");
  await here.door.cancel(token, first);
  const second = await start();
  expect((await invoke(second, "chat.reply", { template: `{{v:${made.values?.[0]?.handle}.points}}` })).code).toBe(
    "not_found",
  );
});
test("braces, names that it was not given and made-up tokens do not go out", async () => {
  await say("family", "ana", "Carla and Dora come too");
  const run = await start();
  const refused = [
    "{{secret:hook-alerts}}",
    "{{v:nothing}}",
    "{{v:val_1}}",
    "}}{{",
    "{{{{",
    "{{v:val_00000000000000000000000000000000}}",
  ];
  const codes = await Promise.all(
    refused.map(async (template) => (await invoke(run, "chat.reply", { template })).code),
  );
  expect(codes).toEqual([...Array(5).fill("egress.template"), "not_found"]);
  const tokens = here.store.all("pseudonym", { limit: 100 }).map(({ value }) => value.token);
  for (const name of [...tokens, "PERSON_7f3a", "ORG_beef", "PLACE_0123", "WORD_abcd"])
    expect([name, (await invoke(run, "chat.reply", { template: `Hello ${name}` })).code]).toEqual([
      name,
      "egress.pseudonym",
    ]);
  // Nor the second time: that a refused or a sent text held a token gives it to nobody.
  expect((await invoke(run, "chat.reply", { template: "Hello PERSON_7f3a" })).code).toBe("egress.pseudonym");
  expect((await here.items()).length).toBe(0);
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
test("a member's run through it reaches no more than both may", async () => {
  await say("family", "ben", "summarise work", true);
  const run = here.runs().at(-1);
  expect([run?.agent, run?.external]).toEqual(["helper", true]);
  expect((await invoke(run?.id as RunId, "message.summarize", { conversation: "work" })).code).toBe("not_found");
  await here.owner["token.revoke"]({ token: token.id });
  const next = await tokenFor("helper", ["side"]);
  expect(await codeOf(() => here.door.run(next, run?.id as RunId))).toBe("not_found");
  const own = await start({ conversation: "side" }, next);
  const reply = await invoke(own, "request.read", {}, "r", next);
  expect(reply.code).toBe("policy.denied");
  expect(here.store.get("run", run?.id as RunId)?.value.status).toEqual({ state: "cancelled", reason: "revoked" });
  expect((await here.read("family")).at(-1)).toContain("was shut out");
  await say("family", "ben", "and now?", true);
  expect(here.runs().at(-1)?.agent).toBe("butler");
});
