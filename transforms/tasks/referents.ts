/** What "it" stands for in "can you restart it?": the thing last spoken of. */

const TURNS_MAX = 2;
/** "The server is down": the subject of a state. */
const SUBJECT = new RegExp(
  String.raw`^(?:\p{L}+[,:] )?(?:the|my|our|your|this|that) ((?:\p{L}+ ){0,2}?\p{L}+) (?:is|are|was|were` +
    String.raw`|has|have|does|do|needs?|must|looks?|stopped|broke|won't|doesn't|isn't|keeps?)\b`,
  "iu",
);
/** "I fixed the login bug", "can I borrow your drill?": the last object. */
const OBJECT = /(?:^|\s)(?:the|my|our|your|a|an|this|that) ((?:\p{L}+ ){0,2}\p{L}+)[.!?]*$/iu;
const POINTER = /\b(?:it|that one|this one|that|this|them|those|mine)\b/iu;
const SMALL = new RegExp(
  String.raw`\b(?:of|to|for|in|on|at|with|from|by|and|or|that|which|who|is|are|was|it|you|i|we|one|same|way` +
    String.raw`|time|day|week|morning|evening|idea|problem|moment|lot|bit)\b`,
  "iu",
);

export class Referents {
  #thing: { readonly words: string; readonly turn: number } | null = null;

  /** A sentence without its dates. */
  note(sentence: string, turn: number): void {
    const words = SUBJECT.exec(sentence)?.[1] ?? OBJECT.exec(sentence.trim())?.[1];
    if (words !== undefined && !SMALL.test(words))
      this.#thing = {
        words: `the ${words.toLowerCase() === words ? words : words.replace(/^\p{Lu}/u, (c) => c)}`,
        turn,
      };
  }

  /** The words with the thing in the place of the pronoun, if it was spoken of just now. */
  resolve(what: string, turn: number): string {
    const thing = this.#thing;
    if (thing === null || turn - thing.turn > TURNS_MAX) return what;
    return what.replace(POINTER, thing.words);
  }
}
