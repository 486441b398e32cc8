/**
 * Sentences and words of chat text: missing capitals, spaced dots, emoji and line breaks are the normal case. Linear
 * time.
 */

/** A stretch of the text it was cut from, half open, in UTF-16 units. */
export type Sentence = { readonly start: number; readonly end: number; readonly text: string };

/** Words after which a dot ends nothing, lower case. */
const ABBREVIATIONS = new Set(
  (
    "mr mrs ms dr prof st sr jr no vs etc e.g i.e a.m p.m approx dept min max nr bzw z.b d.h u.a usw ca " +
    "evtl ggf inkl tel str hr fr " +
    "mme mlle sra srta ud uds pág núm p.ej jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k"
  ).split(" "),
);

const TERMINATOR = /[.!?…。！？]/u;
/** What may end a sentence: a terminator, or the end of a line. */
const STOPS: ReadonlySet<number> = new Set(Array.from(".!?…。！？\n", (sign) => sign.charCodeAt(0)));
const CLOSING = /["'”’)\]»]/u;
const PICTURE = /\p{Extended_Pictographic}/u;

/** The unbroken run of non-spaces that ends before `at`, lower case, at most 12 units. */
function wordBefore(text: string, at: number): string {
  let from = at;
  while (from > 0 && at - from < 12 && !/[\s("'“]/u.test(text[from - 1] ?? "")) from -= 1;
  return text.slice(from, at).toLowerCase();
}

/** Does the dot at `at` belong to an abbreviation, an initial or a list number? */
function isInnerDot(text: string, at: number): boolean {
  const next = text[at + 1] ?? "";
  if (next !== "" && !/[\s.!?…"'”’)\]»]/u.test(next)) return true;
  const word = wordBefore(text, at);
  if (ABBREVIATIONS.has(word)) return next !== "";
  if (/^\p{L}$/u.test(word) && word !== "i" && /^[A-Z]$/u.test(text[at - 1] ?? "")) return true;
  // "am 3. Mai", "1. call Ben": a short number before a dot and more text on the line.
  return /^(?:\d{1,2}\.)?\d{1,2}$/u.test(word) && /^\. ?(?:\p{L}|\d)/u.test(text.slice(at, at + 3));
}

/** End of the run of terminators, closing quotes and spaced dots (". . .") that starts at `at`. */
function endOfStop(text: string, at: number): number {
  let end = at;
  while (end < text.length) {
    const char = text[end] ?? "";
    if (TERMINATOR.test(char) || CLOSING.test(char)) end += 1;
    else if (char === " " && text[end + 1] === "." && !/\d/u.test(text[end + 2] ?? "")) end += 2;
    else break;
  }
  return end;
}

function cut(text: string, start: number, end: number, into: Sentence[]): void {
  let from = start;
  let to = end;
  while (from < to && /[\s•*>–—-]/u.test(text[from] ?? "")) from += 1;
  while (to > from && /\s/u.test(text[to - 1] ?? "")) to -= 1;
  if (/[\p{L}\p{N}?]/u.test(text.slice(from, to))) into.push({ start: from, end: to, text: text.slice(from, to) });
}

/** The sentences of one message, in order, without leading bullets. Stretches without a letter or digit are dropped. */
export function sentencesOf(text: string): Sentence[] {
  const found: Sentence[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    if (!STOPS.has(text.charCodeAt(at))) {
      at += 1;
      continue;
    }
    const char = text[at] ?? "";
    if (char === "\n") {
      cut(text, start, at, found);
      start = at + 1;
      at += 1;
    } else if (!(char === "." && isInnerDot(text, at))) {
      const end = endOfStop(text, at);
      cut(text, start, end, found);
      start = end;
      at = end;
    } else {
      at += 1;
    }
  }
  cut(text, start, text.length, found);
  return found;
}

/** A word with its place. Apostrophes and inner hyphens belong to the word ("don't", "x-ray"). */
export type Word = { readonly start: number; readonly end: number; readonly text: string };

const WORD = /[\p{L}\p{N}_][\p{L}\p{N}\p{M}_]*(?:['’][\p{L}\p{M}]+)*/gu;

/** The words of a text in order; `_` belongs to a word so that pseudonyms stay whole. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(WORD)) {
    words.push({ start: match.index, end: match.index + match[0].length, text: match[0] });
  }
  return words;
}

/** Lower-case words, curly apostrophes made straight. */
export function lowerWords(text: string): string[] {
  return wordsOf(text).map((word) => word.text.toLowerCase().replaceAll("’", "'"));
}

/** The text without emoji and repeated spaces, with straight apostrophes and quotes. */
export function plain(text: string): string {
  let out = "";
  for (const char of text) {
    if (PICTURE.test(char) && !/[\d#*]/u.test(char)) continue;
    if (char === "’" || char === "‘" || char === "´" || char === "`") out += "'";
    else if (char === "“" || char === "”" || char === "„") out += '"';
    else out += char;
  }
  return out.replace(/[ \t]+/gu, " ").trim();
}
