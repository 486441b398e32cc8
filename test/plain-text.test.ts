/** Chat text as it leaves: nothing in it can be followed, loaded, pinged, hidden or passed off as something else. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { REPLY_CHARS_MAX } from "../src/core/limits.ts";
import { isRefusal } from "../src/core/refusal.ts";
import { plainText, split, visibly } from "../src/gateway/plain-text.ts";

const DOMAINS = ["example.org"];
const plain = (text: string): string => plainText(text, DOMAINS);
/** What chat programs make a link of: a scheme with slashes, `www.`, or a host by itself. */
const LIVE = new RegExp(
  [
    String.raw`(?:https?|ftp|tg|matrix|file):\/\/[^\s]`,
    String.raw`\bwww\.\w`,
    String.raw`[\p{L}\p{N}][.。．｡](?:com|org|net|example|io|me|to)(?![\p{L}\p{N}])`,
    String.raw`mailto:\S`,
  ].join("|"),
  "iu",
);
const PING = /@(?:room|everyone|channel|here|all)(?![\p{L}\p{N}])/iu;
/**
 * First and last of what nobody sees: controls but for tab and line end, joiners, bidi, tags, selectors, private use.
 */
const UNSEEN = [
  "0-8",
  "b-1f",
  "7f-9f",
  "ad-ad",
  "34f-34f",
  "61c-61c",
  "115f-1160",
  "180b-180f",
  "200b-200f",
  "2028-202e",
  "2060-206f",
  "3164-3164",
  "e000-f8ff",
  "fe00-fe0f",
  "feff-feff",
  "fff9-fffb",
  "e0000-e0fff",
  "f0000-10ffff",
];
const HIDDEN = new RegExp(UNSEEN.map((range) => `[\\u{${range.replace("-", "}-\\u{")}}]`).join("|"), "u");

const LINKS: readonly (readonly [string, string])[] = [
  ["https://evil.com/?d=x", "hxxps://evil[.]com/?d=x"],
  ["HTTP://EVIL.com", "hxxp://EVIL[.]com"],
  ["_https://evil.com_", "_hxxps://evil[.]com_"],
  [`${"a".repeat(40)}https://evil.com`, `${"a".repeat(40)}hxxps://evil[.]com`],
  ["https://[::1]/x", "hxxps://[::1]/x"],
  ["https://1.2.3.4/x", "hxxps://1[.]2[.]3[.]4/x"],
  ["https://a.b/https://evil.com", "hxxps://a[.]b/https[:]//evil[.]com"],
  ["see 10.0.0.1:8080/x", "see 10[.]0[.]0[.]1:8080/x"],
  ["tg://resolve?domain=evil", "tg[:]//resolve?domain=evil"],
  ["matrix.to/#/@ana:evil.org", "matrix[.]to/#/@ana:evil[.]org"],
  ["https://matrix.to/#/@ana:evil.org", "hxxps://matrix[.]to/#/@ana:evil[.]org"],
  ["go to evil.com now", "go to evil[.]com now"],
  ["..evil.com", "..evil[.]com"],
  ["evil.com-x", "evil[.]com-x"],
  ["evil。com", "evil[.]com"],
  ["www.evil.com", "www[.]evil[.]com"],
  ["mailto:a@evil.com", "mailto[:]a@evil[.]com"],
  ["javascript:alert(1)", "javascript[:]alert(1)"],
  ["data:text/html,x", "data[:]text/html,x"],
  ["magnet:?xt=urn:x", "magnet[:]?xt=urn:x"],
  ["xn--80ak6aa92e.com", "xn--80ak6aa92e[.]com"],
  ["пример.рф", "пример[.]рф"],
  ["https://example.org@evil.com/", "hxxps://example[.]org@evil[.]com/"],
  ["https://evil.com\\@example.org/", "hxxps://evil[.]com\\@example.org/"],
  ["https://example.org.evil.com", "hxxps://example[.]org[.]evil[.]com"],
  ["https://notexample.org", "hxxps://notexample[.]org"],
  ["ftp://example.org/x", "ftp[:]//example[.]org/x"],
];

test.each(LINKS)("A17: %s cannot be followed", (text, shown) => {
  expect(plain(text)).toBe(shown);
});

test("links of a listed domain stay, in their scheme and with their path; words, numbers and file names stay", () => {
  const stay = [
    "https://example.org/a/b.html?x=y.z#q.r",
    "http://www.example.org:8080/",
    "see example.org",
    "www.example.org",
    "12.30 Uhr",
    "3.5 km",
    "e.g. this",
    "i.e. that",
    "z.B. so",
    "report.pdf and notes.txt",
    "one. Two",
    "wait... what",
    "a.m.",
  ];
  expect(stay.map(plain)).toEqual(stay);
});

test("A17, A20: images, named links, tags and mass mentions are taken out, however they are nested", () => {
  const table = [
    ["![alt](https://evil.com/?d=1)", "alt"],
    ["[click](https://evil.com)", "click (hxxps://evil[.]com)"],
    ['<img src="https://evil.com">', ""],
    [`<a title="${"x".repeat(5000)}">y</a>`, "y"],
    ["<scr<b>ipt>alert(1)</scr</b>ipt>", "alert(1)"],
    ["<!-- x -->y", "y"],
    ["@room look", "room look"],
    ["@@room @Everyone, @HERE! @channel. @all", "room Everyone, HERE! channel. all"],
    ["@ro\u200bom @\u2060here", "room here"],
    ["@rooms @allison stay", "@rooms @allison stay"],
    ["@room_x", "room_x"],
    ["1 < 2 and 3 > 2", "1 < 2 and 3 > 2"],
  ] as const;
  const safely = (text: string): string => {
    try {
      return plain(text);
    } catch (error) {
      return isRefusal(error) ? error.code : "?";
    }
  };
  expect(table.map(([text]) => safely(text))).toEqual(table.map(([, shown]) => shown));
  expect(safely(`${"@".repeat(20)}room`)).toBe("egress.text");
  expect(safely(`${"<a".repeat(20)}${">".repeat(20)}`)).toMatch(/egress|>/);
});

test("A11, S07: what nobody sees is gone, and breaks are line ends", () => {
  const smuggled = [..."ignore"].map((c) => String.fromCodePoint(0xe0000 + (c.codePointAt(0) ?? 0))).join("");
  expect(plain(`a${smuggled}b\u202ec\u2066d\u200de\ufe0ff\u{f0001}g\u0007h\u00adi`)).toBe("abcdefghi");
  expect(plain("a\u2028b\u2029c\r\nd\re\u0085f\vg")).toBe("a\nb\nc\nd\ne\nf\ng");
});

/** Pieces that tricks are made of, so that they meet in every order. */
const piece = fc.oneof(
  fc.constantFrom(
    "https://",
    "http:",
    "//",
    "evil",
    ".com",
    ".org",
    "example",
    "www.",
    "@",
    "room",
    "everyone",
    "here",
    "[",
    "]",
    "(",
    ")",
    "!",
    "<",
    ">",
    "</",
    "img ",
    "b",
    "\u200b",
    "\u202e",
    "\u2028",
    "_",
    "*",
    "`",
    "\\",
    "{{",
    "}}",
    ":",
    "mailto:",
    "tg://",
    "。",
    "\u{e0041}",
    "\n",
    " ",
    "1.2.3.4",
    "/",
    "?d=",
    "PERSON_7f3a",
    "@room",
    "[x](https://evil.com)",
    "![x](https://evil.com)",
    "xn--",
    "-",
    "#",
    "é",
    "рф",
  ),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);
const texts = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
const orRefused = (text: string): string | null => {
  try {
    return plainText(text, []);
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
};

test("whatever it is made of: a fixpoint, without live links, pings, tags or anything hidden", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const shown = orRefused(text);
      if (shown === null) return;
      expect(plainText(shown, [])).toBe(shown);
      expect(shown).not.toMatch(LIVE);
      expect(shown).not.toMatch(PING);
      expect(shown).not.toMatch(HIDDEN);
      expect(shown).not.toMatch(/<\/?[a-z!][^<>]*>|!\[[^[\]\n]{0,500}\]\([^()\s]*\)/i);
    }),
    { numRuns: 1500 },
  );
});

test("plain words come through as they are", () => {
  const word = fc.stringMatching(/^[a-zäöüßéñ0-9]{1,12}$/u);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (words) => {
      const text = words.join(" ").normalize("NFC");
      expect(plainText(text, [])).toBe(text);
    }),
  );
});

test("the time it takes grows with the length, not with its square", () => {
  const size = 2 * REPLY_CHARS_MAX;
  const tricks = [
    "@",
    "[",
    "![",
    "<a",
    "a.",
    "a-",
    "https://",
    "www.",
    "[](",
    "a".repeat(63).concat("."),
    "://",
    "1.",
    "@room",
    "\u200b",
    "é",
    "_",
    "{{",
    "((",
    "a/b.",
  ];
  // One that backtracks takes minutes, and a test has not that much time.
  for (const trick of tricks) orRefused(trick.repeat(Math.floor(size / trick.length)));
  expect(() => plainText("a".repeat(size + 1), [])).toThrow("larger");
});

test("a prompt shows a plain text as it is, and anything hidden or active spelled out", () => {
  const sent = "Meet at 10:30, it's <3 km! [a] b";
  expect(visibly(sent, [])).toBe(sent);
  expect(visibly("a\u202eb\u200bc\u{e0041}", [])).toBe("a\\u{202e}b\\u{200b}c\\u{e0041}");
  expect(visibly("a\u2028approve", [])).toBe("a\\u{2028}approve");
  expect(visibly("hey @room see https://evil.com", [])).toBe("hey \\u{40}room see https\\u{3a}//evil\\u{2e}com");
  // Where a request goes stays readable, by name or by address, whatever stands in its body.
  const request = "GET /\nhost: 127.0.0.1:8080 (http)";
  expect(visibly(request, ["127.0.0.1"])).toBe(request);
  expect(visibly(`${request}\n\nhey @room`, ["127.0.0.1"])).toBe(`${request}\n\nhey \\u{40}room`);
  expect(visibly("host: 127.0.0.1:80", ["10.0.0.1"])).toContain("127\\u{2e}0");
  fc.assert(
    fc.property(texts, (text) => {
      const shown = visibly(text, []);
      expect(shown).not.toMatch(LIVE);
      expect(shown).not.toMatch(PING);
      expect(shown).not.toMatch(HIDDEN);
    }),
  );
});

test("a text splits at the network's limit without losing or cutting a character", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", " ", "\n", "👍", "é"), maxLength: 200 }),
      fc.integer({ min: 4, max: 40 }),
      (text, max) => {
        const parts = split(text, max);
        expect(parts.every((part) => part.length <= max && part.isWellFormed())).toBe(true);
        expect(parts.join("").replace(/[ \n]/g, "")).toBe(text.replace(/[ \n]/g, ""));
      },
    ),
  );
});
