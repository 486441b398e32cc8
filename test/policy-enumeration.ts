/** What the analyser must find, found by asking about every request instead. Each function answers what disagrees. */
import { analyse, type Finding } from "../policy/analyse.ts";
import { type Box, compileRules, DEMANDS, locate, type Space, strictest } from "../policy/compile.ts";
import { diff } from "../policy/diff.ts";
import { outlines } from "../policy/outline.ts";
import type { Request } from "../policy/request.ts";
import type { Rule } from "../policy/rule.ts";
import { matches, SMALL, type Verdict, verdict, without } from "./policy-oracle.ts";

const STRENGTH = { deny: 2, ask: 1, allow: 0 } as const;
const DEAD = ["impossible", "unreachable", "shadowed", "dead"];

type Seen = { readonly request: Request; readonly effect: Verdict["effect"]; readonly matching: ReadonlySet<string> };

function observe(rules: readonly Rule[], requests: readonly Request[]): Seen[] {
  return requests.map((request) => ({
    request,
    effect: verdict(rules, request).effect,
    matching: new Set(rules.filter((rule) => matches(rule, request) === "yes").map((rule) => rule.id)),
  }));
}

function sameSet(what: string, found: Iterable<string>, expected: Iterable<string>): string[] {
  const [a, b] = [new Set(found), new Set(expected)];
  const [extra, missed] = [[...a.difference(b)], [...b.difference(a)]];
  return [...extra.map((it) => `${what}: ${it} was found wrongly`), ...missed.map((it) => `${what}: ${it} was missed`)];
}

/** Every disagreement between `analyse` and enumeration, for rules over the small dimensions. */
export function wrongFindings(rules: readonly Rule[], requests: readonly Request[]): string[] {
  const findings = analyse(compileRules(rules));
  const seen = observe(rules, requests);
  const of = (...kinds: string[]) => findings.filter((finding) => kinds.includes(finding.kind));
  const dead = rules.filter((rule) => !seen.some((it) => it.matching.has(rule.id) && it.effect === rule.effect));
  return [
    ...sameSet(
      "dead",
      of(...DEAD).map((it) => it.rule ?? ""),
      dead.map((rule) => rule.id),
    ),
    ...wrongKinds(rules, seen, of(...DEAD)),
    ...wrongRedundancies(rules, requests, of(...DEAD, "redundant"), of("redundant"), of("guard")),
    ...sameSet(
      "unused",
      of("unused").map((it) => `${it.rule} ${it.dimension} ${it.value}`),
      unusedValues(rules, seen, dead),
    ),
    ...sameSet(
      "conflict",
      of("conflict").map((it) => `${it.rule} ${it.by.join()}`),
      conflicts(rules, seen, dead),
    ),
    ...sameSet(
      "gap",
      of("gap").map((it) => `${it.dimension} ${it.value}`),
      gaps(rules, seen),
    ),
    ...findings.flatMap((finding) => wrongWitness(rules, finding)),
  ];
}

function wrongKinds(rules: readonly Rule[], seen: readonly Seen[], findings: readonly Finding[]): string[] {
  return findings.flatMap((finding) => {
    const rule = rules.find((it) => it.id === finding.rule);
    if (!rule) return [`${finding.rule} is no rule`];
    const within = seen.filter((it) => it.matching.has(rule.id));
    const covers = (ids: readonly string[]) => within.every((it) => ids.some((id) => it.matching.has(id)));
    const denied = within.every((it) => it.effect === "deny");
    const stronger = rules.filter((other) => STRENGTH[other.effect] > STRENGTH[rule.effect]);
    const alone = stronger.some((other) => covers([other.id]));
    const expected =
      within.length === 0
        ? "impossible"
        : rule.effect === "allow" && denied
          ? "unreachable"
          : alone
            ? "shadowed"
            : "dead";
    if (finding.kind !== expected) return [`${rule.id} is ${expected}, not ${finding.kind}`];
    if (!covers(finding.by)) return [`${rule.id} is not covered by ${finding.by.join()}`];
    const spare = finding.by.filter((id) => within.length > 0 && covers(finding.by.filter((other) => other !== id)));
    return spare.map((id) => `${rule.id} is covered without ${id}`);
  });
}

function answers(rules: readonly Rule[], requests: readonly Request[]): string[] {
  return requests.map((request) => JSON.stringify(verdict(rules, request)));
}

/** All that are idle can go at once; of what is left, only what was called a guard can go by itself. */
function wrongRedundancies(
  rules: readonly Rule[],
  requests: readonly Request[],
  idle: readonly Finding[],
  redundant: readonly Finding[],
  guards: readonly Finding[],
): string[] {
  const before = answers(rules, requests).join();
  const rest = without(
    rules,
    idle.map((finding) => finding.rule ?? ""),
  );
  const wrong = answers(rest, requests).join() === before ? [] : ["leaving out what is idle changes an answer"];
  const more = rest.filter((rule) => answers(without(rest, [rule.id]), requests).join() === before);
  const alone = redundant.filter((finding) => {
    const others = rules.filter((rule) => finding.by.includes(rule.id) || rule.id === finding.rule);
    return answers(without(others, [finding.rule ?? ""]), requests).join() !== answers(others, requests).join();
  });
  return [
    ...wrong,
    ...sameSet(
      "redundant or guard",
      guards.map((finding) => finding.rule ?? ""),
      more.map((rule) => rule.id),
    ),
    ...alone.map((finding) => `redundant: ${finding.rule} is not done by ${finding.by.join()}`),
  ];
}

function unusedValues(rules: readonly Rule[], seen: readonly Seen[], dead: readonly Rule[]): string[] {
  return rules
    .filter((rule) => !dead.includes(rule))
    .flatMap((rule) =>
      rule.when.flatMap((condition) =>
        condition.kind !== "values"
          ? []
          : condition.values
              .filter((value) => {
                const part = seen.filter((it) => it.matching.has(rule.id) && it.request[condition.dimension] === value);
                return part.every((it) => it.effect !== rule.effect);
              })
              .map((value) => `${rule.id} ${condition.dimension} ${value}`),
      ),
    );
}

function conflicts(rules: readonly Rule[], seen: readonly Seen[], dead: readonly Rule[]): string[] {
  const live = rules.filter((rule) => !dead.includes(rule));
  return live.flatMap((weak) =>
    live
      .filter((strong) => {
        if (STRENGTH[strong.effect] <= STRENGTH[weak.effect] || strong.locked) return false;
        const both = seen.filter((it) => it.matching.has(weak.id) && it.matching.has(strong.id));
        const only = (a: Rule, b: Rule) => seen.some((it) => it.matching.has(a.id) && !it.matching.has(b.id));
        return both.some((it) => it.effect === strong.effect) && only(weak, strong) && only(strong, weak);
      })
      .map((strong) => `${weak.id} ${strong.id}`),
  );
}

function gaps(rules: readonly Rule[], seen: readonly Seen[]): string[] {
  const told = rules.some((rule) =>
    rule.when.some((it) => it.kind === "values" && it.dimension === "action" && it.values.length < 6),
  );
  if (!told) return [];
  const denies = (it: Seen) => rules.some((rule) => rule.effect === "deny" && it.matching.has(rule.id));
  return SMALL.action
    .filter((action) => {
      const part = seen.filter((it) => it.request.action === action);
      return part.every((it) => it.effect === "deny") && part.some((it) => !denies(it));
    })
    .map((action) => `action ${action}`);
}

function wrongWitness(rules: readonly Rule[], finding: Finding): string[] {
  const { witness, rule: id, by, kind } = finding;
  if (!witness) return kind === "impossible" ? [] : [`${kind} ${id} has no witness`];
  const effect = verdict(rules, witness).effect;
  const rule = rules.find((it) => it.id === id);
  const wrong = (text: string) => [`the witness of ${kind} ${id} ${text}`];
  if (kind === "gap") {
    const matched = rules.some((it) => matches(it, witness) === "yes");
    return effect === "deny" && !matched ? [] : wrong("is matched by a rule");
  }
  if (!rule || matches(rule, witness) !== "yes") return wrong("does not match it");
  if (kind === "conflict") {
    const other = rules.find((it) => it.id === by[0]);
    return other && matches(other, witness) === "yes" && effect === other.effect ? [] : wrong("is no conflict");
  }
  const decides = kind === "redundant" || kind === "guard";
  return !decides && effect === rule.effect ? wrong("is decided by it") : [];
}

function inBox(space: Space, box: Box, request: Request): boolean {
  return space.axes.every((axis) => {
    const atom = locate(axis, request[axis.dimension]);
    // What the enumeration leaves out is the same for all requests and never named by a rule.
    return atom < 0 || (((box[axis.start + (atom >>> 5)] ?? 0) >>> (atom & 31)) & 1) === 1;
  });
}

function demandOf(answer: Verdict): readonly boolean[] {
  const { assurance, approvers, fourEyes } = answer;
  if (!assurance || !approvers || fourEyes === undefined) return [];
  return DEMANDS.map((demand) => demand(strictest([{ assurance, approvers, fourEyes }])));
}

function expectedChanges(before: Verdict, after: Verdict): string[] {
  if (before.effect !== after.effect) return [`${before.effect}>${after.effect}`];
  const [a, b] = [demandOf(before), demandOf(after)];
  return [
    ...(a.some((demanded, i) => demanded && !b[i]) ? ["ask>ask less"] : []),
    ...(b.some((demanded, i) => demanded && !a[i]) ? ["ask>ask more"] : []),
  ];
}

/** Every disagreement between `diff` (and its outlines) and enumeration. */
export function wrongChanges(before: readonly Rule[], after: readonly Rule[], requests: readonly Request[]): string[] {
  const found = diff(before, after);
  const told = outlines(found);
  const kindOf = (it: { from: string; to: string; demand?: string }) =>
    `${it.from}>${it.to}${it.demand ? ` ${it.demand}` : ""}`;
  const wrong: string[] = [];
  for (const request of requests) {
    const [a, b] = [verdict(before, request), verdict(after, request)];
    const expected = expectedChanges(a, b);
    const kinds = found.changes.filter((it) => inBox(found.space, it.box, request)).map(kindOf);
    if (kinds.toSorted().join() !== expected.toSorted().join())
      wrong.push(`${kinds} for ${expected}: ${JSON.stringify(request)}`);
    const lines = new Set(told.filter((it) => inBox(found.space, it.box, request)).map((it) => kindOf(it.change)));
    const refused = a.effect === "deny" && b.effect === "deny";
    if (!refused && [...lines].toSorted().join() !== expected.toSorted().join())
      wrong.push(`outline says ${[...lines]} for ${expected}: ${JSON.stringify(request)}`);
  }
  for (const change of found.changes) {
    const expected = expectedChanges(verdict(before, change.witness), verdict(after, change.witness));
    if (!expected.includes(kindOf(change))) wrong.push(`the witness of ${kindOf(change)} shows ${expected}`);
  }
  return wrong;
}
