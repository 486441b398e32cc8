/**
 * What text must be before an agent may read it by value (tier B, CONTRACT section 3). It rejects and never
 * strips: stripping builds new tokens.
 */
import type { MaskKind } from "../../src/core/transform.ts";
import { structuredSpans } from "./detect.ts";
import { hasInvisible, isNormal, normalise } from "./unicode.ts";

const TIER_B_CHARS_MAX = 280;
const SHARED_WORDS_MAX = 8;
const WHOLE_MESSAGE_WORDS_MIN = 3;

export type RefusedB =
  | "too-long"
  | "invisible"
  | "not-normal"
  | "template"
  | "markup"
  | "link"
  | "mention"
  | "identifier"
  | "secret";

const MARKUP =
  /[`<>]|\]\s?[([]|!\[|~~|\*\*|__|^\s{0,3}(?:#{1,6}\s|[-=]{3,}\s*$)|\{%|\$\{|&(?:#\w{1,8}|[a-z]{2,8});|\|\|/imu;
const TEMPLATE = /\{\{|\}\}/;
const LINK = /:\/\/|\bwww\.|\b(?:mailto|javascript|data|tel|file|matrix|tg|https?|hxxps?)\s?:(?=\S)/iu;
const MENTION = /@[\p{L}\p{N}_[(]|[!#][\p{L}\p{N}_]+:[\p{L}\p{N}]/u;

const REASONS: Partial<Readonly<Record<MaskKind, RefusedB>>> = {
  EMAIL: "link",
  URL: "link",
  HANDLE: "mention",
  SECRET: "secret",
  PHONE: "identifier",
  IP: "identifier",
  MAC: "identifier",
  CARD: "identifier",
  IBAN: "identifier",
  ID: "identifier",
  GEO: "identifier",
};

/**
 * Why `text` may not leave as tier B, or null when it may. Names are the caller's part: give it text that
 * `redact` has seen.
 */
export function refuseB(text: string): RefusedB | null {
  if (text.length > TIER_B_CHARS_MAX) return "too-long";
  if (hasInvisible(text)) return "invisible";
  if (!isNormal(text)) return "not-normal";
  if (TEMPLATE.test(text)) return "template";
  if (MARKUP.test(text)) return "markup";
  if (LINK.test(text)) return "link";
  if (MENTION.test(text)) return "mention";
  for (const span of structuredSpans(text)) {
    const reason = REASONS[span.type];
    if (reason !== undefined) return reason;
  }
  return null;
}

/** Scripts without spaces count a character as a word. */
const SPACELESS = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((script) => String.raw`\p{sc=${script}}`)
  .join("");
const WORD = new RegExp(String.raw`[${SPACELESS}]|[[\p{L}\p{N}_]--[${SPACELESS}]]+`, "gv");

function wordsOf(text: string): string[] {
  const plain = normalise(text).text.toLowerCase().normalize("NFD");
  return plain.replace(/['\u2019\p{M}]/gu, "").match(WORD) ?? [];
}

/**
 * True when `candidate` shares a run of 8 words with a source or holds a whole source message of 3 or more words.
 * Case, punctuation, accents and apostrophes do not hide a copy. Linear in candidate and sources: runs are looked
 * up, not compared.
 */
export function echoes(candidate: string, sources: readonly string[]): boolean {
  const words = wordsOf(candidate);
  const idOf = new Map<string, number>();
  const ids = words.map((word) => {
    const id = idOf.get(word) ?? idOf.size;
    idOf.set(word, id);
    return id;
  });
  const runs = new Set<string>();
  for (let length = 1; length <= SHARED_WORDS_MAX; length++)
    for (let at = 0; at + length <= ids.length; at++) runs.add(ids.slice(at, at + length).join(" "));
  return sources.some((source) => echoesOne(idOf, runs, source));
}

/** Letters parted by anything, marks too: whether a mark joins or parts depends on the script, so both count. */
const PARTS = /[\p{L}\p{N}_]+/gu;
const partsOf = (text: string): number =>
  Math.max(...[text, normalise(text).text].map((form) => form.toLowerCase().match(PARTS)?.length ?? 0));

function echoesOne(idOf: ReadonlyMap<string, number>, runs: ReadonlySet<string>, source: string): boolean {
  const ids = wordsOf(source).map((word) => idOf.get(word) ?? -1);
  if (ids.length < WHOLE_MESSAGE_WORDS_MIN && partsOf(source) < WHOLE_MESSAGE_WORDS_MIN) return false;
  if (ids.length < SHARED_WORDS_MAX) return runs.has(ids.join(" "));
  let known = 0;
  for (let at = 0; at < ids.length; at++) {
    known = (ids[at] ?? -1) < 0 ? 0 : known + 1;
    if (known >= SHARED_WORDS_MAX && runs.has(ids.slice(at - SHARED_WORDS_MAX + 1, at + 1).join(" "))) return true;
  }
  return false;
}
