/** Our canonical JSON against the published implementation of RFC 8785. */
import canonicalize from "canonicalize";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Canonical, canonical } from "../src/core/canonical.ts";

const value = fc.letrec<{ any: Canonical; list: Canonical; map: Canonical }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Canonical>(null, true, false, 0, -0),
    fc.maxSafeInteger(),
    fc.string({ unit: "binary" }),
    tie("list"),
    tie("map"),
  ),
  list: fc.array(tie("any"), { maxLength: 5 }),
  map: fc.dictionary(fc.string({ unit: "binary", maxLength: 6 }), tie("any"), { maxKeys: 6, noNullPrototype: true }),
})).any;

test("every value of our subset has the text that RFC 8785 gives it", () => {
  fc.assert(
    fc.property(value, (any) => {
      expect(canonical(any)).toBe(canonicalize(any));
    }),
    { numRuns: 300 },
  );
});

test("keys are ordered by UTF-16 code units and escapes are the short ones", () => {
  const keys = { "\u{1f600}": 1, "\ufb33": 2, "\u20ac": 3, "\r": 4, "1": 5, "\u0080": 6, "\u00f6": 7 };
  expect(canonical(keys)).toBe(canonicalize(keys));
  expect(canonical('\u0000\b\t\n\f\r"\\/\u007f\u2028')).toBe('"\\u0000\\b\\t\\n\\f\\r\\"\\\\/\u007f\u2028"');
});

test("equal values have equal text whatever the order of their keys, and undefined is absent", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 4 }), fc.integer(), { noNullPrototype: true }), (map) => {
      const turned = Object.fromEntries(Object.entries(map).reverse());
      expect(canonical(turned)).toBe(canonical({ ...map, gone: undefined, ...map }));
    }),
  );
});

test("fractions, numbers beyond 2^53, and half a surrogate pair are refused, not rounded or mended", () => {
  const wrong: readonly Canonical[] = [0.5, 2 ** 53, Number.NaN, Number.NEGATIVE_INFINITY, "\ud800", { "\udc00": 1 }];
  for (const any of wrong) expect(() => canonical(any)).toThrow(TypeError);
});
