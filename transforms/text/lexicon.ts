/**
 * Turns the word lists of transforms/data into the two questions that detectors ask; whoever builds the
 * surroundings reads the files.
 */
import type { Surroundings } from "../../src/core/transform.ts";

function setOf(list: string): ReadonlySet<string> {
  const words = new Set(list.split("\n"));
  words.delete("");
  return words;
}

/**
 * `words` and `names`: one lower-case entry a line (words.txt, names.txt). Linear in the lists, once; each
 * question is one look-up.
 */
export function lexiconFrom(lists: {
  readonly words: string;
  readonly names: string;
}): Pick<Surroundings, "isOrdinaryWord" | "isName"> {
  const words = setOf(lists.words);
  const names = setOf(lists.names);
  return { isOrdinaryWord: (word) => words.has(word), isName: (word) => names.has(word) };
}
