/** A call begins: decided and reserved in one commit. A denial costs its step too, so that asking for ever ends. */
import type { Manifest } from "../core/capability.ts";
import type { CallId } from "../core/ids.ts";
import type { Call } from "../core/records.ts";
import { Refusal, type RefusalCode } from "../core/refusal.ts";
import { isTerminal } from "../core/run.ts";
import { type Asker, askerOf, contextOf, judge, refusalBy, requestOf } from "./asker.ts";
import { callRecord } from "./call.ts";
import type { Draft } from "./draft.ts";
import { drawDay } from "./pool.ts";
import type { Powers } from "./powers.ts";
import { type RunDraft, refusalOf } from "./transition.ts";

export type Beginning = {
  readonly id: CallId;
  readonly manifest: Manifest;
  /** Keyed hash of the body. */
  readonly mac: string;
  readonly input: unknown;
  readonly justification: string;
  /** The plan that it is a step of. */
  readonly plan?: CallId;
};
export type Begun = { readonly asker: Asker; readonly call: Call } | { readonly refusal: Refusal };

export function admitCall(powers: Powers, draft: Draft, run: RunDraft, beginning: Beginning): Begun {
  const { id, manifest, mac, input, justification, plan } = beginning;
  const bytes = powers.hashing.utf8(justification);
  const label = { ...run.run.context, integrity: 2 as const };
  const why = draft.seal({
    kind: "note",
    schema: "justification.v1",
    conversation: run.run.conversation,
    label,
    bytes,
    expires: draft.now + powers.settings.ttlMs,
  });
  // Kept for what reads: when a source is edited before the answer is out, the same is asked once more.
  const sealed =
    manifest.effect === "none"
      ? draft.sealJson("call", "input.v1", run.run.conversation, label, input, draft.now + powers.settings.ttlMs)
      : null;
  const record = callRecord(draft, id, run.run.id, manifest, mac);
  const call = { ...record, why, input: sealed, ...(plan === undefined ? {} : { plan }) };
  const applied = run.apply({ type: "reserve", call: call.id, cost: manifest.cost }, { capability: manifest.id }, [
    { name: "justification", blob: why, bytes },
  ]);
  if (!applied || isTerminal(run.run)) return { refusal: refusalOf(run.run) };
  const asker = askerOf(powers, run.run);
  // What sends is judged with its destination by its own handler; everything else is judged here.
  const lacks = drawDay(powers, draft, run.run.conversation, { steps: manifest.cost.steps ?? 0 });
  const refusal =
    lacks !== null
      ? new Refusal("budget.pool", { field: lacks })
      : manifest.egress === undefined
        ? refusalFor(powers, run, asker, call, manifest)
        : null;
  draft.put("call", call.id, refusal === null ? call : { ...call, status: "refused", code: refusal.code });
  if (refusal === null) return { asker, call };
  run.apply({ type: "settle", call: call.id, reserved: manifest.cost, used: { steps: 1 } });
  return { refusal };
}

function refusalFor(powers: Powers, run: RunDraft, asker: Asker, call: Call, manifest: Manifest): Refusal | null {
  const about = { action: "invoke", capability: manifest.id, effect: manifest.effect } as const;
  const decision = judge(powers, requestOf(powers, asker, about, contextOf(asker)));
  const { effect, rule } = decision;
  run.note("decision.made", { call: call.id, action: "invoke", capability: manifest.id, effect, rule });
  if (effect === "allow" || (effect === "ask" && manifest.asks === true)) return null;
  return effect === "deny" ? refusalBy(decision) : new Refusal("capability.disabled", { rule });
}

/** A plan that is refused takes the steps along that were begun for it. */
export function abandonSteps(powers: Powers, draft: Draft, plan: Call, code: RefusalCode): void {
  if (plan.capability !== "plan.propose") return;
  const run = draft.run(plan.run);
  for (const { value } of powers.store.find("call", "run", plan.run, { limit: CALLS_MAX })) {
    const step = draft.get("call", value.id);
    if (step?.plan !== plan.id || step.status !== "open") continue;
    run.apply({ type: "settle", call: step.id, reserved: step.reserved, used: { steps: 1 } }, { code });
    draft.put("call", step.id, { ...step, status: "refused", code });
  }
}
const CALLS_MAX = 1000;
