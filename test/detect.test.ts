import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MaskKind } from "../src/core/transform.ts";
import { readLexicon } from "../src/word-lists.ts";
import { detect, structuredSpans } from "../transforms/text/detect.ts";

const lexicon = readLexicon();
const people = [
  { names: ["Ana Silva", "Ana"], token: "PERSON_1" },
  { names: ["Will"], token: "PERSON_2" },
];
const surroundings = { ...lexicon, people };
const nobody = { ...lexicon, people: [] };

/** Put together here so that scanners of source code do not take test data for a leak. */
const GITHUB = `ghp${"_"}16C7e42F292c6912E7710c838347Ae178B4a`;
const AWS = `AKIA${"IOSFODNN7"}EXAMPLE`;
const JWT = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N"].join(".");
const PEM = `-----BEGIN ${"OPENSSH"} PRIVATE KEY-----\nb3BlbnNzaC1r\n-----END ${"OPENSSH"} PRIVATE KEY-----`;

/** Text with the expected finds in ⟦brackets⟧. Every word inside must be masked, no letter or digit outside may be. */
function judge(marked: string, change: (text: string) => string = (text) => text): void {
  const text = change(marked.replace(/[⟦⟧]/g, ""));
  const wanted = new Uint8Array(text.length);
  let at = 0;
  let inside = 0;
  for (const sign of marked) {
    if (sign === "⟦") inside = 1;
    else if (sign === "⟧") inside = 0;
    else for (let unit = 0; unit < sign.length; unit++) wanted[at++] = inside;
  }
  const found = new Uint8Array(text.length);
  for (const { start, end } of detect(text, nobody)) found.fill(1, start, end);
  const shown = (marks: Uint8Array) =>
    Array.from(text.matchAll(/[\p{L}\p{N}]+/gu), (word) => (marks[word.index] === 1 ? `⟦${word[0]}⟧` : word[0])).join(
      " ",
    );
  expect(shown(found)).toBe(shown(wanted));
}

/** Any code point, surrogates alone included. */
const point = fc.integer({ min: 0, max: 0x10_ffff }).map((code) => String.fromCodePoint(code));

const kindsIn = (text: string) => detect(text, nobody).map(({ type }) => type);

describe("identifiers are found as written and in small letters", () => {
  test.each<[MaskKind, string]>([
    ["EMAIL", "write to ⟦j.doe+billing@acme-corp.co.uk⟧ please"],
    ["EMAIL", "it is ⟦ana dot silva at gmail dot com⟧ now"],
    ["EMAIL", "it is ⟦Ksx (at) example (dot) org⟧ now"],
    ["PHONE", "call me on ⟦+44 20 7946 0958⟧ tomorrow"],
    ["PHONE", "call ⟦(415) 555-0132⟧ now"],
    ["PHONE", "call ⟦0664 1234567⟧ now"],
    ["PHONE", "they are at ⟦02.27.96.63.08⟧ today"],
    ["PHONE", "it is ⟦001-755-329-4431⟧ at work"],
    ["PHONE", "it is ⟦329 7730⟧ at work"],
    ["CARD", "my card is ⟦4111 1111 1111 1111⟧ ok"],
    ["CARD", "my card is ⟦5595799159976957⟧ ok"],
    ["CARD", "amex ⟦3782 822463 10005⟧ ok".replace("amex", "card")],
    ["IBAN", "pay to ⟦DE89 3704 0044 0532 0130 00⟧ please"],
    ["IBAN", "pay to ⟦GB56NBNN43143728094318⟧ please"],
    ["IBAN", "pay to ⟦FR76 3000 6000 0112 3456 7890 189⟧ please"],
    ["ID", "it is ⟦536-90-4399⟧ on file"],
    ["ID", "it is ⟦AB 12 34 56 C⟧ on file"],
    ["ID", "it is ⟦12345678Z⟧ on file"],
    ["ID", "it is ⟦X1234567L⟧ on file"],
    ["ID", "it is ⟦1 85 05 78 006 084 91⟧ on file"],
    ["ID", "it is ⟦RSSMRA85T10A562S⟧ on file"],
    ["ID", "it is ⟦X1234567⟧ on file"],
    ["IP", "server ⟦192.168.13.37⟧ is down"],
    ["IP", "server ⟦2001:db8::ff00:42:8329⟧ is down"],
    ["IP", "server ⟦d80:e4b5:79da:6cf6:71f3:51f7:9161:c319⟧ is down"],
    ["MAC", "it has ⟦00:1A:2B:3C:4D:5E⟧ on it"],
    ["HANDLE", "ask ⟦@alice:example.org⟧ first"],
    ["HANDLE", "ask ⟦@bob_tg⟧ first"],
    ["HANDLE", "in ⟦#lounge:example.org⟧ first"],
    ["URL", "see ⟦https://example.com/u/1?x=y#z⟧, then go"],
    ["URL", "see ⟦www.foo.io/bar⟧."],
    ["URL", "see ⟦news.example.com/path⟧ now"],
    ["GEO", "meet at ⟦48.2082, 16.3738⟧ soon"],
    ["GEO", "meet at ⟦48°12'30\"N 16°22'23\"E⟧ soon"],
    ["DATE", "born on ⟦10/27/1989⟧ here"],
    ["DATE", "at ⟦2005-10-08 22:58:39⟧ here"],
    ["DATE", "born on ⟦14 March 1987⟧ here"],
    ["DATE", "geboren am ⟦14. März 1987⟧ hier"],
    ["DATE", "born ⟦3 May⟧ ok"],
  ])("%s: %s", (kind, marked) => {
    judge(marked);
    judge(marked, (text) => text.toLowerCase());
    expect(kindsIn(marked.replace(/[⟦⟧]/g, ""))).toContain(kind);
  });
});

describe("secrets are found by form and by what is said", () => {
  test.each([
    `the log has ⟦${GITHUB}⟧ in it`,
    `use ⟦${AWS}⟧ with it`,
    `it is ⟦sk${"-"}proj-abcdefghijklmnopqrstuvwxyz012345⟧ now`,
    `it is ⟦xoxb${"-"}123456789012-abcdefghijkl⟧ now`,
    `it is ⟦${JWT}⟧ now`,
    `it is ⟦${PEM}⟧ now`,
    "it is ⟦9f86d081884c7d659a2feaa0c55ad015⟧ now",
    "it is ⟦Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg⟧ now",
    "the password is ⟦hunter2!Xy⟧ ok",
    "the wifi password is ⟦sunshine⟧",
    "the password for the server in the office is ⟦blue42⟧",
    "password: ⟦secret99⟧",
    "pw: ⟦Tr0ub4dor&3⟧",
    "mein passwort lautet ⟦geheim123⟧ oder",
    "le mot de passe est ⟦soleil99⟧ ok",
    "the passphrase is ⟦correct horse battery staple⟧",
    "the pin is ⟦4711⟧ ok",
    "door code ⟦0815⟧ ok",
    "die pin ist ⟦4711⟧ oder",
    "use ⟦482913⟧ as your verification code",
    "the pin for the alarm ⟦2468⟧",
    "cvv ⟦123⟧ ok",
  ])("%s", (marked) => {
    judge(marked);
    expect(kindsIn(marked.replace(/[⟦⟧]/g, ""))).toContain("SECRET");
  });

  test.each([
    "the password is wrong",
    "password reset did not work",
    "the key is to listen",
    "i forgot my password again",
    "the code is on the table",
    "the pin fell down",
  ])("nothing is a secret in: %s", (text) => judge(text));
});

describe("names are found by capital, by vocabulary, and by their neighbours", () => {
  test.each([
    "Hi, this is ⟦Maria Gonzalez⟧, thanks",
    "i think ⟦sandra⟧ from accounting has it",
    "⟦jessica kadyrov⟧ will call you",
    "a tribute to ⟦jennifer sedušak⟧ today",
    "ask ⟦mark⟧ about it",
    "hi ⟦mark⟧, how are you",
    "thanks ⟦rose⟧!",
    "⟦mark⟧ said he would come",
    "⟦Mark⟧ is late",
    "⟦Grace⟧, can you send it?",
    "it is ⟦mark's⟧ turn".replace("mark's⟧", "mark⟧'s"),
    "my name is ⟦hope⟧",
    "lunch with ⟦rose⟧ tomorrow",
    "⟦anna⟧ and ⟦mark⟧ are here",
    "⟦mr brown⟧ is here",
    "⟦Mrs. Hill⟧ is here",
    "⟦Dr. Peter Garcia⟧ said so",
    "⟦Frau Müller⟧ ist hier",
    "⟦J. R. Smith⟧ was here",
    "⟦Sarah O'Connor⟧ was here",
    "⟦Ludwig van Beethoven⟧ was here",
    "⟦Ask⟧ him".replace(/[⟦⟧]/g, ""),
    "we will ask ⟦Will⟧ on Friday",
    "She moved here from ⟦Saint Vincent and the Grenadines⟧",
    "who's coming to ⟦costa rica⟧ with me",
    "he works at ⟦Cantrell Ltd⟧. now",
    "he works at ⟦microbilt corporation⟧ now",
    "⟦Петр⟧ was here",
    "⟦田中⟧ was here",
  ])("%s", (marked) => judge(marked));

  test.each([
    "will you come on friday? may i ask?",
    "Will you come? May I ask? Hope you are well.",
    "mark my words, the bill is on the table",
    "we have a lot of hope and joy",
    "see you in May, on Monday or on Tuesday 3 March",
    "I AM SO HAPPY ABOUT THIS",
    "this is sooooo good hahaha omg lol",
    "can you send me the pdf asap? thx",
    "it's 7pm, don't wait; we'll be there at 19:30 or 20.15",
    "top 20 songs, 3 tickets, 12% more, $350, 4500 EUR",
    "build 2.4.1 goes out on Friday",
    "the English one, not the German one",
    "i am happy. are you? yes! we are.",
    "Kannst du mir bitte das morgen schicken?",
    "Est-ce que tu peux venir avec nous demain ?",
  ])("nothing is masked in: %s", (text) => judge(text));
});

describe("addresses are found in several languages", () => {
  test.each([
    "we live at ⟦22 old mill road⟧ now",
    "it is ⟦97 Guildry Street⟧ today",
    "on ⟦Barbosa Street⟧ today",
    "go to ⟦apt 870⟧ please",
    "send it to ⟦PO Box 1234⟧ please",
    "in der ⟦Lindengasse 12⟧ heute",
    "c'est ⟦12 rue de la Paix⟧ demain",
    "vive en ⟦calle Mayor 5⟧ ahora",
    "my zip is ⟦94110⟧ ok",
  ])("%s", (marked) => judge(marked));
});

test("invisible characters hide nothing, and the span covers them in the original", () => {
  const text = "write to a\u200bna@exa\u00admple.com now";
  const [span] = detect(text, nobody);
  expect(span).toEqual({ start: 9, end: text.indexOf(" now"), type: "EMAIL" });
  expect(detect("card \uff14111 1111 1111 1111", nobody)[0]?.type).toBe("CARD");
});

test("a known person is found in any case, and a name that is a common word only where a name can stand", () => {
  const found = (text: string) => detect(text, surroundings).map(({ start, end }) => text.slice(start, end));
  expect(found("ANA SILVA and ana's car")).toEqual(["ANA SILVA", "ana"]);
  expect(found("will you ask Will")).toEqual(["Will"]);
});

test("spans are sorted, apart, inside the text, and the same each time", () => {
  const piece = fc.constantFrom(
    "Ana ",
    "a@b.com",
    "https://x.y/z ",
    "4111 1111 1111 1111",
    "password is ",
    "\u200b",
    "mark ",
    "12 ",
    "\n",
    "Street ",
    "@",
    ":",
    "DE89 ",
  );
  const any = fc.array(fc.oneof(piece, point), { maxLength: 20 });
  fc.assert(
    fc.property(any, (pieces) => {
      const text = pieces.join("");
      const spans = detect(text, surroundings);
      const places = spans.flatMap(({ start, end }) => [start, end]);
      const inOrder = [0, ...places, text.length].every((place, at, all) => at === 0 || place >= (all[at - 1] ?? 0));
      return (
        inOrder &&
        spans.every(({ start, end }) => start < end) &&
        JSON.stringify(detect(text, surroundings)) === JSON.stringify(spans)
      );
    }),
    { numRuns: 150 },
  );
});

test("what has a form is found without a lexicon, and plain words are not", () => {
  expect(structuredSpans("the plan: anna brings 3 cakes on 14 May at 7pm")).toEqual([]);
  expect(structuredSpans("pay 4111 1111 1111 1111 by a@b.com").map(({ type }) => type)).toEqual(["CARD", "EMAIL"]);
});

/** Each would hang a detector that looks at the rest of the text from every place. */
test.each([
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
  "eyJ-",
  "street ",
  "Mr ",
  "new york ",
  "`",
])("64 KB of %j are read to the end", (unit) => {
  const spans = detect(unit.repeat(65_536 / unit.length), surroundings);
  expect(spans.at(-1)?.end ?? 0).toBeLessThanOrEqual(65_536);
});
