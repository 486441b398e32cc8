/** An agent that wants to come back later, often, or with what others left behind: refused, and nothing is set. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver, InvocationReply, RunHandle } from "../src/core/agent.ts";
import { newId } from "../src/core/ids.ts";
import { FOLLOWUPS_PER_SESSION_MAX, NOTE_CHARS_MAX, NOTES_PER_SESSION_MAX } from "../src/core/limits.ts";
import { agentStage } from "./agent-stage.ts";
import { random } from "./store-home.ts";
import { closeWorld, type HookWorld } from "./webhook-world.ts";

let here: HookWorld;
afterEach(() => closeWorld(here));

type Ask = (capability: string, input?: object) => Promise<InvocationReply>;
type Plot = (ask: Ask) => Promise<void>;

/** Whoever is addressed in `side` has the next plot carried out, by an agent in the butler's place. */
async function sideWith(...plots: readonly Plot[]): Promise<(sender: string, text: string) => Promise<unknown>> {
  const waiting = [...plots];
  const broken: unknown[] = [];
  const driver: AgentDriver = {
    name: "butler",
    drive: async (_, run: RunHandle) => {
      let keys = 0;
      const ask: Ask = (capability, input = {}) =>
        run.invoke({ capability, input, justification: "because I want to", idempotency_key: `k${++keys}` });
      await waiting
        .shift()?.(ask)
        .catch((error: unknown) => broken.push(error));
      await ask("chat.reply", { template: "Done." });
      await run.finish();
    },
  };
  here = (await agentStage({}, { drivers: [driver] })).here;
  return async (sender, text) => {
    await here.post({ conversation: "room-side", sender, text, addressed: true });
    await here.rest();
    // What an expectation inside a plot says belongs to the test.
    for (const error of broken) throw error;
  };
}

const set = () => here.store.all("followup", { limit: 100 }).map(({ value }) => value);
const notes = () => here.store.all("note", { limit: 100 }).map(({ value }) => value);
type Later = { readonly slots: { readonly when?: object } };
const whenOf = ({ output }: InvocationReply): object => (output as Later).slots.when ?? {};

test("a time that nobody named is refused, however it is put, and what is no time is none", async () => {
  const codes: unknown[] = [];
  const say = await sideWith(async (ask) => {
    await ask("request.read");
    for (const when of [
      { in_minutes: 1 },
      { day: "2026-01-03", minute: 540 },
      { weekdays: [1, 2, 3, 4, 5], minute: 0 },
      { date: 31, minute: 0 },
      { cron: "* * * * *" },
      { event: "message" },
      { cron: "@hourly" },
      { cron: "* * * * * *" },
      { cron: `${"1,".repeat(40)}1 * * * *` },
      { in_minutes: 0 },
      { day: "tomorrow", minute: 540 },
      { in_minutes: 5, event: "message" },
    ])
      codes.push((await ask("schedule.followup", { when, text: "wake me" })).code);
  });
  await say("ana", "summarise the last 3 messages");
  expect(codes).toEqual([...Array(6).fill("egress.control"), ...Array(6).fill("input.invalid")]);
  expect(set()).toEqual([]);
});

test("what one person named is set by the agent as its own words at most, and for no other time", async () => {
  const codes: unknown[] = [];
  const say = await sideWith(async (ask) => {
    const when = whenOf(await ask("request.read"));
    const madeUp = newId("Handle", random.bytes(16));
    codes.push((await ask("schedule.followup", { when: { ...when, minute: 541 }, text: "x" })).code);
    codes.push((await ask("schedule.followup", { when, what: madeUp })).code);
    codes.push((await ask("schedule.followup", { when })).code);
    codes.push((await ask("schedule.followup", { when, text: "send everything to work" })).status);
  });
  await say("ana", "remind me tomorrow at 9 to call Ben");
  expect(codes).toEqual(["egress.control", "not_found", "input.invalid", "done"]);
  // It is no request of anybody's: the run that it starts reminds, and does nothing that it says.
  expect(set().map(({ brief }) => [brief.by, brief.does])).toEqual([["agent", "remind"]]);
});

test("a session has so many set for later, and no more", async () => {
  const codes: unknown[] = [];
  const say = await sideWith(async (ask) => {
    const when = whenOf(await ask("request.read"));
    for (let n = 0; n <= FOLLOWUPS_PER_SESSION_MAX; n++)
      codes.push((await ask("schedule.followup", { when, text: `number ${n}` })).code ?? "done");
  });
  await say("ana", "remind me tomorrow at 9 to call Ben");
  expect(codes).toEqual([...Array(FOLLOWUPS_PER_SESSION_MAX).fill("done"), "rate.limited"]);
  expect(set()).toHaveLength(FOLLOWUPS_PER_SESSION_MAX);
});

test("what another person set or had kept is neither seen nor stopped, forgotten or recalled", async () => {
  const seen: unknown[] = [];
  const say = await sideWith(
    async (ask) => {
      const read = await ask("request.read");
      await ask("schedule.followup", { when: whenOf(read), text: "ana's own" });
      expect(await ask("memory.note", { text: "ana's note" })).toMatchObject({ status: "done" });
    },
    async (ask) => {
      const [followup, note] = [set()[0]?.id, notes()[0]?.id];
      seen.push((await ask("schedule.followup", { stop: followup })).code);
      seen.push((await ask("memory.note", { forget: note })).code);
      seen.push((await ask("schedule.followup", { stop: "all" })).output);
      seen.push((await ask("memory.note", { forget: "all" })).output);
      seen.push((await ask("memory.recall")).output);
    },
  );
  await say("ana", "remind me tomorrow at 9 to call Ben");
  await say("ben", "what is set");
  expect(seen).toMatchObject([
    "not_found",
    "not_found",
    { followups: [], stopped: 0 },
    { forgotten: 0 },
    { notes: [] },
  ]);
  expect([set().map(({ overAt }) => overAt), notes().length]).toEqual([[null], 1]);
});

test("notes are short and of this run's own handles; a child run is not there until it is switched on", async () => {
  const codes: unknown[] = [];
  const say = await sideWith(async (ask) => {
    codes.push((await ask("memory.note", { text: "x".repeat(NOTE_CHARS_MAX + 1) })).code);
    codes.push((await ask("memory.note", { what: newId("Handle", random.bytes(16)) })).code);
    codes.push((await ask("memory.note", {})).code);
    codes.push((await ask("run.spawn", { text: "and another" })).code);
  });
  await say("ana", "remember a lot");
  expect(codes).toEqual(["input.invalid", "not_found", "input.invalid", "capability.disabled"]);
  expect(notes()).toEqual([]);
});

test("a session has so many notes, and no more, over however many runs", async () => {
  const codes: unknown[] = [];
  const half: Plot = async (ask) => {
    for (let n = 0; n < (NOTES_PER_SESSION_MAX + 2) / 2; n++)
      codes.push((await ask("memory.note", { text: `n ${n}` })).code ?? "done");
  };
  const say = await sideWith(half, half);
  await say("ana", "remember a lot");
  await say("ana", "and more");
  expect(codes).toEqual([...Array(NOTES_PER_SESSION_MAX).fill("done"), "rate.limited", "rate.limited"]);
  expect(notes()).toHaveLength(NOTES_PER_SESSION_MAX);
});
