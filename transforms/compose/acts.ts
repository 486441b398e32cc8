/** What a draft is to do, clause by clause, and how that is said to somebody: "thank her" → "Thank you". */

export const ACTS = [
  "inform",
  "thank",
  "apologise",
  "accept",
  "decline",
  "ask",
  "request",
  "remind",
  "confirm",
  "invite",
  "congratulate",
  "wish",
] as const;
export type Act = (typeof ACTS)[number];

export type Said = { readonly act: Act; readonly sentence: string };

const THEM = "(?:him|her|them|you|everybody|everyone|all|us|PERSON_[0-9a-f]{4,64}|\\p{Lu}[\\p{L}_-]*)";
const SAY =
  "(?:(?:say|says|saying|tell|tells|telling|let|inform|write|mention|mentions|explain|explains|explaining)" +
  `(?: ${THEM})?(?: know)?(?: that)?|that|to say(?: that)?|dass|que)`;
const form = (body: string): RegExp => new RegExp(`^(?:(?:please|also|then|which|that|to) )*${body}$`, "u");

/** `rest` is the last group of the form, already in its own words. */
type Rule = { readonly pattern: RegExp; readonly act: Act; readonly say: (rest: string) => string };

const sentence = (text: string): string => {
  const bare = text.trim().replace(/[\s,;:]+$/u, "");
  const whole = bare.charAt(0).toUpperCase() + bare.slice(1);
  return /[.!?…]$/u.test(whole) ? whole : `${whole}.`;
};
const behind = (start: string, rest: string, end = "."): string =>
  rest.trim() === "" ? `${start}${end}` : `${start} ${rest.trim().replace(/[\s.!?,;:]+$/u, "")}${end}`;

const RULES: readonly Rule[] = [
  {
    act: "thank",
    pattern: form(
      `(?:thank(?:s|ing)?|say(?:ing)? thanks?(?: you)?)(?: to)?(?: ${THEM})?(?<rest>(?: (?:for|that) .+)?)`,
    ),
    say: (rest) => behind("Thank you", rest),
  },
  {
    act: "apologise",
    pattern: form(`(?:apologi[sz](?:e|es|ing)|say(?:s|ing)? sorry)(?: to ${THEM})?(?<rest>(?: (?:for|that) .+)?)`),
    say: (rest) => behind("I am sorry", rest),
  },
  {
    act: "accept",
    pattern: form(`(?:accept(?:s|ing)?|agree(?:s|ing)?|say(?:s|ing)? yes)(?<rest>(?: .+)?)`),
    say: () => "Yes, gladly.",
  },
  {
    act: "decline",
    pattern: form(
      `(?:(?:politely|kindly) )?(?:declin(?:e|es|ing)|refus(?:e|es|ing)|say(?:s|ing)? no)(?<rest>(?: .+)?)`,
    ),
    say: () => "I am sorry, but I cannot.",
  },
  {
    act: "ask",
    pattern: form(`ask(?:s|ing)?(?: ${THEM})? (?<rest>(?:if|whether|when|where|why|how|who|what|which) .+)`),
    say: (rest) => behind("Could you tell me", rest, "?"),
  },
  {
    act: "request",
    pattern: form(`(?:ask(?:s|ing)?|tell(?:s|ing)?)(?: ${THEM})? to (?<rest>.+)`),
    say: (rest) => behind("Could you please", rest, "?"),
  },
  {
    act: "ask",
    pattern: form(`ask(?:s|ing)?(?: ${THEM})? (?:for|about) (?<rest>.+)`),
    say: (rest) => behind("May I ask about", rest, "?"),
  },
  {
    act: "remind",
    pattern: form(`remind(?:s|ing)?(?: ${THEM})? to (?<rest>.+)`),
    say: (rest) => behind("Please remember to", rest),
  },
  {
    act: "remind",
    pattern: form(`remind(?:s|ing)?(?: ${THEM})? (?:of|about|that) (?<rest>.+)`),
    say: (rest) => behind("A short reminder:", rest),
  },
  {
    act: "confirm",
    pattern: form(`confirm(?:s|ing)?(?: to ${THEM})?(?: that)? (?<rest>.+)`),
    say: (rest) => behind("I can confirm", rest),
  },
  {
    act: "invite",
    pattern: form(`invit(?:e|es|ing)(?: ${THEM})? (?<rest>(?:to|for) .+)`),
    say: (rest) => behind("I would like to invite you", rest),
  },
  {
    act: "congratulate",
    pattern: form(`congratulat(?:e|es|ing)(?: ${THEM})?(?<rest>(?: on .+)?)`),
    say: (rest) => behind("Congratulations", rest, "!"),
  },
  { act: "wish", pattern: form(`wish(?:es|ing)?(?: ${THEM})? (?<rest>.+)`), say: (rest) => behind("I wish you", rest) },
  { act: "inform", pattern: form(`${SAY} (?<rest>.+)`), say: sentence },
  { act: "inform", pattern: /^(?<rest>.+)$/u, say: sentence },
];

/** "dass ich später komme" → "ich komme später": the verb goes back to its place. */
const GERMAN_CLAUSE = /^dass (ich|du|er|sie|es|wir|ihr) (.+) (\p{L}+)$/iu;

/** One part of an instruction as a sentence to the reader of the draft. */
export function saidBy(written: string): Said | null {
  const part = written
    .replace(GERMAN_CLAUSE, "$1 $3 $2")
    .replace(/^\p{Lu}(?=\p{Ll})/u, (capital) => capital.toLowerCase());
  for (const { pattern, act, say } of RULES) {
    const rest = pattern.exec(part)?.groups?.["rest"];
    if (rest !== undefined) return { act, sentence: say(toReader(rest, act)) };
  }
  return null;
}

/** Whoever is asked, thanked or invited is the reader: "if she can come" → "if you can come". */
function toReader(rest: string, act: Act): string {
  if (act === "inform" || act === "confirm") return rest;
  return rest
    .replace(/(?<![\p{L}])(?:he|she|they) (?:is|are)(?![\p{L}])/giu, "you are")
    .replace(/(?<![\p{L}])(?:he|she) has(?![\p{L}])/giu, "you have")
    .replace(/(?<![\p{L}])(?:he|she) (\p{L}{2,}[^s\W])s(?= )/giu, "you $1")
    .replace(/(?<![\p{L}])(?:he|she|they)(?![\p{L}])/giu, "you")
    .replace(/(?<![\p{L}])(?:his|their)(?![\p{L}])/giu, "your")
    .replace(/(?<![\p{L}])her(?= \p{L})/giu, "your")
    .replace(/(?<![\p{L}])(?:him|her|them)(?![\p{L}])/giu, "you");
}
