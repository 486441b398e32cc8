/** What is odd about a policy, found exactly on its boxes, each finding with a request that shows it. */
import {
  atomsIn,
  type Cover,
  contains,
  coverOf,
  everythingWith,
  firstUncovered,
  hasAtom,
  intersect,
  isEmpty,
  isFull,
  overlaps,
  slice,
  witnessOf,
} from "./box.ts";
import { type Axis, type Box, type CompiledRule, DEMANDS, type Policy, type Space } from "./compile.ts";
import type { Effect } from "./language.ts";
import { type Dimension, isOpen, OTHER, type Request } from "./request.ts";

export type FindingKind =
  /** No request can match the rule. */
  | "impossible"
  /** An allow that permits nothing, because denies cover all of it. */
  | "unreachable"
  /** One stronger rule covers all of this one, so it never decides. */
  | "shadowed"
  /** Several stronger rules together cover all of this one. */
  | "dead"
  /** Without the rule every decision is the same. */
  | "redundant"
  /** A deny of what no other rule permits: it changes nothing today, and may be meant to. */
  | "guard"
  /** A value of a rule that never makes a difference, because stronger rules decide every request with it. */
  | "unused"
  /** Two rules of different effect meet, and neither is an exception within the other. */
  | "conflict"
  /** A value for which nothing is ever permitted, though no rule says so. */
  | "gap";

/** A pack that narrows the one it extends leaves some of its rules without work: that is only worth a note. */
export type Severity = "error" | "warning" | "note";

export type Finding = {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** The rule in question; absent for a gap. */
  readonly rule?: string;
  /** The rules that are the reason. */
  readonly by: readonly string[];
  readonly dimension?: Dimension;
  readonly value?: string;
  /** A request that shows it; absent when there can be none. */
  readonly witness?: Request;
};

const STRENGTH: Readonly<Record<Effect, number>> = { deny: 2, ask: 1, allow: 0 };

/** Dimensions in which a value that is never permitted is worth a word. */
const SPOKEN: readonly Dimension[] = ["action", "role", "capability", "destination", "tier", "agent", "network"];

/** All findings, in a fixed order. Throws TooTangled above 20,000 pieces. */
export function analyse(policy: Policy): Finding[] {
  const { space, rules } = policy;
  const live: CompiledRule[] = [];
  const findings: Finding[] = [];
  for (const compiled of rules) {
    const finding = neverDecides(space, compiled, rules);
    if (finding) findings.push(finding);
    else live.push(compiled);
  }
  findings.push(...redundancies(space, live));
  for (const compiled of live) findings.push(...unusedValues(space, compiled, rules));
  findings.push(...conflicts(space, live));
  findings.push(...gaps(policy, live));
  const layers = new Map(rules.map(({ rule }) => [rule.id, policy.packs.indexOf(rule.pack)]));
  return findings.map((finding) => (isNarrowedLater(layers, finding) ? { ...finding, severity: "note" } : finding));
}

/** Does a later pack contribute to what makes the rule idle. */
function isNarrowedLater(layers: ReadonlyMap<string, number>, finding: Finding): boolean {
  const own = layers.get(finding.rule ?? "") ?? -1;
  return finding.by.some((id) => (layers.get(id) ?? -1) > own);
}

function strongerThan(compiled: CompiledRule, rules: readonly CompiledRule[]): CompiledRule[] {
  return rules.filter((other) => STRENGTH[other.rule.effect] > STRENGTH[compiled.rule.effect]);
}

const boxesOf = (rules: readonly CompiledRule[]): Box[] => rules.map((compiled) => compiled.box);
const idsOf = (rules: readonly CompiledRule[]): string[] => rules.map((compiled) => compiled.rule.id);

function neverDecides(space: Space, compiled: CompiledRule, rules: readonly CompiledRule[]): Finding | undefined {
  const rule = compiled.rule.id;
  if (isEmpty(space, compiled.box)) return { kind: "impossible", severity: "error", rule, by: [] };
  const stronger = strongerThan(compiled, rules);
  if (firstUncovered(space, compiled.box, boxesOf(stronger))) return undefined;
  const witness = witnessOf(space, compiled.box);
  const denies = stronger.filter((other) => other.rule.effect === "deny");
  const deniesCover = compiled.rule.effect === "allow" && !firstUncovered(space, compiled.box, boxesOf(denies));
  const alone = (deniesCover ? denies : stronger).find((other) => contains(other.box, compiled.box));
  const by = alone ? [alone] : fewestThatCover(space, compiled.box, deniesCover ? denies : stronger);
  const kind = deniesCover ? "unreachable" : alone ? "shadowed" : "dead";
  return { kind, severity: "error", rule, by: idsOf(by), witness };
}

/** Of rules that cover the box together, a choice of which none can be left out. */
function fewestThatCover(space: Space, box: Box, rules: readonly CompiledRule[]): CompiledRule[] {
  const cover = coverOf(space, box, boxesOf(rules));
  const enough = rules.filter((compiled) => cover.covered && cover.by.has(compiled.box));
  return fewestThat(enough, (chosen) => !firstUncovered(space, box, boxesOf(chosen)));
}

function fewestThat(rules: readonly CompiledRule[], suffice: (chosen: CompiledRule[]) => boolean): CompiledRule[] {
  let needed = [...rules];
  for (const candidate of [...rules].reverse()) {
    const without = needed.filter((compiled) => compiled !== candidate);
    if (suffice(without)) needed = without;
  }
  return needed;
}

/** Rules that can all be taken out at once. The weakest and last named go first; a locked rule always stays. */
function redundancies(space: Space, live: readonly CompiledRule[]): Finding[] {
  let kept = [...live];
  const findings: Finding[] = [];
  for (const compiled of [...live].reverse()) {
    if (compiled.rule.locked) continue;
    const others = kept.filter((other) => other !== compiled);
    const doing = doneBy(space, compiled, others);
    if (!doing) continue;
    kept = others;
    const fewest = fewestThat(doing, (chosen) => doneBy(space, compiled, chosen) !== undefined);
    const witness = witnessOf(space, compiled.box);
    findings.push({ kind: "redundant", severity: "warning", rule: compiled.rule.id, by: idsOf(fewest), witness });
  }
  return [...findings.reverse(), ...guards(space, kept)];
}

function guards(space: Space, kept: readonly CompiledRule[]): Finding[] {
  const permissions = kept.filter((compiled) => compiled.rule.effect !== "deny");
  return kept.flatMap((compiled) => {
    if (compiled.rule.effect !== "deny" || compiled.rule.locked) return [];
    const denies = kept.filter((other) => other !== compiled && other.rule.effect === "deny");
    const needed = permissions.some((permission) => {
      const shared = intersect(space, permission.box, compiled.box);
      return shared !== undefined && firstUncovered(space, shared, boxesOf(denies)) !== undefined;
    });
    if (needed) return [];
    const witness = witnessOf(space, compiled.box);
    return [{ kind: "guard", severity: "note", rule: compiled.rule.id, by: [], witness } as const];
  });
}

/** Rules that decide everything in the rule's box as it does; each demand of a question is looked for by itself. */
function doneBy(space: Space, compiled: CompiledRule, others: readonly CompiledRule[]): CompiledRule[] | undefined {
  const stronger = strongerThan(compiled, others);
  const alike = others.filter((other) => other.rule.effect === compiled.rule.effect);
  const demands = compiled.rule.effect === "ask" ? DEMANDS.filter((demand) => demand(compiled.rule)) : [() => true];
  const doing = new Set<Box>();
  for (const demand of demands) {
    const able = [...stronger, ...alike.filter((other) => demand(other.rule))];
    const cover = coverOf(space, compiled.box, boxesOf(able));
    if (!cover.covered) return undefined;
    for (const box of cover.by) doing.add(box);
  }
  return others.filter((other) => doing.has(other.box));
}

/** Values of names that a living rule lists in vain. Numbers and categories are left out: nobody lists their atoms. */
function unusedValues(space: Space, compiled: CompiledRule, rules: readonly CompiledRule[]): Finding[] {
  const stronger = strongerThan(compiled, rules);
  const boxes = boxesOf(stronger);
  const reached: Box = new Array<number>(space.words).fill(0);
  const coverOrReach = (box: Box): Cover => {
    const cover = coverOf(space, box, boxes);
    if (!cover.covered)
      cover.piece.forEach((word, i) => {
        reached[i] = (reached[i] ?? 0) | word;
      });
    return cover;
  };
  coverOrReach(compiled.box);
  const findings: Finding[] = [];
  for (const position of compiled.named) {
    const axis = space.axes[position];
    if (!axis || axis.values.length === 0) continue;
    for (const atom of atomsIn(compiled.box, axis)) {
      if (hasAtom(reached, axis, atom)) continue;
      const part = slice(compiled.box, axis, atom);
      const cover = coverOrReach(part);
      if (!cover.covered) continue;
      const by = stronger.filter((other) => cover.by.has(other.box)).map((other) => other.rule.id);
      const where = { dimension: axis.dimension, value: axis.values[atom] ?? "", witness: witnessOf(space, part) };
      findings.push({ kind: "unused", severity: "warning", rule: compiled.rule.id, by, ...where });
    }
  }
  return findings;
}

/** Partial overlaps that decide something. A locked deny is meant to cut into everything and is left out. */
function conflicts(space: Space, live: readonly CompiledRule[]): Finding[] {
  const findings: Finding[] = [];
  const denies = boxesOf(live.filter((compiled) => compiled.rule.effect === "deny"));
  // Parts that no deny covers, found so far: most pairs meet in one of them and need no search of their own.
  const open: Box[] = [];
  const undenied = (box: Box): Box | undefined => {
    const known = open.find((piece) => overlaps(space, piece, box));
    if (known) return intersect(space, known, box);
    const piece = firstUncovered(space, box, denies);
    if (piece) open.push(piece);
    return piece;
  };
  live.forEach((a, i) => {
    if (a.rule.locked) return;
    for (let j = i + 1; j < live.length; j++) {
      const b = live[j];
      if (!b || a.rule.effect === b.rule.effect || contains(a.box, b.box) || contains(b.box, a.box)) continue;
      const shared = intersect(space, a.box, b.box);
      if (!shared) continue;
      // `live` is sorted by strength: a is the stronger of the two, and only a deny can take an ask's part.
      const piece = a.rule.effect === "ask" ? undenied(shared) : shared;
      if (!piece) continue;
      const witness = witnessOf(space, piece);
      findings.push({ kind: "conflict", severity: "note", rule: b.rule.id, by: [a.rule.id], witness });
    }
  });
  return findings;
}

function gaps(policy: Policy, live: readonly CompiledRule[]): Finding[] {
  const { space } = policy;
  const denies = boxesOf(policy.rules.filter((compiled) => compiled.rule.effect === "deny"));
  const permissions = live.filter((compiled) => compiled.rule.effect !== "deny");
  const permitted: Box = new Array<number>(space.words).fill(0);
  const reach = (box: Box): boolean => {
    const piece = firstUncovered(space, box, denies);
    piece?.forEach((word, i) => {
      permitted[i] = (permitted[i] ?? 0) | word;
    });
    return piece !== undefined;
  };
  for (const compiled of permissions) reach(compiled.box);
  const findings: Finding[] = [];
  for (const axis of space.axes) {
    // Where no rule tells values apart, a finding about one would be a finding about all.
    if (!SPOKEN.includes(axis.dimension) || policy.rules.every(({ box }) => isFull(box, axis))) continue;
    for (let atom = 0; atom < axis.atoms; atom++) {
      const value = axis.values[atom] ?? "";
      if (value === "none" || (isOpen(axis.dimension) && value === OTHER)) continue;
      if (hasAtom(permitted, axis, atom)) continue;
      if (permissions.some((compiled) => reachable(compiled, axis, atom, reach))) continue;
      const piece = firstUncovered(space, everythingWith(space, axis, atom), denies);
      if (!piece) continue;
      const witness = witnessOf(space, piece);
      findings.push({ kind: "gap", severity: "note", by: [], dimension: axis.dimension, value, witness });
    }
  }
  return findings;
}

function reachable(compiled: CompiledRule, axis: Axis, atom: number, reach: (box: Box) => boolean): boolean {
  return hasAtom(compiled.box, axis, atom) && reach(slice(compiled.box, axis, atom));
}
