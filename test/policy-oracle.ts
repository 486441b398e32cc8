/** What a policy means, said a second time without masks: rule by rule, value by value. The compiled one must agree. */
import type { Condition } from "../policy/condition.ts";
import type { Approver, Assurance, Effect } from "../policy/language.ts";
import { CLOSED, OTHER, type Request } from "../policy/request.ts";
import type { Rule } from "../policy/rule.ts";

export type Verdict = {
  readonly effect: Effect;
  readonly assurance?: Assurance;
  readonly approvers?: readonly Approver[];
  readonly fourEyes?: boolean;
};

/** Does the condition hold; undefined when the attribute is not known. */
function holds(condition: Condition, request: Request): boolean | undefined {
  const value = request[condition.dimension];
  if (value === undefined) return undefined;
  switch (condition.kind) {
    case "values":
      return condition.values.some((word) => word === value);
    case "ranges":
      return condition.ranges.some(([from, to]) => from <= Number(value) && Number(value) < to);
    case "cats":
      return Math.floor((condition.subsets >>> 0) / 2 ** Number(value)) % 2 === 1;
  }
}

export function matches(rule: Rule, request: Request): "yes" | "unknown" | "no" {
  const all = rule.when.map((condition) => holds(condition, request));
  return all.includes(false) ? "no" : all.includes(undefined) ? "unknown" : "yes";
}

export function verdict(rules: readonly Rule[], request: Request): Verdict {
  const of = (effect: Effect, ...how: string[]) =>
    rules.filter((rule) => rule.effect === effect && how.includes(matches(rule, request)));
  if (of("deny", "yes", "unknown").length > 0) return { effect: "deny" };
  if (of("ask", "yes").length + of("allow", "yes").length === 0) return { effect: "deny" };
  const asks = of("ask", "yes", "unknown");
  if (asks.length === 0) return { effect: "allow" };
  const has = (level: Assurance) => asks.some((rule) => rule.assurance === level);
  return {
    effect: "ask",
    assurance: has("high") ? "high" : has("medium") ? "medium" : "low",
    approvers: asks.some((rule) => rule.approvers.length === 1) ? ["owner"] : ["owner", "approver"],
    fourEyes: asks.some((rule) => rule.fourEyes),
  };
}

/** The same sequence for the same seed (mulberry32). */
export function randomFrom(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  const pick = <T>(list: readonly T[]): T => {
    const item = list[below(list.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  };
  const some = <T>(list: readonly T[]): T[] => {
    const chosen = list.filter(() => next() < 0.45);
    return chosen.length > 0 ? chosen : [pick(list)];
  };
  return { next, below, pick, some };
}
export type Random = ReturnType<typeof randomFrom>;

/**
 * The values that stand for a dimension when every request is enumerated. The rules below cannot tell the values that
 * are left out from one of these: failures above 5 from 5, and categories by their two lowest bits.
 */
export const SMALL = {
  action: CLOSED.action,
  integrity: CLOSED.integrity,
  released: CLOSED.released,
  host: ["a.example", "b.example", OTHER],
  failures: [0, 1, 2, 3, 4, 5],
  cats: [0, 17, 6, 31],
} as const;
export type SmallDimension = keyof typeof SMALL;
const SMALL_NAMES = Object.keys(SMALL) as SmallDimension[];

function randomCondition(dimension: SmallDimension, random: Random): Condition {
  switch (dimension) {
    case "failures": {
      const from = random.below(3);
      return { kind: "ranges", dimension, ranges: [[from, from + 1 + random.below(3)]] };
    }
    case "cats":
      return { kind: "cats", dimension, subsets: (random.below(16) * 0x11111111) | 0 };
    case "host":
      return { kind: "values", dimension, values: random.some(["a.example", "b.example"]) };
    default:
      return { kind: "values", dimension, values: random.some<string>(SMALL[dimension]) };
  }
}

export function ruleOf(id: string, effect: Effect, when: readonly Condition[], extra: Partial<Rule> = {}): Rule {
  return {
    id,
    pack: "test",
    effect,
    because: "Because of a test.",
    when,
    assurance: "medium",
    approvers: ["owner", "approver"],
    fourEyes: false,
    locked: false,
    ...extra,
  };
}

/** Rules over the small dimensions; each names about half of them. */
export function randomRules(random: Random, count: number): Rule[] {
  return Array.from({ length: count }, (_, i) => {
    const when = SMALL_NAMES.filter(() => random.next() < 0.4).map((name) => randomCondition(name, random));
    const effect = random.pick(["deny", "ask", "allow"] as const);
    if (effect !== "ask") return ruleOf(`r${i}`, effect, when);
    return ruleOf(`r${i}`, effect, when, {
      assurance: random.pick(["low", "medium", "high"] as const),
      approvers: random.pick([["owner"], ["owner", "approver"]] as const),
      fourEyes: random.next() < 0.3,
    });
  });
}

const ANY: Request = { role: "member", capability: "none", destination: "own", tier: "none", agent: "butler" };

/** Every request of the small dimensions; what else a request has is the same for all. */
export function everyRequest(): Request[] {
  let requests: Request[] = [ANY];
  for (const name of SMALL_NAMES)
    requests = requests.flatMap((request) => SMALL[name].map((value) => ({ ...request, [name]: value })));
  return requests;
}

/** A request of the small dimensions in which every attribute is missing once in a while. */
export function randomRequest(random: Random): Request {
  const entries = SMALL_NAMES.filter(() => random.next() < 0.85).map((name) => [
    name,
    random.pick<unknown>(SMALL[name]),
  ]);
  return { ...ANY, ...Object.fromEntries(entries) };
}

export function without(rules: readonly Rule[], ids: readonly string[]): Rule[] {
  return rules.filter((rule) => !ids.includes(rule.id));
}
