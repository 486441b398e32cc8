/**
 * After a yes the gateway itself runs the stored call, once; after a no, an expiry or a change it closes the call
 * (CONTRACT section 7).
 */
import { type Approval, type Bound, digestText } from "../core/approval.ts";
import { type ApprovalId, type BlobId, hex, newId } from "../core/ids.ts";
import { parseLabel } from "../core/label.ts";
import type { Principal } from "../core/people.ts";
import type { Choice } from "../core/plan.ts";
import type { Stop } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import { type Answered, decide, denied, type Evidence, step } from "./answer.ts";
import { policyDigest } from "./ask.ts";
import { type FileCall, noteOpened, readApproved } from "./attachments.ts";
import { placeOf } from "./broker.ts";
import type { Catalogue } from "./capabilities.ts";
import { conclude, settlePlan } from "./conclude.ts";
import type { Draft } from "./draft.ts";
import { performRaise, type RaiseCall } from "./extend.ts";
import { intend, sendApproved } from "./http-perform.ts";
import type { HttpCall } from "./http-request.ts";
import { shownRequest } from "./http-shape.ts";
import { showOpenSteps } from "./open-steps.ts";
import { performReveal, performSend, type RevealCall, type SendCall } from "./perform.ts";
import { grantPermit } from "./permit.ts";
import { decidePlan } from "./plan-answer.ts";
import type { Powers } from "./powers.ts";
import { renderedReveal } from "./reveal.ts";
import { performStanding, type StandingCall } from "./standing.ts";
import { transact } from "./transact.ts";

/** The sealed call of an approval: exactly what was shown. */
export type Stored = {
  readonly call: SendCall | RevealCall | HttpCall | FileCall | RaiseCall | StandingCall;
  readonly bound: Bound;
};

/** Which steps an answer names, and what becomes of the others. */
type Named = Omit<Choice, "yes">;
const ALL: Named = { steps: null, others: "open" };

/** One answer on any surface: decided, and where it ended the question without a yes, the waiting call is closed. */
export function answered(
  powers: Powers,
  draft: Draft,
  approval: Approval,
  principal: Principal,
  evidence: Evidence,
  yes: boolean,
  named: Named = ALL,
): Answered {
  if (approval.steps !== undefined) return decidePlan(powers, draft, approval, principal, evidence, { yes, ...named });
  const isWhole = named.steps === null || (named.steps.length === 1 && named.steps[0] === 1);
  if (approval.plan !== undefined || !isWhole) {
    const hint = approval.plan === undefined ? "There is one step alone." : "Answer the plan that it is a step of.";
    return denied(draft, approval, principal, new Refusal("input.invalid", { field: "steps", hint }));
  }
  const result = decide(powers, draft, approval, principal, evidence, yes);
  if (!result.granted) conclude(draft, result.approval);
  return result;
}

/**
 * Carries out what was granted. Safe to call again: only a granted approval is consumed,
 * in the commit that has its effect. What takes time comes back as work that is still to be done.
 */
export async function carryOutApproved(powers: Powers, catalogue: Catalogue, id: ApprovalId): Promise<Carried> {
  const approval = powers.store.get("approval", id)?.value;
  const plan = approval?.plan === undefined ? approval : powers.store.get("approval", approval.plan)?.value;
  if (plan?.steps !== undefined) return carryOutSteps(powers, catalogue, plan);
  return carryOutOne(powers, catalogue, id);
}

/** Every step that was granted, in order; the plan ends when none is left. */
async function carryOutSteps(powers: Powers, catalogue: Catalogue, plan: Approval): Promise<Carried> {
  const later: NonNullable<Carried>[] = [];
  for (const id of plan.steps ?? []) {
    const more = await carryOutOne(powers, catalogue, id);
    if (more !== null) later.push(more);
  }
  const settle = async (): Promise<void> => {
    await transact(powers, (draft) => settlePlan(draft, plan.id));
    await showOpenSteps(powers, plan.id);
  };
  if (later.length === 0) {
    await settle();
    return null;
  }
  return async (stop) => {
    for (const more of later) await more(stop);
    await settle();
  };
}

async function carryOutOne(powers: Powers, catalogue: Catalogue, id: ApprovalId): Promise<Carried> {
  const approval = powers.store.get("approval", id)?.value;
  if (approval?.status.state !== "granted" || approval.stored === null) return null;
  const stored = await storedOf(powers, approval.capability, approval.stored);
  return transact(powers, (draft) => {
    const now = draft.get("approval", id);
    if (now?.status.state !== "granted") return null;
    const problem = changed(powers, catalogue, draft, now, stored);
    const after =
      problem === null
        ? step(draft, now, { type: "consume", digest: digestOf(powers, stored) }, "daemon")
        : step(draft, now, { type: "void", reason: problem }, "daemon");
    if (after.status.state === "consumed") return perform(powers, draft, after, stored);
    conclude(draft, after);
    return null;
  });
}

/** What was asked for, opened. */
export function storedOf(powers: Powers, capability: string, blob: BlobId): Promise<Stored> {
  const permit = grantPermit({ by: "gateway", why: "prompt" }, "prompt", capability, [blob]);
  const read = (bytes: Uint8Array = new Uint8Array()) => JSON.parse(powers.hashing.text(bytes)) as Stored;
  return powers.store.open(permit, [blob], ([opened]) => read(opened?.bytes));
}

/** What takes its time and was begun: a web request, a file. Null when nothing is left to do. */
export type Carried = ((stop: Stop) => Promise<void>) | null;

/** The digest as it follows from what is about to be done, not as it was written down. */
function digestOf(powers: Powers, { call, bound }: Stored): string {
  const bytes = powers.hashing.utf8(renderedCall(call));
  const rendered = hex(powers.hashing.sha256(bytes));
  return hex(
    powers.hashing.sha256(powers.hashing.utf8(digestText({ ...bound, label: parseLabel(bound.label), rendered }))),
  );
}

function renderedCall(call: Stored["call"]): string {
  switch (call.kind) {
    case "send":
      return call.rendered.text;
    case "reveal":
      return renderedReveal(call.output);
    case "http":
      return shownRequest(call.prepared);
    case "raise":
    case "file":
    case "standing":
      return call.text;
  }
}

/** What makes a yes worthless: the run went on, another policy or version, a source that changed. */
function changed(
  powers: Powers,
  catalogue: Catalogue,
  draft: Draft,
  approval: Approval,
  { bound, call }: Stored,
): "run_ended" | "changed" | "edited" | null {
  if (call.kind === "standing") return bound.policy === policyDigest(powers) ? null : "changed";
  const run = approval.run === null ? null : draft.run(approval.run).run;
  const isWaiting = run?.status.state === "paused.approval" && run.status.approval === (approval.plan ?? approval.id);
  if (!isWaiting) return "run_ended";
  if (bound.policy !== policyDigest(powers)) return "changed";
  if (call.kind === "raise") return null;
  const manifest = [...catalogue.manifests.values()].find(({ id }) => id === approval.capability);
  if (manifest?.version !== approval.version) return "changed";
  if (call.kind === "http" && call.secrets.some((it) => isOther(powers, it))) return "changed";
  const { sources } = call.kind === "send" ? call.rendered : call.kind === "reveal" ? call.value : call;
  return sources.some(({ message, revision }) => powers.store.message(message)?.revision !== revision)
    ? "edited"
    : null;
}

/** Another value than the one that was there when it was asked: that yes was for the other. */
const isOther = ({ store, settings }: Powers, { name, version }: HttpCall["secrets"][number]): boolean =>
  version !== null && store.secretVersion(settings.tenant, name) !== version;

function perform(powers: Powers, draft: Draft, approval: Approval, { call: what }: Stored): Carried {
  if (what.kind === "standing") {
    performStanding(powers, draft, approval, what);
    return null;
  }
  if (what.kind === "raise") {
    performRaise(draft, approval, what);
    return null;
  }
  const call = approval.call === null ? null : draft.get("call", approval.call);
  if (call === null || approval.run === null) throw new Refusal("internal");
  const run = draft.run(approval.run);
  // The run of a plan waits until its last step has ended.
  if (approval.plan === undefined)
    run.require({ type: "answered", approval: approval.id, granted: true }, { call: call.id });
  if (what.kind === "send") performSend(powers, draft, approval, call, what);
  if (what.kind === "reveal") performReveal(powers, draft, approval, call, what);
  if (what.kind === "file") {
    noteOpened(draft, run, call.id, what);
    return () => readApproved(powers, call.id, what);
  }
  if (what.kind !== "http") return null;
  const handle = newId("Handle", powers.random.bytes(16));
  intend(draft, call.id, call.run, what);
  const sink = placeOf(what.host);
  run.note("label.lowered", { call: call.id, by: "human.release", digest: approval.digest, sink });
  return (stop) => sendApproved(powers, call.id, what, handle, stop);
}
