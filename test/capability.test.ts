import { expect, test } from "vitest";
import { z } from "zod";
import { type Capacity, capacityOf, checkedManifest, computedTier, type Manifest } from "../src/core/capability.ts";
import { isRefusal } from "../src/core/refusal.ts";
import type { Tier } from "../src/core/value.ts";
import { catalogueOf } from "../src/gateway/capabilities.ts";
import { TRANSFORMS } from "../transforms/index.ts";

const manifest = (output: z.ZodType, tier: Tier): Manifest => ({
  id: "message.classify",
  version: 1,
  title: "A capability on trial",
  effect: "none",
  input: z.strictObject({}),
  output,
  tier,
  cost: { steps: 1 },
  risk: "low",
});

/** The hint of the refusal, or null when it was registered. */
function refused(field: z.ZodType, tier: Tier = "A"): string | null {
  try {
    checkedManifest(manifest(z.strictObject({ said: field }), tier));
    return null;
  } catch (error) {
    if (!isRefusal(error) || error.code !== "capability.schema") throw error;
    return error.hint ?? "";
  }
}

const FREE = "; tier A has 64 bits a field and no free text.";

test.each<[string, z.ZodType, string]>([
  ["five characters", z.string().max(5), `output.said is text of 80 bits${FREE}`],
  ["even four", z.string().max(4), `output.said is text of 64 bits${FREE}`],
  ["text without an end", z.string(), `output.said is unbounded${FREE}`],
  ["a fraction", z.number().min(0).max(1), `output.said is unbounded${FREE}`],
  ["a whole number without an end", z.looseObject({}), "output.said is an object that takes unknown keys."],
  ["names of its own choice", z.record(z.string(), z.boolean()), "output.said is an object that takes unknown keys."],
  ["a list without an end", z.array(z.boolean()), "output.said is an array without a maximum."],
  ["anything", z.unknown(), `output.said is unbounded${FREE}`],
  ["two shapes at once", z.intersection(z.string(), z.string()), `output.said is unbounded${FREE}`],
  ["an id that is any text", z.string().meta({ tier: "id" }), `output.said is unbounded${FREE}`],
  ["a time with fractions without an end", z.iso.datetime().meta({ tier: "time" }), `output.said is unbounded${FREE}`],
  ["one of two types, one of them text", z.union([z.boolean(), z.string()]), `output.said is unbounded${FREE}`],
  ["a date that is a paragraph", z.string().max(280).meta({ tier: "date" }), `output.said is text of 4480 bits${FREE}`],
  [
    "text in a list in a list",
    z.array(z.array(z.union([z.boolean(), z.string().max(9)])).max(2)).max(2),
    `output.said[][] is text of 144 bits${FREE}`,
  ],
])("a field that is %s does not pass as tier A, and the bits are shown", (_, field, hint) => {
  expect(refused(field)).toBe(hint);
});

test("what tier A is made of passes, up to 64 bits a field", () => {
  const fields: readonly z.ZodType[] = [
    z.boolean(),
    z.enum(["yes", "no", "maybe"]),
    z
      .number()
      .int()
      .min(-(2 ** 52))
      .max(2 ** 52),
    z.int(),
    z.null(),
    z.literal("x"),
    z.string().max(10).meta({ tier: "id" }),
    z.iso.date().meta({ tier: "date" }),
    z.iso.datetime({ precision: 0 }).meta({ tier: "time" }),
    z.boolean().nullable().optional(),
    z.array(z.strictObject({ kind: z.enum(["a", "b"]) })).max(1000),
  ];
  for (const field of fields) expect(refused(field)).toBeNull();
});

test.each<[Tier, number, Tier]>([
  ["B", 280, "R"],
  ["R", 4000, "C"],
])("text of tier %s has at most %i characters and is not declared lower", (tier, max, above) => {
  const text = (chars: number): z.ZodType => z.string().max(chars).meta({ tier });
  expect(refused(text(max), tier)).toBeNull();
  expect(refused(text(max), above)).toBeNull();
  expect(refused(text(max + 1), tier)).toBe(`output.said is ${max + 1} characters wide; tier ${tier} has ${max}.`);
  expect(refused(text(max), "A")).toBe(`message.classify is of tier ${tier} by its schema but declared A.`);
  expect(refused(z.string().meta({ tier }), tier)).toBe("output.said is text without a maximum length.");
});

test("the tier of an output is its widest field's", () => {
  const [a, b] = [z.boolean(), z.string().max(9).meta({ tier: "B" })];
  expect(computedTier(z.strictObject({ a }))).toBe("A");
  expect(computedTier(z.strictObject({ a, b }))).toBe("B");
  expect(
    computedTier(z.strictObject({ list: z.array(z.strictObject({ b, c: b.max(3).meta({ tier: "C" }) })).max(2) })),
  ).toBe("C");
});

test("everything in the catalogue is within the tier that it declares", () => {
  const { manifests } = catalogueOf(TRANSFORMS);
  const tiers = [...manifests.values()].map(({ id, tier, output }) => [id, tier, computedTier(output)] as const);
  for (const [id, declared, computed] of tiers) expect(`${id} ${computed}`).toBe(`${id} ${declared}`);
  expect(tiers.length).toBeGreaterThan(7);
});

test.each<[string, z.ZodType, unknown, Capacity]>([
  [
    "a choice of four is two bits",
    z.strictObject({ a: z.enum(["a", "b", "c", "d"]) }),
    { a: "b" },
    { bits: 2, chars: 0 },
  ],
  [
    "a number of 0 to 255 is eight",
    z.strictObject({ n: z.number().int().min(0).max(255) }),
    { n: 7 },
    { bits: 8, chars: 0 },
  ],
  [
    "text is its characters",
    z.strictObject({ t: z.string().max(280).meta({ tier: "B" }) }),
    { t: "tent" },
    { bits: 0, chars: 4 },
  ],
  ["a constant says nothing", z.strictObject({ k: z.literal("k") }), { k: "k" }, { bits: 0, chars: 0 }],
  [
    "a list is the sum of what is in it",
    z.strictObject({ l: z.array(z.strictObject({ b: z.boolean(), t: z.string().max(9).meta({ tier: "B" }) })).max(9) }),
    {
      l: [
        { b: true, t: "ab" },
        { b: false, t: "c" },
      ],
    },
    { bits: 2, chars: 3 },
  ],
  [
    "one of two shapes is a bit, or what the wider could say",
    z.strictObject({ n: z.boolean().nullable() }),
    { n: null },
    { bits: 1, chars: 0 },
  ],
])("%s", (_, schema, value, capacity) => {
  expect(capacityOf(schema, value)).toEqual(capacity);
});
