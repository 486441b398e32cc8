/** Group chats are told densely: frames that carry nothing go, what was agreed is said as agreed. */
import type { Turn } from "../../src/core/transform.ts";
import { NO, YES } from "../tasks/phrases.ts";
import { plain } from "../text/sentences.ts";
import type { Candidate } from "./candidates.ts";
import { possessive } from "./shift.ts";
import { IMPERATIVES, thirdPerson } from "./verbs.ts";

/** How many messages later an answer still belongs to what was said. */
const ANSWER_TURNS = 3;
const AGREES = new RegExp(
  "^(?:good (?:idea|point|plan)|great idea|sounds (?:good|great|fun|like)|works for me|i agree" +
    String.raw`|agreed|deal|let's do (?:it|that)|fine (?:with|for) me|i'?m in\b|count me in|\p{L}+ it is\b` +
    String.raw`|me too|same here|👍|\+1|perfect|exactly)`,
  "iu",
);

/** Is there a yes to turn `index` soon after it, from somebody else (`by`, when given)? A no ends the search. */
function isAgreed(
  turns: readonly Turn[],
  index: number,
  by: string | null,
  nameOf: (sender: string) => string,
): boolean {
  const author = turns[index]?.sender;
  for (let i = index + 1; i <= index + ANSWER_TURNS && i < turns.length; i += 1) {
    const turn = turns[i];
    if (turn === undefined || turn.sender === author || (by !== null && nameOf(turn.sender) !== by)) continue;
    const text = plain(turn.text);
    if (NO.test(text)) return false;
    if (YES.test(text) || AGREES.test(turn.text)) return true;
  }
  return false;
}

const FILLER = new RegExp(
  String.raw`(?<![\p{L}])(?:really|very|just|also|too|actually|seriously|still|again|anymore|anyway|then` +
    "|definitely|probably|maybe|of course|as well|so much|this time|by the way|for everyone|for us" +
    String.raw`|for me|all day|please|finally|already|right now|now|haha|lol|btw|honestly)(?![\p{L}])`,
  "giu",
);

/** A second clause after a comma that names no day, number or person. */
const TAIL = /(?<=^.{18,}), (?!(?:\p{L}+ ){0,8}(?:\d|\p{Lu}|mon|tues|wednes|thurs|fri|satur|sun)|and |or |but )[^,]+$/u;

/** "Marco will call": one or two capital words before it. */
const WILL = /^(\p{Lu}\S*(?: \p{Lu}\S*)?) will (?!not |be )(\p{Ll}+)(?= )/u;

/** "Marco will call and come": the second verb follows the first. */
const WILL_AND = /^(\p{Lu}\S*(?: \p{Lu}\S*)? will (?!not |be )(?:\S+ ){1,8}?and )(\p{Ll}+)(?= )/u;
/** Verbs that are things as well: "brings salt and water". */
const THINGS = new Set(
  (
    "book call change check clean click cook copy cut drink drive email fix help hold invite look mail move note " +
    "order pass place plan play post print push report return review ring run save schedule set show sign stop talk " +
    "test text tidy turn update upload use wake walk wash watch water wear work"
  ).split(" "),
);
const isVerb = (word: string): boolean => IMPERATIVES.has(word) && !THINGS.has(word);

/** The same statement in fewer words. */
export function compacted(candidate: Candidate, turns: readonly Turn[], nameOf: (sender: string) => string): string {
  const { speaker, act, turn, roles } = candidate;
  let text = candidate.text;
  if (act === "fact" || act === "other")
    text = text.startsWith(`${speaker} says `) ? text.slice(speaker.length + 6) : text;
  const asked = roles.addressee;
  if (act === "request" || act === "advice") {
    if (asked !== null && text.startsWith(`${speaker} asks ${asked} to `) && isAgreed(turns, turn, asked, nameOf)) {
      text = `${asked} will ${text.slice(`${speaker} asks ${asked} to `.length)}`;
    } else {
      text = text.replace(
        /^(.+?) (?:asks|tells|reminds) (?:the others|someone) (not )?to /u,
        (_, _who: string, not?: string) => `All should ${not ?? ""}`,
      );
    }
  }
  if (!/^(?:if|when|unless|once|after|before|because)\b/iu.test(text)) text = text.replace(TAIL, "");
  if (text.startsWith(speaker))
    text = speaker + text.slice(speaker.length).replaceAll(` ${possessive(speaker)} `, " their ");
  if (act === "suggest" && isAgreed(turns, turn, null, nameOf))
    text = text
      .replace(`${speaker} suggests `, "They agree on ")
      .replace(/^(They agree on )(?:doing|having|making) (?=the |a |an )/u, "$1");
  // Notes, not novels: "Marco calls repair service" for "Marco will call the repair service".
  text = text
    .replace(WILL_AND, (both, before: string, verb: string) => (isVerb(verb) ? before + thirdPerson(verb) : both))
    .replace(WILL, (_, who: string, verb: string) => `${who} ${thirdPerson(verb)}`)
    .replace(/ the (?=\p{L})/gu, " ")
    .replace(/^The /u, "");
  text = text
    .replace(/ before (?:they|it) (?:are|is) \p{L}+(?=\.?$)/u, "")
    .replace(FILLER, " ")
    .replace(/\s+/gu, " ")
    .replace(/ ([,.;:!?])/gu, "$1")
    .replace(/,+(?=[,.]|$)/gu, "")
    .trim();
  text = weightier(text);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const HALVES_CHARS_MIN = 40;
const EXACT = /\d|(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|tonight/iu;

/** Of two halves the one that says when or how much, where the other says neither. */
function weightier(text: string): string {
  const [first = "", second, more] = text.split(/, (?!and |or |but )/u);
  if (text.length < HALVES_CHARS_MIN || second === undefined || more !== undefined || /^(?:If|When)\b/u.test(first))
    return text;
  if (EXACT.test(first) === EXACT.test(second)) return text;
  return EXACT.test(first) ? first : second;
}
