import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPack } from "../policy/language.ts";
import { LOCKED_RULES, loadPolicy } from "../policy/load.ts";

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

function errorsOf(text: string) {
  const reading = readPack("mine.yaml", text);
  return reading.ok ? [] : reading.errors;
}

/** What is wrong with a pack beside the base, once words are checked too. */
function loadErrors(text: string, ...more: string[]) {
  const sources = [text, ...more].map((it, i) => ({ name: i === 0 ? "mine.yaml" : `more-${i}.yaml`, text: it }));
  const loaded = loadPolicy([base, ...sources]);
  return loaded.ok ? [] : loaded.errors;
}

function rule(body: string, id = "a"): string {
  return `  - id: ${id}\n    effect: deny\n    because: Because I say so.\n${body}`;
}

describe("hostile YAML is refused where it stands", () => {
  const cases: [name: string, text: string, line: number, column: number, message: RegExp][] = [
    ["an anchor", `${HEAD}${rule("    when: &w { role: [owner] }\n")}`, 7, 11, /anchors/],
    ["an alias", `${HEAD}${rule("    when: *w\n")}`, 7, 11, /aliases/],
    ["a merge key", `${HEAD}${rule("    when: { <<: { role: [owner] } }\n")}`, 7, 13, /merge keys/],
    ["a tag", `${HEAD}  - !!map { id: a }\n`, 4, 5, /tags/],
    ["a directive", "%YAML 1.1\n---\nversion: 1\n", 1, 1, /directives/],
    ["a second document", `${HEAD}${RULE}---\nversion: 1\n`, 5, 1, /one document/],
    ["a document that was ended", `${HEAD}${RULE}...\nrules: []\n`, 5, 1, /one document/],
    ["a key that occurs twice", `${HEAD}${rule("    effect: allow\n")}`, 7, 5, /effect occurs twice/],
    ["a pack name that occurs twice", `version: 1\npack: a\npack: b\nrules: []\n`, 3, 1, /pack occurs twice/],
    ["a list as a key", "? [a]\n: b\n", 1, 1, /one plain word/],
    ["a prototype", `${HEAD}${rule("    __proto__: { locked: true }\n")}`, 7, 5, /not allowed/],
    ["a control character", "version: 1\npack: \u0007a\nrules: []\n", 1, 1, /control characters/],
    ["an unclosed list", `${HEAD}${rule("    when: { role: [owner }\n")}`, 7, 26, /flow/i],
    ["nested lists", `rules: ${"[".repeat(100_000)}`, 1, 40, /nested more than 32/],
    ["nested items", `rules:\n  ${"- ".repeat(100_000)}`, 2, 67, /nested more than 32/],
    ["ten megabytes", "#".repeat(10_000_000), 1, 1, /256 KB/],
    ["more than 256 KB in few characters", `# ${"é".repeat(140_000)}`, 1, 1, /256 KB/],
    ["a heap of keys", "a: 1\n".repeat(50_000), 5715, 1, /40000 words/],
  ];
  for (const [name, text, line, column, message] of cases)
    test(name, () => {
      const [error] = errorsOf(text);
      expect(error).toMatchObject({ file: "mine.yaml", line, column });
      expect(error?.message).toMatch(message);
    });

  test("no text whatever makes the reader throw", () => {
    const piece = fc.constantFrom(
      "version: 1\n",
      "rules:\n",
      "- ",
      "  ",
      "\n",
      "{",
      "}",
      "[",
      "]",
      ": ",
      "?",
      "&a",
      "*a",
      "!b",
      "|",
      ">",
      "'",
      '"',
      "#",
      "%",
      "a",
      ",",
      "\t",
      "---",
      "1",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 60 }).map((it) => it.join("")),
        ),
        (text) => {
          const reading = readPack("x", text);
          if (!reading.ok) expect(reading.errors.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a slip is named with its place and the nearest word", () => {
  const cases: [name: string, text: string, line: number, column: number, key: string, nearest: string | undefined][] =
    [
      ["a key of a pack", `version: 1\npack: a\nruls: []\nrules: []\n`, 3, 1, "ruls", "rules"],
      ["a key of a rule", `${HEAD}${rule("    assurence: low\n")}`, 7, 5, "rules[0].assurence", "assurance"],
      [
        "a dimension",
        `${HEAD}${rule("    when:\n      role: [owner]\n      destinaton: [http]\n")}`,
        9,
        7,
        "rules[0].when.destinaton",
        "destination",
      ],
      [
        "an effect",
        `${HEAD}  - id: a\n    effect: dney\n    because: Because I say so.\n`,
        5,
        13,
        "rules[0].effect",
        "deny",
      ],
      [
        "a category",
        `${HEAD}${rule("    when: { cats: { any: [pii.redactd] } }\n")}`,
        7,
        27,
        "rules[0].when.cats.any[0]",
        "pii.redacted",
      ],
      ["a role", `${HEAD}${rule("    when: { role: [owner, membr] }\n")}`, 7, 27, "rules[0].when.role[1]", "member"],
      [
        "a capability",
        `${HEAD}${rule("    when: { capability: [message.sumarize] }\n")}`,
        7,
        26,
        "rules[0].when.capability[0]",
        "message.summarize",
      ],
      [
        "a group",
        "version: 1\npack: mine\ngroups: { people: [owner] }\nrules:\n" +
          rule('    when: { role: ["group:poeple"] }\n') +
          rule('    when: { role: ["group:people"] }\n', "b"),
        8,
        20,
        "rules[0].when.role[0]",
        "people",
      ],
      [
        "a value inside a group",
        `version: 1\npack: mine\ngroups: { people: [ownr] }\nrules:\n${rule('    when: { role: ["group:people"] }\n')}`,
        3,
        19,
        "groups.people",
        "owner",
      ],
      ["a pack to extend", `version: 1\npack: mine\nextends: [bas]\nrules: []\n`, 3, 11, "extends[0]", "base"],
      [
        "a value of a test",
        `version: 1\npack: mine\nrules: []\ntests:\n  - { request: { role: onwer }, expect: deny }\n`,
        5,
        24,
        "tests[0].request.role",
        "owner",
      ],
    ];
  for (const [name, text, line, column, key, nearest] of cases)
    test(name, () => {
      const [error] = loadErrors(text);
      expect(error).toMatchObject({ file: "mine.yaml", line, column, key, nearest });
      if (nearest !== undefined) expect(error?.message).toContain(nearest);
    });

  const plain: [name: string, text: string, line: number, key: string, message: RegExp][] = [
    ["a rule without a reason", `${HEAD}  - { id: a, effect: deny }\n`, 4, "rules[0].because", /because is missing/],
    [
      "a reason that says nothing",
      `${HEAD}  - { id: a, effect: deny, because: no }\n`,
      4,
      "rules[0].because",
      /10 char/,
    ],
    ["a pack without a name", "version: 1\nrules: []\n", 1, "pack", /pack is missing/],
    ["another version", "version: 2\npack: a\nrules: []\n", 1, "version", /not one of 1/],
    [
      "a counter in words",
      `${HEAD}${rule('    when: { failures: ["many"] }\n')}`,
      7,
      "rules[0].when.failures[0]",
      /many is not understood/,
    ],
    [
      "an hour that is none",
      `${HEAD}${rule('    when: { time: ["mon 25-26"] }\n')}`,
      7,
      "rules[0].when.time[0]",
      /is not understood/,
    ],
    ["a day that is none", `${HEAD}${rule("    until: 2026-02-30\n")}`, 7, "rules[0].until", /until is a day/],
    ["an empty list", `${HEAD}${rule("    when: { role: [] }\n")}`, 7, "rules[0].when.role", /Too small/],
    [
      "categories without a choice",
      `${HEAD}${rule("    when: { cats: {} }\n")}`,
      7,
      "rules[0].when.cats",
      /within, any/,
    ],
    [
      "any of public",
      `${HEAD}${rule("    when: { cats: { any: [public] } }\n")}`,
      7,
      "rules[0].when.cats.any",
      /absence/,
    ],
    ["evidence for a deny", `${HEAD}${rule("    assurance: low\n")}`, 7, "rules[0].assurance", /ask rules only/],
    [
      "approvers without the owner",
      `${HEAD}  - { id: a, effect: ask, because: Because I say so., approvers: [approver] }\n`,
      4,
      "rules[0].approvers",
      /include owner/,
    ],
    ["a lock outside the base", `${HEAD}${rule("    locked: true\n")}`, 7, "rules[0].locked", /only the pack base/],
    [
      "a group that nobody uses",
      `version: 1\npack: mine\ngroups: { people: [owner] }\nrules: []\n`,
      3,
      "groups.people",
      /used by no rule/,
    ],
    [
      "a name with a space",
      `${HEAD}${rule('    when: { host: ["a b"] }\n')}`,
      7,
      "rules[0].when.host[0]",
      /printable ASCII/,
    ],
  ];
  for (const [name, text, line, key, message] of plain)
    test(name, () => {
      const [error] = loadErrors(text);
      expect(error).toMatchObject({ file: "mine.yaml", line, key });
      expect(error?.message).toMatch(message);
    });
});
