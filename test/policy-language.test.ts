import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { counterRange, untilInstant, weekHour, weekRanges } from "../policy/condition.ts";
import { decide } from "../policy/decide.ts";
import { packJsonSchema, readPack } from "../policy/language.ts";
import { LOCKED_RULES, loadPolicy } from "../policy/load.ts";
import { distance, nearestWord } from "../policy/spelling.ts";

/** The smallest pack that passes for the base; the real one has its tables in policy.test.ts. */
const base = {
  name: "base.yaml",
  text: `version: 1\npack: base\nrules:\n${LOCKED_RULES.map(
    (id) =>
      `- id: ${id}\n  effect: deny\n  because: This is locked.\n  when: { action: [reveal], tier: [raw] }\n  locked: true\n`,
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
        `version: 1\npack: mine\ngroups: { people: [owner] }\nrules:\n${rule('    when: { role: ["group:poeple"] }\n')}${rule('    when: { role: ["group:people"] }\n', "b")}`,
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

describe("what a pack can say", () => {
  test("counters", () => {
    expect([">= 3", ">3", "<= 3", "<3", "== 3", "2..5"].map(counterRange)).toEqual([
      [3, Number.MAX_SAFE_INTEGER],
      [4, Number.MAX_SAFE_INTEGER],
      [0, 4],
      [0, 3],
      [3, 4],
      [2, 6],
    ]);
    for (const text of ["3", "=> 3", "5..2", "-1..2", ">= 99999999999", ">= 3 ", "1e3"])
      expect(counterRange(text)).toBeUndefined();
  });

  test("hours of the week, over midnight and over Sunday", () => {
    expect(weekRanges("mon 08-18")).toEqual([[8, 18]]);
    expect(weekRanges("mon-tue 08:00-18:00")).toEqual([
      [8, 18],
      [32, 42],
    ]);
    expect(weekRanges("sun 22-06")).toEqual([
      [0, 6],
      [166, 168],
    ]);
    expect(weekRanges("sat-mon")).toEqual([
      [0, 24],
      [120, 168],
    ]);
    expect(weekRanges("daily 00-24")).toEqual([[0, 168]]);
    for (const text of ["", "mon 8", "mon 08-08", "noday 08-09", "daily-fri 01-02", "mon 08:30-09:00"])
      expect(weekRanges(text)).toBeUndefined();
    expect([weekHour("mon 00"), weekHour("sun 23"), weekHour("sun 24")]).toEqual([0, 167, undefined]);
  });

  test("instants agree with the platform's calendar", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1970-01-01T00:00:00Z"), max: new Date("2399-12-31T00:00:00Z"), noInvalidDate: true }),
        (date) => {
          const seconds = Math.floor(date.getTime() / 1000) * 1000;
          const text = `${new Date(seconds).toISOString().slice(0, 19)}Z`;
          expect(untilInstant(text)).toBe(seconds);
        },
      ),
      { numRuns: 300 },
    );
    expect(untilInstant("2026-12-31")).toBe(Date.parse("2027-01-01T00:00:00Z"));
    for (const text of ["2026-13-01", "2026-02-29", "2026-01-01T24:00:00Z", "1969-01-01", "2026-1-1"])
      expect(untilInstant(text)).toBeUndefined();
  });

  test("a rule with an end stops permitting at that instant and not before", () => {
    const text = `${HEAD}  - { id: a, effect: allow, because: Only this week., until: 2026-01-01T00:00:00Z }\n`;
    const loaded = loadPolicy([base, { name: "mine.yaml", text }]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const end = Date.parse("2026-01-01T00:00:00Z");
    const ask = (now: number) =>
      decide(loaded.policy, {
        action: "egress",
        cats: 0,
        control: "given",
        destination: "own",
        listed: "none",
        agent: "none",
        now,
      }).effect;
    expect([ask(end - 1), ask(end)]).toEqual(["allow", "deny"]);
  });

  test("the JSON Schema for editors names every dimension and its values", () => {
    const text = JSON.stringify(packJsonSchema());
    for (const word of ["requester_direct", "four_eyes", "because", "pii.chat.message", "group:"])
      expect(text).toContain(word);
  });

  test("the nearest word is the nearest by edits, and none when all are far", () => {
    expect(distance("kitten", "sitting")).toBe(3);
    expect(nearestWord("alow", ["deny", "allow", "ask"])).toBe("allow");
    expect(nearestWord("xyzzyplugh", ["deny", "allow"])).toBeUndefined();
  });
});

describe("layers", () => {
  const overlay = (body: string) => `version: 1\npack: work-overlay\ntenant: work\nrules:\n${body}`;
  const allow = `version: 1\npack: open\nrules:\n  - { id: o, effect: allow, because: Replies are fine here., when: { action: [egress], destination: [own] } }\n`;

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

  test("an overlay speaks of no tenant but its own", () => {
    const other = overlay("  - { id: w, effect: deny, because: Nothing for them., when: { tenant: [home] } }\n");
    expect(loadErrors(other)[0]?.message).toMatch(/own tenant only/);
  });

  test("more than 512 rules are refused", () => {
    const many = (pack: string) =>
      `version: 1\npack: ${pack}\nrules:\n${Array.from({ length: 300 }, (_, i) => `  - {id: ${pack}${i}, effect: deny, because: Because I say so.}\n`).join("")}`;
    expect(loadErrors(many("mine"), many("b"))[0]?.message).toMatch(/at most 512 rules/);
  });
});
