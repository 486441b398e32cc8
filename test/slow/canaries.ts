/** Random words that mean nothing anywhere, and the places where one of them turned up. */
import { randomInt } from "node:crypto";

const CONSONANTS = "bdfgkmnprtvz";
const VOWELS = "aeiou";

/** Fourteen letters: never by chance in a file, and never what a compressor or an encoder makes of something else. */
function nonWord(): string {
  let word = "";
  while (word.length < 14) word += `${CONSONANTS[randomInt(CONSONANTS.length)]}${VOWELS[randomInt(VOWELS.length)]}`;
  return `${word}x`;
}

export class Canaries {
  readonly #names = new Map<string, string>();

  /** A fresh word for one field of one path. */
  in(field: string): string {
    const word = nonWord();
    this.#names.set(word, field);
    return word;
  }

  /** So many words, as a sentence would have them. */
  sentence(field: string, count: number): string {
    return Array.from({ length: count }, (_, at) => this.in(`${field}, word ${at}`)).join(" ");
  }

  get count(): number {
    return this.#names.size;
  }

  /** Fields whose words are in these bytes: in any case, in UTF-16, in hexadecimal, in base64. */
  foundIn(bytes: string, but: (field: string) => boolean = () => false): readonly string[] {
    const lower = bytes.toLowerCase();
    const found: string[] = [];
    for (const [word, field] of this.#names) {
      if (but(field)) continue;
      if (lower.includes(word) || disguised(word).some((shape) => bytes.includes(shape))) found.push(field);
    }
    return found;
  }

  /** Fields in each of several named things, so that a failure says where it leaked. */
  hits(things: readonly { readonly name: string; readonly bytes: string }[], but?: (field: string) => boolean) {
    return things.flatMap(({ name, bytes }) => this.foundIn(bytes, but).map((field) => `${field} in ${name}`));
  }
}

const memory = new Map<string, readonly string[]>();

/** Base64 has three faces, by where in a triple the word begins; its ends depend on the neighbours. */
function disguised(word: string): readonly string[] {
  const known = memory.get(word);
  if (known !== undefined) return known;
  const utf16 = Buffer.from(word, "utf16le").toString("latin1");
  const hexadecimal = Buffer.from(word).toString("hex");
  const faces = [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), Buffer.from(word)]).toString("base64");
    return whole.slice(offset === 0 ? 0 : 4, Math.floor((offset + word.length) / 3) * 4);
  });
  const all = [utf16, hexadecimal, ...faces];
  memory.set(word, all);
  return all;
}

/** The most words of a text that stand in a row, in its order, anywhere in what was said. */
export function longestRun(text: string, said: string): number {
  const words = text.split(" ");
  let best = 0;
  for (let from = 0; from < words.length; from++) {
    for (let to = from + best + 1; to <= words.length; to++) {
      if (!said.includes(words.slice(from, to).join(" "))) break;
      best = to - from;
    }
  }
  return best;
}

const one = (list: readonly string[]): string => list[randomInt(list.length)] ?? "";

/** Twenty words and more that nothing masks, in an order that nobody else has. */
export function ordinarySentence(): string {
  const [size, thing] = [one(["green", "heavy", "small"]), one(["ladder", "carpet", "kettle", "piano"])];
  const [other, place] = [one(["bucket", "blanket", "hammer"]), one(["cellar", "garden", "kitchen", "garage"])];
  const [day, who] = [one(["Thursday", "Sunday", "Friday"]), one(["my uncle", "the plumber", "a neighbour"])];
  const what = `the ${size} ${thing} and the ${other}`;
  return `could you please carry ${what} into our ${place} before ${day} because ${who} needs more room there`;
}
