/** Names of glyphs and the encodings that PDF has by name (ISO 32000-1 annex D, Adobe Glyph List) → text. Pure. */
import { windows1252 } from "./bytes.ts";

const ASCII =
  "space exclam quotedbl numbersign dollar percent ampersand quotesingle parenleft parenright asterisk plus comma " +
  "hyphen period slash zero one two three four five six seven eight nine colon semicolon less equal greater " +
  "question at";
const AFTER_UPPER = "bracketleft backslash bracketright asciicircum underscore grave";
const AFTER_LOWER = "braceleft bar braceright asciitilde";
const LATIN =
  "exclamdown cent sterling currency yen brokenbar section dieresis copyright ordfeminine guillemotleft logicalnot " +
  "softhyphen registered macron degree plusminus twosuperior threesuperior acute mu paragraph periodcentered cedilla " +
  "onesuperior ordmasculine guillemotright onequarter onehalf threequarters questiondown";
const GREEK =
  "Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho - Sigma Tau Upsilon Phi " +
  "Chi Psi Omega";
const OTHERS: Readonly<Record<string, string>> = {
  quoteleft: "‘",
  quoteright: "’",
  quotesinglbase: "‚",
  quotedblleft: "“",
  quotedblright: "”",
  quotedblbase: "„",
  endash: "–",
  emdash: "—",
  bullet: "•",
  ellipsis: "…",
  dagger: "†",
  daggerdbl: "‡",
  perthousand: "‰",
  fraction: "/",
  guilsinglleft: "‹",
  guilsinglright: "›",
  Euro: "€",
  trademark: "™",
  florin: "ƒ",
  minus: "-",
  multiply: "×",
  divide: "÷",
  AE: "Æ",
  ae: "æ",
  OE: "Œ",
  oe: "œ",
  Oslash: "Ø",
  oslash: "ø",
  germandbls: "ß",
  Eth: "Ð",
  eth: "ð",
  Thorn: "Þ",
  thorn: "þ",
  Lslash: "Ł",
  lslash: "ł",
  dotlessi: "ı",
  Dcroat: "Đ",
  dcroat: "đ",
  ff: "ff",
  fi: "fi",
  fl: "fl",
  ffi: "ffi",
  ffl: "ffl",
  f_f: "ff",
  f_i: "fi",
  f_l: "fl",
  f_f_i: "ffi",
  f_f_l: "ffl",
  nbspace: " ",
  circumflex: "ˆ",
  tilde: "˜",
  caron: "ˇ",
  breve: "˘",
  ring: "˚",
  ogonek: "˛",
  infinity: "∞",
  lessequal: "≤",
  greaterequal: "≥",
  notequal: "≠",
  approxequal: "≈",
  arrowright: "→",
  arrowleft: "←",
  checkmark: "✓",
  asteriskmath: "*",
};
const ACCENTS: Readonly<Record<string, string>> = {
  grave: "\u0300",
  acute: "\u0301",
  circumflex: "\u0302",
  tilde: "\u0303",
  macron: "\u0304",
  breve: "\u0306",
  dotaccent: "\u0307",
  dieresis: "\u0308",
  ring: "\u030a",
  hungarumlaut: "\u030b",
  caron: "\u030c",
  commaaccent: "\u0326",
  cedilla: "\u0327",
  ogonek: "\u0328",
};
const ACCENTED = new RegExp(`^([A-Za-z])(${Object.keys(ACCENTS).join("|")})$`);

function namesFrom(list: string, code: number): [string, string][] {
  return list.split(" ").map((name, at) => [name, String.fromCharCode(code + at)]);
}

const GLYPHS: ReadonlyMap<string, string> = new Map([
  ...namesFrom(ASCII, 0x20),
  ...namesFrom(AFTER_UPPER, 0x5b),
  ...namesFrom(AFTER_LOWER, 0x7b),
  ...namesFrom(LATIN, 0xa1),
  ...namesFrom(GREEK, 0x391),
  ...namesFrom(GREEK.toLowerCase().replace("-", "sigma1"), 0x3b1),
  ...Object.entries(OTHERS),
]);

/** What a glyph of this name stands for; null when the name is the font's own affair. */
export function glyphText(name: string): string | null {
  if (name.length === 1 && /[A-Za-z]/.test(name)) return name;
  const known = GLYPHS.get(name);
  if (known !== undefined) return known;
  const [, letter, accent] = ACCENTED.exec(name) ?? [];
  if (letter !== undefined && accent !== undefined) return `${letter}${ACCENTS[accent]}`.normalize("NFC");
  const hex = /^uni([0-9A-F]{4})$/.exec(name)?.[1] ?? /^u([0-9A-F]{4,5})$/.exec(name)?.[1];
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
  const stem = name.indexOf(".");
  return stem > 0 ? glyphText(name.slice(0, stem)) : null;
}

const MAC =
  "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»… ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ" +
  "\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
/** StandardEncoding where it is not ASCII: code, then the characters from there on. */
const STANDARD: readonly (readonly [number, string])[] = [
  [0xa1, "¡¢£/¥ƒ§¤'“«‹›"],
  [0xae, "ﬁﬂ"],
  [0xb1, "–†‡·"],
  [0xb6, "¶•‚„”»…‰"],
  [0xbf, "¿"],
  [0xd0, "—"],
  [0xe1, "Æ"],
  [0xe3, "ª"],
  [0xe8, "ŁØŒº"],
  [0xf1, "æ"],
  [0xf5, "ı"],
  [0xf8, "łøœß"],
];

function standard(): string[] {
  const table = Array.from({ length: 256 }, (_, code) => (code < 0x80 ? String.fromCharCode(code) : ""));
  table[0x27] = "’";
  table[0x60] = "‘";
  for (const [from, chars] of STANDARD) for (const [n, char] of [...chars].entries()) table[from + n] = char;
  return table;
}

/** Code → character of an encoding by its name; the standard one where the name is none. */
export function encodingOf(name: string | null): string[] {
  if (name === "MacRomanEncoding")
    return Array.from({ length: 256 }, (_, code) =>
      code < 0x80 ? String.fromCharCode(code) : (MAC[code - 0x80] ?? ""),
    );
  if (name === "WinAnsiEncoding")
    return Array.from({ length: 256 }, (_, code) => windows1252(String.fromCharCode(code)));
  return standard();
}
