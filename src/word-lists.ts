/** The word lists of the transforms, read from their files once. A bundle carries them along by these addresses. */
import { readFileSync } from "node:fs";
import { lexiconFrom } from "../transforms/text/lexicon.ts";

const WORDS = new URL("../transforms/data/words.txt", import.meta.url);
const NAMES = new URL("../transforms/data/names.txt", import.meta.url);

export const readLexicon = (): ReturnType<typeof lexiconFrom> =>
  lexiconFrom({ words: readFileSync(WORDS, "utf8"), names: readFileSync(NAMES, "utf8") });
