/**
 * Makes a point fit to be revealed: it must not repeat its sources, and holds nothing that tier B refuses (CONTRACT
 * section 3).
 */
import { echoes, refuseB } from "../text/check.ts";
import { lowerWords } from "../text/sentences.ts";
import { isParticiple } from "./verbs.ts";

const RUN_WORDS = 8;
const WHOLE_WORDS_MIN = 3;
export const POINT_CHARS_MAX = 280;

/** What of the sources a point may not repeat, prepared once for many points. */
export type Echoes = {
  readonly runs: ReadonlySet<string>;
  /** Whole messages by their first three words. */
  readonly wholes: ReadonlyMap<string, readonly string[]>;
};

/** Words as the tier B check counts them: without apostrophes and accents. */
const echoWords = (text: string): string[] =>
  lowerWords(text.normalize("NFD").replace(/\p{M}/gu, "").replace(/['’]/gu, ""));

export function echoesOf(sources: readonly string[]): Echoes {
  const runs = new Set<string>();
  const wholes = new Map<string, string[]>();
  for (const source of sources) {
    const words = echoWords(source);
    for (let i = 0; i + RUN_WORDS <= words.length; i += 1) runs.add(words.slice(i, i + RUN_WORDS).join(" "));
    if (words.length < WHOLE_WORDS_MIN || words.length >= RUN_WORDS) continue;
    const head = words.slice(0, WHOLE_WORDS_MIN).join(" ");
    const list = wholes.get(head) ?? [];
    list.push(words.join(" "));
    wholes.set(head, list);
  }
  return { runs, wholes };
}

/** Half-open word range of the first repetition, or null. */
function repetition(words: readonly string[], echoes: Echoes): readonly [number, number] | null {
  for (let i = 0; i + WHOLE_WORDS_MIN <= words.length; i += 1) {
    if (i + RUN_WORDS <= words.length && echoes.runs.has(words.slice(i, i + RUN_WORDS).join(" ")))
      return [i, i + RUN_WORDS];
    for (const whole of echoes.wholes.get(words.slice(i, i + WHOLE_WORDS_MIN).join(" ")) ?? []) {
      const length = whole.split(" ").length;
      if (words.slice(i, i + length).join(" ") === whole) return [i, i + length];
    }
  }
  return null;
}

const SLACK = new Set(
  "really very just also quite so actually the a an that some still only too definitely always".split(" "),
);
/** Words that can be said otherwise without another meaning. `:` stands for a copula: "Next sync: Wednesday". */
const OTHERWISE = new Map(
  Object.entries({
    is: ":",
    are: ":",
    will: "is going to",
    can: "is able to",
    cannot: "is not able to",
    has: "has got",
    have: "have got",
    am: "is",
    was: "has been",
    were: "have been",
    must: "has to",
    because: "as",
    and: "as well as",
    but: "though",
    about: "on",
    buy: "get",
    bring: "take along",
    make: "prepare",
    need: "require",
    needs: "requires",
    costs: "comes to",
    starts: "begins",
    start: "begin",
    before: "ahead of",
    with: "along with",
  }),
);
/** In reported speech the verb may go back a tense instead: "tells Ben the shop was closed". */
const BACK = new Map(
  Object.entries({
    is: "was",
    are: "were",
    am: "was",
    will: "would",
    can: "could",
    has: "had",
    have: "had",
    may: "might",
  }),
);
const LAST_RESORT = new Set(["with", "and", "about"]);
const PLURAL = /^(?:they|we|the others|.*[^s]s)$/iu;

/** What stands for the word at `at`, in its place. */
function substitute(spaced: readonly string[], at: number, reported: boolean): readonly string[] {
  const word = (spaced[at] ?? "").toLowerCase();
  const back = reported ? BACK.get(word) : undefined;
  if (back !== undefined) return [back];
  const other = OTHERWISE.get(word);
  if (other === undefined) return [];
  const before = spaced[at - 1] ?? "";
  if (other === ":") return [];
  if (other.endsWith(" got") && isParticiple((spaced[at + 1] ?? "").toLowerCase())) return [spaced[at] ?? "", "now"];
  return other.startsWith("is ") && PLURAL.test(before) ? ["are", ...other.split(" ").slice(1)] : other.split(" ");
}

/** The point with one word less or shifted inside each repetition; null when no wording was found. */
export function reworded(text: string, echoes: Echoes, reported = false): string | null {
  let current = text;
  for (let round = 0; round < 6; round += 1) {
    const spaced = current.split(" ");
    const flat = spaced.map((word) => echoWords(word));
    const words = flat.flat();
    const found = repetition(words, echoes);
    if (found === null) return current;
    const owner = flat.flatMap((list, i) => list.map(() => i));
    const at = changeable(spaced, owner.slice(found[0], found[1]));
    if (at === null) return null;
    const colon = !reported && OTHERWISE.get((spaced[at] ?? "").toLowerCase()) === ":";
    const before = spaced.slice(0, at);
    if (colon && at > 0) before[at - 1] = `${before[at - 1]}:`;
    current = [...before, ...substitute(spaced, at, reported), ...spaced.slice(at + 1)].join(" ");
  }
  return null;
}

/** The word in the repetition that can go, or be shifted, with the least harm; from the middle outwards. */
function changeable(spaced: readonly string[], places: readonly number[]): number | null {
  const middle = (places.length - 1) / 2;
  const order = [...places.keys()].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  const inner = order.map((i) => places[i] ?? 0);
  const lower = (i: number): string => (spaced[i] ?? "").toLowerCase();
  const other = (i: number): boolean => OTHERWISE.has(lower(i)) && !LAST_RESORT.has(lower(i));
  const plainSlack = (i: number): boolean => SLACK.has(lower(i)) && !/^an?$/u.test(lower(i));
  return (
    inner.find(plainSlack) ??
    inner.find(other) ??
    inner.find((i) => SLACK.has(lower(i))) ??
    inner.find((i) => LAST_RESORT.has(lower(i))) ??
    null
  );
}

const SECRETS = new RegExp(
  String.raw`\b(?:pass(?:word|wort|code|phrase)s?|pwd|pin|iban|otp|cvv|ssn|kennwort|contraseña` +
    String.raw`|mot de passe)\b\P{L}{0,4}(?:(?:is|ist|es|est|was|to)\b|[:=])|\b(?:iban|cvv|otp)\b`,
  "iu",
);
/** A code in words: "the gate code is 7731", "PIN: 12-34". */
const CODE = new RegExp(
  String.raw`\b(?:codes?|pin|combination|key|number|nr|no)\b\P{L}{0,6}(?:\p{L}+\P{L}{1,3}){0,5}` +
    String.raw`(?=[^\s]*\d[\d\s.-]{2,})[\p{L}\d._-]+`,
  "iu",
);
const REFUSED =
  /https?:|www\.|[<>{}[\]`\\|*#~^@=]|\b\w+\.(?:com|net|org|io|de|at|fr|es|eu|uk|co)\b|\d[\d\s/().-]{5,}\d|_{2}/iu;

/**
 * Is there anything in a text that may not leave as tier B? Our own quick look first, the check of the contract after
 * it.
 */
export const isUnfit = (text: string): boolean =>
  text.length > POINT_CHARS_MAX ||
  REFUSED.test(text) ||
  SECRETS.test(text) ||
  CODE.test(text) ||
  refuseB(text) !== null;

/** Throws when a text of a model's answer is not fit to be revealed, or repeats a source. */
export function assertFit(texts: readonly string[], sources: readonly string[]): void {
  for (const text of texts) {
    if (isUnfit(text)) throw new Error("the answer holds what tier B refuses");
    if (echoes(text, sources)) throw new Error("the answer repeats a source");
  }
}
