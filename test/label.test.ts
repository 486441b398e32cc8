import fc from "fast-check";
import { expect, test } from "vitest";
import {
  BOTTOM,
  CATEGORY,
  canonicalLabel,
  categoriesOf,
  flows,
  join,
  joinAll,
  type Label,
  parseLabel,
  parseLabelText,
  sameLabel,
  TENANT_MIXED,
  TOP,
} from "../src/core/label.ts";

const atoms = ["conv_a", "conv_b", "conv_c", "conv_d"];
const label: fc.Arbitrary<Label> = fc.record({
  v: fc.constant(1 as const),
  cats: fc.integer({ min: 0, max: 31 }),
  integrity: fc.constantFrom(0 as const, 1 as const, 2 as const),
  tenant: fc.constantFrom("-", "default", "work", TENANT_MIXED),
  audience: fc.oneof(fc.constant("*" as const), fc.subarray(atoms)),
});
const same = (a: Label, b: Label): void => expect(canonicalLabel(a)).toBe(canonicalLabel(b));

test("join is associative, commutative and idempotent, BOTTOM is its identity and TOP absorbs", () => {
  fc.assert(
    fc.property(label, label, label, (a, b, c) => {
      same(join(a, join(b, c)), join(join(a, b), c));
      same(join(a, b), join(b, a));
      same(join(a, a), a);
      same(join(a, BOTTOM), a);
      same(join(a, TOP), TOP);
      same(joinAll([a, b, c]), join(a, join(b, c)));
    }),
  );
  same(joinAll([]), BOTTOM);
});

test("a join is at least as restrictive as each part, in every dimension", () => {
  fc.assert(
    fc.property(label, label, (a, b) => {
      const both = join(a, b);
      for (const one of [a, b]) {
        expect(both.cats & one.cats).toBe(one.cats);
        expect(both.integrity).toBeGreaterThanOrEqual(one.integrity);
        expect([one.tenant, TENANT_MIXED].includes(both.tenant) || one.tenant === "-").toBe(true);
        if (one.audience !== "*") expect([...both.audience].every((atom) => one.audience.includes(atom))).toBe(true);
      }
    }),
  );
});

test("a flow is the order of the join: reflexive where it flows at all, transitive, and join cannot open one", () => {
  fc.assert(
    fc.property(label, label, label, (a, b, c) => {
      const isStuck = a.tenant === TENANT_MIXED || (a.audience !== "*" && a.audience.length === 0);
      expect(flows(a, a)).toBe(!isStuck);
      if (flows(a, b) && flows(b, c)) expect(flows(a, c)).toBe(true);
      // What goes somewhere as a part of something went there by itself, or not at all: nobody lowers a label by
      // joining.
      if (flows(join(a, b), c)) expect(flows(a, c)).toBe(true);
      if (flows(a, b)) same(join(a, b), b);
    }),
  );
});

test("two tenants mix to what flows nowhere, and an empty audience flows nowhere", () => {
  const mine: Label = { ...BOTTOM, tenant: "default" };
  const mixed = join(mine, { ...BOTTOM, tenant: "work" });
  expect(mixed.tenant).toBe(TENANT_MIXED);
  expect([flows(mixed, mixed), flows(mixed, TOP), flows(TOP, TOP)]).toEqual([false, false, false]);
  const apart = join({ ...BOTTOM, audience: ["conv_a"] }, { ...BOTTOM, audience: ["conv_b"] });
  expect([apart.audience, flows(apart, { ...BOTTOM, audience: [] })]).toEqual([[], false]);
});

test("canonical text is RFC 8785 with sorted atoms, and reads back as the same label", () => {
  expect(canonicalLabel({ ...BOTTOM, cats: 3, integrity: 2, tenant: "default", audience: ["b", "a", "b"] })).toBe(
    '{"audience":["a","b"],"cats":3,"integrity":2,"tenant":"default","v":1}',
  );
  expect(canonicalLabel(TOP)).toBe('{"audience":[],"cats":31,"integrity":2,"tenant":"#mixed","v":1}');
  fc.assert(fc.property(label, (any) => void same(parseLabelText(canonicalLabel(any)), any)));
});

test("a label that is missing, malformed, of another version or with a key too many is TOP", () => {
  const good = { v: 1, cats: 0, integrity: 0, tenant: "-", audience: "*" };
  expect(parseLabel(good)).toEqual(BOTTOM);
  const wrong: readonly unknown[] = [
    undefined,
    null,
    0,
    "",
    [],
    {},
    { ...good, v: 2 },
    { ...good, v: "1" },
    { ...good, cats: -1 },
    { ...good, cats: 32 },
    { ...good, cats: 0.5 },
    { ...good, cats: "0" },
    { ...good, integrity: 3 },
    { ...good, integrity: -1 },
    { ...good, tenant: "" },
    { ...good, tenant: "x".repeat(65) },
    { ...good, audience: "everyone" },
    { ...good, audience: [1] },
    { ...good, audience: ["x".repeat(65)] },
    { ...good, audience: null },
    { ...good, trusted: true },
    ...Object.keys(good).map((key) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== key))),
  ];
  for (const value of wrong) expect(parseLabel(value), JSON.stringify(value)).toEqual(TOP);
  for (const text of ["", "{", "null", "[]", '{"v":1}']) expect(parseLabelText(text)).toEqual(TOP);
});

test("whatever somebody sends in place of a label, it is read as that label or as TOP", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), label), (any) => {
      const read = parseLabel(any);
      expect(sameLabel(read, TOP) || sameLabel(read, any as Label)).toBe(true);
    }),
  );
});

test("the bits of a label have names, all of them and in order", () => {
  expect(categoriesOf(TOP)).toEqual(Object.keys(CATEGORY));
  expect(Object.values(CATEGORY)).toEqual([1, 2, 4, 8, 16]);
  expect(categoriesOf(BOTTOM)).toEqual([]);
});
