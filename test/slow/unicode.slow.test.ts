import { expect, test } from "vitest";
import { isNormal, normalise } from "../../transforms/text/unicode.ts";

const LAST_POINT = 0x10_ffff;

test("normalising twice changes nothing, for every character of Unicode behind a letter and before a mark", () => {
  for (let point = 0; point <= LAST_POINT; point++) {
    const sign = String.fromCodePoint(point);
    for (const text of [`a${sign}b`, `${sign}\u0301`]) {
      const once = normalise(text).text;
      if (normalise(once).text !== once || !isNormal(once)) expect.fail(`U+${point.toString(16)} is at no fixpoint`);
    }
  }
}, 300_000);
