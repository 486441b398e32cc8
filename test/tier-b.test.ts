import fc from "fast-check";
import { expect, test } from "vitest";
import { echoes, refuseB } from "../transforms/text/check.ts";

test.each([
  "The group agreed to meet on Friday at 7 pm.",
  "PERSON_7f3a asked for the report; PERSON_0b1c will send it by Tuesday.",
  "Two people can't come, so the table is for 6 (not 8).",
  "Budget: 4,500 euros, 12 % more than last year!",
  "They will look at LINK_1 & decide on 14 March 2026.",
  "Der Termin ist am Montag um 10.30 Uhr.",
  "It is 3/4 done: design, code and tests.",
  "Someone asked for the wifi password.",
  "",
])("an ordinary summary may be revealed: %s", (text) => {
  expect(refuseB(text)).toBeNull();
});

test.each([
  ["x".repeat(281), "too-long"],
  ["see https://evil.example/x", "link"],
  ["see evil.com/x", "link"],
  ["see evil.com", "link"],
  ["go to www.evil.test now", "link"],
  ["javascript:alert(1)", "link"],
  ["hxxps://evil", "link"],
  ["write to ana@example.com", "mention"],
  ["ask @ana", "mention"],
  ["join #room:example.org", "mention"],
  ["[click](x)", "markup"],
  ["![a](x)", "markup"],
  ["<b>bold</b>", "markup"],
  ["run `rm`", "markup"],
  ["**bold**", "markup"],
  ["# Heading", "markup"],
  ["a &lt; b", "markup"],
  ["$" + "{x}", "markup"],
  ["{{secret:x}}", "template"],
  ["hi\u200bthere", "invisible"],
  ["hi\u{e0041}", "invisible"],
  ["\uff28i", "not-normal"],
  ["cafe\u0301", "not-normal"],
  ["card 4111 1111 1111 1111", "identifier"],
  ["IBAN de89 3704 0044 0532 0130 00", "identifier"],
  ["call 0664 1234567", "identifier"],
  ["server 192.168.1.20", "identifier"],
  ["ssn 536-90-4399", "identifier"],
  ["meet at 48.2082, 16.3738", "identifier"],
  ["the password is sunshine", "secret"],
  ["the pin is 4711", "secret"],
  [`key ${"ghp"}_16C7e42F292c6912E7710c838347Ae178B4a`, "secret"],
  ["ana dot silva at gmail dot com", "link"],
])("%s is refused as %s", (text, reason) => {
  expect(refuseB(text)).toBe(reason);
});

test("every invisible character is refused wherever it stands", () => {
  const invisible = fc.constantFrom(
    "\u200b",
    "\u202e",
    "\u2066",
    "\u{e0020}",
    "\ufe0f",
    "\u00ad",
    "\u0007",
    "\ue000",
    "\u3164",
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), invisible, fc.string({ maxLength: 40 }), (a, sign, b) => {
      expect(refuseB(a + sign + b)).not.toBeNull();
    }),
  );
});

const source = "We should meet at the old station on Friday because the new one is still closed.";

test("a run of eight words of a source is an echo, seven are not", () => {
  expect(echoes("They said: meet at the old station on Friday because of it", [source])).toBe(true);
  expect(echoes("They said: meet at the old station on Friday, as agreed", [source])).toBe(false);
});

test("a whole short message of three words or more is an echo, one of two words is not", () => {
  expect(echoes("Ana wrote: see you tomorrow, then left", ["See you tomorrow!"])).toBe(true);
  expect(echoes("Ana wrote yes please and left", ["Yes please"])).toBe(false);
  expect(echoes("Ana will see you all tomorrow", ["see you tomorrow"])).toBe(false);
});

test("case, punctuation, accents and apostrophes hide no copy", () => {
  expect(echoes("MEET -- at the OLD station, on friday; because the", [source])).toBe(true);
  expect(echoes("dont eat it", ["Don\u2019t eat it."])).toBe(true);
  expect(echoes("il est la", ["Il est l\u00e0"])).toBe(true);
  expect(echoes("see\u200b you tomorrow", ["see you tomorrow"])).toBe(true);
});

test("any eight words in a row of a longer source are found wherever they stand", () => {
  const word = fc.constantFrom("red", "blue", "green", "one", "two", "three", "sun", "moon", "sea", "hill");
  const words = (min: number, max: number) => fc.array(word, { minLength: min, maxLength: max });
  fc.assert(
    fc.property(words(0, 5), words(8, 8), words(0, 20), words(0, 20), words(0, 5), (a, run, before, after, b) => {
      expect(echoes([...a, ...run, ...b].join(" "), [[...before, ...run, ...after].join(", ")])).toBe(true);
    }),
  );
});

test("the echo of long sources is found in linear time", () => {
  const long = "lorem ipsum dolor sit amet ".repeat(4_000);
  expect(
    echoes(
      "lorem ipsum dolor sit lorem ipsum dolor",
      Array.from({ length: 4 }, () => long),
    ),
  ).toBe(false);
});
