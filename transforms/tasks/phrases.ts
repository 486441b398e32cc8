/**
 * How people ask for things and promise them, in English, German, French and Spanish: one pattern a form, all anchored
 * and linear.
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
  en(`(?:still )?(?:need|needs|have|got) to ${AV}(?<what>.+)`, "open"),
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
    `(?<thing>(?:the|our|my|this|that|your|those|these|all) .+?) (?:(?:still|also) )?(?:needs? to be|has ` +
      `to be|have to be|must be|should be) ${AV}(?<done>(?!(?:on|in|at|by|to|for|from|of|up|about|around|before|` +
      `after|between|with|without|a|an|the|here|there|no|not|as|more|less|very|too|so|enough|fine|ok|okay)\\b)` +
      `\\p{L}+)(?<tail>(?: .+)?)`,
    "open",
  ),
];

const other = (body: string, who: Who, more: Partial<Phrase> = {}): Phrase => ({
  pattern: new RegExp(`(?:^[¿¡]?|[,;:.!?] [¿¡]?|(?:und|et|y|ok|okay|aber|mais|pero) )${body}$`, "iu"),
  who,
  ...more,
});

const BITTE = "(?:(?:bitte|mal|noch|vielleicht|kurz|auch|dann|schnell|eben) )*";
const SVP = "(?:(?:s'il te plaît|s'il vous plaît|stp|svp|aussi|peut-être) )*";
const FAVOR = "(?:(?:por favor|porfa|también|quizás) )*";
const NAMED = "(?<name>\\p{Lu}[\\p{L}\\p{N}_]+)";

/** The other languages, over a sentence without its end mark. */
export const OTHERS: readonly Phrase[] = [
  other(
    `(?:kannst du|könntest du|würdest du|könnt ihr|könntet ihr|können sie|könnten sie|magst du|willst du) ` +
      `${BITTE}(?<what>.+)`,
    "addressee",
  ),
  other(`(?:kann|könnte|könnt|muss|müsste|sollte) (?:jemand|wer|irgendwer) ${BITTE}(?<what>.+)`, "open"),
  other(`wer (?:kann|könnte|will|möchte|macht) ${BITTE}(?<what>.+)`, "open"),
  other(`(?:jemand|einer) (?:muss|müsste|sollte|soll) ${BITTE}(?<what>.+)`, "open"),
  other(`(?:vergiss|vergesst|vergessen sie) (?:bitte )?nicht,? ${BITTE}(?<what>.+)`, "addressee"),
  other(`(?:denk|denkt|denke) ${BITTE}(?:daran|dran|an),? (?<what>.+)`, "addressee"),
  other(`bitte ${BITTE}(?<what>.+)`, "addressee"),
  other(`du (?:musst|solltest|sollst) ${BITTE}(?<what>.+)`, "addressee"),
  other(`ich (?:werde|muss|soll|sollte|wollte|will) ${BITTE}(?<what>.+)`, "speaker"),
  other(`ich (?:kümmere mich um|kümmer mich um|übernehme) ${BITTE}(?<thing>.+)`, "speaker"),
  other(
    `ich (?<what>(?:schicke|schick|sende|bringe|bring|kaufe|kauf|buche|buch|rufe|ruf|hole|hol|mache|mach` +
      `|reserviere|bestelle|bestell|schreibe|schreib|frage|frag|zahle|bezahle|organisiere|besorge|besorg` +
      `|backe|prüfe|melde|repariere) .+)`,
    "speaker",
  ),
  other(`wir (?:müssen|sollten|sollen) ${BITTE}(?<what>.+)`, "open"),
  other(`${NAMED} (?:muss|soll|sollte|wird|kann) ${BITTE}(?<what>.+)`, "named"),
  other(
    `(?:peux-tu|pourrais-tu|tu peux|tu pourrais|vous pouvez|pouvez-vous|pourriez-vous|est-ce que tu peux` +
      `|est-ce que tu pourrais) ${SVP}(?<what>.+)`,
    "addressee",
  ),
  other(
    `(?:quelqu'un peut|quelqu'un pourrait|qui peut|qui pourrait|il faut|il faudrait|on doit|on devrait` +
      `|nous devons) ${SVP}(?<what>.+)`,
    "open",
  ),
  other(`(?:n'oublie pas|n'oubliez pas) (?:de |d')?(?<what>.+)`, "addressee"),
  other(`(?:merci de|pense à|pensez à) (?<what>.+)`, "addressee"),
  other(`tu (?:dois|devrais) ${SVP}(?<what>.+)`, "addressee"),
  other(`je (?:vais|dois|devrais) ${SVP}(?<what>.+)`, "speaker"),
  other(`je m'occupe (?:de |du |des |d')(?<thing>.+)`, "speaker"),
  other(`${NAMED} (?:doit|va|devrait) (?<what>.+)`, "named"),
  other(`(?:puedes|podrías|puede|podría|podéis|pueden) ${FAVOR}(?<what>.+)`, "addressee"),
  other(`(?:alguien puede|alguien podría|quién puede|hay que|tenemos que|debemos) ${FAVOR}(?<what>.+)`, "open"),
  other(`(?:no te olvides de|no olvides|acuérdate de|recuerda) (?<what>.+)`, "addressee"),
  other(`por favor,? (?<what>.+)`, "addressee"),
  other(`(?:tienes que|debes|deberías) ${FAVOR}(?<what>.+)`, "addressee"),
  other(`(?:yo )?(?:voy a|tengo que|debo) ${FAVOR}(?<what>.+)`, "speaker"),
  other(`(?:yo )?me encargo (?:de |del )(?<thing>.+)`, "speaker"),
  other(`${NAMED} (?:tiene que|debe|va a) (?<what>.+)`, "named"),
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
    "|leave it to me|count on me|done deal|sounds good|fine|alright|great|perfect|yes please|please" +
    "|ja|klar|mach ich|mache ich|gerne|gern|übernehme ich|erledige ich|ich mach(?:e)? das" +
    "|kein problem|oui|d'accord|bien sûr|je m'en occupe|je m'en charge|ça marche|sí|si|claro" +
    String.raw`|ich kann$|je peux|yo puedo|vale|yo lo hago|yo me encargo|por supuesto)(?![\p{L}\p{N}])`,
  "iu",
);

/** Words that take a job on by themselves. */
export const TAKES = new RegExp(
  String.raw`(?:^|[\s,.!])(?:on it|i(?:'| wi)ll (?:do|take|handle) (?:it|that|this|care)|i can do (?:it` +
    "|that|this)|i can take (?:it|that|this)|me!?$|i will!?$|i'll!?$|i can!?$|leave it to me" +
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
