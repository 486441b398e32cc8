/** An answer to a plan: it grants the steps that it speaks of and suffices for, and no other (CONTRACT section 7). */
import type { Approval } from "../core/approval.ts";
import type { Principal } from "../core/people.ts";
import { type Choice, saidOf } from "../core/plan.ts";
import { Refusal } from "../core/refusal.ts";
import { type Answered, decide, denied, type Evidence, hindrance, step } from "./answer.ts";
import { conclude } from "./conclude.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";

/** As `decide`: never throws. What was granted is still to be carried out; what was not is told. */
export function decidePlan(
  powers: Powers,
  draft: Draft,
  plan: Approval,
  principal: Principal,
  evidence: Evidence,
  choice: Choice,
): Answered {
  const now = step(draft, plan, { type: "tick" }, null);
  const hindered = hindrance(powers, now, principal, evidence, choice.yes);
  if (hindered !== null) {
    conclude(draft, now);
    return denied(draft, now, principal, hindered);
  }
  const steps = now.steps ?? [];
  const said = saidOf(steps.length, choice);
  if (said === null) {
    const hint = `The plan has ${steps.length === 1 ? "one step" : `${steps.length} steps`}.`;
    return denied(draft, now, principal, new Refusal("input.invalid", { field: "steps", hint }));
  }
  const say = (what: "yes" | "no"): readonly Said[] =>
    steps.flatMap((id, at) => {
      const one = draft.get("approval", id);
      const isNamed = said[at] === what && (choice.steps === null ? one?.status.state === "pending" : one !== null);
      if (one === null || !isNamed) return [];
      return [{ number: at + 1, result: decide(powers, draft, one, principal, evidence, what === "yes") }];
    });
  const given = say("yes");
  const granted = given.filter(({ result }) => result.granted).map(({ number }) => number);
  const weak = given.filter(({ result }) => result.refusal !== null);
  // An answer that counts for nothing that it names refuses nothing either.
  const first = weak[0]?.result.refusal ?? null;
  if (choice.yes && granted.length === 0) return { approval: now, granted: false, refusal: first };
  for (const { result } of say("no")) if (result.refusal === null) conclude(draft, result.approval);
  const approval = draft.need("approval", plan.id);
  return { approval, granted: granted.length > 0, refusal: null, told: toldOf(choice, granted, weak) };
}

type Said = { readonly number: number; readonly result: Answered };

function toldOf({ yes }: Choice, granted: readonly number[], weak: readonly Said[]): string {
  if (!yes) return "All right, I will not do what is left of it.";
  const allowed = `Allowed: ${granted.join(", ")}.`;
  const not = weak.map(({ number, result: { refusal } }) =>
    `Not ${number}: ${refusal?.message} ${refusal?.hint ?? ""}`.trim(),
  );
  return [allowed, ...not].join("\n");
}
