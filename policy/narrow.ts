/** What a tenant's overlay may do to the policy under it: narrow. */
import type { Rule } from "./rule.ts";

/** A sentence about a rule of `after` that may permit more than `before`, or undefined; denies alone never do. */
export function widenings(before: readonly Rule[], after: readonly Rule[]): string | undefined {
  const wider = after.find((rule) => rule.effect !== "deny" && !before.includes(rule));
  return wider === undefined ? undefined : `the rule ${wider.id} is no deny`;
}
