/** A plan: several questions behind one prompt, answered in part (CONTRACT section 7). Pure. */
import type { Approval, ApprovalStatus } from "./approval.ts";

/**
 * What one answer says. Without `steps` it speaks of all of them; `others` is what becomes of those that it does not
 * name.
 */
export type Choice = {
  readonly yes: boolean;
  /** Numbers from 1, as shown. */
  readonly steps: readonly number[] | null;
  readonly others: "open" | "refused";
};

/** What an answer says of each step; null when it names one that is not there: such an answer is none. */
export function saidOf(count: number, { yes, steps, others }: Choice): readonly ("yes" | "no" | null)[] | null {
  if (steps?.some((step) => !Number.isInteger(step) || step < 1 || step > count) === true) return null;
  if (steps?.length === 0) return null;
  const named = yes ? "yes" : "no";
  const unnamed = others === "refused" ? "no" : null;
  return Array.from({ length: count }, (_, at) => (steps === null || steps.includes(at + 1) ? named : unnamed));
}

type Step = Pick<Approval, "status">;
type Ending = Exclude<ApprovalStatus["state"], "pending" | "granted">;

/**
 * How a plan ends, from how its steps ended: null while one of them is open or still to be carried out. Done in part
 * is done: what was not is in its report.
 */
export function endOf(steps: readonly Step[]): Ending | null {
  const states = steps.map(({ status }) => status.state);
  if (states.some((state) => state === "pending" || state === "granted")) return null;
  const worst: readonly Ending[] = ["consumed", "denied", "expired", "void"];
  return worst.find((ending) => states.includes(ending)) ?? "void";
}
