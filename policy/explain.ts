/** Why a request is answered as it is, and which single change would have it answered otherwise. */
import type { Policy } from "./compile.ts";
import { type Decision, decide } from "./decide.ts";
import type { Effect } from "./language.ts";
import type { Dimension, Request } from "./request.ts";

type Alternative = {
  readonly effect: Effect;
  /** By which rule, if this one attribute had one of these values. */
  readonly rule: string;
  readonly dimension: Dimension;
  readonly values: readonly (string | number)[];
};

export type Explanation = {
  readonly decision: Decision;
  /** The attributes that are not known; each may be why a deny matched. */
  readonly unknown: readonly Dimension[];
  /** Every single attribute whose change alone gives another effect, grouped by what it gives. */
  readonly alternatives: readonly Alternative[];
};

/** Exact: tries every atom of every dimension. */
export function explain(policy: Policy, request: Request): Explanation {
  const decision = decide(policy, request);
  const unknown = policy.space.axes.flatMap(({ dimension }) => (request[dimension] === undefined ? [dimension] : []));
  const alternatives = policy.space.axes.flatMap((axis) => {
    const groups = new Map<string, { effect: Effect; rule: string; values: (string | number)[] }>();
    for (let atom = 0; atom < axis.atoms; atom++) {
      const value = axis.examples[atom] ?? "";
      const other = decide(policy, { ...request, [axis.dimension]: value });
      if (other.effect === decision.effect) continue;
      const key = `${other.effect} ${other.rule}`;
      const group = groups.get(key);
      if (group) group.values.push(value);
      else groups.set(key, { effect: other.effect, rule: other.rule, values: [value] });
    }
    return [...groups.values()].map((group) => ({ ...group, dimension: axis.dimension }));
  });
  return { decision, unknown, alternatives };
}

/** For the operator: the deciding rule, what is not known, and every single change that would help. */
export function explanationSentences({ decision, unknown, alternatives }: Explanation): string[] {
  const { effect, rule, because, assurance, nearest } = decision;
  const verb = { deny: "Denied", ask: "Asked", allow: "Allowed" }[effect];
  const who = decision.approvers?.includes("approver") ? "the owner or an approver" : "the owner";
  const eyes = decision.fourEyes ? " who is not the one who asked" : "";
  return [
    `${verb} by ${rule}: ${because}`,
    ...(assurance ? [`The yes must come from ${who}${eyes}, with ${assurance} assurance.`] : []),
    ...(decision.route ? [`It is asked where the rules say: ${decision.route.join(", ")}.`] : []),
    ...(nearest ? [`The nearest permission is ${nearest.rule}; it fails on ${nearest.failed.join(", ")}.`] : []),
    ...(unknown.length > 0 ? [`Not known, and so taken for the worst: ${unknown.join(", ")}.`] : []),
    ...alternatives.map(({ effect: other, rule: by, dimension, values }) => {
      const would = { deny: "denied", ask: "asked", allow: "allowed" }[other];
      return `It would be ${would} by ${by} if ${dimension} were ${values.join(" or ")}.`;
    }),
  ];
}
