/** What an external agent cannot reach: other conversations, others' runs and values, names it was not given. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { newId, type RunId } from "../src/core/ids.ts";
import type { Token } from "../src/core/records.ts";
import { type AgentStage, agentStage, codeOf } from "./agent-stage.ts";
import { random } from "./store-home.ts";
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

test("conversations that are not its token's are not there: to start in, to read, to send to, to name", async () => {
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

test("others' runs, values and traces are not there: one answer for forged, guessed, foreign and absent", async () => {
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

test("a member's run reaches no more than both may; a name that had another token before gives nothing", async () => {
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
