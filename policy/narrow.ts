/** What a tenant's overlay may do to the policy under it: narrow. */
import { diff } from "./diff.ts";
import { outlines } from "./outline.ts";
import type { Rule } from "./rule.ts";

/** A sentence about something that `after` permits, or permits on a weaker yes, and `before` does not; or undefined. */
export function firstWidening(before: readonly Rule[], after: readonly Rule[]): string | undefined {
  const line = outlines(diff(before, after)).find(({ change }) => change.widens);
  if (!line) return undefined;
  const example = Object.entries(line.change.witness).map(([name, value]) => `${name}=${value}`);
  return `${line.sentence} For example: ${example.join(" ")}`;
}
