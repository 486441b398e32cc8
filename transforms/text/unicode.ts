/**
 * Text as rules and models may read it: NFKC, nothing invisible, at a fixpoint (CONTRACT section 2, security
 * notes 2.4).
 */

/**
 * What no rule or model may see: controls except line feed and tab, format characters (bidi, zero width, tags, soft
 * hyphen), surrogates, private use, unassigned, variation selectors, fillers and the blank Braille pattern.
 * Default_Ignorable_Code_Point is Unicode's own list.
 */
const INVISIBLE = /[[\p{C}\p{Default_Ignorable_Code_Point}\u2800]--[\n\t]]/gv;
const ANY_INVISIBLE = /[[\p{C}\p{Default_Ignorable_Code_Point}\u2800]--[\n\t]]/v;
const NOT_PLAIN = /[^\n\t -~]/;
const LINE_SEPARATORS = /[\u2028\u2029]/g;
const MARKS_IN_A_ROW_MAX = 2;
/** Stream-safe text (UAX 15 section 13): more marks than this in a row make canonical ordering quadratic. */
const MARKS_BEFORE_NFKC_MAX = 30;
const MARK_RUN = /\p{M}{3,}/gu;
const ANY_MARK_RUN = /\p{M}{3}/u;

export type Normalised = {
  readonly text: string;
  /** Code points that were taken out; what NFKC rewrote does not count. */
  readonly removed: number;
};

/** Keeps the first `keep` marks of every run of three or more. */
function capMarks(text: string, keep: number): Normalised {
  let removed = 0;
  const capped = text.replace(MARK_RUN, (run) => {
    const marks = [...run];
    removed += Math.max(0, marks.length - keep);
    return marks.slice(0, keep).join("");
  });
  return { text: capped, removed };
}

function once(text: string): Normalised {
  const bounded = ANY_MARK_RUN.test(text) ? capMarks(text, MARKS_BEFORE_NFKC_MAX) : { text, removed: 0 };
  let removed = bounded.removed;
  let out = bounded.text.normalize("NFKC").replace(LINE_SEPARATORS, "\n");
  out = out.replace(INVISIBLE, () => {
    removed++;
    return "";
  });
  if (!ANY_MARK_RUN.test(out)) return { text: out, removed };
  const capped = capMarks(out, MARKS_IN_A_ROW_MAX);
  return { text: capped.text, removed: removed + capped.removed };
}

/**
 * The normal form of `text`. Idempotent: taking something out can let neighbours compose, so it repeats until
 * nothing changes. Joined emoji fall apart; never apply it to what a person is shown (use `escapeInvisible`).
 */
export function normalise(text: string): Normalised {
  if (isNormal(text)) return { text, removed: 0 };
  let removed = 0;
  let now = text;
  for (;;) {
    const next = once(now);
    removed += next.removed;
    if (next.text === now) return { text: now, removed };
    now = next.text;
  }
}

/** Anything that normalising takes out, caps or rewrites, but for what NFKC does: one look over the text. */
const ANY_CHANGE = /[[\p{C}\p{Default_Ignorable_Code_Point}\u2800\u2028\u2029]--[\n\t]]|\p{M}{3}/v;

/** Points up to here are looked at once each: 0 not yet, 1 inert, 2 not. */
const POINTS = 0x2_0000;
const INERT = new Uint8Array(POINTS);
/** What a character before it may compose with: marks, and the vowels and finals of Hangul. */
const COMPOSES = /[\p{M}\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u;

/** Does normalising leave this character alone, whatever stands beside it? */
function isInert(point: number): boolean {
  if (point >= POINTS) return false;
  if (INERT[point] === 0) {
    const sign = String.fromCodePoint(point);
    const inert = !ANY_CHANGE.test(sign) && !COMPOSES.test(sign) && sign.normalize("NFKC") === sign;
    INERT[point] = inert ? 1 : 2;
  }
  return INERT[point] === 1;
}

function isAllInert(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) ?? 0;
    if (!isInert(point)) return false;
    if (point > 0xffff) at++;
  }
  return true;
}

/** True when `normalise` would change nothing. */
export function isNormal(text: string): boolean {
  if (!NOT_PLAIN.test(text) || isAllInert(text)) return true;
  return !ANY_CHANGE.test(text) && text.normalize("NFKC") === text;
}

export function hasInvisible(text: string): boolean {
  return ANY_INVISIBLE.test(text);
}

const EMOJI_BEFORE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]$/v;
const EMOJI_AFTER = /^\p{Extended_Pictographic}/v;
const SELECTABLE = /\p{Emoji}$/v;

/** The joiner between two pictographs and the emoji selector behind one are how people write emoji. */
function staysInEmoji(text: string, at: number, found: string): boolean {
  const before = text.slice(Math.max(0, at - 2), at);
  if (found === "\ufe0f") return SELECTABLE.test(before);
  return EMOJI_BEFORE.test(before) && EMOJI_AFTER.test(text.slice(at + 1, at + 3));
}

const SHOWN_ESCAPED = /[[\p{C}\p{Default_Ignorable_Code_Point}\u2800\u2028\u2029]--[\n\t]]/gv;

/** Text for a person's eyes: every invisible character as `\u{hex}`, whole emoji left alone, nothing else changed. */
export function escapeInvisible(text: string): string {
  if (!NOT_PLAIN.test(text)) return text;
  return text.replace(SHOWN_ESCAPED, (found, at: number) => {
    const emoji = (found === "\u200d" || found === "\ufe0f") && at > 0 && staysInEmoji(text, at, found);
    return emoji ? found : `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** So many different clusters are remembered while one text is read. */
const CLUSTERS_MAX = 1_000;

/** Normal text, and for each of its UTF-16 units (and its end) the unit of the original where it began. */
export type Mapped = { readonly text: string; readonly origin: Int32Array };

const JOINS = /[\p{M}\u1161-\u1175\u11a8-\u11c2\p{Default_Ignorable_Code_Point}]/v;
/** By UTF-16 unit: 0 not looked at yet, 1 begins a cluster, 2 belongs to the one before it. */
const JOINING = new Uint8Array(65_536);
const CLUSTER_UNITS_MAX = 64;

/** Does the character at `at` compose with what stands before it, or show nothing? */
function joinsBefore(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (unit < 128) return false;
  const low = unit >= 0xdc00 && unit <= 0xdfff;
  if (unit >= 0xd800 && !low && unit <= 0xdbff) return JOINS.test(String.fromCodePoint(text.codePointAt(at) ?? unit));
  if (low) return true;
  if (JOINING[unit] === 0) JOINING[unit] = JOINS.test(String.fromCharCode(unit)) ? 2 : 1;
  return JOINING[unit] === 2;
}

/**
 * Normalises cluster by cluster and remembers where each came from, so that what is found in the normal text can be
 * marked in the original. Equal to `normalise` up to compositions across clusters, which matter to no detector.
 */
export function normaliseMapped(text: string): Mapped {
  const parts: string[] = [];
  const from: number[] = [];
  const known = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const limit = Math.min(text.length, at + CLUSTER_UNITS_MAX);
    let end = at + 1;
    while (end < limit && joinsBefore(text, end)) end++;
    const original = text.slice(at, end);
    const plain = end === at + 1 && text.charCodeAt(at) < 127 && text.charCodeAt(at) >= 32;
    const normal = plain ? original : (known.get(original) ?? normalise(original).text);
    if (!plain && known.size < CLUSTERS_MAX) known.set(original, normal);
    parts.push(normal);
    for (let unit = 0; unit < normal.length; unit++) from.push(at);
    at = end;
  }
  from.push(text.length);
  return { text: parts.join(""), origin: Int32Array.from(from) };
}
