import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRules } from "../policy/compile.ts";
import type { Condition } from "../policy/condition.ts";
import { decide } from "../policy/decide.ts";
import { diff } from "../policy/diff.ts";
import { explain, explanationSentences } from "../policy/explain.ts";
import type { Effect } from "../policy/language.ts";
import { loadPolicy } from "../policy/load.ts";
import { outlines } from "../policy/outline.ts";
import type { Dimension } from "../policy/request.ts";
import type { Rule } from "../policy/rule.ts";
import { randomFrom, randomRequest, randomRules, ruleOf } from "./policy-oracle.ts";

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

describe("a change", () => {
  const strength: Readonly<Record<Effect, number>> = { deny: 0, ask: 1, allow: 2 };

  test("that adds a deny never widens, and one that takes a permission away neither", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = randomFrom(seed);
        const rules = randomRules(random, 6);
        const more = [...rules, { ...randomRules(random, 1)[0], id: "extra", effect: "deny" } as Rule];
        expect(diff(rules, more).changes.filter((change) => change.widens)).toEqual([]);
        const fewer = rules.filter((rule) => rule.effect !== "allow");
        expect(diff(rules, fewer).changes.filter((change) => change.widens)).toEqual([]);
        const policies = [compileRules(rules), compileRules(more)] as const;
        for (let i = 0; i < 30; i++) {
          const request = randomRequest(random);
          const [before, after] = policies.map((policy) => strength[decide(policy, request).effect]);
          expect(after).toBeLessThanOrEqual(before ?? 0);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("to nothing at all changes nothing", () => {
    expect(diff(chatMode, [...chatMode].reverse()).changes).toEqual([]);
    expect(outlines(diff(strict, strict))).toEqual([]);
  });

  test("from chat-mode to strict or team permits nothing new, on no request at all", () => {
    for (const rules of [strict, team]) {
      const { changes } = diff(chatMode, rules);
      expect(changes.length).toBeGreaterThan(0);
      expect(changes.filter((change) => change.widens)).toEqual([]);
    }
  });

  test("is told in words with who, what and where", () => {
    const fewer = (id: string) =>
      outlines(
        diff(
          chatMode,
          chatMode.filter((rule) => rule.id !== id),
        ),
      ).map((line) => line.sentence);
    expect(fewer("chat.attachment")).toEqual([
      "Newly denied (asked before; no rule permits it any more): anybody may no longer run attachment.extract_text.",
    ]);
    expect(fewer("base.ceiling-conversation")[0]).toBe(
      "Newly asked (denied before; rule send.agent-asks): an agent on its own account may, after a yes, " +
        "send out what comes from chat.reply or chat.send (to: another conversation whose people may know it or " +
        "a conversation of other people); with message content or attachment content, without secrets; " +
        "not released by a human.",
    );
    expect(fewer("send.inside-weaker")[0]).toMatch(/^A weaker yes suffices \(rule send\.inside\): /);
  });

  test("shows a request that is answered differently", () => {
    const after = chatMode.filter((rule) => rule.id !== "base.control");
    const { changes } = diff(chatMode, after);
    expect(changes.length).toBeGreaterThan(0);
    for (const change of changes) {
      expect(decide(compileRules(chatMode), change.witness)).toMatchObject({
        effect: change.from,
        rule: "base.control",
      });
      expect(decide(compileRules(after), change.witness).effect).toBe(change.to);
    }
  });
});

describe("an explanation", () => {
  test("says which single change would help", () => {
    const policy = compileRules([
      ruleOf("open", "allow", [values("destination", "own", "http"), values("listed", "listed")]),
      ruleOf("shut", "deny", [values("destination", "file")]),
    ]);
    const { decision, alternatives, unknown } = explain(policy, { destination: "http", listed: "unlisted" });
    expect(decision.rule).toBe("default");
    expect(alternatives).toEqual([{ effect: "allow", rule: "open", dimension: "listed", values: ["listed"] }]);
    expect(unknown).toContain("cats");
    const told = explanationSentences(explain(policy, { destination: "http", listed: "unlisted" }));
    expect(told).toContain("It would be allowed by open if listed were listed.");
  });
});
