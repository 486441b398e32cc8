import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRules } from "../policy/compile.ts";
import { decide } from "../policy/decide.ts";
import { type LoadedPolicy, loadPolicy } from "../policy/load.ts";
import { CAPABILITIES, CLOSED, type Request } from "../policy/request.ts";
import type { Rule } from "../policy/rule.ts";
import { runScenarios } from "../policy/scenario.ts";

const folder = new URL("../policy/packs/", import.meta.url);
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

function load(pack: string): LoadedPolicy {
  const loaded = loadPolicy(sources, { packs: [pack] });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded;
}

const packs = ["chat-mode", "strict", "team"];
const loaded = new Map(packs.map((name) => [name, load(name)]));
const policyOf = (name: string) => (loaded.get(name) ?? load(name)).policy;

describe("the packs that are shipped", () => {
  for (const name of ["base", ...packs]) {
    const within = loaded.get(name === "base" ? "chat-mode" : name);
    const source = within?.packs.find((it) => it.pack.pack === name);
    if (!within || !source) throw new Error(`no ${name}`);
    for (const scenario of runScenarios(within.policy, source))
      test(`${name}: ${scenario.name}`, () => expect(scenario.error).toBeUndefined());
  }

  test("every locked deny of the base holds under every pack", () => {
    const base = loaded.get("chat-mode")?.packs.find((it) => it.pack.pack === "base");
    if (!base) throw new Error("no base");
    expect(base.pack.tests?.length).toBeGreaterThanOrEqual(base.pack.rules.length);
    for (const name of packs)
      for (const scenario of runScenarios(policyOf(name), base)) expect(scenario.error).toBeUndefined();
  });
});

test("a scenario that is answered otherwise says what it got, and where it stands", () => {
  const text = `version: 1
pack: mine
rules: []
tests:
  - { name: allowed, request: { action: invoke }, expect: allow }
  - { name: by a rule, request: { action: reveal, tier: raw }, expect: deny, rule: base.secret }
  - { name: right, request: { action: reveal, tier: raw, cats: [public] }, expect: deny }
`;
  const mine = loadPolicy([...sources, { name: "mine.yaml", text }], { packs: ["chat-mode", "mine"] });
  const source = mine.ok ? mine.packs.find((it) => it.pack.pack === "mine") : undefined;
  if (!mine.ok || !source) throw new Error("mine does not load");
  const [first, second, third] = runScenarios(mine.policy, source);
  expect(first?.error).toMatchObject({ file: "mine.yaml", line: 5, column: 5, key: "tests[0]" });
  expect(first?.error?.message).toMatch(/^allowed: expected allow, got deny by base\./);
  expect(second?.error?.message).toMatch(/^by a rule: expected rule base\.secret, got deny by base\.raw$/);
  expect(third).toMatchObject({ name: "right", passed: true });
});

const anyRequest = fc.record(
  {
    action: fc.constantFrom(...CLOSED.action),
    role: fc.constantFrom(...CLOSED.role),
    capability: fc.constantFrom(...CAPABILITIES, "shell.run"),
    destination: fc.constantFrom(...CLOSED.destination),
    tier: fc.constantFrom(...CLOSED.tier),
    cats: fc.integer({ min: 0, max: 31 }),
    integrity: fc.constantFrom(...CLOSED.integrity),
    control: fc.constantFrom(...CLOSED.control),
    listed: fc.constantFrom(...CLOSED.listed),
    protection: fc.constantFrom(...CLOSED.protection),
    released: fc.constantFrom(...CLOSED.released),
    agent: fc.constantFrom(...CLOSED.agent),
    network: fc.constantFrom(...CLOSED.network),
    activation: fc.constantFrom(...CLOSED.activation),
    transport: fc.constantFrom(...CLOSED.transport),
    verified: fc.constantFrom(...CLOSED.verified),
    answerer: fc.constantFrom(...CLOSED.answerer),
    effect: fc.constantFrom(...CLOSED.effect),
    sends: fc.integer({ min: 0, max: 20 }),
    failures: fc.integer({ min: 0, max: 10 }),
  },
  { requiredKeys: [] },
) satisfies fc.Arbitrary<Request>;

const strength = { deny: 0, ask: 1, allow: 2 } as const;

describe("a decision", () => {
  test("never permits more for knowing less", () => {
    fc.assert(
      fc.property(anyRequest, fc.constantFrom(...packs), (request, pack) => {
        const full = decide(policyOf(pack), request);
        for (const key of Object.keys(request) as (keyof Request)[]) {
          const less = decide(policyOf(pack), { ...request, [key]: undefined });
          expect(strength[less.effect]).toBeLessThanOrEqual(strength[full.effect]);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("never permits a raw reveal, a secret, an agent's approval or an unlisted file", () => {
    fc.assert(
      fc.property(anyRequest, fc.constantFrom(...packs), (request, pack) => {
        const policy = policyOf(pack);
        expect(decide(policy, { ...request, action: "reveal", tier: "raw" }).effect).toBe("deny");
        expect(decide(policy, { ...request, cats: (request.cats ?? 0) | 16 }).effect).toBe("deny");
        expect(decide(policy, { ...request, action: "approve", agent: "external" }).effect).toBe("deny");
        expect(decide(policy, { ...request, destination: "file", listed: "unlisted" }).effect).toBe("deny");
        expect(decide(policy, { ...request, action: "egress", control: "unvouched" }).effect).toBe("deny");
      }),
      { numRuns: 300 },
    );
  });

  test("is narrower or the same under strict and team than under chat-mode", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const usual = decide(policyOf("chat-mode"), request).effect;
        for (const pack of ["strict", "team"])
          expect(strength[decide(policyOf(pack), request).effect]).toBeLessThanOrEqual(strength[usual]);
      }),
      { numRuns: 400 },
    );
  });

  test("an empty request is refused", () => {
    expect(decide(policyOf("chat-mode"), {}).effect).toBe("deny");
  });

  test("a value that cannot be is refused, whatever the rules say", () => {
    const everything = compileRules([rule("all", "allow", [])]);
    expect(decide(everything, {}).effect).toBe("allow");
    const wrong = [{ cats: 32 }, { cats: -1 }, { failures: 1.5 }, { time: 168 }, { role: "king" }, { sends: null }];
    for (const request of wrong) expect(decide(everything, request as Request).rule).toBe("malformed");
  });

  test("names the rule that decided and every rule that matched", () => {
    const decision = decide(policyOf("chat-mode"), {
      ...usual,
      action: "egress",
      capability: "chat.send",
      destination: "within_audience",
      protection: "weaker",
      control: "given",
      cats: 4,
      released: "released",
    });
    expect(decision.effect).toBe("ask");
    expect(decision.assurance).toBe("medium");
    expect(decision.matched).toEqual(["send.inside-content", "send.inside-weaker", "send.inside"]);
    expect(decision.because).toMatch(/^[A-Z].*\.$/);
  });

  test("a refusal by default names the permission that came closest and what it failed on", () => {
    const decision = decide(policyOf("chat-mode"), {
      ...usual,
      action: "invoke",
      capability: "http.request",
      destination: "http",
      listed: "unlisted",
      control: "given",
    });
    expect(decision).toMatchObject({
      effect: "deny",
      rule: "default",
      nearest: { rule: "send.http", dimension: "listed", failed: ["listed"] },
    });
  });
});

const usual: Request = {
  role: "member",
  tier: "none",
  cats: 0,
  integrity: "untrusted",
  control: "none",
  listed: "none",
  host: "none",
  protection: "same",
  released: "unreleased",
  agent: "butler",
  token: "none",
  conversation: "group",
  network: "matrix",
  channel: "home",
  tenant: "default",
  effect: "none",
  activation: "mention",
  transport: "e2ee",
  verified: "signed",
  answerer: "none",
  failures: 0,
  denials: 0,
  sends: 0,
  asks: 0,
  time: 9,
  now: 0,
};

function rule(id: string, effect: Rule["effect"], when: Rule["when"], extra: Partial<Rule> = {}): Rule {
  const defaults = {
    pack: "test",
    because: "Because.",
    assurance: "medium",
    approvers: ["owner", "approver"],
  } as const;
  return { id, effect, when, ...defaults, fourEyes: false, locked: false, ...extra };
}

describe("rules", () => {
  const failing = { kind: "ranges", dimension: "failures", ranges: [[3, 10]] } as const;

  test("counters are intervals with exact ends", () => {
    const policy = compileRules([rule("all", "allow", []), rule("few", "deny", [failing])]);
    const effects = [0, 2, 3, 9, 10, 11].map((failures) => decide(policy, { failures }).effect);
    expect(effects).toEqual(["allow", "allow", "deny", "deny", "allow", "allow"]);
    expect(decide(policy, {}).effect).toBe("deny");
  });

  test("an ask that names what is unknown turns a permission into a question, and permits nothing by itself", () => {
    const asks = rule("maybe", "ask", [failing], { assurance: "high" });
    expect(decide(compileRules([rule("all", "allow", []), asks]), {})).toMatchObject({
      effect: "ask",
      assurance: "high",
    });
    expect(decide(compileRules([asks]), {}).effect).toBe("deny");
  });

  test("several questions at once demand what the strictest demands", () => {
    const policy = compileRules([
      rule("a", "ask", [], { assurance: "low", fourEyes: true }),
      rule("b", "ask", [], { assurance: "high" }),
      rule("c", "ask", [], { approvers: ["owner"] }),
      rule("d", "allow", []),
    ]);
    const asked = { effect: "ask", rule: "b", assurance: "high", approvers: ["owner"], fourEyes: true };
    expect(decide(policy, {})).toMatchObject({ ...asked, matched: ["b", "c", "a", "d"] });
  });

  test("a locked deny is the one that is named, whatever the others are called", () => {
    const policy = compileRules([rule("a", "deny", []), rule("z", "deny", [], { locked: true })]);
    expect(decide(policy, {})).toMatchObject({ rule: "z", matched: ["z", "a"] });
  });

  test("their order means nothing, neither for decisions nor for the digest", () => {
    const rules = loaded.get("strict")?.rules ?? [];
    const shuffled = [...rules].reverse();
    const [a, b] = [compileRules(rules), compileRules(shuffled)];
    expect(b.canonical).toBe(a.canonical);
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(decide(b, request)).toEqual(decide(a, request));
      }),
      { numRuns: 200 },
    );
  });

  test("a changed reason is another digest", () => {
    const text = (because: string) => compileRules([rule("a", "deny", [], { because })]).canonical;
    expect(text("Because of this.")).not.toBe(text("Because of that."));
  });
});
