import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { analyse, type Finding } from "../policy/analyse.ts";
import { firstUncovered, merge, TooTangled } from "../policy/box.ts";
import { compileRules } from "../policy/compile.ts";
import { type Condition, catSubsets } from "../policy/condition.ts";
import { decide } from "../policy/decide.ts";
import { diff } from "../policy/diff.ts";
import { loadPolicy } from "../policy/load.ts";
import { CLOSED, DIMENSIONS, type Dimension, isClosed, isOpen } from "../policy/request.ts";
import type { Rule } from "../policy/rule.ts";
import { findingSentence } from "../policy/words.ts";
import { wrongChanges, wrongFindings } from "./policy-enumeration.ts";
import { everyRequest, randomFrom, randomRequest, randomRules, ruleOf, verdict } from "./policy-oracle.ts";

const folder = new URL("../policy/packs/", import.meta.url);
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

function rulesOf(pack: string): readonly Rule[] {
  const loaded = loadPolicy(sources, { packs: [pack] });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.rules;
}

const chatMode = rulesOf("chat-mode");
const strict = rulesOf("strict");
const team = rulesOf("team");

const values = (dimension: Dimension, ...names: string[]): Condition => ({ kind: "values", dimension, values: names });
const range = (dimension: Dimension, from: number, to: number): Condition => ({
  kind: "ranges",
  dimension,
  ranges: [[from, to]],
});

function find(rules: readonly Rule[], kind: Finding["kind"]): Finding[] {
  return analyse(compileRules(rules)).filter((finding) => finding.kind === kind);
}

describe("the analyser names", () => {
  const egress = values("action", "egress");
  const http = values("destination", "http");
  const remote = values("destination", "http", "file");

  test("an allow that a deny covers, with both ids and a request (S13)", () => {
    const rules = [ruleOf("open", "allow", [egress, http]), ruleOf("shut", "deny", [remote])];
    const [finding] = find(rules, "unreachable");
    expect(finding).toMatchObject({ severity: "error", rule: "open", by: ["shut"] });
    expect(decide(compileRules(rules), finding?.witness ?? {})).toMatchObject({
      effect: "deny",
      rule: "shut",
      matched: ["shut", "open"],
    });
    expect(finding && findingSentence(finding)).toBe("open permits nothing: all of it is denied by shut.");
  });

  test("an allow that two denies cover only together", () => {
    const few = ruleOf("few", "deny", [range("failures", 0, 3)]);
    const many = ruleOf("many", "deny", [range("failures", 3, Number.MAX_SAFE_INTEGER)]);
    const bystander = ruleOf("other", "deny", [egress]);
    expect(find([ruleOf("open", "allow", [http]), few, bystander, many], "unreachable")[0]?.by).toEqual([
      "few",
      "many",
    ]);
    expect(find([ruleOf("open", "allow", [http]), few], "unreachable")).toEqual([]);
  });

  test("a question that a deny covers, and an allow that a question covers", () => {
    const ask = ruleOf("ask", "ask", [http]);
    expect(find([ask, ruleOf("shut", "deny", [remote])], "shadowed")).toMatchObject([{ rule: "ask", by: ["shut"] }]);
    expect(find([ask, ruleOf("open", "allow", [http, egress])], "shadowed")).toMatchObject([
      { rule: "open", by: ["ask"] },
    ]);
  });

  test("an allow that a question and a deny cover together", () => {
    const rules = [
      ruleOf("open", "allow", [remote]),
      ruleOf("ask", "ask", [http]),
      ruleOf("shut", "deny", [values("destination", "file")]),
    ];
    expect(find(rules, "dead")).toMatchObject([{ rule: "open", by: ["shut", "ask"] }]);
  });

  test("a rule that no request can match", () => {
    const never = ruleOf("never", "deny", [
      { kind: "cats", dimension: "cats", subsets: catSubsets(["public"], ["secret.token"]) },
    ]);
    expect(find([never], "impossible")).toMatchObject([{ rule: "never", severity: "error" }]);
  });

  test("a rule that can be left out, and of two equals only one", () => {
    const wide = ruleOf("wide", "ask", [remote]);
    expect(find([wide, ruleOf("slim", "ask", [http])], "redundant")).toMatchObject([{ rule: "slim", by: ["wide"] }]);
    expect(find([wide, ruleOf("slim", "ask", [http], { assurance: "high" })], "redundant")).toEqual([]);
    expect(find([wide, ruleOf("slim", "ask", [http], { fourEyes: true })], "redundant")).toEqual([]);
    expect(find([wide, ruleOf("twin", "ask", [remote])], "redundant")).toHaveLength(1);
  });

  test("a deny that denies what nothing permits, but never a locked rule", () => {
    const shut = ruleOf("shut", "deny", [http]);
    const rules = [ruleOf("open", "allow", [values("destination", "own")]), shut];
    expect(find(rules, "guard")).toMatchObject([{ rule: "shut", severity: "note" }]);
    const locked = [...rules.slice(0, 1), { ...shut, locked: true }];
    expect(find(locked, "guard")).toEqual([]);
    expect(find([...locked, ruleOf("wide", "deny", [remote])], "redundant")).toEqual([]);
  });

  test("a question whose demands two others make together", () => {
    const rules = [
      ruleOf("eyes", "ask", [remote], { assurance: "low", fourEyes: true }),
      ruleOf("level", "ask", [remote], { assurance: "high" }),
      ruleOf("both", "ask", [http], { fourEyes: true }),
    ];
    expect(find(rules, "redundant")).toMatchObject([{ rule: "both", by: ["level", "eyes"] }]);
  });

  test("a value that is listed in vain", () => {
    const rules = [ruleOf("open", "allow", [remote]), ruleOf("shut", "deny", [values("destination", "file")])];
    expect(find(rules, "unused")).toMatchObject([
      { rule: "open", by: ["shut"], dimension: "destination", value: "file" },
    ]);
  });

  test("two rules that meet and contradict, but not an exception within a rule", () => {
    const shut = ruleOf("shut", "deny", [egress]);
    const open = ruleOf("open", "allow", [http]);
    const [finding] = find([open, shut], "conflict");
    expect(finding).toMatchObject({
      severity: "note",
      rule: "open",
      by: ["shut"],
      witness: { action: "egress", destination: "http" },
    });
    expect(find([ruleOf("open", "allow", []), shut], "conflict")).toEqual([]);
    expect(find([open, { ...shut, locked: true }], "conflict")).toEqual([]);
  });

  test("a value for which nothing is ever permitted and no rule says why", () => {
    const rules = [
      ruleOf("open", "allow", [values("role", "owner", "member")]),
      ruleOf("shut", "deny", [values("role", "stranger")]),
    ];
    const missing = find(rules, "gap").map((finding) => finding.value);
    expect(missing).toEqual(["approver", "participant", "auditor", "agent"]);
  });

  test("what a later pack narrows only as a note", () => {
    const rules = [ruleOf("open", "allow", [http]), ruleOf("shut", "deny", [http], { pack: "later" })];
    expect(find(rules, "unreachable")).toMatchObject([{ severity: "note" }]);
    expect(find(rules.toReversed(), "unreachable")).toMatchObject([{ severity: "error" }]);
  });
});

describe("the analyser agrees with enumeration", () => {
  const requests = everyRequest();

  test("on every finding of random policies", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = randomFrom(seed);
      expect(wrongFindings(randomRules(random, 2 + random.below(7)), requests), `seed ${seed}`).toEqual([]);
    }
  });

  test("on every change between random policies", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = randomFrom(seed);
      const [before, after] = [randomRules(random, 5), randomRules(random, 5)];
      expect(wrongChanges(before, after, requests), `seed ${seed}`).toEqual([]);
    }
  });

  test("on decisions, also where attributes are missing", () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = randomFrom(seed);
      const rules = randomRules(random, 1 + random.below(10));
      const policy = compileRules(rules);
      for (let i = 0; i < 20; i++) {
        const request = randomRequest(random);
        expect(decide(policy, request), `seed ${seed} ${JSON.stringify(request)}`).toMatchObject(
          verdict(rules, request),
        );
      }
    }
  });
});

describe("the packs that are shipped", () => {
  test("contain no rule or value without use", () => {
    for (const rules of [chatMode, strict, team]) {
      const findings = analyse(compileRules(rules)).filter((finding) => finding.severity !== "note");
      expect(findings).toEqual([]);
    }
  });

  test("every deny of the base that alone stands in the way is missed when it is gone", () => {
    const missed = chatMode
      .filter(
        (rule) =>
          rule.pack === "base" &&
          diff(
            chatMode,
            chatMode.filter((it) => it !== rule),
          ).changes.length > 0,
      )
      .map((rule) => rule.id);
    expect(missed).toEqual([
      "base.secret",
      "base.control",
      "base.governing",
      "base.unverified",
      "base.unsigned",
      "base.file",
      "base.ceiling-conversation",
    ]);
  });
});

describe("arithmetic", () => {
  test("gives up above 20,000 pieces instead of running on", () => {
    const first = (dimension: Dimension): Condition => {
      if (dimension === "cats") return { kind: "cats", dimension, subsets: 1 };
      if (isClosed(dimension)) return values(dimension, CLOSED[dimension][0]);
      return isOpen(dimension) ? values(dimension, "a-name") : range(dimension, 0, 1);
    };
    const triples = Array.from({ length: 10 }, (_, i) => DIMENSIONS.slice(i * 3, i * 3 + 3).map(first));
    const denies = triples.map((when, i) => ruleOf(`d${i}`, "deny", when));
    const all = ruleOf("all", "allow", []);
    expect(diff([all], [all, ...denies.slice(0, 3)]).changes).toHaveLength(13);
    expect(() => diff([], [all, ...denies])).toThrow(TooTangled);
  });

  test("joins boxes that differ in one axis only", () => {
    const policy = compileRules([
      ruleOf("a", "deny", [values("role", "owner")]),
      ruleOf("b", "deny", [values("role", "member")]),
      ruleOf("c", "deny", [values("role", "agent"), values("tier", "A")]),
    ]);
    const boxes = policy.rules.map((compiled) => compiled.box);
    expect(merge(policy.space, boxes)).toHaveLength(2);
    expect(firstUncovered(policy.space, boxes[0] ?? [], boxes)).toBeUndefined();
  });
});
