import { describe, expect, test } from "vitest";
import { decide } from "../policy/decide.ts";
import { LOCKED_RULES, loadPolicy } from "../policy/load.ts";
import { CLOSED } from "../policy/request.ts";

/** The smallest pack that passes for the base; the real one has its tables in policy.test.ts. */
const base = {
  name: "base.yaml",
  text: `version: 1\npack: base\nrules:\n${LOCKED_RULES.map(
    (id) =>
      `- id: ${id}\n  effect: deny\n  because: This is locked.\n` +
      "  when: { action: [reveal], tier: [raw] }\n  locked: true\n",
  ).join("")}`,
};
const HEAD = "version: 1\npack: mine\nrules:\n";
const RULE = "  - { id: a, effect: deny, because: Because I say so. }\n";

/** What is wrong with a pack beside the base, once words are checked too. */
function loadErrors(text: string, ...more: string[]) {
  const sources = [text, ...more].map((it, i) => ({ name: i === 0 ? "mine.yaml" : `more-${i}.yaml`, text: it }));
  const loaded = loadPolicy([base, ...sources]);
  return loaded.ok ? [] : loaded.errors;
}

function rule(body: string, id = "a"): string {
  return `  - id: ${id}\n    effect: deny\n    because: Because I say so.\n${body}`;
}

describe("layers", () => {
  const overlay = (body: string) => `version: 1\npack: work-overlay\ntenant: work\nrules:\n${body}`;
  const allow =
    "version: 1\npack: open\nrules:\n  - id: o\n    effect: allow\n    because: Replies are fine here.\n" +
    "    when: { action: [egress], destination: [own] }\n";

  test("there is no policy without the base, nor with one that lost a locked rule", () => {
    const alone = loadPolicy([{ name: "mine.yaml", text: `${HEAD}${RULE}` }]);
    expect(alone).toMatchObject({ ok: false });
    for (const id of LOCKED_RULES) {
      const text = base.text.replace(`- id: ${id}\n`, `- id: gone\n`);
      const loaded = loadPolicy([{ name: "base.yaml", text }]);
      expect(loaded.ok ? [] : loaded.errors.map((error) => error.message)).toEqual([
        `the locked rule ${id} is missing`,
      ]);
    }
    const unlocked = base.text.replaceAll("locked: true", "");
    expect(loadPolicy([{ name: "base.yaml", text: unlocked }])).toMatchObject({ ok: false });
  });

  test("only a deny of the base can be locked, and without an end", () => {
    const locked = (more: string) => ({
      name: "base.yaml",
      text: `${base.text}- { id: more, because: This is more., locked: true, ${more} }\n`,
    });
    const message = (more: string) => {
      const loaded = loadPolicy([locked(more)]);
      return loaded.ok ? "" : loaded.errors.map((error) => error.message).join();
    };
    expect(message("effect: deny")).toBe("");
    expect(message("effect: allow")).toBe("only a deny can be locked");
    expect(message("effect: ask")).toBe("only a deny can be locked");
    expect(message("effect: deny, until: 2026-12-31")).toBe("a locked deny has no end");
  });

  test("an id that is taken is refused where it stands the second time", () => {
    const [error] = loadErrors(`${HEAD}${rule("", "base.raw")}`);
    expect(error).toMatchObject({ line: 4, column: 9, key: "rules[0].id" });
  });

  test("packs that extend each other in a circle, or nothing, are refused", () => {
    const a = "version: 1\npack: mine\nextends: [b]\nrules: []\n";
    const b = "version: 1\npack: b\nextends: [mine]\nrules: []\n";
    expect(loadErrors(a, b)[0]?.message).toMatch(/circle: .*mine → b → mine|circle: b → mine → b/);
    expect(loadErrors(a)[0]?.message).toBe("there is no pack b");
    expect(loadErrors(a, a)[0]?.message).toBe("the pack mine is given twice");
  });

  test("only the wanted packs count, with what they extend", () => {
    const sources = [base, { name: "open.yaml", text: allow }, { name: "mine.yaml", text: `${HEAD}${RULE}` }];
    const loaded = loadPolicy(sources, { packs: ["open"] });
    expect(loaded.ok && loaded.packs.map((source) => source.pack.pack)).toEqual(["base", "open"]);
  });

  test("an overlay that widens is refused with a request that shows it", () => {
    const wider = overlay(
      "  - { id: w, effect: allow, because: Let me do anything., when: { action: [egress], destination: [http] } }\n",
    );
    const [error] = loadErrors(wider);
    expect(error).toMatchObject({ file: "mine.yaml", line: 5, key: "rules" });
    expect(error?.message).toMatch(/can only narrow: Newly allowed .* For example: action=egress .*destination=http/);
  });

  test("an overlay cannot turn a refusal into a question either", () => {
    const asks = overlay(
      "  - { id: w, effect: ask, because: Just ask me about it., when: { action: [egress], destination: [http] } }\n",
    );
    expect(loadErrors(asks)[0]?.message).toMatch(/can only narrow: Newly asked/);
  });

  test("an overlay that narrows holds for its own tenant alone", () => {
    const narrow = overlay(
      "  - { id: w, effect: deny, because: Nothing leaves at work., when: { action: [egress] } }\n",
    );
    const loaded = loadPolicy([base, { name: "open.yaml", text: allow }, { name: "work.yaml", text: narrow }]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const request = {
      action: "egress",
      destination: "own",
      cats: 0,
      control: "given",
      listed: "none",
      agent: "none",
    } as const;
    expect(decide(loaded.policy, { ...request, tenant: "work" })).toMatchObject({ effect: "deny", rule: "w" });
    expect(decide(loaded.policy, { ...request, tenant: "default" }).effect).toBe("allow");
    expect(decide(loaded.policy, request).effect).toBe("deny");
  });

  test("an overlay that cannot be shown to narrow is refused, without running on", () => {
    const pairs = Object.entries(CLOSED).map(([name, values]) => `${name}: [${values[0]}]`);
    const denies = Array.from({ length: 8 }, (_, i) => `{ ${pairs.slice(i * 2, i * 2 + 2).join(", ")} }`);
    const counters = ["failures", "denials", "sends", "asks", "cats", "time"].map((name) =>
      name === "cats" ? "cats: { within: [public] }" : `${name}: ["${name === "time" ? "mon" : "== 0"}"]`,
    );
    const more = [0, 2, 4].map((i) => `{ ${counters.slice(i, i + 2).join(", ")} }`);
    const hosts = Array.from({ length: 12 }, (_, i) => `{ host: [h${i}], channel: [c${i}], token: [t${i}] }`);
    const rules = [...denies, ...more, ...hosts].map(
      (when, i) => `  - { id: d${i}, effect: deny, because: Because I say so., when: ${when} }\n`,
    );
    const asks = "  - { id: w, effect: allow, because: Let me do anything. }\n";
    const shared = `version: 1\npack: shared\nrules:\n${rules.join("")}`;
    const [error] = loadErrors(overlay(asks), shared);
    expect(error?.message).toBe("an overlay can only narrow: the rules overlap in more than 20000 pieces");
  });

  test("an overlay speaks of no tenant but its own", () => {
    const other = overlay("  - { id: w, effect: deny, because: Nothing for them., when: { tenant: [home] } }\n");
    expect(loadErrors(other)[0]?.message).toMatch(/own tenant only/);
  });

  test("more than 512 rules are refused", () => {
    const many = (pack: string) =>
      `version: 1\npack: ${pack}\nrules:\n` +
      Array.from({ length: 300 }, (_, i) => `  - {id: ${pack}${i}, effect: deny, because: Because so.}\n`).join("");
    expect(loadErrors(many("mine"), many("b"))[0]?.message).toMatch(/at most 512 rules/);
  });
});
