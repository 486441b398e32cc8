/** After a no, an expiry or a change the call of a question is closed. A plan ends with its last step (section 7). */
import type { Approval, ApprovalEvent } from "../core/approval.ts";
import { BOTTOM } from "../core/label.ts";
import { endOf } from "../core/plan.ts";
import type { Call } from "../core/records.ts";
import type { RefusalCode } from "../core/refusal.ts";
import { step } from "./answer.ts";
import type { Draft } from "./draft.ts";
import { concludeRaise, EXTEND } from "./extend.ts";
import { say } from "./say.ts";
import { viewOf } from "./values.ts";

const CODE: Readonly<Partial<Record<Approval["status"]["state"], RefusalCode>>> = {
  denied: "approval.denied",
  expired: "approval.expired",
  void: "approval.void",
};

/** Closes the call of an approval that will not be: refused with its code, the budget back, the run going on. */
export function conclude(draft: Draft, approval: Approval): void {
  const code = CODE[approval.status.state];
  if (code === undefined) return;
  if (approval.capability === EXTEND) concludeRaise(draft, approval);
  else if (approval.steps !== undefined) concludeSteps(draft, approval);
  else concludeOne(draft, approval, code);
}

function concludeOne(draft: Draft, approval: Approval, code: RefusalCode): void {
  if (approval.run === null || approval.call === null) return;
  const call = draft.get("call", approval.call);
  if (call?.status !== "waiting") return;
  const run = draft.run(approval.run);
  if (approval.plan === undefined)
    run.apply({ type: "answered", approval: approval.id, granted: false }, { call: call.id });
  run.apply({ type: "settle", call: call.id, reserved: call.reserved, used: { steps: 1 } }, { code });
  draft.put("call", call.id, { ...call, status: "refused", code });
  if (approval.plan !== undefined) settlePlan(draft, approval.plan);
}

const stepsOf = (draft: Draft, plan: Approval): readonly Approval[] =>
  (plan.steps ?? []).flatMap((id) => draft.get("approval", id) ?? []);

/** A plan that ended as a whole takes every step along that was not carried out. */
function concludeSteps(draft: Draft, plan: Approval): void {
  const { status } = plan;
  const event: ApprovalEvent = status.state === "void" ? { type: "void", reason: status.reason } : { type: "tick" };
  for (const one of stepsOf(draft, plan)) conclude(draft, step(draft, one, event, null));
  settlePlan(draft, plan.id);
}

/**
 * Ends a plan of which no step is open or under way: what became of each is its answer, and people read it. Safe to
 * call at any time.
 */
export function settlePlan(draft: Draft, id: Approval["id"]): void {
  const plan = draft.get("approval", id);
  const call = plan?.call == null ? null : draft.get("call", plan.call);
  if (plan === null || plan.run === null || call?.status !== "waiting") return;
  const steps = stepsOf(draft, plan);
  const calls = steps.map((one) => (one.call === null ? null : draft.get("call", one.call)));
  const end = endOf(steps);
  if (end === null || calls.some((it) => it?.status === "waiting" || it?.status === "open")) return;
  const closed = close(draft, plan, steps, end);
  const run = draft.run(plan.run);
  const granted = end === "consumed";
  run.apply({ type: "answered", approval: plan.id, granted }, { call: call.id });
  const code = granted ? undefined : (CODE[closed.status.state] ?? "approval.void");
  run.apply({ type: "settle", call: call.id, reserved: call.reserved, used: { steps: 1 } }, code ? { code } : {});
  if (code === undefined) draft.put("call", call.id, { ...call, ...answerOf(draft, run.run.conversation, calls) });
  else draft.put("call", call.id, { ...call, status: "refused", code });
  report(draft, plan, steps, calls);
}

/** By its own machine: what was granted of it is consumed, what was not is what most of it came to. */
function close(draft: Draft, plan: Approval, steps: readonly Approval[], end: NonNullable<ReturnType<typeof endOf>>) {
  if (plan.status.state !== "pending") return plan;
  const last = steps.map(({ status }) => status).findLast(({ state }) => state === end);
  if (last?.state === "consumed") {
    const { by, assurance } = last;
    const granted = step(draft, plan, { type: "decide", yes: true, by, assurance }, by, { assurance });
    if (granted.status.state !== "pending")
      return step(draft, granted, { type: "consume", digest: plan.digest }, "daemon");
  }
  if (last?.state === "consumed" || (last?.state === "denied" && last.by !== null)) {
    const by = last.by as Exclude<typeof last.by, null>;
    return step(draft, plan, { type: "decide", yes: false, by, assurance: "low" }, by);
  }
  const reason = last?.state === "void" ? last.reason : "changed";
  return step(draft, plan, end === "expired" ? { type: "tick" } : { type: "void", reason }, null);
}

const STATUS = { done: "done", refused: "refused", failed: "failed", unknown: "unknown" } as const;
const statusOf = (call: Call | null): keyof typeof STATUS =>
  call === null || call.status === "open" || call.status === "waiting" ? "refused" : call.status;

function answerOf(draft: Draft, place: Parameters<Draft["sealJson"]>[2], calls: readonly (Call | null)[]) {
  const steps = calls.map((call, at) => ({ step: at + 1, status: statusOf(call), code: call?.code ?? null }));
  const made = calls.flatMap((call) => call?.values ?? []).flatMap((handle) => draft.get("value", handle) ?? []);
  const values = made.map((value) => viewOf(value, value.chars));
  const ttlMs = place === "-" ? 0 : draft.need("conversation", place).ttlMs;
  const label = { ...BOTTOM, tenant: draft.tenant };
  const answer = draft.sealJson("call", "answer.v1", place, label, { output: { steps }, values }, draft.now + ttlMs);
  return { status: "done" as const, answer, values: made.map(({ handle }) => handle) };
}

const WORDS: Readonly<Record<string, string>> = {
  "approval.denied": "refused",
  "approval.expired": "nobody answered in time",
  "approval.void": "what it was about has changed",
};

/** Where the plan was made, and where it was asked, people read what was done and what was not. */
function report(draft: Draft, plan: Approval, steps: readonly Approval[], calls: readonly (Call | null)[]): void {
  const lines = steps.map(({ destination }, at) => {
    const call = calls[at] ?? null;
    const how = call?.status === "done" ? "done" : (WORDS[call?.code ?? ""] ?? `not done (${call?.code ?? "gone"})`);
    return `${at + 1}. ${destination}: ${how}`;
  });
  const run = plan.run === null ? null : draft.run(plan.run).run;
  const origin = run === null ? null : draft.get("conversation", run.conversation);
  const text = ["What came of the plan:", ...lines].join("\n");
  if (run !== null && origin !== null)
    say(draft, { conversation: origin, thread: run.thread, replyTo: run.request }, text, run.id);
  const asked = plan.conversation === null ? null : draft.get("conversation", plan.conversation);
  if (asked !== null && asked.id !== origin?.id) say(draft, { conversation: asked, thread: null }, text);
}
