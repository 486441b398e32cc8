/** Scenario tables: a request as a person writes it, and what policy must answer. */
import type { Policy } from "./compile.ts";
import { categoryBit, untilInstant, weekHour } from "./condition.ts";
import { type Decision, decide } from "./decide.ts";
import type { Given, PackSource, PackTest } from "./language.ts";
import type { Request } from "./request.ts";
import type { PackError } from "./yaml-source.ts";

export type ScenarioResult = {
  readonly name: string;
  readonly passed: boolean;
  readonly decision: Decision;
  /** Where the scenario stands and what it got instead; absent when it passed. */
  readonly error?: PackError;
};

/**
 * `given` overlaid by `request`; an hour or instant that is not understood is left out, so that it matches every deny.
 */
export function requestOf(given: Given | undefined, request: Given): Request {
  const { cats, time, now, ...rest } = { ...given, ...request };
  return {
    ...rest,
    cats: cats?.reduce((bits, name) => bits | categoryBit(name), 0),
    time: time === undefined ? undefined : weekHour(time),
    now: now === undefined ? undefined : untilInstant(now),
  };
}

/** Every test of a pack against a policy, in order. */
export function runScenarios(policy: Policy, source: PackSource): ScenarioResult[] {
  return (source.pack.tests ?? []).map((test, index) => {
    const decision = decide(policy, requestOf(source.pack.given, test.request));
    const name = test.name ?? `test ${index + 1}`;
    const wrong = mismatch(test, decision);
    if (wrong === undefined) return { name, passed: true, decision };
    return { name, passed: false, decision, error: source.places.errorAt(["tests", index], `${name}: ${wrong}`) };
  });
}

function mismatch(test: PackTest, decision: Decision): string | undefined {
  const got = `${decision.effect} by ${decision.rule}`;
  if (decision.effect !== test.expect) return `expected ${test.expect}, got ${got}`;
  if (test.rule !== undefined && decision.rule !== test.rule) return `expected rule ${test.rule}, got ${got}`;
  if (test.assurance !== undefined && decision.assurance !== test.assurance)
    return `expected ${test.assurance} assurance, got ${decision.assurance ?? "none"}`;
  return undefined;
}
