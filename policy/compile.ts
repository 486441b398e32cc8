/** Rules to boxes: a finite set of atoms a dimension, one bit an atom, one mask of 32-bit words a rule. */
import { RULES_MAX } from "./bounds.ts";
import type { Condition } from "./condition.ts";
import { RANGE_END } from "./condition.ts";
import { type Approver, ASSURANCES, type Assurance, type Effect } from "./language.ts";
import {
  CATS_MAX,
  CLOSED,
  DIMENSIONS,
  type Dimension,
  HOURS_PER_WEEK,
  isClosed,
  isOpen,
  OTHER,
  type Request,
} from "./request.ts";
import type { Rule } from "./rule.ts";

/** One dimension of a space. Its bits start at word `start`; atom n is bit n % 32 of word start + n / 32. */
export type Axis = {
  readonly dimension: Dimension;
  readonly start: number;
  readonly size: number;
  readonly atoms: number;
  /** Closed and open dimensions: the value of each atom. */
  readonly values: readonly string[];
  readonly index: ReadonlyMap<string, number>;
  /** Numbers: the lowest of each atom, ascending; atom n ends where n + 1 begins, the last at `end`. */
  readonly lows: readonly number[];
  readonly end: number;
  /** A value of each atom; where no rule mentions the name, one that no rule mentions. */
  readonly examples: readonly (string | number)[];
  /** The atom that a person would expect in an example, or -1. */
  readonly usual: number;
};

/** The finite space that one or more policies are laid out in. */
export type Space = {
  readonly axes: readonly Axis[];
  /** The axes that some rule names; in all others every box is full. */
  readonly named: readonly Axis[];
  /** A request that nobody would find odd. */
  readonly usual: Request;
  readonly words: number;
};

/**
 * A set in every dimension, as 32-bit masks; the region is their product. A plain array, because typed ones of this
 * size live outside the heap and are slow to copy.
 */
export type Box = number[];

export type CompiledRule = {
  readonly rule: Rule;
  readonly box: Box;
  /** Positions in `space.axes` of the dimensions that the rule names. */
  readonly named: readonly number[];
};

export type Policy = {
  readonly space: Space;
  /** By strength: deny, ask, allow; locked first, then the higher assurance, then the id. */
  readonly rules: readonly CompiledRule[];
  /** Names of the packs, each after those that it extends. */
  readonly packs: readonly string[];
  /**
   * The same text for the same meaning, whatever the order of rules, files and values; its SHA-256 is the policy's
   * digest.
   */
  readonly canonical: string;
};

const USUAL: readonly string[] = ["member", "matrix", "group", "butler", "mention", "e2ee", "signed", "own", "given"];

const RANK: Readonly<Record<Effect, number>> = { deny: 0, ask: 1, allow: 2 };

/** Lays out and compiles. Ids must be unique and at most 512 (an error of the caller, checked by `loadPolicy`). */
export function compileRules(rules: readonly Rule[], space: Space = spaceOf(rules)): Policy {
  if (rules.length > RULES_MAX) throw new RangeError(`a policy has at most ${RULES_MAX} rules`);
  if (new Set(rules.map((rule) => rule.id)).size < rules.length) throw new RangeError("rule ids must be unique");
  const sorted = [...rules].sort(byStrength);
  return {
    space,
    rules: sorted.map((rule) => compileRule(rule, space)),
    packs: [...new Set(rules.map((rule) => rule.pack))],
    canonical: canonicalText(sorted),
  };
}

function byStrength(a: Rule, b: Rule): number {
  return (
    RANK[a.effect] - RANK[b.effect] ||
    Number(b.locked) - Number(a.locked) ||
    ASSURANCES.indexOf(b.assurance) - ASSURANCES.indexOf(a.assurance) ||
    (a.id < b.id ? -1 : 1)
  );
}

/** A space fine enough for all of `rules`; policies that are compared must share one. */
export function spaceOf(rules: readonly Rule[]): Space {
  const conditions = new Map<Dimension, Condition[]>();
  for (const rule of rules)
    for (const condition of rule.when) {
      const list = conditions.get(condition.dimension);
      if (list) list.push(condition);
      else conditions.set(condition.dimension, [condition]);
    }
  const axes: Axis[] = [];
  let start = 0;
  for (const dimension of DIMENSIONS) {
    const axis = axisOf(dimension, conditions.get(dimension) ?? [], start);
    start += axis.size;
    axes.push(axis);
  }
  const named = axes.filter((axis) => conditions.has(axis.dimension));
  const usual = Object.fromEntries(axes.map((axis) => [axis.dimension, axis.examples[Math.max(axis.usual, 0)]]));
  return { axes, named, usual, words: start };
}

function axisOf(dimension: Dimension, conditions: readonly Condition[], start: number): Axis {
  const named = conditions.flatMap((condition) => (condition.kind === "values" ? condition.values : []));
  const values = isClosed(dimension)
    ? [...CLOSED[dimension]]
    : isOpen(dimension)
      ? [OTHER, ...[...new Set(named)].sort()]
      : [];
  const end = dimension === "time" ? HOURS_PER_WEEK : dimension === "cats" ? CATS_MAX + 1 : RANGE_END;
  const lows =
    dimension === "cats"
      ? Array.from({ length: CATS_MAX + 1 }, (_, cats) => cats)
      : values.length > 0
        ? []
        : breakpoints(conditions, end);
  const atoms = Math.max(values.length, lows.length);
  const index = new Map(values.map((value, i) => [value, i]));
  const usual = values.findIndex((value) => USUAL.includes(value));
  const examples =
    lows.length > 0 ? lows : values.map((value) => (value === OTHER ? unnamed(dimension, index) : value));
  return { dimension, start, size: Math.ceil(atoms / 32), atoms, values, index, lows, end, usual, examples };
}

function unnamed(dimension: Dimension, index: ReadonlyMap<string, number>): string {
  if (!index.has("none") && dimension !== "capability") return "none";
  let name = `some-${dimension}`;
  while (index.has(name)) name += "-else";
  return name;
}

function breakpoints(conditions: readonly Condition[], end: number): number[] {
  const points = new Set([0]);
  for (const condition of conditions)
    if (condition.kind === "ranges") for (const range of condition.ranges) for (const at of range) points.add(at);
  return [...points].filter((at) => at < end).sort((a, b) => a - b);
}

function compileRule(rule: Rule, space: Space): CompiledRule {
  const box = fullBox(space);
  const named = rule.when.map((condition) => DIMENSIONS.indexOf(condition.dimension));
  rule.when.forEach((condition, i) => {
    const axis = space.axes[named[i] ?? -1];
    if (!axis) throw new RangeError(`unknown dimension ${condition.dimension}`);
    box.fill(0, axis.start, axis.start + axis.size);
    for (const atom of atomsOf(condition, axis)) setAtom(box, axis, atom);
  });
  return { rule, box, named };
}

function atomsOf(condition: Condition, axis: Axis): readonly number[] {
  switch (condition.kind) {
    case "values":
      return condition.values.map((value) => {
        const atom = axis.index.get(value);
        if (atom === undefined) throw new RangeError(`the space lacks ${condition.dimension} ${value}`);
        return atom;
      });
    case "cats":
      return axis.lows.filter((cats) => ((condition.subsets >>> cats) & 1) === 1);
    case "ranges":
      return axis.lows.flatMap((low, atom) =>
        condition.ranges.some(([from, to]) => low >= from && low < to) ? [atom] : [],
      );
  }
}

/** All of the space. */
export function fullBox(space: Space): Box {
  const box: Box = new Array<number>(space.words).fill(0);
  for (const axis of space.axes) for (let atom = 0; atom < axis.atoms; atom++) setAtom(box, axis, atom);
  return box;
}

function setAtom(box: Box, axis: Axis, atom: number): void {
  const word = axis.start + (atom >>> 5);
  box[word] = (box[word] ?? 0) | (1 << (atom & 31));
}

export const UNKNOWN = -1;
export const MALFORMED = -2;

/** The atom of a request's attribute: UNKNOWN when it is left out, MALFORMED when no such value can be. */
export function locate(axis: Axis, value: string | number | undefined): number {
  if (value === undefined) return UNKNOWN;
  if (typeof value === "string") {
    if (axis.values.length === 0) return MALFORMED;
    return axis.index.get(value) ?? (isOpen(axis.dimension) ? 0 : MALFORMED);
  }
  if (axis.lows.length === 0 || !Number.isSafeInteger(value) || value < 0 || value >= axis.end) return MALFORMED;
  if (axis.dimension === "cats") return value;
  let atom = axis.lows.length - 1;
  while (atom > 0 && (axis.lows[atom] ?? 0) > value) atom--;
  return atom;
}

/** What an ask needs: shared by decisions and comparisons. */
export type Demand = {
  readonly assurance: Assurance;
  readonly approvers: readonly Approver[];
  readonly fourEyes: boolean;
};

/** Every demand that an ask can make on the yes, each on its own scale of all or nothing. */
export const DEMANDS: readonly ((demand: Demand) => boolean)[] = [
  () => true,
  ({ assurance }) => assurance !== "low",
  ({ assurance }) => assurance === "high",
  ({ approvers }) => !approvers.includes("approver"),
  ({ fourEyes }) => fourEyes,
];

/** Several asks at once demand what the strictest of them demands. */
export function strictest(asks: readonly Demand[]): Demand {
  const level = Math.max(0, ...asks.map((ask) => ASSURANCES.indexOf(ask.assurance)));
  return {
    assurance: ASSURANCES[level] ?? "high",
    approvers: asks.every((ask) => ask.approvers.includes("approver")) ? ["owner", "approver"] : ["owner"],
    fourEyes: asks.some((ask) => ask.fourEyes),
  };
}

function canonicalText(rules: readonly Rule[]): string {
  const rows = rules.map((rule) => [
    rule.effect,
    rule.id,
    rule.because,
    rule.when.map((condition) => [
      condition.dimension,
      condition.kind === "values"
        ? condition.values
        : condition.kind === "cats"
          ? condition.subsets >>> 0
          : condition.ranges,
    ]),
    rule.effect === "ask"
      ? [rule.assurance, rule.approvers, rule.fourEyes, ...(rule.route === undefined ? [] : [rule.route])]
      : [],
    rule.locked,
  ]);
  return JSON.stringify(["lazaret.policy.v1", rows]);
}
