/** The life of a run: one bounded piece of work that ends in a declared state (CONTRACT section 8). Pure. */

import type { Amounts, Budget, Unit } from "./budget.ts";
import * as budget from "./budget.ts";
import type { Brief } from "./followup.ts";
import type { ApprovalId, CallId, ConversationId, MessageId, PrincipalId, RunId, SessionId, ThreadId } from "./ids.ts";
import type { Label } from "./label.ts";
import { RUN_AGE_MS_MAX } from "./limits.ts";

/** What must be true before a run may call itself done. */
export type Predicate =
  | { readonly is: "replied" }
  | { readonly is: "values"; readonly kind: string; readonly n: number }
  | { readonly is: "approved"; readonly id: ApprovalId }
  | { readonly is: "children_done" }
  | { readonly is: "all" | "any"; readonly of: readonly Predicate[] };

export type FailReason = `budget.${Unit}` | "age" | "agent" | "denied" | "agent_silent" | "internal";
export type CancelReason = "asked" | "edited" | "deleted" | "purged" | "shutdown" | "superseded" | "revoked";

export type RunState =
  | { readonly state: "active"; readonly since: number }
  | { readonly state: "paused.approval"; readonly approval: ApprovalId }
  | { readonly state: "paused.event"; readonly wait: Wait }
  | { readonly state: "done" }
  | { readonly state: "failed"; readonly reason: FailReason }
  | { readonly state: "cancelled"; readonly reason: CancelReason };
export type Wait = { readonly for: "message" | "time" | "event" | "agent"; readonly until: number };

/** Facts that predicates are judged by; they only grow. */
export type Facts = {
  readonly replies: number;
  readonly values: Readonly<Record<string, number>>;
  readonly approved: readonly ApprovalId[];
  readonly childrenOpen: number;
  /** Calls that were begun and not settled: a run with one of them is not done. */
  readonly openCalls: readonly CallId[];
};

export type Run = {
  readonly id: RunId;
  readonly tenant: string;
  readonly session: SessionId;
  readonly conversation: ConversationId;
  readonly thread: ThreadId | null;
  /** The one instructing principal. */
  readonly principal: PrincipalId;
  readonly agent: string;
  /** An external agent's thinking counts as agent_wait_ms, ours as wall_clock_ms. */
  readonly external: boolean;
  /** The addressed message that started it; null when an agent or a schedule did. */
  readonly request: MessageId | null;
  /** What it is about when no message started it. */
  readonly brief?: Brief;
  /** The run that started it, and what it set aside of that one's budget under a call of its own. */
  readonly parent?: { readonly run: RunId; readonly call: CallId; readonly drawn: Partial<Amounts> };
  readonly createdAt: number;
  readonly status: RunState;
  readonly budget: Budget;
  readonly doneWhen: Predicate;
  readonly facts: Facts;
  /** Join of everything that was revealed to the run's agent. */
  readonly context: Label;
  /** Tier-A bits and tier-B characters revealed so far. */
  readonly revealedBits: number;
  readonly revealedChars: number;
  readonly segment: number;
  readonly onExhausted: "fail" | "ask";
};

export type RunEvent =
  /** Sets budget aside for a call. */
  | { readonly type: "reserve"; readonly call: CallId; readonly cost: Partial<Amounts> }
  /** Books what a call used and gives back the rest. */
  | {
      readonly type: "settle";
      readonly call: CallId;
      readonly reserved: Partial<Amounts>;
      readonly used: Partial<Amounts>;
    }
  | { readonly type: "revealed"; readonly context: Label; readonly bits: number; readonly chars: number }
  | { readonly type: "valued"; readonly kind: string }
  | { readonly type: "replied" }
  | { readonly type: "ask"; readonly approval: ApprovalId }
  /** The approval was decided, expired or void: the run goes on whatever the answer was. */
  | { readonly type: "answered"; readonly approval: ApprovalId; readonly granted: boolean }
  | { readonly type: "wait"; readonly wait: Wait }
  /** What it waited for came. A message of its own principal is its request from then on. */
  | { readonly type: "wake"; readonly message?: MessageId }
  /** A child began, or one ended. */
  | { readonly type: "spawned"; readonly child: RunId }
  | { readonly type: "child_over"; readonly child: RunId }
  /** Nobody worked on it while the daemon was not there: that time is not booked. */
  | { readonly type: "restarted" }
  | { readonly type: "raise"; readonly by: Partial<Amounts> }
  | { readonly type: "finish" }
  | { readonly type: "tick" }
  | { readonly type: "fail"; readonly reason: FailReason }
  | { readonly type: "cancel"; readonly reason: CancelReason };

const TERMINAL = ["done", "failed", "cancelled"] as const;
export const isTerminal = (run: Pick<Run, "status">): boolean =>
  (TERMINAL as readonly string[]).includes(run.status.state);

/** Does the predicate hold for these facts? */
export function holds(predicate: Predicate, facts: Facts): boolean {
  switch (predicate.is) {
    case "replied":
      return facts.replies > 0;
    case "values":
      return (facts.values[predicate.kind] ?? 0) >= predicate.n;
    case "approved":
      return facts.approved.includes(predicate.id);
    case "children_done":
      return facts.childrenOpen === 0;
    case "all":
      return predicate.of.every((p) => holds(p, facts));
    case "any":
      return predicate.of.some((p) => holds(p, facts));
  }
}

/** May the run call itself done now? The predicate holds and nothing is pending. */
export const mayFinish = (run: Run): boolean =>
  run.status.state === "active" && run.facts.openCalls.length === 0 && holds(run.doneWhen, run.facts);

/** Whose time runs now: the gateway's while a call is open, otherwise the agent's. */
const clockUnit = (run: Run): "wall_clock_ms" | "agent_wait_ms" =>
  run.external && run.facts.openCalls.length === 0 ? "agent_wait_ms" : "wall_clock_ms";

/** When an active run's clock or any run's age ends, in milliseconds since 1970. */
export function deadlineOf(run: Run): number {
  const age = run.createdAt + RUN_AGE_MS_MAX;
  if (run.status.state !== "active") return age;
  const unit = clockUnit(run);
  return Math.min(age, run.status.since + Math.max(0, run.budget.limit[unit] - run.budget.used[unit]));
}

const fail = (run: Run, reason: FailReason): Run => ({ ...run, status: { state: "failed", reason } });

/** Books the active time since the last event, so that every later judgement sees it. */
function clocked(run: Run, now: number): Run {
  if (run.status.state !== "active") return run;
  const spent = Math.max(0, now - run.status.since);
  if (spent === 0) return run;
  return {
    ...run,
    status: { state: "active", since: run.status.since + spent },
    budget: budget.settle(run.budget, {}, { [clockUnit(run)]: spent }),
  };
}

/**
 * The whole lifecycle. The caller supplies the time. An event that makes no sense in a state returns the run unchanged
 * (the same object), so callers must look at what comes back; a reservation that does not reach fails the run by name.
 */
export function step(before: Run, event: RunEvent, now: number): Run {
  if (isTerminal(before)) return before;
  if (event.type === "cancel") return { ...clocked(before, now), status: { state: "cancelled", reason: event.reason } };
  if (now >= before.createdAt + RUN_AGE_MS_MAX) return fail(before, "age");
  if (event.type === "restarted") return restarted(before, now);
  const run = clocked(before, now);
  const unit = clockUnit(run);
  const isOutOfTime = run.status.state === "active" && run.budget.used[unit] >= run.budget.limit[unit];
  // What a call used is booked even when it came back late: the deadline ends the run, not the accounting.
  if (isOutOfTime && event.type !== "settle") return fail(run, `budget.${unit}`);
  if (event.type === "fail") return fail(run, event.reason);
  const after = run.status.state === "active" ? stepActive(run, event) : stepPaused(run, event, now);
  if (after === run) return before;
  return isOutOfTime && !isTerminal(after) ? fail(after, `budget.${unit}`) : after;
}

function withChildren(run: Run, what: "spawned" | "child_over"): Run {
  const childrenOpen = run.facts.childrenOpen + (what === "spawned" ? 1 : -1);
  return childrenOpen < 0 ? run : { ...run, facts: { ...run.facts, childrenOpen } };
}

const restarted = (run: Run, now: number): Run =>
  run.status.state === "active" && run.status.since < now ? { ...run, status: { state: "active", since: now } } : run;

function stepActive(run: Run, event: RunEvent): Run {
  const { facts } = run;
  switch (event.type) {
    case "reserve": {
      const reserved = budget.reserve(run.budget, event.cost);
      if (!reserved.ok) return run.onExhausted === "ask" ? run : fail(run, `budget.${reserved.unit}`);
      if (facts.openCalls.includes(event.call)) return run;
      return { ...run, budget: reserved.budget, facts: { ...facts, openCalls: [...facts.openCalls, event.call] } };
    }
    case "settle":
      return settled(run, event);
    case "revealed":
    case "valued":
    case "replied":
      return told(run, event);
    case "spawned":
    case "child_over":
      return withChildren(run, event.type);
    case "ask":
      return { ...run, status: { state: "paused.approval", approval: event.approval } };
    case "wait":
      return { ...run, status: { state: "paused.event", wait: event.wait } };
    case "raise":
      return { ...run, budget: budget.raised(run.budget, event.by) };
    case "finish":
      return mayFinish(run) ? { ...run, status: { state: "done" } } : run;
    default:
      return run;
  }
}

/** What was said, shown and made counts in every state that is not the end. */
function told(run: Run, event: Extract<RunEvent, { type: "revealed" | "valued" | "replied" }>): Run {
  const { facts } = run;
  switch (event.type) {
    case "revealed": {
      const { context, bits, chars } = event;
      return {
        ...run,
        context,
        revealedBits: run.revealedBits + bits,
        revealedChars: run.revealedChars + chars,
      };
    }
    case "valued": {
      const values = { ...facts.values, [event.kind]: (facts.values[event.kind] ?? 0) + 1 };
      return { ...run, facts: { ...facts, values } };
    }
    case "replied":
      return { ...run, facts: { ...facts, replies: facts.replies + 1 } };
  }
}

function stepPaused(run: Run, event: RunEvent, now: number): Run {
  const { status, facts } = run;
  const active: RunState = { state: "active", since: now };
  if (event.type === "settle") return settled(run, event);
  // Steps of a plan are carried out while it waits: what they show and make is booked before it goes on.
  if (event.type === "replied" || event.type === "revealed" || event.type === "valued") return told(run, event);
  if (event.type === "child_over") return withChildren(run, event.type);
  if (event.type === "raise") return { ...run, budget: budget.raised(run.budget, event.by) };
  if (status.state === "paused.approval" && event.type === "answered" && event.approval === status.approval) {
    const approved = event.granted ? [...facts.approved, event.approval] : facts.approved;
    return { ...run, status: active, facts: { ...facts, approved } };
  }
  if (status.state === "paused.event" && event.type === "wake") {
    const request = event.message ?? run.request;
    return { ...run, status: active, segment: run.segment + 1, request };
  }
  return run;
}

function settled(run: Run, event: Extract<RunEvent, { type: "settle" }>): Run {
  if (!run.facts.openCalls.includes(event.call)) return run;
  const openCalls = run.facts.openCalls.filter((call) => call !== event.call);
  const after = budget.settle(run.budget, event.reserved, event.used);
  const settledRun = { ...run, budget: after, facts: { ...run.facts, openCalls } };
  const unit = budget.overdrawn(after);
  return unit !== null && !unit.endsWith("_ms") ? fail(settledRun, `budget.${unit}`) : settledRun;
}
