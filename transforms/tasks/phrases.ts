/**
 * How people ask for things and promise them, in English (the other languages: foreign-phrases.ts): one pattern a form,
 * all anchored and linear.
 */

/** Who a form puts to work: the speaker, the person spoken to, the person named in the first group, or nobody yet. */
export type Who = "speaker" | "addressee" | "named" | "open";

export type Phrase = {
  readonly pattern: RegExp;
  readonly who: Who;
  /** Needs a yes of somebody else to count ("should I bring cake?"). */
  readonly asks?: true;
  /** Counts only with a deadline, an object or a courtesy: weak forms such as "I can bring …". */
  readonly weak?: true;
  /** A question for somebody to come forward: a task once it is taken. */
  readonly tentative?: true;
};

const AV =
  "(?:(?:just|really|also|actually|definitely|probably|still|kindly|possibly|maybe|please|perhaps|quickly|" +
  "then|all|already) )*";
const en = (body: string, who: Who, more: Partial<Phrase> = {}): Phrase => ({
  pattern: new RegExp(`^${body}$`, "iu"),
  who,
  ...more,
});

/** English, over the written-out tokens of a clause ("I'll" is "I will"). The last group is what is to be done. */
export const ENGLISH: readonly Phrase[] = [
  en(
    `(?:to ?-?do|todo|task|action item|ai|reminder|action)(?: for (?<name>[\\p{L}\\p{N}_]+))? ?(?::|-|–)? ` +
      `(?:${AV})(?<what>(?!(?:the|my|our) [^,]* (?:is|are)\\b).+)`,
    "open",
  ),
  en(`who(?: else)? (?:is|are) (?<gerund>\\p{L}+ing .+)`, "open", { tentative: true }),
  en(`who(?: else)? (?:takes care of|handles|does|is in charge of) (?<thing>.+)`, "open", { tentative: true }),
  en(
    `i (?<what>(?:(?:do|bring|write|buy|book|prepare|check|send|call|make|cook|bake|reserve|order|print|repair|fix) ` +
      `(?:the|a|an|some) |(?:pick up|collect|fetch) )(?!.*\\b(?:every|always|usually|often|never)\\b).+)`,
    "speaker",
    { weak: true },
  ),
  en(
    `i (?:can |could )?take (?:over )?(?<thing>(?:the|care of the) (?!train|bus|car\\b|tram|metro|stairs` +
      `|day|plane|lead).+)`,
    "speaker",
    { weak: true },
  ),
  en(`(?:please )?(?:remind me to|note to (?:my)?self ?[:,-]? ?(?:to )?) ?(?<what>.+)`, "speaker"),
  en(`(?:i|we) (?:still |urgently |really )?need (?<thing>your .+|the .+ from you)`, "addressee"),
  en(
    `(?:can|could|would|will) you (?:guys )?(?:two )?${AV}(?:be so kind (?:as )?to |make sure (?:to |that ` +
      `|you )?|remember to |try to )?(?<what>.+)`,
    "addressee",
  ),
  en(`(?:do|would) you mind (?!if)(?<gerund>.+)`, "addressee"),
  en(
    `(?:is it possible|any chance|is there any chance)(?: for)?(?: that)? you (?:to |could |can )?(?<what>.+)`,
    "addressee",
  ),
  en(`(?:i|we) (?:would like|want|need|would love|expect) you to ${AV}(?<what>.+)`, "addressee"),
  en(`(?:i|we) (?:would|really) appreciate (?:it )?if you (?:could |would )?(?<what>.+)`, "addressee"),
  en(
    `(?:it would be (?:great|nice|good) if you (?:could|can|would)|if you could|if you can) ${AV}` +
      `(?<what>.+?)(?: that would be (?:great|nice|awesome|helpful|lovely))?`,
    "addressee",
  ),
  en(`(?:please )?(?:do not|never|let us not) (?:you )?forget (?:to|that you have to) (?<what>.+)`, "addressee"),
  en(`(?:please )?(?:do not|never) forget (?:about )?(?<thing>.+)`, "addressee"),
  en(`(?:please )?(?:remember|be sure|make sure) (?:to|that you|you) (?<what>.+)`, "addressee"),
  en(
    `you (?:(?:just|still|also|really) )*(?:need to|have to|must|have got to|should|had better|are ` +
      `supposed to|were supposed to|were going to) ${AV}(?<what>.+)`,
    "addressee",
    { weak: true },
  ),
  en(`(?:please|kindly) ${AV}(?<what>.+)`, "addressee"),
  en(
    `i (?:will|shall|am going to|promise to|am planning to|plan to) (?:go (?:and |ahead and )|try (?:to` +
      `|and) |make sure to |make sure i |take care of )?${AV}(?:try to |go and |make sure to )?(?<what>.+)`,
    "speaker",
  ),
  en(
    `i (?:(?:just|still|also|really) )*(?:need to|have to|must|have got to|should|had better) ${AV}(?<what>.+)`,
    "speaker",
    { weak: true },
  ),
  en(`(?:let me|i can|i could|i am happy to|happy to) ${AV}(?<what>.+)`, "speaker", { weak: true }),
  en(`(?:should i|shall i|do you want me to|want me to|would you like me to) ${AV}(?<what>.+)`, "speaker", {
    asks: true,
  }),
  en(
    `(?:can|could|would|will) (?:someone|somebody|anyone|anybody|one of you|any of you) (?:else )?${AV}(?<what>.+)`,
    "open",
  ),
  en(`(?:who|who else) (?:can|could|will|wants to|would|is going to|is up for) ${AV}(?<what>.+)`, "open"),
  en(
    `(?:someone|somebody|one of us|one of you) (?:needs to|has to|should|must|will have to|ought to) ${AV}(?<what>.+)`,
    "open",
  ),
  en(
    `we (?:(?:just|still|also|really|all) )*(?:need to|have to|must|have got to|should|had better|ought to` +
      `|will have to|will need to) ${AV}(?<what>.+)`,
    "open",
  ),
  en(`(?:still )?(?:need|have|got) to ${AV}(?<what>.+)`, "speaker", { weak: true }),
  en(`(?:am )?(?:going to|gonna) ${AV}(?<what>.+)`, "speaker", { weak: true }),
  en(`will ${AV}(?!(?:you|i|he|she|it|they|we|the|there|this|that|be|do|not|never) )(?<what>.+)`, "speaker", {
    weak: true,
  }),
  en(`i (?:have |had )?promised to ${AV}(?<what>.+)`, "speaker"),
  en(
    `(?:i am )?${AV}(?<gerund>(?:sending|renewing|booking|ordering|calling|buying|picking|transferring|rotating|` +
      `fixing|` +
      `writing|bringing|uploading|printing|paying|checking|updating|emailing|mailing|posting|asking|preparing|` +
      `reserving|` +
      `cancelling|collecting|getting|cleaning|testing|reviewing|restarting|replying) ` +
      `(?:it|them|that|this|him|her|you|the|a|an|one|some|my|your|both|two) ?.*)`,
    "speaker",
    { weak: true },
  ),
  en(`(?:i|we) (?:still )?need (?:someone|somebody|volunteers|a volunteer|people) for (?<thing>.+)`, "open"),
  en(`(?:i|we) (?:still )?need (?:someone|somebody|volunteers|people) (?:who (?:can|could) |to )(?<what>.+)`, "open"),
  en(
    `(?<thing>(?:the|our|my|this|that) [^,;:]+?) (?:(?:still|also) )?needs? (?:a )?(?:good )?(?<ing>\\p{L}{3,}ing)` +
      `(?<tail>(?: .+)?)`,
    "open",
  ),
  en(`(?<name>\\p{Lu}[\\p{L}\\p{N}_]+) (?:can|could|would|will) you ${AV}(?<what>.+)`, "named"),
  en(
    `(?<name>[\\p{L}\\p{N}_]+) (?:will|is going to|is gonna|shall|agreed to|offered to|promised to` +
      `|volunteered to) ${AV}(?<what>.+)`,
    "named",
  ),
  en(`(?<name>[\\p{L}\\p{N}_]+) (?:needs to|has to|should|must|ought to|can|could) ${AV}(?<what>.+)`, "named"),
  en(`(?:can|could|will|would) (?<name>[\\p{L}\\p{N}_]+) ${AV}(?<what>.+)`, "named"),
  en(
    `(?<name>[\\p{L}\\p{N}_]+) (?:takes care of|is in charge of|is responsible for|is taking care of|is ` +
      `handling|handles) (?<thing>.+)`,
    "named",
  ),
  en(
    `(?<thing>(?:the|our|my|this|that|your|those|these|all) [^,;:]+?) (?:(?:still|also) )?(?:needs? to be|has ` +
      `to be|have to be|must be|should be) ${AV}(?<done>(?!(?:on|in|at|by|to|for|from|of|up|about|around|before|` +
      `after|between|with|without|a|an|the|here|there|no|not|as|more|less|very|too|so|enough|fine|ok|okay|home|back|` +
      `away|ready|able|careful|open|closed|online|quiet|possible)\\b)` +
      `\\p{L}+)(?<tail>(?: .+)?)`,
    "open",
  ),
];

/** Verbs and openings with which nothing is to be done although the form says so. */
export const IDLE = new RegExp(
  "^(?:do not |don't |ignore\\b|disregard\\b|be (?!in charge|responsible)|believe|imagine|hear|see (?!to |if|whether" +
    String.raw`|about)|understand|guess|say|feel|think|know|love|like|hate|miss|remember (?!to)|wait\b|never` +
    "|not |have (?:a |an )?(?:nice|good|great|fun|time|the|some|no|another|been|had|dinner|lunch" +
    "|breakfast|coffee)|let you know|tell you|tell me (?:wh|how|if|more|about)|show you|explain " +
    "(?:why|how|what)|imagine|afford|wish|hope|agree|admit|look forward|stand |enjoy|live|stay" +
    String.raw`|sleep|come\b(?! (?:and|over and|early))|join|make it\b|go\b(?! (?:and|to the (?:bank|shop` +
    "|store|post|pharmacy)|get|pick|buy))|get (?:there|back|home|it|used|over|sick|lost|some rest)" +
    "|take (?:it|a seat|care$|your time|the (?:bus|train))|worry|calm|relax|hurry|excuse|forgive" +
    "|help (?:it|you|myself)|speak up|repeat|stop (?:it|that)|trust|pass on|do (?:that|this|it|so)$" +
    String.raw`|do anything|do something|handle it$|manage|use (?:a|some)|eat|drink|watch|meet\b|talk ` +
    "(?:later|soon)|ask (?:you|why)|give it|keep (?:it|in)|start(?:ed)?$)",
  "iu",
);

/** Words of a yes that takes a job on. */
export const YES = new RegExp(
  "^(?:yes|yep|yeah|yup|sure|ok|okay|k|kk|will do|on it|of course|no problem|np|absolutely" +
    "|certainly|got it|gladly|consider it done|i(?:'| wi)ll (?:do|take|handle) (?:it|that|this" +
    "|care)|i(?:'| wi)ll take care of|i can do (?:it|that|this)|i can take (?:it|that|this)|i(?:'m" +
    "| am) on it|me!?$|i(?:'ll| will)!?$|i can!?$|i got (?:it|this)|i(?:'ve| have) got (?:it|this)" +
    "|leave it to me|count on me|done deal|sounds good|fine|alright|great|perfect|should be (?:fine|ok|okay|" +
    "doable|possible)|yes please|please" +
    "|ja|klar|mach ich|mache ich|gerne|gern|übernehme ich|erledige ich|ich mach(?:e)? das" +
    "|kein problem|oui|d'accord|bien sûr|je m'en occupe|je m'en charge|ça marche|sí|si|claro" +
    String.raw`|ich kann$|je peux|yo puedo|vale|yo lo hago|yo me encargo|por supuesto)(?![\p{L}\p{N}])`,
  "iu",
);

/** Words that take a job on by themselves. */
export const TAKES = new RegExp(
  String.raw`(?:^|[\s,.!])(?:on it|will do|i(?:'| wi)ll (?:do|take|handle) (?:it|that|this|care)|can do (?:it` +
    "|that|this)|can take (?:it|that|this)|me!?$|i will!?$|i'll!?$|i can!?$|leave it to me" +
    "|count on me|mach ich|mache ich|übernehme ich|erledige ich|ich mach(?:e)? das|je m'en occupe" +
    String.raw`|je m'en charge|yo lo hago|yo me encargo)(?![\p{L}\p{N}])`,
  "iu",
);

/** Words of a no that leaves a job open. */
export const NO = new RegExp(
  String.raw`^(?:no\b|nope|sorry,? (?:i )?(?:can|no|not|but|i'?m|have|busy)|(?:oh |ah )?sorry,? (?:my|the)` +
    "|i can(?:'t|not)|i can not|can't|cannot|i won't|i'm busy|i am busy|not possible|unfortunately" +
    String.raw`|afraid not|nein|leider|kann nicht|geht nicht|non|désolé|lo siento)(?![\p{L}\p{N}])`,
  "iu",
);
