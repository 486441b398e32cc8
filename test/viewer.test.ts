/**
 * What the session viewer says of a session: runs, steps, refusals with their reasons, questions, effects, no
 * content.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { painter } from "../src/cli/printable.ts";
import { lineOf, saidBy, type View } from "../src/cli/viewer.ts";
import type { RunId } from "../src/core/ids.ts";
import { type AgentStage, agentStage } from "./agent-stage.ts";
import { closeWorld } from "./webhook-world.ts";

const CANARY = "c4nary";
let stage: AgentStage;
let run: RunId;
beforeEach(async () => {
  stage = await agentStage();
  await stage.say("family", "ben", `${CANARY} I will bring the tent on Saturday.`);
  run = await stage.start();
});
afterEach(() => closeWorld(stage.here));

/** Lines about the run, as they stand in the terminal without time and run. */
async function lines(...only: readonly View[]): Promise<readonly string[]> {
  const { owner } = stage.here;
  const because = new Map((await owner["policy.show"]({})).rules.map(({ id, because: why }) => [id, why]));
  const { entries } = await owner["ledger.entries"]({ after: 0, limit: 1000 });
  return entries.flatMap((entry) => {
    const said = entry.run === run ? saidBy(entry, because) : null;
    return said === null || (only.length > 0 && !only.includes(said.view)) ? [] : [said.words];
  });
}

describe("a session shows", () => {
  test("runs and steps, each with the rule that let it happen", async () => {
    await stage.invoke(run, "message.list", { scope: "conversation", last: 5 });
    expect(await lines("runs", "steps")).toEqual([
      "begins, driven by helper",
      expect.stringMatching(/^message\.list: allowed \([a-z.-]+\)$/),
    ]);
  });

  test("a refusal with the code, or the rule and its reason", async () => {
    await stage.invoke(run, "shell.run");
    await stage.invoke(run, "chat.send", { to: "work", template: "Hello." });
    expect(await lines("denials")).toEqual([
      "a call: DENIED (capability.unknown)",
      "chat.send ended: conversation.unknown",
    ]);
    const denied = { action: "invoke", capability: "chat.send", effect: "deny", rule: "base.control" };
    const because = new Map([["base.control", "Nobody named that place."]]);
    expect(saidBy({ seq: 1, time: 0, type: "decision.made", run, body: denied }, because)).toEqual({
      view: "denials",
      words: "chat.send: DENIED (base.control): Nobody named that place.",
    });
  });

  test("a question with what it needs and why it is asked, and how it was answered", async () => {
    await stage.invoke(run, "chat.send", { to: "side", template: `${CANARY} hello.` });
    const asked = stage.here.approvals().at(-1)?.id as never;
    await stage.here.owner["approvals.decide"]({ approval: asked, yes: false, pin: "4711" });
    expect(await lines("approvals")).toEqual([
      expect.stringMatching(/^appr_[0-9a-f]{8} asks for chat\.send \(needs \w+, [a-z.-]+\): [A-Z]/),
      expect.stringMatching(/^appr_[0-9a-f]{8} is denied/),
    ]);
  });

  test("no word of anybody, and nothing that moves a cursor", async () => {
    await stage.invoke(run, "chat.reply", { template: `${CANARY} \u001b[2J` });
    expect((await lines()).join("\n")).not.toContain(CANARY);
    const entry = { seq: 1, time: 0, type: "run.failed", run, body: { event: { reason: "\u001b[2J\u202e" } } };
    const said = saidBy(entry, new Map());
    expect(said === null ? "" : lineOf(entry, said, painter(false))).toMatch(
      /^00:00:00 {2}run_[0-9a-f]{8} {2}failed \(\\u\{1b\}/,
    );
  });
});

test("following waits for the next entry, and not for ever", async () => {
  const { owner, home } = stage.here;
  const { size } = await owner["ledger.entries"]({ after: 0, limit: 1 });
  const waiting = owner["ledger.entries"]({ after: size, wait_ms: 20_000 });
  await stage.invoke(run, "message.list", { scope: "conversation", last: 5 });
  home.clock.turn(250);
  expect((await waiting).entries.length).toBeGreaterThan(0);
  const { size: now } = await owner["ledger.entries"]({ after: 0, limit: 1 });
  const late = owner["ledger.entries"]({ after: now, wait_ms: 1000 });
  for (let at = 0; at < 4; at += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    home.clock.turn(250);
  }
  expect((await late).entries).toEqual([]);
});
