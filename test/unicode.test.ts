import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeInvisible, hasInvisible, isNormal, normalise, normaliseMapped } from "../transforms/text/unicode.ts";

/** Any code point, surrogates alone included. */
const point = fc.integer({ min: 0, max: 0x10_ffff }).map((code) => String.fromCodePoint(code));
const points = fc.array(point, { maxLength: 40 }).map((signs) => signs.join(""));

test("normalising twice changes nothing, for the characters of the first two planes and the tags", () => {
  for (let block = 0; block < 0xf_0000; block += 512) {
    // Planes 2 to 13 are ideographs and nothing; the slow suite reads them too.
    if (block === 0x2_0000) block = 0xe_0000;
    const signs = Array.from({ length: 512 }, (_, at) => String.fromCodePoint(block + at));
    const once = normalise(signs.map((sign) => `${sign} a${sign}b `).join("")).text;
    if (normalise(once).text !== once || !isNormal(once))
      expect.fail(`the block at U+${block.toString(16)} is at no fixpoint`);
    if (block === 0xe_0200) break;
  }
});

test("normalising twice changes nothing, for any text", () => {
  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "a",
          "\u0301",
          "\u0316",
          "\u200b",
          "\u1100",
          "\u1161",
          "\u11a8",
          "\u{e0041}",
          "\ufe0f",
          "\ud800",
          "\uffa0",
          "\u0344",
          "\ufdfa",
        ),
        point,
      ),
      { maxLength: 60 },
    )
    .map((signs) => signs.join(""));
  fc.assert(
    fc.property(hostile, (text) => {
      const once = normalise(text);
      const twice = normalise(once.text);
      return twice.text === once.text && twice.removed === 0 && isNormal(once.text) && !hasInvisible(once.text);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["tags", "hi\u{e0041}\u{e0042}", "hi"],
  ["bidi controls", "a\u202eb\u2066c\u2069", "abc"],
  ["zero width", "pass\u200bword\u200d\u2060\ufeff", "password"],
  ["soft hyphen and joiner", "a\u00adb\u034fc", "abc"],
  ["fillers", "a\u115f\u1160\u3164\uffa0b", "ab"],
  ["variation selectors", "a\ufe0f\u{e0101}b", "ab"],
  ["private use", "a\ue000\u{f0000}b", "ab"],
  ["a lone surrogate", "a\ud83db", "ab"],
  ["controls but line feed and tab", "a\u0000\u001b\u0085\u009f\rb\n\tc", "ab\n\tc"],
  ["line separators become line feeds", "a\u2028b\u2029c", "a\nb\nc"],
  ["compatibility forms", "\uff21\u{1d400}\u2460\ufb01", "AA1fi"],
  ["marks beyond two", "z\u0300\u0301\u0302\u0303\u0304", "z\u0300\u0301"],
])("%s: only what may be read stays", (_, text, expected) => {
  expect(normalise(text).text).toBe(expected);
});

test("what is removed is counted by character", () => {
  expect(normalise("a\u{e0041}\u200bb").removed).toBe(2);
  expect(normalise("plain text\n").removed).toBe(0);
});

test("a text of combining marks alone is normalised in reasonable time", () => {
  expect(normalise(`a${"\u0316\u0301".repeat(32_768)}`).text.length).toBeLessThanOrEqual(3);
});

test("a person sees invisible characters as escapes and emoji as they are", () => {
  expect(escapeInvisible("pay\u202eevil")).toBe("pay\\u{202e}evil");
  expect(escapeInvisible("a\u{e0041}")).toBe("a\\u{e0041}");
  expect(escapeInvisible("a\u200db")).toBe("a\\u{200d}b");
  const family = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u2764\ufe0f";
  expect(escapeInvisible(family)).toBe(family);
  expect(escapeInvisible("line\nfeed\ttab")).toBe("line\nfeed\ttab");
});

test("escaped text holds nothing invisible but what belongs to emoji", () => {
  fc.assert(
    fc.property(points, (text) => {
      expect(escapeInvisible(text).replace(/[\u200d\ufe0f]/g, "")).not.toMatch(
        /[\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u,
      );
    }),
  );
});

test("mapped text knows where each of its units came from", () => {
  fc.assert(
    fc.property(points, (text) => {
      const { text: normal, origin } = normaliseMapped(text);
      const sorted = origin.every((place, at) => at === 0 || place >= (origin[at - 1] ?? 0));
      return sorted && origin.length === normal.length + 1 && origin.at(-1) === text.length;
    }),
  );
});
