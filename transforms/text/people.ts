/** The persons the caller knows to be in the conversation, found however their names are written. */
import type { Surroundings } from "../../src/core/transform.ts";
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import { hashesOf, tokenise } from "./tokens.ts";
import { vocabularyOf } from "./vocabulary.ts";

type People = Surroundings["people"];
type KnownName = { readonly words: readonly string[]; readonly token: string };

const FILTER_BITS = 4096;
const NAME_CHARS_MIN = 2;

/** Names by their first word, longest first, behind a filter that most words do not pass. */
export type PeopleIndex = {
  readonly byFirst: ReadonlyMap<string, readonly KnownName[]>;
  readonly filter: Uint8Array;
};

function fold(word: string): string {
  const small = word.toLowerCase();
  if (!small.includes("'") && !small.includes("\u2019")) return small;
  return small.replace("\u2019", "'").replace(/'s$/, "");
}

function wordsOf(name: string): string[] {
  const { count, start, end, text } = tokenise(name, vocabularyOf());
  return Array.from({ length: count }, (_, at) => fold(text.slice(start[at], end[at])));
}

function indexOf(people: People): PeopleIndex {
  const byFirst = new Map<string, KnownName[]>();
  const filter = new Uint8Array(FILTER_BITS);
  for (const person of people)
    for (const name of person.names) {
      const words = wordsOf(name);
      const [first] = words;
      if (first === undefined || name.trim().length < NAME_CHARS_MIN) continue;
      byFirst.set(first, [...(byFirst.get(first) ?? []), { words, token: person.token }]);
      filter[hashesOf(first)[0] & (FILTER_BITS - 1)] = 1;
    }
  for (const names of byFirst.values()) names.sort((a, b) => b.words.length - a.words.length);
  return { byFirst, filter };
}

const indexes = new WeakMap<People, PeopleIndex>();

export function peopleIndex(people: People): PeopleIndex {
  const known = indexes.get(people);
  if (known !== undefined) return known;
  const index = indexOf(people);
  indexes.set(people, index);
  return index;
}

/**
 * Fixes every known name as a person. A name that is a common word too ("Will") needs its capital or a
 * neighbour that fits a name.
 */
export function knownPeople(findings: Findings, index: PeopleIndex): void {
  const { tokens } = findings;
  if (index.byFirst.size === 0) return;
  for (let token = 0; token < tokens.count; token++) {
    const plain = ((tokens.shape[token] ?? 0) & (SHAPE.WIDE | SHAPE.APOSTROPHE)) === 0;
    if (plain && index.filter[(tokens.hash[token] ?? 0) & (FILTER_BITS - 1)] === 0) continue;
    if (findings.fixed(token)) continue;
    const found = nameAt(findings, index, token);
    if (found === undefined) continue;
    if (found.words.length === 1 && isShy(findings, token)) continue;
    const last = token + found.words.length - 1;
    findings.fix(token, tokens.start[token] ?? 0, endOfName(findings, last), "PERSON");
    token = last;
  }
}

function endOfName(findings: Findings, token: number): number {
  const { text, start, end, shape } = findings.tokens;
  if (((shape[token] ?? 0) & (SHAPE.APOSTROPHE | SHAPE.WIDE)) === 0) return end[token] ?? 0;
  const word = text.slice(start[token], end[token]);
  return /['\u2019]s$/i.test(word) && word.length > 3 ? (end[token] ?? 0) - 2 : (end[token] ?? 0);
}

function nameAt(findings: Findings, index: PeopleIndex, token: number): KnownName | undefined {
  const { text, start, end, count } = findings.tokens;
  const names = index.byFirst.get(fold(text.slice(start[token], end[token])));
  return names?.find(({ words }) => {
    if (token + words.length > count) return false;
    return words.every((word, at) => {
      const here = token + at;
      if (at > 0 && !findings.spaced(here - 1) && !/^[ .'\u2019-]{1,3}$/.test(findings.gap(here - 1))) return false;
      return fold(text.slice(start[here], end[here])) === word;
    });
  });
}

/** Left to the frames of names.ts: a closed-class word in lower case, or at the head of a sentence. */
function isShy(findings: Findings, token: number): boolean {
  const { flags, shape, text, start } = findings.tokens;
  const bits = flags[token] ?? 0;
  if ((bits & (FLAG.SHY_NAME | FLAG.FUNCTION)) === 0) return false;
  const head = token === 0 || /[.!?\n]\s*$/.test(text.slice(Math.max(0, (start[token] ?? 0) - 3), start[token]));
  return head || ((shape[token] ?? 0) & SHAPE.CAPITAL) === 0;
}

/** The token of the known person whose name the text is, begins with or ends with. */
export function tokenOfKnown(index: PeopleIndex, text: string): string | undefined {
  if (index.byFirst.size === 0) return undefined;
  const words = wordsOf(text);
  for (let from = 0; from < words.length; from++) {
    const found = index.byFirst
      .get(words[from] ?? "")
      ?.find((name) => name.words.every((word, at) => words[from + at] === word));
    if (found !== undefined) return found.token;
  }
  return undefined;
}
