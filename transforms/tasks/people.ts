/** Who is meant in a group: by the token or name as the sender is called, by its first word, in any case. */
import type { Turn } from "../../src/core/transform.ts";
import { lowerWords, wordsOf } from "../text/sentences.ts";

export class People {
  readonly #bySpelling = new Map<string, string>();
  readonly senders: readonly string[];

  constructor(turns: readonly Turn[]) {
    this.senders = [...new Set(turns.map((turn) => turn.sender))];
    for (const sender of this.senders) {
      const words = lowerWords(sender);
      for (const spelling of [sender.toLowerCase(), words.join(" "), words[0] ?? ""]) {
        if (spelling.length >= 2 && !this.#bySpelling.has(spelling)) this.#bySpelling.set(spelling, sender);
      }
    }
  }

  /** The sender of that name, or null. */
  find(name: string): string | null {
    return this.#bySpelling.get(name.toLowerCase().replace(/^@/u, "")) ?? null;
  }

  /** The sender or, when it looks like one, the name as written. */
  named(name: string): string | null {
    const sender = this.find(name);
    if (sender !== null) return sender;
    return /^\p{Lu}[\p{L}\p{N}_'-]*$/u.test(name) && !NOT_NAMES.has(name.toLowerCase()) ? name : null;
  }

  /** Somebody of the chat whom a sentence begins by calling: "Ben, can you …". */
  vocative(sentence: string, speaker: string): string | null {
    const name = /^(?:(?:hey|hi|ok|okay|and|so|please) )?@?([\p{L}\p{N}_]+),\s/iu.exec(sentence)?.[1];
    const found = name === undefined ? null : this.find(name);
    return found === speaker ? null : found;
  }

  /** Who is called by name at the beginning or the end of a text, or with an @ anywhere. */
  called(text: string, speaker: string): string | null {
    const at = /(?<![\p{L}\p{N}.])@([\p{L}\p{N}_.-]+)/u.exec(text)?.[1];
    if (at !== undefined)
      return /^(?:all|everyone|everybody|here|channel|room|team)$/iu.test(at) ? null : (this.find(at) ?? at);
    const words = wordsOf(text).map((word) => word.text);
    const greeting =
      /^(?:hey|hi|hello|ok|okay|and|so|yo|dear|hallo|salut|hola|oye|sure|thanks|thx|great|perfect|cool|please|also)$/iu;
    const start = words.findIndex((word) => !greeting.test(word));
    for (const word of [words[start], words.at(-1)]) {
      const found = word === undefined ? null : this.find(word);
      if (found !== null && found !== speaker) return found;
    }
    // "Julia, please …": somebody who did not write in this stretch.
    const absent = /^(?:(?:hey|hi|ok|and) )?(\p{Lu}[\p{L}_\p{N}]+)[,:]\s/u.exec(text)?.[1];
    return absent === undefined ? null : this.named(absent);
  }
}

const NOT_NAMES = new Set(
  (
    "i we you he she it they this that these those there here who what when where why how can could will " +
    "would should shall must may might do does did is are was were " +
    "please ok okay yes no sure thanks thank hey hi hello well so and but or if then also todo task " +
    "reminder everyone everybody someone somebody anyone anybody nobody all team guys " +
    "folks monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight let never " +
    "remember note update urgent important just maybe great good cool nice perfect " +
    "the a an my your our his her their its one both each some any somebody's fyi btw asap dinner lunch " +
    "meeting rain weather train bus sorry pardon oops wow ha haha oh ah hmm wait actually honestly finally anyway again"
  ).split(" "),
);
