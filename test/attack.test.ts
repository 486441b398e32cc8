/**
 * The attack suite itself: what it reads, that it can fail, and a few of its cases. All of them:
 * test/slow/attack.slow.test.ts.
 */
import { describe, expect, test } from "vitest";
import { attackCases, runAttack } from "../src/attack/attack.ts";
import { type AttackCase, readCorpus } from "../src/attack/case.ts";
import { random } from "./store-home.ts";
import { threads, WALL } from "./world.ts";

const powers = () => ({ clock: WALL, random, transforms: threads() });
const cases = attackCases([]);
const named = (id: string): AttackCase => {
  const found = cases.find((it) => it.id === id);
  if (found === undefined) throw new Error(`there is a case ${id}`);
  return found;
};

describe("the shipped corpus", () => {
  test("has at least forty attacks, each with an id of its own, on console and webhook", () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(40);
    expect(cases.flatMap(({ on }) => on).filter((on) => on === "console").length).toBeGreaterThanOrEqual(20);
  });

  test("every case says what must be seen: an expectation that is empty could not fail", () => {
    expect(cases.filter(({ expect: wanted }) => Object.keys(wanted).length === 0).map(({ id }) => id)).toEqual([]);
  });
});

test.each([
  ["A01", "console"],
  ["A01", "webhook"],
  ["A08.answer", "telegram"],
  ["B20", "telegram"],
  ["B07.delivery", "webhook"],
  ["W01.wrong", "webhook"],
] as const)("%s holds on %s", async (id, on) => {
  expect(await runAttack(named(id), on, powers())).toMatchObject({ passed: true, wrong: [] });
});

test("a case that gets through is told so, with each way in which it did", async () => {
  const { expect: _, ...given } = named("W03");
  const wanted: AttackCase = {
    ...given,
    expect: {
      said: ["never said"],
      unsaid: ["tent"],
      unkept: ["SQLite format 3"],
      texts: 0,
      door: "committed",
      runs: { cancelled: 1 },
      approvals: { pending: 2 },
      entries: { "message.received": 0 },
      calls: ["done"],
    },
  };
  const { passed, wrong } = await runAttack(wanted, "webhook", powers());
  expect(passed).toBe(false);
  expect(wrong).toEqual([
    "nobody was told “never said”",
    "“tent” was sent",
    "“SQLite format 3” lies on the disk",
    "1 texts were sent",
    "call 1 gave nothing, not done",
    "the door said duplicate",
    "0 runs cancelled, not 1",
    "1 runs done, not 0",
    "0 approvals pending, not 2",
    expect.stringMatching(/^\d entries message\.received, not 0$/),
  ]);
});

test("what an agent was given is searched, too", async () => {
  const { expect: _, ...given } = named("S1.raw");
  const { wrong } = await runAttack({ ...given, expect: { unseen: ["msg_"] } }, "console", powers());
  expect(wrong).toEqual(["the agent was given “msg_”"]);
});

const STEP = "      - { ask: hello }\n";
describe("a case of one's own", () => {
  const text = (more: string): string =>
    `version: 1\ncases:\n  - id: own\n    attack: x\n    expected: y\n    on: [console]\n    steps:\n${STEP}${more}`;
  const errors = (source: string): readonly string[] => {
    const reading = readCorpus({ name: "own.yaml", text: source });
    return reading.ok ? [] : reading.errors.map(({ line, message }) => `${line}: ${message}`);
  };

  test("is read", () => {
    expect(errors(text("    expect: { runs: { done: 1 } }\n"))).toEqual([]);
  });

  test("with a slip of the pen is refused with its line", () => {
    expect(errors(text("    expect: { runz: { done: 1 } }\n"))[0]).toMatch(/^9: .*runz/);
    expect(errors(text("    expect: { door: maybe }\n"))[0]).toMatch(/^9: /);
    expect(errors(text("")).join()).toMatch(/^3: /);
    expect(errors("version: 1\ncases: &x []\n")[0]).toMatch(/anchor/i);
  });

  test("twice is refused", () => {
    const twice = `${text("    expect: {}\n")}${text("    expect: {}\n").split("cases:\n")[1]}`;
    expect(errors(twice)[0]).toBe("10: the id own is already taken");
  });
});
