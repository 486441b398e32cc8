/** What a word may mean to a detector, as bits: from the surroundings' lexicon and the closed lists. */
import type { Surroundings } from "../../src/core/transform.ts";
import { CLOSED_LISTS } from "./closed-lists.ts";
import { FLAG, SHAPE } from "./flags.ts";

const CLOSED: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  for (const [flag, words] of CLOSED_LISTS)
    for (const word of words.split(/\s+/)) if (word !== "") map.set(word, (map.get(word) ?? 0) | flag);
  return map;
})();

const MEMO_SLOTS = 1 << 14;
/** Sounds people stretch: "soooo", "hahaha", "hmmm". */
const LAUGH = new RegExp(
  "^(?:a?(?:ha|he|hi|ja|je|ah|eh|lo)+[hl]?|h+m+|m+h*m+|a+h+|o+h+|u+h+|u+m+|e+h+|" +
    "a+w+|w+o+w+|y+a+y+|p+f+t*|g+r+|z+|x+o+x*o*|b+r+)$",
);
const STRETCHABLE = /^[abefghijlmoprtuwxyz]{2,24}$|(.)\1\1/;
const STRETCH_MAX = 24;

/** Questions and answers about words of one lexicon. Known words are remembered by two hashes
 * in a table of fixed size; unknown ones never are, so nothing personal stays in it. */
export class Vocabulary {
  readonly #isOrdinary: (word: string) => boolean;
  readonly #isName: (word: string) => boolean;
  readonly #memoOne = new Int32Array(MEMO_SLOTS);
  readonly #memoTwo = new Int32Array(MEMO_SLOTS);
  readonly #memoFlags = new Int32Array(MEMO_SLOTS);

  constructor(isOrdinary: (word: string) => boolean, isName: (word: string) => boolean) {
    this.#isOrdinary = isOrdinary;
    this.#isName = isName;
  }

  isOf(surroundings: Pick<Surroundings, "isOrdinaryWord" | "isName">): boolean {
    return this.#isOrdinary === surroundings.isOrdinaryWord && this.#isName === surroundings.isName;
  }

  /** Flags of text[from, to), whose hashes and shape the reader already knows. */
  flagsOf(text: string, from: number, to: number, one: number, two: number, shape: number): number {
    if ((shape & SHAPE.WIDE) !== 0) return this.flagsOfWord(text.slice(from, to).toLowerCase());
    const slot = (one ^ (one >>> 13)) & (MEMO_SLOTS - 1);
    if (this.#memoOne[slot] === one && this.#memoTwo[slot] === two) return this.#memoFlags[slot] ?? 0;
    const flags = this.flagsOfWord(text.slice(from, to).toLowerCase());
    if ((flags & (FLAG.ORDINARY | FLAG.CLOSED)) !== 0) {
      this.#memoOne[slot] = one;
      this.#memoTwo[slot] = two;
      this.#memoFlags[slot] = flags;
    }
    return flags;
  }

  /** Flags of a lower-case word; an apostrophe part ("tom's", "l'ami") is judged by what it hangs on. */
  flagsOfWord(word: string): number {
    const plain = this.#simple(word);
    if ((plain & (FLAG.ORDINARY | FLAG.CLOSED)) !== 0) return plain;
    const straight = word.replace("\u2019", "'");
    const cut = straight.indexOf("'");
    if (cut < 0) return plain;
    const whole = this.#simple(straight);
    if ((whole & FLAG.CLOSED) !== 0) return whole;
    const head = straight.slice(0, cut);
    const tail = straight.slice(cut + 1);
    if (tail === "s" || tail === "d" || tail === "ll" || tail === "ve" || tail === "re")
      return this.#simple(head) | (tail === "s" ? FLAG.POSSESSIVE : 0);
    if (ELISIONS.has(head)) return this.#simple(tail) & (FLAG.CLOSED | FLAG.ORDINARY | FLAG.FUNCTION | FLAG.MONTH);
    return plain;
  }

  #simple(word: string): number {
    let flags = CLOSED.get(word) ?? 0;
    if (flags !== 0) flags |= FLAG.CLOSED;
    if (this.#isOrdinary(word)) flags |= FLAG.ORDINARY;
    if (this.#isName(word)) flags |= FLAG.NAME;
    if (flags === 0 && word.length <= STRETCH_MAX) flags = this.#stretched(word);
    return flags;
  }

  /** A word written with a letter held down is the word, unless nothing is left that is known. */
  #stretched(word: string): number {
    if (!STRETCHABLE.test(word)) return 0;
    if (LAUGH.test(word)) return FLAG.CLOSED | FLAG.FUNCTION;
    const two = word.replace(/(.)\1{2,}/g, "$1$1");
    if (two === word) return 0;
    const one = word.replace(/(.)\1{2,}/g, "$1");
    for (const short of [two, one]) {
      const closed = CLOSED.get(short) ?? 0;
      if (closed !== 0) return closed | FLAG.CLOSED;
      if (this.#isOrdinary(short)) return FLAG.ORDINARY;
    }
    return 0;
  }
}

const ELISIONS: ReadonlySet<string> = new Set([
  "l",
  "d",
  "j",
  "n",
  "s",
  "t",
  "c",
  "m",
  "qu",
  "jusqu",
  "lorsqu",
  "dell",
  "all",
  "un",
]);

const NOTHING = (): boolean => false;
const BARE = new Vocabulary(NOTHING, NOTHING);
let last = BARE;

/**
 * The vocabulary of these surroundings; of the closed lists alone without them. The last one is kept: a daemon
 * has one lexicon.
 */
export function vocabularyOf(surroundings?: Pick<Surroundings, "isOrdinaryWord" | "isName">): Vocabulary {
  if (surroundings === undefined) return BARE;
  if (!last.isOf(surroundings)) last = new Vocabulary(surroundings.isOrdinaryWord, surroundings.isName);
  return last;
}
