/** Sentences cut down to clauses that say something: fillers, tags, greetings and vocatives go first. */

import { plain } from "../text/sentences.ts";
import { tokensOf } from "./verbs.ts";

/** A clause without its end mark. `polite`: please was said. `vocative`: the name it was addressed to. */
export type Clause = {
  readonly tokens: readonly string[];
  readonly question: boolean;
  readonly polite: boolean;
  readonly vocative: string | null;
};

const FILLERS = new Set(
  (
    "well oh ok okay yes yeah yep yup no nope so and but um uh hmm mmm mm ah hey hi hello actually anyway " +
    "sorry right sure great good alright " +
    "wow look listen then now honestly basically really certainly absolutely exactly fine first also plus " +
    "lol haha hahaha btw fyi however " +
    "therefore besides indeed maybe perhaps cool nice perfect gosh god please thanks cheers dear madam sir " +
    "ooh aw aww man dude guys all " +
    "everyone everybody folks morning anyways yea true"
  ).split(" "),
);

/** Openings of several words that carry nothing. */
const OPENINGS = [
  "of course",
  "by the way",
  "you know",
  "i mean",
  "excuse me",
  "in fact",
  "as a matter of fact",
  "to be honest",
  "to tell you the truth",
  "come on",
  "oh my god",
  "my god",
  "thank you",
  "thank god",
  "no problem",
  "not really",
  "no way",
  "good idea",
  "great idea",
  "that is right",
  "that is great",
  "that is true",
  "you are right",
  "i see",
  "i know",
  "let me see",
  "let us see",
  "good morning",
  "good afternoon",
  "good evening",
  "pardon me",
  "i am sorry",
  "i am afraid",
  "i am afraid that",
  "in that case",
  "after all",
  "at least",
  "for example",
  "i bet",
  "you see",
  "what is more",
  "on the other hand",
  "in any case",
  "more importantly",
  "thanks a lot",
  "as you know",
  "all right",
  "quick question",
  "heads up",
  "just so you know",
  "just to confirm",
  "in my opinion",
  "well done",
  "hi all",
  "hey all",
  "hi everyone",
].map((text) => text.split(" "));

/** Tags at the end that carry nothing. */
const TAGS = new Set(
  "right ok okay huh too then though sir madam thanks thx eh please actually now anyway lol haha dear guys".split(" "),
);

const NAME = /^\p{Lu}[\p{L}\p{N}_'.-]*$/u;
const TITLES = new Set(["mr", "mrs", "ms", "miss", "dr", "professor", "doctor"]);

/** Fillers that are words of their own right unless a mark follows. */
const BARE = new RegExp(
  "^(?:all|everyone|everybody|first|right|good|great|look|listen|now|no|fine|sure|dear|really" +
    "|nice|man|cool|true|perfect|morning|guys)$",
  "u",
);
/** "isn't it", "will you". */
const TAG_QUESTION = new RegExp(
  "^(?:is|are|do|does|did|was|will|would|can|could|have|has)(?: not)? (?:i|you|he|she|it|we" + "|they)(?: not)?$",
  "u",
);

function startsWith(tokens: readonly string[], words: readonly string[]): boolean {
  return words.every((word, i) => (tokens[i] ?? "").toLowerCase() === word);
}

const isMark = (token: string | undefined): boolean => token !== undefined && /^[^\p{L}\p{N}]+$/u.test(token);

/** Drops what leads nowhere; at most a dozen rounds. */
function withoutOpening(tokens: readonly string[]): readonly string[] {
  let rest = tokens;
  for (let round = 0; round < 12; round += 1) {
    while (isMark(rest[0])) rest = rest.slice(1);
    const opening = OPENINGS.find((words) => startsWith(rest, words));
    if (opening !== undefined) {
      // "I know a good place": an opening only before a mark, unless it can stand for nothing else.
      const next = rest[opening.length];
      if (
        next === undefined ||
        isMark(next) ||
        opening.length >= 4 ||
        /^(?:by|of|to|in|excuse|as)$/u.test(opening[0] ?? "")
      ) {
        rest = rest.slice(opening.length);
        continue;
      }
    }
    const first = (rest[0] ?? "").toLowerCase();
    if (!FILLERS.has(first)) break;
    const next = rest[1];
    if (BARE.test(first) && next !== undefined && !isMark(next)) break;
    rest = rest.slice(1);
  }
  return rest;
}

function withoutTail(tokens: readonly string[]): readonly string[] {
  let rest = tokens;
  for (let round = 0; round < 6; round += 1) {
    if (isMark(rest.at(-1)) && !/^[)%"]$/u.test(rest.at(-1) ?? "")) {
      rest = rest.slice(0, -1);
      continue;
    }
    const comma = rest.lastIndexOf(",");
    const tail = comma < 0 ? [] : rest.slice(comma + 1).map((token) => token.toLowerCase());
    const tagged = tail.length > 0 && (tail.every((word) => TAGS.has(word)) || TAG_QUESTION.test(tail.join(" ")));
    if (tagged) {
      rest = rest.slice(0, comma);
      continue;
    }
    if (rest.length > 2 && /^(?:please|thanks|thx|lol|haha|ok|okay)$/iu.test(rest.at(-1) ?? "")) {
      rest = rest.slice(0, -1);
      continue;
    }
    break;
  }
  return rest;
}

/** "Tom, …", "Mr. Wang, …", "…, Ben" and "@ben …". */
function vocative(tokens: readonly string[]): { readonly name: string | null; readonly rest: readonly string[] } {
  const first = tokens[0] ?? "";
  if (first.startsWith("@") && first.length > 1) {
    const skip = isMark(tokens[1]) ? 2 : 1;
    return { name: first.slice(1), rest: tokens.slice(skip) };
  }
  const titled = TITLES.has(first.toLowerCase());
  const length = titled ? (tokens[1] === "." ? 3 : 2) : 1;
  const name = tokens[length - 1] ?? "";
  if (NAME.test(name) && tokens[length] === "," && tokens.length > length + 1 && !FILLERS.has(name.toLowerCase())) {
    return { name: tokens.slice(0, length).join(" ").replace(" .", "."), rest: tokens.slice(length + 1) };
  }
  const comma = tokens.lastIndexOf(",");
  const tail = tokens.slice(comma + 1);
  if (comma > 0 && tail.length <= 3 && tail.length > 0 && NAME.test(tail.at(-1) ?? "")) {
    const isTitle = TITLES.has((tail[0] ?? "").toLowerCase());
    if (tail.length === 1 || isTitle) return { name: tail.join(" ").replace(" .", "."), rest: tokens.slice(0, comma) };
  }
  return { name: null, rest: tokens };
}

const STARTERS = new Set(
  (
    "i you he she it we they there that this can could would will please let what where when why how who do " +
    "does is are the my"
  ).split(" "),
);

/** Where a long sentence falls apart: "; …", ", and I …", ", but …", ", so …", " - …". */
function pieces(tokens: readonly string[]): (readonly string[])[] {
  const out: (readonly string[])[] = [];
  let from = 0;
  // "If you open an account, the rate is higher": the condition stays with what depends on it.
  const conditional = /^(?:if|when|once|after|before|unless|since|while|because|as)$/iu.test(tokens[0] ?? "");
  for (let i = 1; i < tokens.length - 2; i += 1) {
    const here = (tokens[i] ?? "").toLowerCase();
    const next = (tokens[i + 1] ?? "").toLowerCase();
    const afterNext = (tokens[i + 2] ?? "").toLowerCase();
    const link = here === "and" || here === "but" || here === "so" || here === "or";
    const cutHere =
      here === ";" ||
      here === "—" ||
      here === "–" ||
      (here === "-" && i - from >= 3 && !/^\d+$/u.test(tokens[i - 1] ?? "")) ||
      (here === ":" && !/^(?:to-?do|todo|task|reminder|action|ai|item)$/iu.test(tokens[i - 1] ?? "")) ||
      (here === "," && STARTERS.has(next) && !conditional) ||
      (here === "," &&
        (next === "but" || next === "so" || next === "and") &&
        (STARTERS.has(afterNext) || next === "but")) ||
      (link && STARTERS.has(next) && next !== "the" && next !== "my" && i - from >= (here === "but" ? 2 : 4));
    if (!cutHere) continue;
    out.push(tokens.slice(from, i));
    from = i + 1;
  }
  out.push(tokens.slice(from));
  return out;
}

/** The clauses of one sentence, in order. */
export function clausesOf(sentence: string): Clause[] {
  const all = tokensOf(plain(sentence));
  const question = /\?["')]*\s*$/u.test(sentence.trimEnd());
  const polite = all.some((token) => token.toLowerCase() === "please");
  const led = withoutOpening(all);
  const called = vocative(withoutTail(led));
  const clauses: Clause[] = [];
  for (const piece of pieces(withoutOpening(called.rest))) {
    const tokens = withoutTail(withoutOpening(piece));
    // "me" and "done" alone answer something.
    if (tokens.length >= 2 || (all.length <= 3 && tokens.length === 1))
      clauses.push({ tokens, question: false, polite, vocative: called.name });
  }
  return clauses.map((clause, i) => ({ ...clause, question: question && i === clauses.length - 1 }));
}
