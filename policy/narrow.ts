/** What a tenant's overlay may do to the policy under it: narrow. */
import { TooTangled } from "./box.ts";
import { diff } from "./diff.ts";
import { type Outline, outlines } from "./outline.ts";
import type { Rule } from "./rule.ts";

/** A sentence about something that `after` permits, or permits on a weaker yes, and `before` does not; or undefined. */
export function firstWidening(before: readonly Rule[], after: readonly Rule[]): string | undefined {
  let line: Outline | undefined;
  try {
    line = outlines(diff(before, after)).find(({ change }) => change.widens);
  } catch (error) {
    // What cannot be shown to narrow is refused like what widens.
    if (error instanceof TooTangled) return error.message;
    throw error;
  }
  if (!line) return undefined;
  const example = Object.entries(line.change.witness).map(([name, value]) => `${name}=${value}`);
  return `${line.sentence} For example: ${example.join(" ")}`;
}
