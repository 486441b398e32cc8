/**
 * `plan.propose`: several steps behind one question. Every step is judged by the rules before anybody is asked; one
 * that is forbidden refuses the plan (CONTRACT section 7).
 */
import type { Decision } from "../../policy/decide.ts";
import { ASSURANCE, type Assurance } from "../core/approval.ts";
import { type Canonical, canonical } from "../core/canonical.ts";
import type { CapabilityId, Manifest } from "../core/capability.ts";
import type { CallId } from "../core/ids.ts";
import { joinAll } from "../core/label.ts";
import { Refusal } from "../core/refusal.ts";
import { admitCall } from "./admit.ts";
import { contextOf, judge, refusalBy, requestOf } from "./asker.ts";
import { type AskFor, type Doing, type Handler, isAsked, type PlannedStep, seen } from "./call.ts";
import { callIdOf } from "./invoke.ts";
import type { PlanInput } from "./plan-manifest.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

export type Offered = {
  readonly manifests: ReadonlyMap<CapabilityId, Manifest>;
  readonly handlers: ReadonlyMap<CapabilityId, Handler>;
  readonly isOn: (id: CapabilityId) => boolean;
};

export const planPropose =
  (powers: Powers, offered: Offered): Handler =>
  async (doing) => {
    const { asker, manifest } = doing;
    const about = { action: "invoke", capability: manifest.id, effect: manifest.effect } as const;
    const decision = judge(powers, requestOf(powers, asker, about, contextOf(asker)));
    if (decision.effect === "deny") throw refusalBy(decision);
    const begun = await beginSteps(powers, offered, doing);
    const steps: PlannedStep[] = [];
    for (const [at, step] of begun.entries()) steps.push(await asked(offered, decision, step, at + 1));
    return { ask: askFor(decision, steps) };
  };

const atStep = (at: number, error: unknown): Refusal => {
  const { code, hint, rule, field, message } = seen(error);
  return new Refusal(code, {
    hint: `Step ${at}: ${hint ?? message}`,
    ...(rule === undefined ? {} : { rule }),
    ...(field === undefined ? {} : { field }),
  });
};

/** Each step is a call of its own: decided, reserved and recorded like any other. */
function beginSteps(powers: Powers, { manifests, isOn }: Offered, doing: Doing): Promise<readonly Doing[]> {
  const { steps } = doing.input as PlanInput;
  return transact(powers, (draft) => {
    const run = draft.run(doing.asker.run.id);
    return steps.map(({ capability, input, justification }, at): Doing => {
      const manifest = manifests.get(capability);
      if (manifest === undefined || !isOn(capability)) throw atStep(at + 1, new Refusal("capability.disabled"));
      const id = stepId(powers, doing, at + 1);
      if (draft.get("call", id) !== null) throw atStep(at + 1, new Refusal("idempotency.mismatch"));
      const body = canonical({ capability, input: input as Canonical });
      const mac = powers.store.mac("idempotency", run.run.id, powers.hashing.utf8(body));
      const begun = admitCall(powers, draft, run, { id, manifest, mac, input, justification, plan: doing.call });
      if ("refusal" in begun) throw atStep(at + 1, begun.refusal);
      return { ...doing, call: id, manifest, input, justification, planned: true };
    });
  });
}

function stepId(powers: Powers, { asker, key }: Doing, at: number): CallId {
  const whole = `${key ?? ""}#${at}`;
  if (whole.length > 128)
    throw new Refusal("input.invalid", { field: "idempotency_key", hint: "At most 126 characters." });
  return callIdOf(powers, asker.run.id, whole);
}

const strongest = (a: Assurance, b: Assurance): Assurance =>
  ASSURANCE.findLast((level) => level === a || level === b) ?? "high";

/** The step as its own handler would ask it, with what the plan's rule asks on top. */
async function asked({ handlers }: Offered, plan: Decision, doing: Doing, at: number): Promise<PlannedStep> {
  try {
    const result = await handlers.get(doing.manifest.id)?.(doing);
    if (result === undefined || !isAsked(result))
      throw new Refusal("input.invalid", { hint: "This asks nobody; do it by itself." });
    const { ask } = result;
    const both = ask.approvers.filter((role) => (plan.approvers ?? ask.approvers).includes(role as never));
    return {
      doing,
      ask: {
        ...ask,
        assurance: strongest(ask.assurance, plan.assurance ?? "low"),
        fourEyes: ask.fourEyes || plan.fourEyes === true,
        approvers: both.length === 0 ? ["owner"] : both,
      },
    };
  } catch (error) {
    throw atStep(at, error);
  }
}

/** The one question: answerable by whoever may answer any step, bound to everything that is shown. */
function askFor({ rule, because, route: ownRoute = [] }: Decision, steps: readonly PlannedStep[]): AskFor {
  const asks = steps.map(({ ask }) => ask);
  const weakest = ASSURANCE.find((level) => asks.some(({ assurance }) => assurance === level)) ?? "high";
  const rendered = asks.map(({ what, rendered: text }, at) => `${at + 1}. ${what}\n${text}`).join("\n\n");
  const route = [...new Set([...ownRoute, ...asks.flatMap((ask) => ask.route ?? [])])];
  return {
    ...(route.length === 0 ? {} : { route }),
    assurance: weakest,
    // Each step has its own second pair of eyes, where it needs one.
    fourEyes: false,
    approvers: [...new Set(asks.flatMap(({ approvers }) => approvers))],
    rule,
    because,
    destination: [...new Set(asks.map(({ destination }) => destination))].join(", ").slice(0, DESTINATIONS_CHARS),
    label: joinAll(asks.map(({ label }) => label)),
    rendered,
    what: `do these ${steps.length} things`,
    sources: asks.flatMap(({ sources }) => sources),
    stored: { kind: "plan" },
    steps,
  };
}
const DESTINATIONS_CHARS = 200;
