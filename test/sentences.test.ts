import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lowerWords, plain, sentencesOf, wordsOf } from "../transforms/text/sentences.ts";

const texts = (text: string): string[] => sentencesOf(text).map((sentence) => sentence.text);

describe("sentences", () => {
  test.each([
    ["Hi Ana. See you at 5 p.m. tomorrow!", ["Hi Ana.", "See you at 5 p.m. tomorrow!"]],
    ["Mr. Wang called. He is late", ["Mr. Wang called.", "He is late"]],
    ["costs 3.50 euro... ok?", ["costs 3.50 euro...", "ok?"]],
    ["first line\nsecond line", ["first line", "second line"]],
    ["- buy milk\n- call Ben", ["buy milk", "call Ben"]],
    ["wait . . . what?", ["wait . . .", "what?"]],
    ["am 3. Mai um 9", ["am 3. Mai um 9"]],
    ["z.B. morgen. Gut", ["z.B. morgen.", "Gut"]],
    ["👍🎉", []],
    ["", []],
  ])("%j falls into %j", (text, expected) => {
    expect(texts(text)).toEqual(expected);
  });

  test("a sentence is the text between its offsets, in order and apart", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
        let last = 0;
        for (const { start, end, text: cut } of sentencesOf(text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(text.slice(start, end)).toBe(cut);
          last = end;
        }
      }),
    );
  });

  test("a long text of terminators is cut in linear time", () => {
    expect(sentencesOf(`a${". ".repeat(50_000)}b`).length).toBe(2);
  });
});

describe("words", () => {
  test("apostrophes and pseudonyms stay in one word", () => {
    expect(wordsOf("don't ask PERSON_7f3a, l’été").map((word) => word.text)).toEqual([
      "don't",
      "ask",
      "PERSON_7f3a",
      "l’été",
    ]);
    expect(lowerWords("DON’T")).toEqual(["don't"]);
  });

  test("emoji and curly quotes are made plain", () => {
    expect(plain("ok 👍  “yes” it’s 1")).toBe('ok "yes" it\'s 1');
  });
});
