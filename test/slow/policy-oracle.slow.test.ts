import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { analyse, type Finding } from "../../policy/analyse.ts";
import { contains, hasAtom } from "../../policy/box.ts";
import { type Axis, type Box, compileRules, locate, type Space } from "../../policy/compile.ts";
import type { Condition } from "../../policy/condition.ts";
import { type Decision, decide } from "../../policy/decide.ts";
import { diff } from "../../policy/diff.ts";
import { loadPolicy } from "../../policy/load.ts";
import type { Request } from "../../policy/request.ts";
import type { Rule } from "../../policy/rule.ts";
import { wrongChanges, wrongFindings } from "../policy-enumeration.ts";
import {
  everyRequest,
  type Random,
  randomFrom,
  randomRequest,
  randomRules,
  ruleOf,
  verdict,
} from "../policy-oracle.ts";

const PATIENT = { timeout: 600_000 };
const SEED = 20_260;

test(`10,000 random policies answer like the oracle, and the same on repeat (S15, seed ${SEED})`, PATIENT, () => {
  for (let i = 0; i < 10_000; i++) {
    const random = randomFrom(SEED + i);
    const rules = randomRules(random, 1 + random.below(24));
    const policy = compileRules(rules);
    for (let j = 0; j < 12; j++) {
      const request = randomRequest(random);
      const decision = decide(policy, request);
      expect(decision, `seed ${SEED + i}: ${JSON.stringify(request)}`).toMatchObject(verdict(rules, request));
      if (j === 0)
        expect(JSON.stringify(decide(compileRules(rules.toReversed()), request))).toBe(JSON.stringify(decision));
    }
  }
});

describe("enumeration confirms", () => {
  const requests = everyRequest();

  test("every finding of 250 random policies, and that none is missed", PATIENT, () => {
    for (let i = 0; i < 250; i++) {
      const random = randomFrom(SEED + i);
      expect(wrongFindings(randomRules(random, 2 + random.below(9)), requests), `seed ${SEED + i}`).toEqual([]);
    }
  });

  test("every change between 250 pairs of random policies, and that none is missed", PATIENT, () => {
    for (let i = 0; i < 250; i++) {
      const random = randomFrom(SEED + i);
      const before = randomRules(random, 2 + random.below(7));
      const after = random.next() < 0.5 ? randomRules(random, 5) : before.slice(random.below(2), -1);
      expect(wrongChanges(before, after, requests), `seed ${SEED + i}`).toEqual([]);
    }
  });
});

/** A fault that is planted at a host of its own, so that rules beside it cannot hide it. */
type Seeded = {
  readonly rules: readonly Rule[];
  readonly expected: Pick<Finding, "kind" | "rule"> & { readonly by?: readonly string[] };
};

function seeded(kind: number, id: string, random: Random): Seeded {
  const at: Condition = { kind: "values", dimension: "host", values: [`${id}.example`] };
  const actions = ["invoke", "reveal", "egress", "secret"];
  const first = random.below(3);
  const acts = (...names: (string | undefined)[]): Condition => ({
    kind: "values",
    dimension: "action",
    values: names.flatMap((it) => it ?? []),
  });
  const below: Condition = { kind: "ranges", dimension: "failures", ranges: [[0, 1 + random.below(4)]] };
  const from = below.ranges[0]?.[1] ?? 1;
  const above: Condition = { kind: "ranges", dimension: "failures", ranges: [[from, Number.MAX_SAFE_INTEGER]] };
  const [x, y, z] = [`${id}-x`, `${id}-y`, `${id}-z`];
  const [a, b, c] = [actions[first], actions[first + 1], actions[(first + 2) % 4]];
  switch (kind) {
    case 0:
      return {
        rules: [ruleOf(x, "allow", [acts(a), at]), ruleOf(y, "deny", [acts(a, b), at])],
        expected: { kind: "unreachable", rule: x, by: [y] },
      };
    case 1:
      return {
        rules: [ruleOf(x, "allow", [acts(a), at, below]), ruleOf(y, "ask", [acts(a, b), at])],
        expected: { kind: "shadowed", rule: x, by: [y] },
      };
    case 2:
      return {
        rules: [ruleOf(x, "ask", [acts(a), at]), ruleOf(y, "deny", [at, below]), ruleOf(z, "deny", [at, above])],
        expected: { kind: "dead", rule: x, by: [y, z] },
      };
    case 3:
      return {
        rules: [ruleOf(x, "allow", [acts(a, b), at]), ruleOf(y, "deny", [acts(b, c), at])],
        expected: { kind: "conflict", rule: x, by: [y] },
      };
    default:
      return {
        rules: [ruleOf(x, "ask", [acts(a), at]), ruleOf(y, "ask", [acts(a, b), at])],
        expected: { kind: "redundant", rule: x, by: [y] },
      };
  }
}

test("1,000 seeded conflicts, shadows and dead rules among random rules are all found", PATIENT, () => {
  let planted = 0;
  for (let policy = 0; policy < 50; policy++) {
    const random = randomFrom(SEED + policy);
    const home: Condition = { kind: "values", dimension: "host", values: ["a.example", "b.example"] };
    const beside = randomRules(random, 60).map((rule) => ({
      ...rule,
      when: [...rule.when.filter((it) => it.dimension !== "host"), home],
    }));
    const faults = Array.from({ length: 20 }, (_, i) => seeded(i % 5, `s${i}`, random));
    const findings = analyse(compileRules([...beside, ...faults.flatMap((fault) => fault.rules)]));
    for (const { expected } of faults) {
      const found = findings.some(
        (it) => it.kind === expected.kind && it.rule === expected.rule && it.by.join() === expected.by?.join(),
      );
      expect(found, `seed ${SEED + policy}: ${JSON.stringify(expected)}`).toBe(true);
      planted++;
    }
  }
  expect(planted).toBe(1_000);
});

describe("the default pack without one of its rules", () => {
  const folder = new URL("../../policy/packs/", import.meta.url);
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));
  const loaded = loadPolicy(sources, { packs: ["chat-mode"] });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const { rules, policy } = loaded;
  const classes = policy.space.axes.map((axis) =>
    representatives(
      axis,
      policy.rules.map((it) => it.box),
    ),
  );

  for (const gone of rules)
    test(`changes exactly what enumeration finds: ${gone.id}`, PATIENT, () => {
      const after = rules.filter((rule) => rule !== gone);
      const { space, changes } = diff(rules, after);
      const random = randomFrom(SEED);
      const [was, is] = [compileRules(rules), compileRules(after)];
      let changed = 0;
      // Around up to three of the changes, where there are any, and around one place that random chooses.
      const around: Request[] = [{}, ...changes.slice(0, 3).map((change) => change.witness)];
      for (const centre of around)
        for (const request of sampleWithin(policy.space, classes, boxOf(gone.id), centre, random)) {
          const [a, b] = [decide(was, request), decide(is, request)];
          const same = demandOf(a) === demandOf(b);
          const hits = changes.filter((change) => holdsIn(space, change.box, request));
          if (!same) changed++;
          expect(
            hits.map((hit) => `${hit.from}>${hit.to}`),
            JSON.stringify(request),
          ).toEqual(same ? [] : [`${a.effect}>${b.effect}`]);
        }
      expect(changed > 0).toBe(changes.length > 0);
    });

  function demandOf({ effect, assurance, approvers, fourEyes }: Decision): string {
    return [effect, assurance, approvers, fourEyes].join();
  }

  function boxOf(id: string): Box {
    const box = policy.rules.find((compiled) => compiled.rule.id === id)?.box;
    if (!box) throw new Error(`no ${id}`);
    return box;
  }
});

/** One atom of each set of atoms that no rule tells apart. */
function representatives(axis: Axis, boxes: readonly Box[]): number[] {
  const seen = new Map<string, number>();
  for (let atom = 0; atom < axis.atoms; atom++) {
    const key = boxes.map((box) => (hasAtom(box, axis, atom) ? 1 : 0)).join("");
    if (!seen.has(key)) seen.set(key, atom);
  }
  return [...seen.values()];
}

/**
 * Requests within the box: all classes of as many dimensions as stay under the limit, of the others that of the centre.
 */
function sampleWithin(
  space: Space,
  classes: readonly number[][],
  box: Box,
  centre: Request,
  random: Random,
): Request[] {
  const limit = 3_000;
  const order = space.axes.map((axis, i) => ({ axis, i, by: random.next() })).sort((a, b) => a.by - b.by);
  const chosen = new Map<Axis, number[]>();
  let points = 1;
  for (const { axis, i } of order) {
    const inside = (classes[i] ?? []).filter((atom) => hasAtom(box, axis, atom));
    const all = points * inside.length <= limit;
    const fixed = centre[axis.dimension] === undefined ? random.pick(inside) : locate(axis, centre[axis.dimension]);
    chosen.set(axis, all ? inside : [fixed]);
    if (all) points *= inside.length;
  }
  let requests: Request[] = [{}];
  for (const axis of space.axes)
    requests = requests.flatMap((request) =>
      (chosen.get(axis) ?? []).map((atom) => ({ ...request, [axis.dimension]: axis.examples[atom] })),
    );
  return requests;
}

function holdsIn(space: Space, box: Box, request: Request): boolean {
  return space.axes.every((axis) => hasAtom(box, axis, locate(axis, request[axis.dimension])));
}

test("a box contains itself and not what reaches out of it", () => {
  const { rules } = compileRules([
    ruleOf("a", "deny", []),
    ruleOf("b", "deny", [{ kind: "values", dimension: "tier", values: ["A"] }]),
  ]);
  const [all, some] = [rules[0]?.box, rules[1]?.box];
  if (!all || !some) throw new Error("no boxes");
  expect([contains(all, some), contains(some, all), contains(all, all)]).toEqual([true, false, true]);
});
