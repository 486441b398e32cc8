/**
 * A budget that is used up, where the owner wants to be asked: once, with the amount that is shown, by the owner alone
 * (CONTRACT section 8). Nothing else ever changes a budget.
 */
import type { InvocationReply } from "../core/agent.ts";
import type { Approval } from "../core/approval.ts";
import { type Amounts, left, reserve, type Unit } from "../core/budget.ts";
import type { Manifest } from "../core/capability.ts";
import type { CallId } from "../core/ids.ts";
import { BOTTOM } from "../core/label.ts";
import { isRefusal, type Refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import { askPeople } from "./ask.ts";
import { askedBy } from "./asked-by.ts";
import { askerOf, BLANK, judge } from "./asker.ts";
import { nextOf } from "./call.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";
import { type RunDraft, refusalOf } from "./transition.ts";

export const EXTEND = "budget.extend";
const UNIT = /^budget\.([a-z_]+)$/;

/** What the gateway does after the yes. */
export type RaiseCall = { readonly kind: "raise"; readonly by: Partial<Amounts>; readonly text: string };

const WORDS: Readonly<Record<Unit, string>> = {
  wall_clock_ms: "milliseconds of work",
  agent_wait_ms: "milliseconds of waiting for the agent",
  steps: "steps",
  tokens: "tokens",
  cost_micros: "millionths of a US dollar",
  egress_bytes: "bytes to send",
  children: "child runs",
};

/** The unit that a call would need more of than there is; null when the budget reaches, or the run just ends then. */
function shortOf({ status, onExhausted, budget }: Run, cost: Partial<Amounts>): Unit | null {
  if (status.state !== "active" || onExhausted !== "ask") return null;
  const reserved = reserve(budget, cost);
  return reserved.ok ? null : reserved.unit;
}

/** What a call comes to whose budget does not reach: a question, or the run's end; null when it reaches. */
export function exhausted(
  powers: Powers,
  draft: Draft,
  run: RunDraft,
  call: CallId,
  manifest: Manifest,
): { readonly asked: InvocationReply } | { readonly refusal: Refusal } | null {
  const unit = shortOf(run.run, manifest.cost);
  if (unit === null) return null;
  const asked = askForMore(powers, draft, run, unit, call, manifest);
  if (asked !== null) return { asked };
  run.apply({ type: "fail", reason: `budget.${unit}` });
  return { refusal: refusalOf(run.run) };
}

/**
 * Asks the owner for as much again of that unit, and pauses the run. Null when it was asked before, when nobody can
 * answer, or when the rules say no: then the run has to end.
 */
function askForMore(
  powers: Powers,
  draft: Draft,
  run: RunDraft,
  unit: Unit,
  call: CallId,
  manifest: Manifest,
): InvocationReply | null {
  const asker = askerOf(powers, run.run);
  const asked = powers.store.find("approval", "run", run.run.id, { limit: 1000 });
  if (asked.some(({ value }) => value.capability === EXTEND)) return null;
  const decision = judge(powers, {
    ...BLANK,
    action: "admin",
    tenant: draft.tenant,
    role: asker.role,
    network: powers.store.get("channel", asker.conversation.channel)?.value.kind ?? "none",
    channel: asker.conversation.channel,
    conversation: asker.conversation.kind,
    capability: EXTEND,
    effect: "once",
    now: powers.clock.now(),
  });
  if (decision.effect !== "ask") return null;
  const { limit, used } = run.run.budget;
  // As much again as policy gives a run at first: never more than its cap.
  const by = { [unit]: limit[unit] };
  const text = `${limit[unit]} more ${WORDS[unit]}, once. So far ${used[unit]} of ${limit[unit]} were used.`;
  const raise: RaiseCall = { kind: "raise", by, text };
  const deadline = powers.clock.now();
  const doing = {
    asker,
    call,
    manifest: { ...manifest, id: EXTEND as never, version: 1 },
    input: { unit, by: limit[unit] },
    justification: "",
    deadline,
    stop: { aborted: false },
  };
  try {
    const question = askPeople(powers, draft, doing, {
      ...askedBy(powers, { ...decision, approvers: decision.approvers ?? ["owner"] }),
      destination: `budget.${unit}`,
      label: BOTTOM,
      rendered: text,
      what: "let this run use more",
      risk: "the run may go on in vain, and cost that much more.",
      sources: [],
      stored: raise,
    });
    run.require({ type: "ask", approval: question.id }, { capability: EXTEND, rule: decision.rule });
    return {
      status: "approval_required",
      approval: { id: question.id, expires_at: question.expiresAt, where: question.where },
      budget_left: left(run.run.budget),
      next: nextOf(run.run),
    };
  } catch (error) {
    // Nobody who could say yes, or asked too often: the run ends as it would without asking.
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** The owner's yes: the amount that was shown, and no other. */
export function performRaise(draft: Draft, approval: Approval, { by }: RaiseCall): void {
  if (approval.run === null) return;
  const run = draft.run(approval.run);
  run.require({ type: "answered", approval: approval.id, granted: true });
  run.apply({ type: "raise", by }, { approval: approval.id });
}

/** No, or no answer in time: what was used up stays used up. */
export function concludeRaise(draft: Draft, approval: Approval): void {
  const unit = UNIT.exec(approval.destination)?.[1];
  if (approval.run === null || unit === undefined) return;
  const run = draft.run(approval.run);
  run.apply({ type: "answered", approval: approval.id, granted: false });
  run.apply({ type: "fail", reason: `budget.${unit as Unit}` });
}
