/** What a configuration comes from is not to be trusted: names that change hands, the environment, hostile YAML. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Outline } from "../src/config/outline.ts";
import { readConfig, requireConfig, wordsOn } from "../src/config.ts";
import { DAY_MS } from "../src/core/limits.ts";
import { configOf, problemsOf, source } from "./config-reading.ts";

describe("people are named by the network's own id (A13)", () => {
  const channels = `channels:
  - { name: tg, kind: telegram, secret: s }
  - { name: mx, kind: matrix, homeserver: "https://matrix.example.org" }
  - { name: hook, kind: webhook, secret: t }
`;
  const one = (id: string): string => `${channels}people: [{ role: owner, id: ${JSON.stringify(id)} }]`;

  test.each([
    "tg:123456789",
    "mx:@ana:example.org",
    "mx:@ana:example.org:8448",
    "hook:ana",
    "later:42",
    "console:owner",
  ])("%s is an id", (id) => {
    expect(problemsOf(one(id))).toEqual([]);
  });

  test.each([
    ["tg:@ana", "a @username or a name can change hands"],
    ["tg:Ana", "a @username or a name can change hands"],
    ["tg:-100123", "a @username or a name can change hands"],
    ["tg:１２３", "a @username or a name can change hands"],
    ["mx:@ana", "the full id"],
    ["mx:ana:example.org", "the full id"],
    ["mx:Ana Meyer", "the full id"],
    ["mx:@ana meyer:example.org", "the full id"],
    ["hook:@ana", "a @username can change hands"],
    ["hook:Ana Meyer", "a display name can be anybody's"],
    ["later:@ana", "a @username can change hands"],
    ["later:Ana\u00a0Meyer", "a display name can be anybody's"],
    ["@ana", "an id is"],
    ["Ana", "an id is"],
    ["tg:", "an id is"],
  ])("%j is refused", (id, reason) => {
    expect(problemsOf(one(id)).join("\n")).toContain(reason);
  });

  test("once, and only a member is limited to conversations", () => {
    const twice = `${channels}people: [{ role: owner, id: "tg:1" }, { role: member, id: "tg:1" }]`;
    expect(problemsOf(twice)).toEqual([expect.stringContaining("the person tg:1 occurs twice")]);
    const limited = `${channels}people: [{ role: approver, id: "tg:1", only: [x] }]`;
    expect(problemsOf(limited)).toEqual([expect.stringContaining("only a member's role is limited")]);
  });
});

describe("the daemon listens on loopback", () => {
  test.each([
    "listen: { expose: true }",
    "listen: { host: 0.0.0.0 }",
    "listen: { address: '::' }",
    "listen: { bind: 192.168.0.2 }",
    "listen: { port: 7717, expose: 'true' }",
  ])("whatever the file says: %s (C07, S39)", (text) => {
    expect(problemsOf(text)).toHaveLength(1);
  });

  test("and whatever the environment says", () => {
    expect(problemsOf("", { LAZARET_LISTEN__EXPOSE: "true" })).toEqual([
      expect.stringMatching(/^LAZARET_LISTEN__EXPOSE:1:1 listen\.expose: the daemon listens on loopback only/),
    ]);
    expect(problemsOf("", { LAZARET_LISTEN__HOST: "0.0.0.0" })).toHaveLength(1);
  });
});

describe("a variable wins over the file", () => {
  test("in the same shape and with the same checks", () => {
    const env = {
      LAZARET_LISTEN__PORT: "7800",
      LAZARET_TIMEZONE: "Asia/Tokyo",
      LAZARET_BUDGETS__INTERACTIVE__STEPS: "7",
      LAZARET_RETENTION__DEFAULT: "3d",
      LAZARET_POLICY__PACKS: "[strict]",
      LAZARET_APPROVALS__FOUR_EYES: "true",
      LAZARET_HOME: "/somewhere",
      HOME: "/home/ana",
    };
    const config = configOf("listen: { port: 1 }\ntimezone: Europe/Rome\nbudgets: { interactive: { tokens: 9 } }", env);
    expect(config).toMatchObject({
      port: 7800,
      timezone: "Asia/Tokyo",
      packs: ["strict"],
      ttlMs: 3 * DAY_MS,
      fourEyes: true,
    });
    expect(config.interactive).toMatchObject({ steps: 7, tokens: 9 });
  });

  test.each([
    ["LAZARET_LISTEN__PROT", "1", "did you mean LAZARET_LISTEN__PORT?"],
    ["LAZARET_LISTEN", "{ port: 1 }", "there is no such variable"],
    ["LAZARET_listen__port", "1", "there is no such variable"],
    ["LAZARET_CHANNELS", "[]", "this list is set in the file alone"],
    ["LAZARET_LISTEN__PORT", "many", "LAZARET_LISTEN__PORT:1:1 listen.port: a whole number is expected here"],
    ["LAZARET_LISTEN__PORT", "&a 1", "anchors (&name) are not allowed"],
    ["LAZARET_RETENTION__DEFAULT", "7", "LAZARET_RETENTION__DEFAULT:1:1 retention.default: a duration"],
    ["LAZARET_", "", "there is no such variable"],
  ])("and %s=%s is a mistake", (variable, value, expected) => {
    expect(problemsOf("", { [variable]: value })).toEqual([expect.stringContaining(expected)]);
  });

  test("and the report says which of them said what", () => {
    const reading = requireConfig(source("listen:\n  port: 1\nlanguage: de\n", { LAZARET_LISTEN__PORT: "7800" }));
    const words = wordsOn(reading, true);
    expect(words).toContain("listen.port = 7800  (LAZARET_LISTEN__PORT)");
    expect(words).toContain("language = de  (config.yaml:3:1)");
    expect(words).toContain("timezone = Europe/Vienna  (machine)");
    expect(words).toContain("retention.default = 7d  (default)");
    expect(words).toContain("budgets.interactive.cost = 0.50 USD  (default)");
    expect(words).toContain("budgets.background.wall_clock = 600000ms  (default)");
    expect(wordsOn(reading, false)).toEqual([]);
  });

  test("and what is wrong is one refusal with every mistake on a line", () => {
    const wrong = (): unknown => requireConfig(source("listen: { prot: 1 }\nlanguage: x"));
    const hint = expect.stringMatching(/^config\.yaml:1:11 listen\.prot: .*port\?\n {2}config\.yaml:2:11 [^\n]*$/);
    expect(wrong).toThrow(expect.objectContaining({ code: "config.invalid", hint }));
  });
});

describe("hostile YAML is refused by name (S17)", () => {
  test.each([
    ["an anchor", "a: &x 1", "anchors"],
    ["an alias", "a: *x", "lias"],
    ["a billion laughs", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "anchors"],
    ["a key that occurs twice", "language: en\nlanguage: de", "the key language occurs twice"],
    ["a merge key", "listen: { <<: { port: 1 } }", "merge keys"],
    ["a prototype", "__proto__: { port: 1 }", "not allowed"],
    ["a tag", "language: !!js/function x", "tag"],
    ["a second document", "language: en\n---\nlanguage: de", "document"],
    ["a control character", "language: \u0007", "control characters"],
    ["depth", `a: ${"[".repeat(1000)}`, "deep"],
    ["half a quote", 'language: "en', ""],
    ["10 MB", "a: b\n".repeat(2_000_000), "a file is at most 256 KB"],
  ])("%s", (_, text, reason) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).toContain(reason);
  });

  test("and no text or variable makes it throw", () => {
    const keys = new Outline().leaves.map(({ path }) => path.join("."));
    const piece = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom(...keys, "{", "[", ": ", "\n  ", "- ", "null", "#"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.string(), (pieces, value) => {
        const text = pieces.join("");
        const reading = readConfig(source(text, { LAZARET_HTTP__ALLOW: value, LAZARET_LANGUAGE: value }));
        if (reading.ok) return;
        expect(reading.problems.length).toBeGreaterThan(0);
        expect(reading.problems.length).toBeLessThanOrEqual(50);
      }),
      { numRuns: 100 },
    );
  });
});
