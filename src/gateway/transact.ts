/** Builds a batch and commits it, again from what is there now when somebody else changed what it read. */
import { isRefusal, Refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import { Draft } from "./draft.ts";
import { endFamilies } from "./family.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";
import { showSettled } from "./settled.ts";

const TRIES_MAX = 32;

/** Those who lost a race go one after the other: a crowd at one record costs a try each, not a try for each other. */
const losers = new WeakMap<Powers, Promise<unknown>>();

/**
 * `build` must have no effect besides the draft: it may be called again. A draft without a change commits nothing. A
 * run that fails in it tells the person who asked, in the same commit: an addressed message never meets silence.
 */
export async function transact<T>(powers: Powers, build: (draft: Draft) => T): Promise<T> {
  const first = await attempt(powers, build);
  if (first !== null) return first.result;
  const before = losers.get(powers) ?? Promise.resolve();
  const mine = before.then(() => again(powers, build));
  // Whoever waits behind only waits for the end, whatever it was.
  losers.set(
    powers,
    mine.catch(() => undefined),
  );
  return mine;
}

async function again<T>(powers: Powers, build: (draft: Draft) => T): Promise<T> {
  for (let tries = 2; tries <= TRIES_MAX; tries++) {
    const done = await attempt(powers, build);
    if (done !== null) return done.result;
  }
  throw new Refusal("conflict");
}

/** Null when somebody else changed what the draft had read. */
async function attempt<T>(powers: Powers, build: (draft: Draft) => T): Promise<{ readonly result: T } | null> {
  const draft = new Draft(powers);
  const result = build(draft);
  endFamilies(powers, draft);
  const ended = draft.ended();
  for (const run of ended) tell(draft, run);
  for (const approval of draft.settled()) showSettled(powers, draft, approval);
  try {
    if (!draft.isEmpty) await draft.commit();
  } catch (error) {
    if (isRefusal(error) && error.code === "conflict") return null;
    throw error;
  }
  if (draft.speaks) powers.bell.ring();
  for (const { id, status } of ended) if (status.state === "cancelled") powers.bell.over?.(id);
  for (const run of draft.woken()) powers.bell.rouse?.(run);
  if (draft.tells) for (const hear of powers.news) hear();
  return { result };
}

/** One sentence with the cause and the next step. */
function tell(draft: Draft, run: Run): void {
  const { status } = run;
  const isAsked = run.request !== null || run.brief !== undefined;
  if (status.state !== "failed" || !isAsked || run.facts.replies > 0) return;
  const conversation = draft.get("conversation", run.conversation);
  if (conversation === null) return;
  const text =
    WORDS[status.reason] ?? "I could not do this. Try again, or ask the owner to look at `lazaret runs show`.";
  say(draft, { conversation, thread: run.thread, replyTo: run.request }, text, run.id);
}

const WORDS: Readonly<Partial<Record<string, string>>> = {
  "budget.steps":
    "I stopped: this took more steps than one request may. Ask for less at a time, or ask the owner to allow more.",
  "budget.wall_clock_ms":
    "I stopped: this took longer than one request may. Ask for fewer messages, or try again later.",
  "budget.tokens": "I stopped: the model's share of this request is used up. Ask for less at a time.",
  "budget.cost_micros": "I stopped: this would cost more than one request may. Ask the owner to allow more.",
  "budget.egress_bytes": "I stopped: the answer is longer than one request may send. Ask for a shorter one.",
  "budget.agent_wait_ms": "The agent that answers here took too long, so I stopped it. Try again later.",
  agent_silent: "The agent that answers here does not answer. Try again later, or ask the owner.",
  age: "I waited seven days for this and stopped.",
};
