import { expect, test } from "vitest";
import { readLexicon } from "../../src/word-lists.ts";
import { redact } from "../../transforms/redact.ts";

const surroundings = {
  ...readLexicon(),
  people: [{ names: ["Ana Silva", "ana"], token: "PERSON_1" }],
  tokenOf: (kind: string) => `${kind}_0`,
};

const UNITS = [
  "a@",
  "a.",
  "a-",
  "1 ",
  "1-",
  "4111 ",
  "a1_",
  "de89 ",
  "password is ",
  "pin: ",
  "dot ",
  "://a",
  "ab:",
  "1.1.",
  "eyJ-",
  "street ",
  "apt 1 ",
  "Mr ",
  "Xqz Wvb ",
  "new york ",
  "a'",
  "`",
  "a\u0316\u0301",
  "a\u200b",
  "march 3 ",
  "1° 1' ",
  "-----BEGIN ",
  "Ana Silva ",
  "\u043f\u0440\u0438 ",
  "1,1",
  "born 3 may ",
  "Apt. 1 Box 2 ",
  "a at a dot ",
  "ab12 ",
  "AT61 1904 ",
  "\u{1f600}",
];

/** The quickest of some runs: what the work costs when nobody disturbs it. */
function quickest(text: string): number {
  const times = Array.from({ length: 5 }, () => {
    const from = performance.now();
    redact(text, surroundings);
    return performance.now() - from;
  });
  return Math.min(...times);
}

test.each(UNITS)(
  "redacting twice as much of %j takes about twice the time",
  (unit) => {
    const text = unit.repeat(Math.ceil(131_072 / unit.length));
    quickest(text.slice(0, 65_536));
    // A quadratic detector takes four times as long; the floor keeps a busy machine from failing a fast one.
    const half = quickest(text.slice(0, text.length / 2));
    expect(quickest(text)).toBeLessThan(Math.max(3.2 * half, 300));
  },
  60_000,
);
