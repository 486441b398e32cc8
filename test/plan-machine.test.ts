/** The machine of a plan: what answers of any order and strength come to, without anything around it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Approval, ASSURANCE, decideStep, suffices } from "../src/core/approval.ts";
import { PLAN_STEPS_MAX } from "../src/core/limits.ts";
import { type Choice, endOf, saidOf } from "../src/core/plan.ts";
import { pending } from "./approval-sample.ts";
import { id } from "./store-home.ts";

const ANA = id("PrincipalId");
const stepThat = (assurance: Approval["assurance"]): Approval => pending({ assurance, fourEyes: false });

const assurance = fc.constantFrom(...ASSURANCE);
const choice: fc.Arbitrary<Choice> = fc.record({
  yes: fc.boolean(),
  steps: fc.option(fc.array(fc.integer({ min: -1, max: PLAN_STEPS_MAX + 1 }), { maxLength: 4 })),
  others: fc.constantFrom("open" as const, "refused" as const),
});
const plans = fc.record({
  needs: fc.array(assurance, { minLength: 1, maxLength: PLAN_STEPS_MAX }),
  answers: fc.array(fc.tuple(choice, assurance, fc.nat({ max: 1100 })), { maxLength: 12 }),
});

function answer(steps: readonly Approval[], given: Choice, proved: Approval["assurance"], at: number): Approval[] {
  const said = saidOf(steps.length, given);
  return steps.map((one, n) =>
    said?.[n] == null
      ? one
      : decideStep(one, { type: "decide", yes: said[n] === "yes", by: ANA, assurance: proved }, at),
  );
}

test("a step is granted by an answer that names it and suffices for it, in time, and by nothing else", () => {
  fc.assert(
    fc.property(plans, ({ needs, answers }) => {
      let steps: readonly Approval[] = needs.map(stepThat);
      for (const [given, proved, at] of answers) {
        const after = answer(steps, given, proved, at);
        for (const [n, one] of after.entries()) {
          const before = steps[n];
          if (one.status.state !== "granted" || before?.status.state === "granted") continue;
          const isNamed = given.steps === null || given.steps.includes(n + 1);
          expect([given.yes, isNamed, suffices(proved, one.assurance), at < one.expiresAt]).not.toContain(false);
        }
        steps = after;
      }
    }),
  );
});

test("what ended stays ended, and a step that nobody spoke of stays as it was", () => {
  fc.assert(
    fc.property(plans, ({ needs, answers }) => {
      let steps: readonly Approval[] = needs.map(stepThat);
      for (const [given, proved, at] of answers) {
        const after = answer(steps, given, proved, at);
        for (const [n, one] of steps.entries()) {
          const isSpokenOf = given.steps === null || given.steps.includes(n + 1) || given.others === "refused";
          const isOver = one.status.state === "denied" || one.status.state === "expired";
          if (isOver || !isSpokenOf) expect(after[n]).toBe(one);
        }
        steps = after;
      }
    }),
  );
});

test("an answer that names what is not there says nothing of any step", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: PLAN_STEPS_MAX }), choice, (count, given) => {
      const isThere = given.steps?.every((n) => n >= 1 && n <= count) !== false && given.steps?.length !== 0;
      expect(saidOf(count, given) !== null).toBe(isThere);
    }),
  );
});

test("a plan ends when no step is open or still to be done, and done in part is done", () => {
  const state = fc.constantFrom("pending", "granted", "consumed", "denied", "expired", "void");
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: PLAN_STEPS_MAX }), (states) => {
      const end = endOf(states.map((one) => ({ status: { state: one } as Approval["status"] })));
      const isOpen = states.includes("pending") || states.includes("granted");
      expect(end === null).toBe(isOpen);
      if (!isOpen) expect(end === "consumed").toBe(states.includes("consumed"));
      if (end !== null) expect(states).toContain(end);
    }),
  );
});
