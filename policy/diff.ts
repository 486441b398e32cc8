/**
 * What a change of policy permits, asks or denies that it did not before: exact regions, joined, each with an example.
 */
import { contains, intersect, isFull, merge, remainder, witnessOf } from "./box.ts";
import { type Box, type CompiledRule, compileRules, DEMANDS, type Policy, type Space, spaceOf } from "./compile.ts";
import { type Decision, decide } from "./decide.ts";
import type { Effect } from "./language.ts";
import type { Request } from "./request.ts";
import type { Rule } from "./rule.ts";

export type Change = {
  readonly from: Effect;
  readonly to: Effect;
  /** For ask to ask: is less or more demanded of the yes. */
  readonly demand?: "less" | "more";
  /** Does it permit anything that was not permitted, or on a weaker yes. Such a change needs the owner. */
  readonly widens: boolean;
  /**
   * Exactly the requests that change so; the boxes of a diff do not overlap, save where a yes is less and more at once.
   */
  readonly box: Box;
  readonly witness: Request;
  readonly before: Decision;
  readonly after: Decision;
};

export type Diff = {
  readonly space: Space;
  readonly changes: readonly Change[];
  /** What a deny that stands in both policies refuses: these requests cannot change. */
  readonly deniedInBoth: readonly Box[];
};

type Sides = {
  readonly space: Space;
  readonly a: Split;
  readonly b: Split;
  readonly before: Policy;
  readonly after: Policy;
};
type Split = {
  readonly deny: Box[];
  readonly ask: Box[];
  readonly allow: Box[];
  readonly asks: readonly CompiledRule[];
};

/**
 * Over complete requests, which is enough: what a request with unknown attributes may do, every completion of it may
 * do. Widening changes come first, then by how little they say about the request. Throws TooTangled above 20,000
 * pieces.
 */
export function diff(before: readonly Rule[], after: readonly Rule[]): Diff {
  const sides = sidesOf(before, after);
  const { space, a, b } = sides;
  const wider = (from: Effect, to: Effect, boxes: Box[]) => changesOf(sides, { from, to, widens: true }, boxes);
  const narrower = (from: Effect, to: Effect, boxes: Box[]) => changesOf(sides, { from, to, widens: false }, boxes);
  const asked = { from: "ask", to: "ask" } as const;
  const changes = [
    ...wider("deny", "allow", denyTo(space, a, b, "allow")),
    ...wider("deny", "ask", denyTo(space, a, b, "ask")),
    ...wider("ask", "allow", askAndAllow(sides, a, b)),
    ...changesOf(sides, { ...asked, demand: "less", widens: true }, demandGap(sides, a, b)),
    ...narrower("allow", "deny", denyTo(space, b, a, "allow")),
    ...narrower("ask", "deny", denyTo(space, b, a, "ask")),
    ...narrower("allow", "ask", askAndAllow(sides, b, a)),
    ...changesOf(sides, { ...asked, demand: "more", widens: false }, demandGap(sides, b, a)),
  ];
  const deniedInBoth = a.deny.filter((box) => b.deny.some((other) => contains(other, box)));
  return { space, changes, deniedInBoth };
}

function sidesOf(before: readonly Rule[], after: readonly Rule[]): Sides {
  const space = spaceOf([...before, ...after]);
  const [a, b] = [compileRules(before, space), compileRules(after, space)];
  return { space, a: split(a), b: split(b), before: a, after: b };
}

function split(policy: Policy): Split {
  const of = (effect: Effect) => policy.rules.filter((compiled) => compiled.rule.effect === effect);
  const boxes = (effect: Effect) => of(effect).map((compiled) => compiled.box);
  return { deny: boxes("deny"), ask: boxes("ask"), allow: boxes("allow"), asks: of("ask") };
}

/** Requests that `x` denies, by default or by a rule, and `y` answers with `effect`. */
function denyTo(space: Space, x: Split, y: Split, effect: "ask" | "allow"): Box[] {
  const positive = effect === "ask" ? y.ask : y.allow;
  const negative = effect === "ask" ? y.deny : [...y.deny, ...y.ask];
  const byDefault = remainder(space, positive, [...negative, ...x.ask, ...x.allow]);
  const byRule = remainder(space, pairs(space, positive, x.deny, negative), [...negative, ...byDefault]);
  return merge(space, [...byDefault, ...byRule]);
}

/** Requests that one side asks about and the other allows. */
function askAndAllow({ space, a, b }: Sides, asking: Split, allowing: Split): Box[] {
  const negative = [...a.deny, ...b.deny, ...allowing.ask];
  return remainder(space, pairs(space, asking.ask, allowing.allow, negative), negative);
}

/** Intersections that `negative` does not swallow whole. */
function pairs(space: Space, xs: readonly Box[], ys: readonly Box[], negative: readonly Box[]): Box[] {
  const found: Box[] = [];
  for (const x of xs)
    for (const y of ys) {
      const shared = intersect(space, x, y);
      if (shared && !negative.some((other) => contains(other, shared))) found.push(shared);
    }
  return found;
}

/** Requests that both sides ask about, where `strict` demands something that `lax` does not. */
function demandGap({ space, a, b }: Sides, strict: Split, lax: Split): Box[] {
  const found: Box[] = [];
  for (const demands of DEMANDS) {
    const negative = [...a.deny, ...b.deny, ...boxesOf(lax.asks.filter(({ rule }) => demands(rule)))];
    const both = pairs(space, boxesOf(strict.asks.filter(({ rule }) => demands(rule))), lax.ask, negative);
    found.push(...remainder(space, both, [...negative, ...found]));
  }
  return merge(space, found);
}

const boxesOf = (rules: readonly CompiledRule[]): Box[] => rules.map((compiled) => compiled.box);

type Kind = Pick<Change, "from" | "to" | "demand" | "widens">;

function changesOf({ space, before, after }: Sides, kind: Kind, boxes: readonly Box[]): Change[] {
  const told = boxes.map((box) => ({ box, named: space.axes.filter((axis) => !isFull(box, axis)).length }));
  return told
    .sort((x, y) => x.named - y.named)
    .map(({ box }) => {
      const witness = witnessOf(space, box);
      return { ...kind, box, witness, before: decide(before, witness), after: decide(after, witness) };
    });
}
