/**
 * Policy's answer to one request: deny over ask over allow, nothing matching is a deny, the order of rules means
 * nothing.
 */
import { type Box, type CompiledRule, locate, MALFORMED, type Policy, strictest, UNKNOWN } from "./compile.ts";
import type { Approver, Assurance, Effect } from "./language.ts";
import type { Dimension, Request } from "./request.ts";

export type Decision = {
  readonly effect: Effect;
  /**
   * The rule that decided (of several, one that surely matches); `default` when none matched, `malformed` when an
   * attribute has a value that cannot be.
   */
  readonly rule: string;
  /** A plain sentence for the operator; agents and chats get a code and a hint only. */
  readonly because: string;
  /** With `ask`: the least evidence that suffices, who may answer, and whether the one who asked may not. */
  readonly assurance?: Assurance;
  readonly approvers?: readonly Approver[];
  readonly fourEyes?: boolean;
  /** With `ask`: where it is put, when a rule says so; of several rules, everywhere that one of them names. */
  readonly route?: readonly string[];
  /** Ids of all rules that matched, strongest first. */
  readonly matched: readonly string[];
  /**
   * With a deny by default: the permission that came closest, and what it failed on (`dimension` is the first of them).
   */
  readonly nearest?: { readonly rule: string; readonly dimension: Dimension; readonly failed: readonly Dimension[] };
};

const DEFAULT_BECAUSE = "No rule permits this, and what is not permitted is refused.";

/**
 * Pure and deterministic. An attribute left out matches every deny that names it and no allow or ask that names it; an
 * ask that names it still turns what is otherwise allowed into a question. So knowing less never permits more.
 */
export function decide(policy: Policy, request: Request): Decision {
  const axes = policy.space.axes;
  // Plain arrays: typed ones of this size are allocated outside the heap, which costs more than the whole decision.
  const words: number[] = [];
  const bits: number[] = [];
  for (let i = 0; i < axes.length; i++) {
    const axis = axes[i];
    if (!axis) continue;
    const atom = locate(axis, request[axis.dimension]);
    if (atom === MALFORMED) return malformed(axis.dimension);
    words.push(atom === UNKNOWN ? 0 : axis.start + (atom >>> 5));
    bits.push(atom === UNKNOWN ? 0 : 1 << (atom & 31));
  }
  return settle(policy, words, bits);
}

function settle(policy: Policy, words: readonly number[], bits: readonly number[]): Decision {
  const matched: CompiledRule[] = [];
  const perhaps: CompiledRule[] = [];
  let denial: CompiledRule | undefined;
  let permitted = false;
  for (const compiled of policy.rules) {
    const match = matchOf(compiled, words, bits);
    if (match === "no") continue;
    const effect = compiled.rule.effect;
    if (match === "yes" && effect !== "deny") permitted = true;
    // Among denies, one that surely matches explains more than one that matches for want of knowledge.
    if (match === "yes" && effect === "deny") denial ??= compiled;
    if (match === "yes" || effect === "deny") matched.push(compiled);
    else if (effect === "ask") perhaps.push(compiled);
  }
  const first = matched[0];
  if (first?.rule.effect === "deny") {
    const { id, because } = (denial ?? first).rule;
    return { effect: "deny", rule: id, because, matched: idsOf(matched) };
  }
  if (!permitted) return byDefault(policy, words, bits);
  const asks = [...matched.filter((it) => it.rule.effect === "ask"), ...perhaps];
  if (asks.length > 0) return ask(policy, asks, matched);
  const rule = first?.rule;
  return { effect: "allow", rule: rule?.id ?? "", because: rule?.because ?? "", matched: idsOf(matched) };
}

/** `perhaps`: every attribute that is known fits, and at least one that the rule names is not known. */
function matchOf(compiled: CompiledRule, words: readonly number[], bits: readonly number[]): "yes" | "perhaps" | "no" {
  let match: "yes" | "perhaps" = "yes";
  const { named, box } = compiled;
  for (let i = 0; i < named.length; i++) {
    const axis = named[i] ?? 0;
    const bit = bits[axis] ?? 0;
    if (bit === 0) match = "perhaps";
    else if (((box[words[axis] ?? 0] ?? 0) & bit) === 0) return "no";
  }
  return match;
}

function ask(policy: Policy, asks: readonly CompiledRule[], matched: readonly CompiledRule[]): Decision {
  const ordered = policy.rules.filter((compiled) => asks.includes(compiled));
  const demand = strictest(ordered.map((compiled) => compiled.rule));
  const leading = ordered[0]?.rule;
  const route = [...new Set(ordered.flatMap((compiled) => compiled.rule.route ?? []))];
  const others = matched.filter((compiled) => !asks.includes(compiled));
  return {
    effect: "ask",
    rule: leading?.id ?? "",
    because: leading?.because ?? "",
    assurance: demand.assurance,
    approvers: demand.approvers,
    fourEyes: demand.fourEyes,
    ...(route.length === 0 ? {} : { route }),
    matched: idsOf([...ordered, ...others]),
  };
}

function byDefault(policy: Policy, words: readonly number[], bits: readonly number[]): Decision {
  let best: CompiledRule | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const compiled of policy.rules) {
    if (compiled.rule.effect === "deny") continue;
    const cost = remoteness(policy, compiled, words, bits, least);
    if (cost >= least) continue;
    least = cost;
    best = compiled;
  }
  const denied: Decision = { effect: "deny", rule: "default", because: DEFAULT_BECAUSE, matched: [] };
  if (!best) return denied;
  const { box, named, rule } = best;
  const failed = named.flatMap((axis) =>
    fits(box, axis, words, bits) ? [] : (policy.space.axes[axis]?.dimension ?? []),
  );
  const dimension = failed[0];
  return dimension === undefined ? denied : { ...denied, nearest: { rule: rule.id, dimension, failed } };
}

/** A rule about another action or capability is farther off than one about the same in another place. */
function remoteness(
  policy: Policy,
  { box, named }: CompiledRule,
  words: readonly number[],
  bits: readonly number[],
  limit: number,
): number {
  let cost = 0;
  for (let i = 0; i < named.length && cost < limit; i++) {
    const axis = named[i] ?? 0;
    if (fits(box, axis, words, bits)) continue;
    const dimension = policy.space.axes[axis]?.dimension;
    cost += dimension === "action" ? 16 : dimension === "capability" ? 4 : 1;
  }
  return cost;
}

function fits(box: Box, axis: number, words: readonly number[], bits: readonly number[]): boolean {
  return ((box[words[axis] ?? 0] ?? 0) & (bits[axis] ?? 0)) !== 0;
}

function malformed(dimension: Dimension): Decision {
  const because = `The request is not understood: ${dimension} has a value that does not exist.`;
  return { effect: "deny", rule: "malformed", because, matched: [] };
}

function idsOf(rules: readonly CompiledRule[]): string[] {
  return rules.map((compiled) => compiled.rule.id);
}
