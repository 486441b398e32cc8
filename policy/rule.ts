/** A rule as the compiler takes it: conditions normalised, groups spelled out, every word checked. */
import { VALUES_MAX } from "./bounds.ts";
import {
  type Condition,
  catSubsets,
  counterRange,
  mergeRanges,
  RANGE_END,
  type Range,
  untilInstant,
  weekRanges,
} from "./condition.ts";
import type { Approver, Assurance, Effect, PackRule, PackSource } from "./language.ts";
import { CLOSED, DIMENSIONS, type Dimension, isClosed, isCounter, isOpen, OTHER } from "./request.ts";
import { nearestWord } from "./spelling.ts";
import type { PackError, Path } from "./yaml-source.ts";

export type Rule = {
  readonly id: string;
  /** The pack it stands in. */
  readonly pack: string;
  readonly effect: Effect;
  readonly because: string;
  /** At most one a dimension, in the order of DIMENSIONS. */
  readonly when: readonly Condition[];
  /** Meant for `ask`; other effects carry the defaults. */
  readonly assurance: Assurance;
  readonly approvers: readonly Approver[];
  readonly fourEyes: boolean;
  /** Where people are asked; none: where it can be answered best. */
  readonly route?: readonly string[];
  readonly locked: boolean;
};

type RuleReading =
  | { readonly ok: true; readonly rules: readonly Rule[] }
  | { readonly ok: false; readonly errors: readonly PackError[] };

/** Resolves the rules of one pack. `capabilities` are the ids that exist; any other in a rule is an error. */
export function resolveRules(source: PackSource, capabilities: readonly string[]): RuleReading {
  const resolver = new Resolver(source, capabilities);
  const rules = source.pack.rules.map((rule, i) => resolver.rule(rule, i));
  resolver.checkGroups();
  return resolver.errors.length > 0 ? { ok: false, errors: resolver.errors } : { ok: true, rules };
}

class Resolver {
  readonly #source: PackSource;
  readonly #capabilities: readonly string[];
  readonly #usedGroups = new Set<string>();
  readonly errors: PackError[] = [];

  constructor(source: PackSource, capabilities: readonly string[]) {
    this.#source = source;
    this.#capabilities = capabilities;
  }

  #error(path: Path, message: string, nearest?: string): void {
    const hint = nearest === undefined ? "" : `: did you mean ${nearest}?`;
    this.errors.push(this.#source.places.errorAt(path, `${message}${hint}`, { nearest }));
  }

  rule(rule: PackRule, index: number): Rule {
    const path = ["rules", index];
    const conditions = new Map<Dimension, Condition>();
    for (const dimension of DIMENSIONS) {
      const condition = this.#condition(dimension, rule, path);
      if (condition) conditions.set(dimension, condition);
    }
    this.#confineToTenant(conditions, path);
    this.#checkAskOnly(rule, path);
    const approvers = rule.approvers ?? ["owner", "approver"];
    // The owner may always answer, so that two rules together never leave nobody.
    if (!approvers.includes("owner")) this.#error([...path, "approvers"], "approvers always include owner");
    return {
      id: rule.id,
      pack: this.#source.pack.pack,
      effect: rule.effect,
      because: rule.because,
      when: DIMENSIONS.flatMap((dimension) => conditions.get(dimension) ?? []),
      assurance: rule.assurance ?? "medium",
      approvers: approvers.includes("approver") ? ["owner", "approver"] : ["owner"],
      fourEyes: rule.four_eyes ?? false,
      ...(rule.route === undefined ? {} : { route: [...new Set(rule.route)] }),
      locked: rule.locked ?? false,
    };
  }

  /** A group that no rule uses is more often a slip than a plan. */
  checkGroups(): void {
    for (const name of Object.keys(this.#source.pack.groups ?? {}))
      if (!this.#usedGroups.has(name)) this.#error(["groups", name], `the group ${name} is used by no rule`);
  }

  #checkAskOnly(rule: PackRule, path: Path): void {
    if (rule.effect !== "ask")
      for (const key of ["assurance", "approvers", "four_eyes", "route"] as const)
        if (rule[key] !== undefined) this.#error([...path, key], `${key} belongs to ask rules only`);
    if (rule.locked && rule.effect !== "deny") this.#error([...path, "locked"], "only a deny can be locked");
    if (rule.locked && rule.until !== undefined) this.#error([...path, "until"], "a locked deny has no end");
    if (rule.locked && this.#source.pack.pack !== "base")
      this.#error([...path, "locked"], "only the pack base has locked rules");
  }

  #confineToTenant(conditions: Map<Dimension, Condition>, path: Path): void {
    const tenant = this.#source.pack.tenant;
    if (tenant === undefined) return;
    if (conditions.has("tenant")) this.#error([...path, "when", "tenant"], "an overlay speaks of its own tenant only");
    conditions.set("tenant", { kind: "values", dimension: "tenant", values: [tenant] });
  }

  #condition(dimension: Dimension, rule: PackRule, path: Path): Condition | undefined {
    if (dimension === "now") return this.#until(rule, path);
    const at = [...path, "when", dimension];
    if (dimension === "cats") {
      const cats = rule.when.cats;
      if (!cats) return undefined;
      if (!cats.within && !cats.any) this.#error(at, "cats needs within, any, or both");
      if (cats.any?.includes("public")) this.#error([...at, "any"], "public is the absence of categories: use within");
      return { kind: "cats", dimension, subsets: catSubsets(cats.within, cats.any) };
    }
    const list = rule.when[dimension];
    if (!list) return undefined;
    if (dimension === "time") return this.#ranges(dimension, list, at, weekRanges, "mon-fri 08-18");
    if (isCounter(dimension)) {
      return this.#ranges(dimension, list, at, (text) => single(counterRange(text)), '">= 3" or 2..5');
    }
    return { kind: "values", dimension, values: this.#values(dimension, list, at) };
  }

  #until(rule: PackRule, path: Path): Condition | undefined {
    if (rule.until === undefined) return undefined;
    const end = untilInstant(rule.until);
    if (end === undefined)
      this.#error([...path, "until"], "until is a day such as 2026-12-31, or 2026-12-31T18:00:00Z");
    return { kind: "ranges", dimension: "now", ranges: [[0, end ?? RANGE_END]] };
  }

  #ranges(
    dimension: Dimension,
    list: readonly string[],
    at: Path,
    parse: (text: string) => readonly Range[] | undefined,
    example: string,
  ): Condition {
    const ranges = list.flatMap((text, i) => {
      const parsed = parse(text);
      if (!parsed) this.#error([...at, i], `${text.slice(0, 64)} is not understood; write it like ${example}`);
      return parsed ?? [];
    });
    return { kind: "ranges", dimension, ranges: mergeRanges(ranges) };
  }

  #values(dimension: Dimension, list: readonly string[], at: Path): readonly string[] {
    const groups = this.#source.pack.groups ?? {};
    const values = new Set<string>();
    list.forEach((value, i) => {
      if (!value.startsWith("group:")) {
        this.#checkValue(dimension, value, [...at, i]);
        values.add(value);
        return;
      }
      const name = value.slice("group:".length);
      const members = Object.hasOwn(groups, name) ? groups[name] : undefined;
      if (!members) this.#error([...at, i], `there is no group ${name}`, nearestWord(name, Object.keys(groups)));
      this.#usedGroups.add(name);
      for (const member of members ?? []) {
        this.#checkValue(dimension, member, ["groups", name]);
        values.add(member);
      }
    });
    if (values.size > VALUES_MAX) this.#error(at, `at most ${VALUES_MAX} values`);
    return [...values].sort();
  }

  #checkValue(dimension: Dimension, value: string, at: Path): void {
    const known = isClosed(dimension) ? CLOSED[dimension] : dimension === "capability" ? this.#capabilities : undefined;
    if (known && !known.some((word) => word === value)) {
      this.#error(at, `${value.slice(0, 64)} is no ${dimension}`, nearestWord(value, known) ?? known.join(", "));
    } else if (isOpen(dimension) && (value === OTHER || !/^[\x21-\x7e]+$/.test(value))) {
      this.#error(at, "a name is printable ASCII without spaces");
    }
  }
}

function single(range: Range | undefined): readonly Range[] | undefined {
  return range === undefined ? undefined : [range];
}
