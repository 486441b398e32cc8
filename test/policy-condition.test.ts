import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { counterRange, untilInstant, weekHour, weekRanges } from "../policy/condition.ts";
import { decide } from "../policy/decide.ts";
import { packJsonSchema } from "../policy/language.ts";
import { LOCKED_RULES, loadPolicy } from "../policy/load.ts";
import { distance, nearestWord } from "../policy/spelling.ts";

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
