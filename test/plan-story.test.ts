/** A plan on the webhook: judged first, asked once, allowed in part, carried out step by step, told to the agent. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InvocationReply } from "../src/core/agent.ts";
import type { Token } from "../src/core/records.ts";
import { answered } from "../src/gateway/execute.ts";
import { transact } from "../src/gateway/transact.ts";
import { butlerThat, call, closeWorld, group, type HookWorld, hookWorld, person } from "./webhook-world.ts";
import { policyOf } from "./world.ts";

const PEOPLE = [person("ana", "approver"), person("ben", "member"), person("carla", "member")];
const PLACES = [group("family", { context: "everyone" }), group("work"), group("club"), group("team")];
const KEYCAP = "\u{FE0F}\u{20E3}";
type Step = { readonly capability: string; readonly input: object; readonly justification: string };
const send = (to: string, template: string): Step => ({
  capability: "chat.send",
  input: { to, template },
  justification: "it was asked for",
});
const THREE = [send("work", "Late today."), send("club", "No training."), send("team", "Game moved.")];

/** A driver that proposes one plan, and finishes once it is known what became of it. */
const planner = (steps: () => readonly Step[], replies: InvocationReply[]) =>
  butlerThat(async (run) => {
    const reply = await call(run, "plan.propose", { steps: steps() });
    replies.push(reply);
    if (reply.status === "approval_required") return;
    if (reply.status !== "done") await call(run, "chat.reply", { template: "It was not done." });
    else if (reply.next === "invoke") await call(run, "chat.reply", { template: "That is all." });
    await run.finish();
  });

/** One step of words alone, and one that says what a summary says. */
const quoting = (first = send("work", "Late.")) => {
  let plan: object | null = null;
  return butlerThat(async (run) => {
    if (plan === null) {
      const made = await call(run, "message.summarize", { last: 5 });
      plan = { steps: [first, send("club", `It says {{v:${made.values?.[0]?.handle}}}`)] };
    }
    replies.push(await call(run, "plan.propose", plan));
  });
};

let here: HookWorld;
let steps: readonly Step[];
let replies: InvocationReply[];
const open = async (more: Parameters<typeof hookWorld>[0] = {}): Promise<void> => {
  replies = [];
  here = await hookWorld({
    drivers: [planner(() => steps, replies)],
    people: PEOPLE,
    conversations: PLACES,
    assurance: "medium",
    ...more,
  });
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben", "carla"] });
};
const ask = (id = "ask-1") =>
  here.post({ id, conversation: "room-family", sender: "ben", text: "tell them all", addressed: true });
beforeEach(() => {
  steps = THREE;
});
afterEach(() => closeWorld(here));

const sent = async (): Promise<readonly string[]> =>
  (await here.items()).filter(({ conversation }) => conversation !== "room-family").map(({ text }) => text);
const say = (who: string, text: string) =>
  here.post({ conversation: "room-family", sender: who, text, addressed: true });
const nod = async (who: string, key: string): Promise<void> => {
  const { id: target } = await here.question();
  await here.post({ kind: "reaction", conversation: "room-family", sender: who, target, key });
};
const code = async (): Promise<string> => (await here.question()).approval.code;
/** Of the plan, then of its steps in their order. */
const states = (): readonly string[] => {
  const plans = here.approvals().filter(({ steps: of }) => of !== undefined);
  const state = (id: string): string => here.store.get("approval", id)?.value.status.state ?? "gone";
  return plans.flatMap(({ id, steps: of = [] }) => [id, ...of].map(state));
};
const outcome = (): readonly unknown[] =>
  ((replies.at(-1)?.output as { steps?: { status: string }[] } | undefined)?.steps ?? []).map(({ status }) => status);
const told = async (): Promise<string> => (await here.read("family")).join("\n");

describe("a plan", () => {
  beforeEach(async () => {
    await open();
    await ask();
  });

  test("is one question that shows every step: what, to whom, why and what a yes must prove", async () => {
    const { text } = await here.question();
    expect((await here.items()).filter(({ approval }) => approval !== undefined)).toHaveLength(1);
    expect(text).toMatch(/^May I do these 3 things\?/);
    expect(text).toMatch(/1\. send this text to work \(needs a low yes\)\n> Late today\.\n.*Why I ask: /);
    expect(text).toMatch(/3\. send this text to team/);
    expect([await sent(), replies[0]?.status]).toEqual([[], "approval_required"]);
  });

  test("a yes to two of three does these two once, refuses the third, and agent and room are told", async () => {
    await say("ana", `approve ${await code()} 1,3`);
    expect(await sent()).toEqual(["Late today.", "Game moved."]);
    expect(outcome()).toEqual(["done", "refused", "done"]);
    expect(states()).toEqual(["consumed", "consumed", "denied", "consumed"]);
    await say("ana", `approve ${await code()}`);
    expect(await sent()).toHaveLength(2);
    expect(await told()).toMatch(/What came of the plan:\n1\. work: done\n2\. club: refused\n3\. team: done/);
    expect(here.runs().map(({ status }) => status.state)).toEqual(["done"]);
    expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
  });

  test("digits allow one step each, and the rest stays open until somebody refuses it", async () => {
    await nod("ana", `2${KEYCAP}`);
    expect([await sent(), replies.length]).toEqual([["No training."], 1]);
    await nod("ana", `1${KEYCAP}`);
    await nod("ana", `1${KEYCAP}`);
    await nod("ana", `7${KEYCAP}`);
    expect(await sent()).toEqual(["No training.", "Late today."]);
    await nod("ana", "❌");
    expect(outcome()).toEqual(["done", "done", "refused"]);
    expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
  });

  test("a plain yes does all of it, a plain no none of it", async () => {
    await nod("ana", "✅");
    expect([(await sent()).length, outcome()]).toEqual([3, ["done", "done", "done"]]);
    await ask("ask-2");
    await nod("ana", "❌");
    expect([(await sent()).length, replies.at(-1)?.code]).toEqual([3, "approval.denied"]);
  });

  test("whoever may not decide grants no step, and a step that is not there is no answer", async () => {
    for (const who of ["ben", "carla", "mallory"]) await nod(who, `1${KEYCAP}`);
    await say("carla", `approve ${await code()} 1-3`);
    await say("ana", `approve ${await code()} 1-4`);
    await say("ana", `approve ${await code()} 0`);
    expect([await sent(), new Set(states())]).toEqual([[], new Set(["pending"])]);
    expect(await told()).toMatch(/The plan has 3 steps/);
  });

  test("the steps are no questions of their own: none of them is listed, and none is answered by its id", async () => {
    const { approvals } = await here.owner["approvals.list"]({ open: true });
    expect(approvals.map(({ capability, steps: of }) => [capability, of?.length])).toEqual([["plan.propose", 3]]);
    const step = here.approvals().find(({ plan }) => plan !== undefined);
    await expect(here.owner["approvals.decide"]({ approval: step?.id as never, yes: true })).rejects.toThrow();
    expect(await sent()).toEqual([]);
  });

  test("the owner's verb takes the same numbers", async () => {
    const [plan] = (await here.owner["approvals.list"]({ open: true })).approvals;
    const decided = await here.owner["approvals.decide"]({ approval: plan?.id as never, yes: true, steps: [2] });
    expect(decided.steps?.map(({ state }) => state)).toEqual(["denied", "consumed", "denied"]);
    await here.rest();
    expect([await sent(), outcome()]).toEqual([["No training."], ["refused", "done", "refused"]]);
  });

  test("nobody answers in time: what was allowed before stands, the rest is told as not answered", async () => {
    await nod("ana", `1${KEYCAP}`);
    const { approval } = await here.question();
    here.home.clock.turn(Date.parse(approval.expires_at) - here.home.clock.now());
    await nod("ana", `2${KEYCAP}`);
    expect(await sent()).toEqual(["Late today."]);
    expect(outcome()).toEqual(["done", "refused", "refused"]);
    expect(await told()).toMatch(/2\. club: nobody answered in time/);
    expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
  });

  test("another policy between the question and the yes voids every step", async () => {
    here.powers.policy.current = policyOf("chat-mode", "strict");
    await nod("ana", "✅");
    expect([await sent(), new Set(states())]).toEqual([[], new Set(["void"])]);
  });

  test("a yes and a no at once: each step ends one way, and what was sent is what was granted", async () => {
    const { id: target } = await here.question();
    const body = { kind: "reaction", conversation: "room-family", sender: "ana", target };
    await here.postAll({ ...body, key: `2${KEYCAP}` }, { ...body, key: "❌" }, { ...body, key: "✅" });
    const consumed = here.approvals().filter(({ plan, status }) => plan !== undefined && status.state === "consumed");
    expect((await sent()).length).toBe(consumed.length);
    expect(states()).not.toContain("pending");
    expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
  });
});

describe("a plan", () => {
  test("that holds a forbidden step is refused before anybody is asked", async () => {
    await open();
    steps = [send("work", "Late."), send("nowhere", "Late.")];
    await ask();
    expect(replies.map(({ status, code: why, hint }) => [status, why, hint])).toEqual([
      ["refused", "conversation.unknown", expect.stringMatching(/^Step 2: /)],
    ]);
    expect((await here.items()).filter(({ approval }) => approval !== undefined)).toEqual([]);
    expect(here.approvals()).toEqual([]);
    expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
  });

  test("shows what the rules allow with the rest, and does it only when it is allowed", async () => {
    await open();
    steps = [{ ...send("", ""), capability: "chat.reply", input: { template: "I told them." } }, send("work", "Late.")];
    await ask();
    expect((await here.question()).text).toMatch(/1\. send this text to family \(needs a low yes\)/);
    await say("ana", `approve ${await code()} 2`);
    expect([await sent(), (await told()).includes("> I told them.")]).toEqual([["Late."], true]);
    expect(outcome()).toEqual(["refused", "done"]);
  });

  test("at the console is answered by its words, and the rest of it is told there", async () => {
    await open();
    await here.type("tell them all");
    const asked = here.said.findLast((text) => text.startsWith("May I do these 3 things?")) ?? "";
    const [, word] = /approve ([A-Z0-9]{8})/.exec(asked) ?? [];
    await here.type(`approve ${word} 2-3`);
    expect(await sent()).toEqual(["No training.", "Game moved."]);
    expect(here.said.some((text) => /1\. work: refused\n2\. club: done\n3\. team: done/.test(text))).toBe(true);
    expect(outcome()).toEqual(["refused", "done", "done"]);
  });

  test("an answer that is too weak for a step leaves it open, and a better one does it", async () => {
    const reply = { capability: "chat.reply", input: { template: "I told them." }, justification: "to say so" };
    await open({ assurance: "low", drivers: [quoting(reply)] });
    await here.post({
      id: "m1",
      conversation: "room-family",
      sender: "carla",
      text: "I book the campsite on Saturday.",
    });
    await ask();
    // All of it can be answered at the console, so it is asked there.
    const shown = here.said.findLast((text) => text.startsWith("May I")) ?? "";
    expect(shown).toMatch(/1\. .*low yes[\s\S]*2\. .*medium yes/);
    const [plan] = (await here.owner["approvals.list"]({ open: true })).approvals;
    const made = await here.owner["token.create"]({
      name: "panel",
      scopes: ["owner"],
      conversations: [],
      runs_on: "local",
    });
    const token = here.store.get("token", made.id)?.value as Token;
    const decided = await here.door.decide(token, plan?.id as never, true);
    expect(decided.steps?.map(({ state }) => state)).toEqual(["consumed", "pending"]);
    expect([await sent(), (await told()).includes("I told them.")]).toEqual([[], true]);
    await expect(here.door.decide(token, plan?.id as never, true)).rejects.toMatchObject({ code: "approval.weak" });
    await here.type(`approve ${/approve ([A-Z0-9]{8})/.exec(shown)?.[1]} 2`);
    expect((await sent())[0]).toMatch(/campsite/);
    expect(outcome()).toEqual(["done", "done"]);
  });

  test("a source that is taken back voids the step that rests on it, and no other", async () => {
    await open({ drivers: [quoting()] });
    await here.post({
      id: "m1",
      conversation: "room-family",
      sender: "carla",
      text: "I will book the campsite on Saturday.",
    });
    await ask();
    const { approval } = await here.question();
    await here.post({ kind: "delete", conversation: "room-family", sender: "carla", target: "m1" });
    expect(states()).toEqual(["pending", "pending", "void"]);
    expect((await here.owner["approvals.show"]({ approval: approval.id as never })).prompt).toBe("");
    await say("ana", `approve ${approval.code}`);
    expect(await sent()).toEqual(["Late."]);
    expect(outcome()).toEqual(["done", "refused"]);
  });

  test("cut off between the yes and the doing, it is done after the next start, once, and the plan ends", async () => {
    await open();
    await ask();
    const { approval } = await here.question();
    const ana = (await here.owner["principal.list"]({})).principals.find(({ platform }) => platform === "ana");
    const evidence = {
      by: "code",
      code: approval.code,
      conversation: here.place("family"),
      verified: "platform",
    } as const;
    await transact(here.powers, (draft) => {
      const named = { steps: [1, 3], others: "refused" } as const;
      const plan = draft.need("approval", approval.id);
      answered(here.powers, draft, plan, draft.need("principal", ana?.id ?? ""), evidence, true, named);
    });
    expect([await sent(), states()]).toEqual([[], ["pending", "granted", "denied", "granted"]]);
    const { home } = here;
    for (const _ of [1, 2]) {
      await here.close();
      await open({ home });
      expect(await sent()).toEqual(["Late today.", "Game moved."]);
      expect(states()).toEqual(["consumed", "consumed", "denied", "consumed"]);
    }
    expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
  });
});
