/** Who answers: by default, by conversation, by fallback; and never nobody (CONTRACT section 8). */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { butler } from "../src/agents/butler.ts";
import type { RunId } from "../src/core/ids.ts";
import { type AgentStage, agentStage, codeOf } from "./agent-stage.ts";
import { closeWorld, type HookWorld } from "./webhook-world.ts";

let stage: AgentStage;
let here: HookWorld;
const begin = async (fallback?: "butler" | "none"): Promise<void> => {
  stage = await agentStage({}, { drivers: [butler], settings: fallback === undefined ? {} : { fallback } });
  ({ here } = stage);
};
afterEach(() => closeWorld(here));

const ask = (room = "family"): Promise<unknown> => stage.say(room, "ben", "summarise the last 10 messages", true);
/** Seconds pass, one after the other; whatever falls due in each is done. */
async function pass(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds * 2; passed++) {
    here.home.clock.turn(500);
    // What falls due is committed in turns of its own.
    for (let turns = 0; turns < 4; turns++) await new Promise((go) => setImmediate(go));
    await here.rest();
  }
}
const states = (): readonly string[] =>
  here.runs().map(({ agent, status }) => `${agent} ${status.state}${"reason" in status ? ` ${status.reason}` : ""}`);

describe("a named agent", () => {
  beforeEach(() => begin());

  test("that takes its request in time is left alone", async () => {
    await ask();
    const run = here.runs()[0]?.id as RunId;
    await stage.invoke(run, "request.read");
    await pass(30);
    expect(states()).toEqual(["helper active"]);
  });

  test("that is silent for twenty seconds yields to the butler, with one line, and gets the run no more", async () => {
    await ask();
    await pass(19);
    expect(states()).toEqual(["helper active"]);
    await pass(2);
    expect(states()).toEqual(["helper cancelled superseded", "butler done"]);
    const said = await here.read("family");
    expect(said.filter((text) => text.includes("helper does not answer"))).toHaveLength(1);
    expect(await codeOf(() => stage.invoke(here.runs()[0]?.id as RunId, "request.read"))).toBe("run.ended");
    expect(await codeOf(() => stage.invoke(here.runs()[1]?.id as RunId, "request.read"))).toBe("not_found");
  });

  test("that takes it in the very second is either the one or the other", async () => {
    for (let round = 0; round < 12; round++) {
      await ask();
      const run = here.runs().at(-1)?.id as RunId;
      await pass(19);
      const both = [stage.invoke(run, "request.read"), stage.invoke(run, "conversation.list")];
      here.home.clock.turn(1001);
      const took = (await Promise.all(both)).filter(({ status }) => status === "done").length;
      await here.rest();
      const butlers = here.runs().filter(({ agent, request }) => agent === "butler" && request !== null).length;
      const mine = here.store.get("run", run)?.value.status.state;
      expect([took > 0, mine]).toEqual(butlers > 0 ? [took > 0, "cancelled"] : [true, "active"]);
      if (mine === "active") await here.door.cancel(stage.fresh(stage.token.id), run);
      else break;
    }
  });

  test("gives a sign within three seconds and a word within ten, for as long as nobody was answered", async () => {
    await ask();
    await pass(3);
    expect(await here.read("family")).toEqual([expect.stringContaining("helper is on it")]);
    const run = here.runs()[0]?.id as RunId;
    await stage.invoke(run, "chat.reply", { template: "Here you are." });
    await here.door.finish(stage.fresh(stage.token.id), run, null);
    await pass(20);
    expect(await here.read("family")).toEqual(["Here you are."]);
    await ask();
    await stage.invoke(here.runs()[1]?.id as RunId, "chat.reply", { template: "At once." });
    await pass(20);
    expect(await here.read("family")).toEqual(["At once."]);
  });

  test("that gives a request up says so, once", async () => {
    await ask();
    await here.door.cancel(stage.fresh(stage.token.id), here.runs()[0]?.id as RunId);
    await here.door.cancel(stage.fresh(stage.token.id), here.runs()[0]?.id as RunId);
    expect(await here.read("family")).toEqual([expect.stringContaining("helper gave this up")]);
  });

  test("that has no token for the room is replaced at once, and the person reads it", async () => {
    await here.owner["conversation.agent"]({ conversation: "work", agent: "helper" });
    await ask("work");
    expect(states()).toEqual(["butler done"]);
    expect((await here.read("work"))[0]).toContain("helper is not here");
  });
});

describe("with fallback: none", () => {
  beforeEach(() => begin("none"));

  test("nobody else answers, and the person reads that as well", async () => {
    await ask();
    await pass(21);
    expect(states()).toEqual(["helper failed agent_silent"]);
    expect((await here.read("family")).at(-1)).toContain("does not answer");
  });

  test("an agent that does not exist is as silent as one that sleeps", async () => {
    await here.owner["conversation.agent"]({ conversation: "work", agent: "nobody" });
    await ask("work");
    await pass(21);
    expect(states()).toEqual(["nobody failed agent_silent"]);
    expect((await here.read("work")).at(-1)).toContain("does not answer");
  });

  test("a conversation may say otherwise", async () => {
    const after = await here.owner["conversation.agent"]({
      conversation: "family",
      agent: "helper",
      fallback: "butler",
    });
    expect(after.notice).toBeUndefined();
    await ask();
    await pass(21);
    expect(states()).toEqual(["helper cancelled superseded", "butler done"]);
  });
});

describe("conversation agent", () => {
  beforeEach(() => begin());

  test("says when nobody of that name may work there", async () => {
    const { notice } = await here.owner["conversation.agent"]({ conversation: "work", agent: "helper" });
    expect(notice).toContain("lazaret token create --agent helper --conversation work");
    expect(notice).toContain("the butler answers");
    for (const agent of ["butler", "helper"])
      expect((await here.owner["conversation.agent"]({ conversation: "side", agent })).notice).toBeUndefined();
  });
});

describe("a token for one run", () => {
  beforeEach(() => begin());

  test("opens that run and nothing else, and ends with it", async () => {
    await ask();
    const [run] = here.runs();
    const parent = stage.fresh(stage.token.id);
    const { token, expires_at } = await here.door.runToken(parent, run?.id as RunId);
    expect([token.startsWith("lzt_"), expires_at <= parent.expiresAt]).toEqual([true, true]);
    const own = here.store.all("token", { limit: 100 }).find(({ value }) => value.run !== undefined)?.value;
    if (own === undefined) throw new Error("no token");
    // Of the same agent, in the same room.
    const other = await stage.start({ conversation: "family" });
    const tries = [
      () => here.door.run(own, other),
      () => here.door.invoke(own, other, { capability: "x", input: {}, justification: "x", idempotency_key: "x" }),
      () => here.door.cancel(own, other),
      () => here.door.startRun(own, { conversation: "family" }),
      () => here.door.runToken(own, run?.id as RunId),
    ];
    expect(await Promise.all(tries.map(codeOf))).toEqual([
      "not_found",
      "not_found",
      "not_found",
      "auth.denied",
      "auth.denied",
    ]);
    expect(here.door.runs(own, true).map(({ id }) => id)).toEqual([run?.id]);
    expect(here.door.conversations(own).map(({ alias }) => alias)).toEqual(["family"]);
    expect((await stage.invoke(run?.id as RunId, "chat.reply", { template: "Hello." }, "k", own)).status).toBe("done");
    const { isAlive } = await import("../src/gateway/run-token.ts");
    expect(isAlive(here.store, own, here.powers.clock.now())).toBe(true);
    await here.door.finish(own, run?.id as RunId, null);
    expect(isAlive(here.store, own, here.powers.clock.now())).toBe(false);
    expect(await codeOf(() => here.door.runToken(parent, run?.id as RunId))).toBe("run.ended");
  });

  test("what it was shown belongs to the agent's own token, and that one's end is its end", async () => {
    await stage.say("family", "ana", "we meet at the lake on Friday at noon");
    await ask();
    const run = here.runs()[0]?.id as RunId;
    await here.door.runToken(stage.fresh(stage.token.id), run);
    const own = here.store.all("token", { limit: 100 }).find(({ value }) => value.run === run)?.value;
    if (own === undefined) throw new Error("no token");
    await stage.invoke(run, "message.summarize", { last: 5 }, "s", own);
    expect(stage.fresh(stage.token.id).context.cats & 2).toBe(2);
    const names = (await here.owner["token.list"]({})).tokens.map(({ name }) => name);
    expect(names).toEqual(["helper"]);
    await here.owner["token.revoke"]({ token: "helper" });
    const { isAlive } = await import("../src/gateway/run-token.ts");
    expect(isAlive(here.store, own, here.powers.clock.now())).toBe(false);
    // The name is free again, whatever its runs left behind.
    await stage.tokenFor("helper", ["family"]);
  });
});
