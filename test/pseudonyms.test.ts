import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { escaped, Pseudonyms } from "../transforms/pseudonyms.ts";

const hmac = (key: Uint8Array, text: string): string => createHmac("sha256", key).update(text, "utf8").digest("hex");
const ANA = "PERSON_7f3a";
const PEOPLE = [{ names: ["Ana", "Ana Horvat"], token: ANA }];

test("a token is the shortest that nobody has, the same again for the same thing however it is written", () => {
  const taken = hmac(new Uint8Array(32).fill(5), "PHONE\u0000+436601234567");
  const fresh = (known: readonly { token: string; mac: string }[]): Pseudonyms =>
    new Pseudonyms({ tokenKey: new Uint8Array(32).fill(5), known, people: PEOPLE, turns: [] }, hmac);
  const one = fresh([]);
  expect(one.tokenOf("PHONE", "+43 660 123 45 67")).toBe(`PHONE_${taken.slice(0, 4)}`);
  expect(one.tokenOf("PHONE", "+436601234567")).toBe(`PHONE_${taken.slice(0, 4)}`);
  expect(one.found).toHaveLength(1);
  const other = `${taken.slice(0, 5)}${taken[5] === "0" ? "1" : "0"}${"0".repeat(58)}`;
  const crowded = fresh([{ token: `PHONE_${taken.slice(0, 4)}`, mac: other }]);
  expect(crowded.tokenOf("PHONE", "+436601234567")).toBe(`PHONE_${taken.slice(0, 6)}`);
  expect(fresh([{ token: "PHONE_abcdef", mac: taken }]).tokenOf("PHONE", "+436601234567")).toBe("PHONE_abcdef");
  expect(one.tokenOf("PERSON", "ana")).toBe(ANA);
});

test("tokens of different things differ, whatever the key and however many there are", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1, unit: "grapheme-ascii" }), { maxLength: 60 }), (texts) => {
      const plain = [...new Set(texts.map((text) => text.trim().replace(/\s+/g, " ")))].filter((text) => text !== "");
      // A keyed hash with eight bits of choice makes them collide at every length but the last.
      const weak = (_: Uint8Array, text: string): string =>
        `${"0".repeat(56)}${hmac(new Uint8Array(1), text).slice(0, 8)}`;
      const names = new Pseudonyms({ tokenKey: new Uint8Array(1), known: [], people: [], turns: [] }, weak);
      const tokens = plain.map((text) => names.tokenOf("SECRET", text));
      expect(new Set(tokens).size).toBe(plain.length);
    }),
  );
});

test("what somebody writes in the form of a token does not become one, and keeps its length", () => {
  const turn = { index: 0, sender: ANA, sentAt: null, offsetMinutes: 0, replyTo: null, media: 0 };
  const written = (text: string): string => escaped([{ ...turn, text }])[0]?.text ?? "";
  expect(written(`${ANA} owes PHONE_1b20 money`)).toBe("PERSON-7f3a owes PHONE-1b20 money");
  expect(written("MY_VAR, PERSON_xyz and XPERSON_7f3ag stay")).toBe("MY_VAR, PERSON_xyz and XPERSON_7f3ag stay");
});
