/** What is to be done, in a few words: no date, no courtesy, no speaker, fit for tier B. */
import { gerundOf, joined, tokensOf } from "../summary/verbs.ts";
import { type Echoes, isUnfit, reworded } from "../summary/verify.ts";
import { findDates, type Written } from "../text/dates.ts";

const TITLE_WORDS_MAX = 14;
/** A title is made from this much of what was said at most. */
const TITLE_SOURCE_CHARS_MAX = 600;

/** One small word or comma before a date that was cut out. */
const LEADING = new RegExp(
  String.raw`(?:,|(?<![\p{L}\p{N}])(?:by|on|at|until|till|til|before|for|due|no later than|not later than|latest` +
    `|sometime|around|from|in|this` +
    "|the|bis|am|um|zum|vor|spätestens|für|avant|pour|d'ici|le|à|antes del?|para|el))$",
  "iu",
);

function withoutLeading(text: string): string {
  let out = text.trimEnd();
  for (let round = 0; round < 6; round += 1) {
    const shorter = out.replace(LEADING, "").trimEnd();
    if (shorter === out) break;
    out = shorter;
  }
  return out;
}
const COURTESY = new RegExp(
  String.raw`[\s,]*(?<![\p{L}])(?:please|pls|asap|a\.s\.a\.p\.?|as soon as possible|as soon as you can` +
    "|right away|immediately|urgently|at some point|some time|sometime|when(?:ever)? you (?:can|get (?:a|" +
    "the) chance|have (?:time|a " +
    "(?:minute|moment|sec|second)))|if (?:possible|you can|you could|you have time|you don't mind" +
    "|you do not mind|needed|that is ok|that is okay|that works)|when(?:ever)? possible|no rush" +
    "|no hurry|for me|for us|on your way(?: home| back)?|at the latest|thanks|thank you|thx|ok|okay" +
    "|too|as well|instead|then|again|also|first|now|bitte|danke|so bald wie möglich|dringend" +
    String.raw`|s'il te plaît|s'il vous plaît|stp|svp|merci|por favor|porfa|gracias|urgente)(?![\p{L}])`,
  "giu",
);
const TAIL = new RegExp(
  "[,;]? (?:because|since|so that|so we|so i|so you|so they|otherwise|or else|cause|as it|as they" +
    "|as we|weil|sonst|damit|parce que|sinon|porque|para que|and (?:i|we|you|then i|then we) |but " +
    "|while |in case ).*$",
  "iu",
);

/** After a date that was cut out. */
const TRAILING = new RegExp(
  String.raw`^[\s,]*(?:morning|evening|afternoon|night|früh|abends?|nachmittags?|soir|matin|noche|tarde|latest` +
    String.raw`|at the latest|spätestens)\b`,
  "iu",
);

/** A text without its dates and the small words before and after them. */
export function withoutDates(text: string, written: Written): string {
  let out = text;
  for (const { start, end } of [...findDates(text, written)].reverse()) {
    out = `${withoutLeading(out.slice(0, start))} ${out.slice(end).replace(TRAILING, "")}`;
  }
  return out.replace(/\s+/gu, " ").trim();
}

const BASE_OF = new Map(
  Object.entries({
    paid: "pay",
    sent: "send",
    bought: "buy",
    done: "do",
    made: "make",
    written: "write",
    told: "tell",
    brought: "bring",
    taken: "take",
    built: "build",
    found: "find",
    given: "give",
    kept: "keep",
    sold: "sell",
    set: "set",
    put: "put",
    read: "read",
    fed: "feed",
    booked: "book",
    fixed: "fix",
    planned: "plan",
    shipped: "ship",
    submitted: "submit",
    dropped: "drop",
    wrapped: "wrap",
    mapped: "map",
    picked: "pick",
    signed: "sign",
  }),
);

/** "paid" → "pay", "cleaned" → "clean", "renewed" → "renew". */
export function baseOf(participle: string): string {
  const lower = participle.toLowerCase();
  const known = BASE_OF.get(lower);
  if (known !== undefined) return known;
  if (/(?:ied)$/u.test(lower)) return `${lower.slice(0, -3)}y`;
  if (
    new RegExp(
      "(?:at|iv|eas|os|uc|ang|edul|us|etr|par|iz|is|duc|ov|ak|ir|eiv|ac|as|nc|rg|arg|ut|plet|let|ot" +
        "|ag|ur|as|nam|im|in|mov|shar|clos|stor|us)ed$",
      "u",
    ).test(lower) &&
    !/(?:ain|ean|oin|ign|urn|arn|awn|own|eed|eak|oat|eat|oot|ait|eet|out|ook|oak)ed$/u.test(lower)
  ) {
    return lower.slice(0, -1);
  }
  return lower.endsWith("ed") ? lower.slice(0, -2) : lower;
}

/** "sending the file" → "send the file". */
export function fromGerund(text: string): string {
  const [first = "", ...rest] = text.split(" ");
  if (!/ing$/iu.test(first)) return text;
  const bare = first.slice(0, -3).toLowerCase();
  const options = [bare, `${bare}e`, bare.replace(/(.)\1$/u, "$1")];
  const fitting = options.find((option) => gerundOf(option) === first.toLowerCase()) ?? bare;
  return [fitting, ...rest].join(" ");
}

/** What is left of "everyone: …" and "ich back eine" says nothing. */
const NOBODY = /^(?:everyone|everybody|all|someone|ein[e]?n? \p{L}+|(?:ihn|sie|es|lo|la|le|les) \p{L}+)$/iu;

/** Verbs whose "if" is what they ask: "check if it works". */
const ASKING = /^(?:ask|check|see|tell|let|confirm|find|look|verify|test|decide|know|say|figure|remind|make sure)\b/iu;
const CONDITION =
  /^(\S+ .*?\S),? (?:if|when|once|before|as soon as|as long as) (?:i|you|he|she|it|we|they|everybody) .+$/iu;

/** "repair it if you bring it to me" → "repair it". */
export const withoutCondition = (what: string): string => (ASKING.test(what) ? what : what.replace(CONDITION, "$1"));

/** The title of a task from the words that say what is to be done, or null when nothing fit for tier B is left. */
export function titleOf(
  what: string,
  speaker: string,
  listener: string | null,
  written: Written,
  echoes: Echoes,
): string | null {
  let text = joined(tokensOf(what.slice(0, TITLE_SOURCE_CHARS_MAX))).replace(/["()]/gu, " ");
  text = withoutDates(text, written).replace(TAIL, "");
  for (let round = 0; round < 3; round += 1) text = text.replace(COURTESY, " ").replace(/\s+/gu, " ").trim();
  text = text
    .replace(
      new RegExp(
        "^((?:send|give|bring|get|show|email|forward|lend|buy|text|mail|tell|pass|grab|order|book" +
          String.raw`|make|find|fetch|drop)) (?:me|us) (?=\S)`,
        "iu",
      ),
      "$1 ",
    )
    .replace(/\byour\b/giu, "the")
    .replace(/\b(?:to|with|for|from) me\b/giu, (match) => match.replace(/me$/iu, speaker))
    .replace(/\bmy\b/giu, `${speaker}'s`)
    .replace(/\bme\b/giu, speaker)
    .replace(/^(tell|inform|ask|remind|join|call|help|meet) us$/iu, "$1 the others")
    .replace(/\b(?:i|we|you) (?:talked|spoke) about\b.*$/iu, "")
    .replace(
      /^((?:send|give|bring|get|show|email|forward|lend|buy|text|mail|tell|pass)) you (?=(?:the|a|an|some|my|our)\b)/iu,
      "$1 ",
    )
    .replace(/\byou\b/giu, listener ?? "the others")
    .replace(/^(die|das|den|dem|der|ein|eine|einen) (.+) zu (\p{L}+en)$/iu, "$1 $2 $3")
    .replace(/[\s,]+(?:dringend|urgent|asap)$/iu, "")
    .replace(/^(?:to|and|also|just|please|,|-|:)\s+/iu, "")
    .replace(/[\s,;:.!?-]+$/u, "")
    .replace(/(?: (?:by|on|at|until|before|for|and|or|to|the|a|in|with|am|um|bis|de|le|el))+$/iu, "")
    .trim();
  text = text.split(" ").slice(0, TITLE_WORDS_MAX).join(" ");
  // What hangs on behind a comma may be what must not be told: a number, an address.
  if (isUnfit(text)) text = text.replace(/,.*$/u, "");
  if (!/\p{L}{2}/u.test(text) || NOBODY.test(text)) return null;
  text = text.charAt(0).toUpperCase() + text.slice(1);
  if (isUnfit(text)) return null;
  const fit = reworded(text, echoes);
  if (fit !== null) return fit;
  // The whole message was the task: "water the plants" → "The plants: water".
  const [verb = "", ...object] = text.split(" ");
  const turned = `${object.join(" ")}: ${verb.toLowerCase()}`;
  return object.length > 0 ? reworded(turned.charAt(0).toUpperCase() + turned.slice(1), echoes) : null;
}
