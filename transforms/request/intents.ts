/**
 * What is asked for, read from the words alone: English first, then German, French and Spanish. The first rule that
 * fits decides.
 */
import type { Intent } from "../../src/core/request.ts";
import type { Plain } from "./plain.ts";

type Rule = {
  readonly intent: Intent;
  readonly fits: RegExp;
  /** Unless this fits too. */
  readonly unless?: RegExp;
  /** Judged on the words after address and courtesy; otherwise on all. */
  readonly asked?: true;
};

/** `w(a|b)` as whole words of folded text. */
const w = (alternatives: string): RegExp => new RegExp(`(?<![a-z0-9_])(?:${alternatives})(?![a-z0-9_])`);
const starts = (alternatives: string): RegExp => new RegExp(`^(?:${alternatives})(?![a-z0-9_])`);

const SUMMARY =
  "summari[sz](?:e|es|ed|ing)|summ?ary|summaries|sum(?: it| this| that| things)? up|recap|tl;? ?dr|digest|gist|" +
  "overview|synopsis|" +
  "short version|brief me|briefing|(?:key|main) (?:points|takeaways)|takeaways|highlights|in a nutshell|abstract|" +
  "condense|" +
  "zusammenfass(?:en|ung)|zusammengefasst|kurzfassung|uberblick|fass(?:e|t)?\\b.{0,80}\\bzusammen|worum (?:geht|" +
  "ging) es|" +
  "resume[rsz]?(?=[- ](?:moi|nous|les?|la|l'|ce|cette|des?|du|tout|\\d))|resume[rsz]?$|un resume|le resume|" +
  "synthese|synthetise|" +
  "resumen|resumir|resume(?:me|lo|nos)?(?= (?:los?|las?|el|este|esta|todo|\\d))|resum(?:eme|elo|ime|i)";
const MISSED =
  "(?:did|have|had) (?:i|we) miss(?:ed)?|i(?:'ve| have)? missed|catch (?:me|us) up|catch up|bring (?:me|" +
  "us) up to (?:speed|date)|" +
  "up to speed|fill (?:me|us) in|update me|(?:what'?s|what is|anything|something|any) new|any (?:news|updates?)|" +
  "what(?:'?s| is| has| was)? (?:been )?(?:happen(?:ed|ing)|going on|went on)|what(?: have|'ve) (?:they|people|" +
  "you all) been (?:up to|saying|talking)|" +
  "verpasst|auf (?:den|dem) (?:neuesten|neusten|aktuellen) stand|was gibt(?:'s| es) neues|was (?:ist|war|" +
  "geht) (?:.{0,40} )?(?:passiert|los|ab)|gibt(?:'s| es) (?:was )?neues|" +
  "(?:ai|a) (?:rate|loupe|manque)|quoi de neuf|du nouveau|que s'est[- ]il passe|qu'est[- ]ce qui s'est passe|" +
  "mets[- ]moi a jour|" +
  "me (?:he )?perd(?:i|ido)|que hay de nuevo|alguna novedad|novedades|ponme al (?:dia|corriente)|" +
  "que (?:ha pasado|paso)";
const TASKS =
  "to-?dos?|to do(?:s| lists?)?|to-?do-?lists?|tasks?|task ?lists?|action (?:items?|points?)|check ?lists?|" +
  "open (?:items|points)|next steps|" +
  "(?:what|which|anything|something|everything|stuff) .{0,30}(?:to do|to be done|to take care of)|who (?:does|" +
  "is doing|has to do|must do) what|" +
  "(?:what|anything|something) (?:that )?(?:i|we) (?:still )?(?:should|must|need to|have to) (?:still )?do|" +
  "what (?:do|should|must) (?:i|we) (?:still )?(?:have to |need to )?do|deadlines|assignments?|" +
  "aufgaben?(?:liste)?|todo-?listen?|was (?:muss|mussen|soll|sollen) (?:ich|wir|noch)(?: noch)?(?: (?:tun|machen|" +
  "erledigen|erledigt))?|wer (?:macht was|(?:muss|soll) was (?:machen|tun))|zu erledigen|zu tun|" +
  "taches?|liste de(?:s)? taches|(?:que|quoi) dois[- ]je faire|que dois[- ]je faire|choses a faire|a faire|" +
  "qui fait quoi|" +
  "tareas?|pendientes|lista de tareas|que (?:tengo|tenemos|hay) que hacer|quien (?:hace|tiene que hacer) que";
const ENTITY_NOUNS =
  "people|persons?|names?|places?|locations?|organi[sz]ations?|companies|dates?|amounts?|prices?|sums|links?|" +
  "urls?|entities|addresses|" +
  "personen|namen|orte|firmen|organisationen|termine|daten|betrage|noms|personnes|lieux|organisations|dates|" +
  "montants|liens|" +
  "nombres|personas|lugares|organizaciones|fechas|importes|enlaces";
const ENTITIES =
  "who(?:'s| is| are| was| were| gets| got| has been| else is)?(?: all)?(?: being)? (?:mentioned|named|" +
  "talked about|involved|in (?:this|here|the (?:chat|thread|group|conversation)))|" +
  "(?:mentioned|named|came up|come up|shared|posted)(?=.{0,60}$)(?<=(?:" +
  `${ENTITY_NOUNS}).{0,40})|extract (?:all )?(?:the )?(?:${ENTITY_NOUNS})|` +
  "(?:list|show|give me|find|collect|which|what|any|all|welche|alle|liste|quels?|quelles?|que|cuales|lista|" +
  `todos los|todas las)(?: me)?(?: all)?(?: of)?(?: the| die| der| les| los| las)? (?:${ENTITY_NOUNS})|` +
  "entities|participants|teilnehmer|who (?:is|are) (?:taking part|participating|here)|" +
  "wer (?:wird|wurde|ist) (?:alles )?(?:erwahnt|genannt|dabei)|wen .{0,20}erwahnt|qui est (?:mentionne|cite|" +
  "nomme)|de qui (?:parle|parlent|parle-t-on)|" +
  "(?:a )?quien(?:es)? (?:se menciona|son mencionados|se nombra|menciona)|de quien(?:es)? (?:se )?habla";
const REDACT =
  "redact(?:ed|ion|s)?|anonymi[sz]e[dr]?|anonymous version|pseudonymi[sz]e|black(?:ed)? out|mask (?:the|all|" +
  "this)|censor|blank out|(?:strip|remove|hide) (?:the |all )?(?:personal|private|names)|" +
  "schwarze|geschwarzt|anonymisier(?:e|en|t)?|anonymisez|anonymiser|caviarde[rz]?|biffe[rz]?|anonimiza(?:r|me)?|" +
  "tacha(?:r|me)?|censura";
const CONVERSATIONS =
  "(?:which|what|list|show|all|my)(?: me)?(?: all)?(?: the| my| your)? (?:conversations?|chats|rooms|groups|" +
  "channels)(?! (?:about|mention))|" +
  "(?:conversations?|chats|rooms|groups|channels) (?:can|do) you (?:see|read|know|have)|" +
  "welche (?:chats|unterhaltungen|gruppen|raume|kanale|gesprache)|quel(?:le)?s (?:conversations|discussions|" +
  "groupes|salons)|(?:liste|montre)(?:[- ]moi)? (?:les|mes) (?:conversations|discussions|groupes|salons)|" +
  "(?:que|cuales|lista de|muestra) (?:mis |las |los )?(?:conversaciones|chats|grupos|salas)";
const FILE_NOUN =
  "attachments?|attached (?:\\S+ )?(?:file|document)|files?|documents?|docs?|docx|pdfs?|csv|spreadsheet|word file|" +
  "datei(?:en)?|anhang|anhange|dokumente?s?|pieces? jointes?|fichiers?|archivos?|adjuntos?|documentos?";
/** "what is in the file", "summarise the attached report": at most a few words between the verb and the noun. */
const FILE_ASKS =
  "(?:¿ ?)?(?:what(?:'s| is| does| do| are| was)?|summari[sz]e|sum up|recap|tl;?dr|read|open|extract|show|give me|" +
  "tell me|go through|look (?:at|into)|was (?:steht|ist)|fasse?|lies|offne|zeig(?:e)?|que (?:contient|dit|hay|dice|" +
  "contiene)|" +
  "qu'est[- ]ce qu'il y a|qu'y a-t-il|resume[sz]?|lis|ouvre|montre|lee|abre|muestra)" +
  `(?: \\S+){0,5}? (?:${FILE_NOUN})`;
/** About what was said of a file, not what stands in it. */
const FILE_OTHERS =
  "about the (?:file|document|attachment)s?|messages|conversation|chat|thread|discussion|who|when|where|why";
const SCHEDULE =
  "remind (?:me|us|everyone|everybody)|set (?:a |an )?(?:reminder|alarm|timer)|wake me|follow up (?:on|with|in|" +
  "tomorrow)|schedule|" +
  "every (?:day|morning|evening|week|weekday|month|monday|tuesday|wednesday|thursday|friday|saturday|sunday|" +
  "hour)|each (?:day|morning|week)|daily|weekly|" +
  "erinnere?(?: mich| uns)?|erinnerung|jeden (?:tag|morgen|abend|montag|dienstag|mittwoch|donnerstag|freitag|" +
  "samstag|sonntag)|jede woche|taglich|wochentlich|" +
  "rappelle?s?[- ](?:moi|nous)|rappel|chaque (?:jour|matin|soir|semaine|lundi)|tous les (?:jours|matins|lundis)|" +
  "recuerdame|recuerdanos|recordatorio|avisame|cada (?:dia|manana|semana|lunes)|todos los (?:dias|lunes)";
const SEND =
  "(?:tell|inform|notify|message|text) (?!me(?![a-z])|us(?![a-z])|who|what|how)\\S+|let (?!me(?![a-z])|" +
  "us(?![a-z]))\\S+ know|sag (?!mir|uns)\\S+|dis a|dile a|" +
  "(?:send|forward|post|share|copy|relay|pass)(?: me)? (?:that|this|it|them|these|those|a|an|the|my|our|your|on|" +
  "along|everything|summary|everyone)|" +
  "(?:schick|sende|leite|poste|teile?)e? (?:das|dies|diese[ns]?|es|die|den|eine?n?|mir)|" +
  "(?:envoie|transfere|partage|poste)(?:z)?[- ](?:le|la|les|ca|cela|ceci|un|une|ce|cette)|" +
  "(?:envia|manda|reenvia|comparte)(?:me|r|lo|la|los|las|selo)?(?: (?:eso|esto|lo|la|el|un|una|este|esta))?";
const COMPOSE =
  "write|draft|compose|translate|rephrase|reword|proofread|reply to|answer to|respond to|prepare (?:a|an|the)|" +
  "suggest (?:a|an) (?:reply|answer|response)|" +
  "schreibe?|entwirf|entwerfe|verfasse|ubersetze?|formuliere?|antworte|ecris|ecrire|ecrivez|redige[rz]?|" +
  "tradui[st]e?|traduire|reponds|" +
  "escribe(?:me)?|escribir|redacta(?:r|me)?|traduce(?:me)?|traducir|responde";
const ASKS =
  "who|whom|whose|what|what's|when|where|why|which|how|did|does|do|is|are|was|were|has|have|had|will|would|can|" +
  "could|should|" +
  "wer|wen|wem|was|wann|wo|wohin|warum|wieso|weshalb|welche[rsnm]?|wie|wieviel|hat|haben|ist|sind|war|wird|kommt|" +
  "qui|que|quoi|qu'est[- ]ce|quand|ou|pourquoi|comment|combien|quel(?:le)?s?|est[- ]ce|" +
  "quien(?:es)?|cuando|donde|por que|como|cuanto?s?|cuantas?|cual(?:es)?";
const HELP =
  "help|help me|what (?:can|do) you do|what are you|who are you|how (?:do|does) (?:you|this|it) work|" +
  "what can i (?:ask|say|do)|commands?|examples?|usage|manual|" +
  "hilfe|hilf mir|was kannst du|wer bist du|was bist du|aide|aidez?[- ]moi|que (?:peux|sais)[- ]tu faire|" +
  "qu'est[- ]ce que tu (?:peux|sais) faire|qui es[- ]tu|" +
  "ayuda|ayudame|que (?:puedes|sabes) hacer|quien eres";
const HELLO =
  "hi|hiya|hey|hello|howdy|yo|good (?:morning|afternoon|evening|day)|greetings|hallo|servus|moin|gruss gott|" +
  "guten (?:morgen|tag|abend)|hi zusammen|" +
  "salut|bonjour|bonsoir|coucou|hola|buenas|buenos dias|buenas (?:tardes|noches)|ping|test|are you (?:there|here|" +
  "awake)|bist du da|tu es la|estas ahi";
const THANKS =
  "thanks?(?: you)?(?: so much| very much| a lot)?|thank u|thx|ty|cheers|much appreciated|great|perfect|nice|" +
  "cool|awesome|good (?:bot|job|work)|well done|" +
  "danke(?: dir| schon| sehr| vielmals)?|vielen dank|super|merci(?: beaucoup| bien)?|parfait|(?:muchas |" +
  "mil )?gracias|perfecto|genial";

const ASKS_BACK = starts(
  "remind me (?:what|who|when|where|why|how|which|if|whether)|erinner mich,? (?:was|wer|wann|wo)",
);
/** "did Ana finish the task": about something that is said, not a wish for a list. */
const ABOUT_ONE = starts(
  "(?:did|does|has|was|were|is|why|when|where|how)(?! (?:there|anything|anyone|any|something|everything|it|i|" +
    "we)(?![a-z]))",
);
const SAID_WITHOUT_TOPIC = new RegExp(
  "^what (?:did|has|have) (?!i(?![a-z])|we(?![a-z])|you(?![a-z]))[\\p{L}\\p{N}_' -]{1,60} (?:say|said|" +
    "write|written|post|posted|wrote)(?! (?:about|on|regarding|to|that)(?![a-z]))",
  "u",
);
const REFUSING = starts(
  "don'?t|do not|never|not|no need|stop|nicht|kein|bitte nicht|ne |pas besoin|arrete|no (?:hagas|me|lo|quiero|resumas)",
);
/** "send me the summary": made here, for the asker; "send the summary to Ana" is not. */
const FOR_ME = starts(
  "(?:send|share|post|give)(?: me)? (?:the |a |an |my )?(?:summary|recap|tl;?dr|list|to-?dos?|tasks?|" +
    "overview)(?! (?:\\S+ ){0,8}to (?!me))|" +
    "(?:schick|sende|gib) mir (?:die |eine |den )?(?:zusammenfassung|liste|to-?do|aufgaben|uberblick)|" +
    "envoie[- ]moi (?:le |un |la )?(?:resume|liste)|(?:enviame|mandame) (?:el |un |la )?(?:resumen|lista)",
);
const WHOLE = (alternatives: string): RegExp => new RegExp(`^(?:(?:${alternatives})[\\s,.!?:)-]*){1,4}$`);

const RULES: readonly Rule[] = [
  { intent: "question", fits: ASKS_BACK, asked: true },
  { intent: "schedule", fits: w(SCHEDULE), unless: starts("what|who|when|did|list|show|was|wer|wann") },
  { intent: "send", fits: starts(SEND), unless: FOR_ME, asked: true },
  { intent: "file", fits: starts(FILE_ASKS), unless: w(`${FILE_OTHERS}|${TASKS}`), asked: true },
  { intent: "conversations", fits: w(CONVERSATIONS), unless: w(SUMMARY) },
  { intent: "redact", fits: w(REDACT), unless: starts("redacta") },
  {
    intent: "tasks",
    fits: starts(`(?:${SUMMARY})(?: of)?(?: the| all| my| our| open| any){0,3} (?:${TASKS})`),
    asked: true,
  },
  { intent: "summarize", fits: starts(SUMMARY), asked: true },
  { intent: "compose", fits: starts(COMPOSE), unless: w(`${SUMMARY}|${TASKS}`), asked: true },
  {
    intent: "catch_up",
    fits: w(MISSED),
    unless: w("miss(?:ed)? (?:the|a|my|your|our|his|her|their) (?!chat|thread|messages?|conversation)"),
  },
  { intent: "tasks", fits: w(TASKS), unless: ABOUT_ONE },
  { intent: "summarize", fits: w(SUMMARY), unless: ABOUT_ONE },
  { intent: "entities", fits: w(ENTITIES), unless: starts("(?:why|when|where|how|did|does|has)") },
  { intent: "summarize", fits: SAID_WITHOUT_TOPIC, asked: true },
  {
    intent: "summarize",
    fits: w(
      "what (?:was|is|were|has been|have) (?:they |we |people )?(?:being |been )?(?:discuss(?:ed|ing)|talk(?:ed|" +
        "ing) about)|what(?: did|'d) (?:they|we|people|everyone) (?:talk about|discuss|say)(?! (?:about|on))|" +
        "what (?:is|was) (?:this|the) (?:thread|chat|conversation|discussion) about|was wurde (?:besprochen|" +
        "gesagt)|de quoi (?:a-t-on|ont-ils) parle|de que (?:se hablo|hablaron|han hablado)",
    ),
  },
  { intent: "greeting", fits: WHOLE(`${HELLO}|${HELP}|there|lazaret|butler|bot|all|zusammen`) },
  {
    intent: "greeting",
    fits: starts(HELP),
    asked: true,
    unless: w("help me (?:write|draft|find|understand)|examples? of"),
  },
  {
    intent: "thanks",
    fits: WHOLE(
      `${THANKS}|that'?s|(?:that|this) (?:was|is)|for that|bot|lazaret|butler|it|very|so|much|helpful|ok(?:ay)?`,
    ),
    unless: /^(?:ok(?:ay)?)?[\s.,!]*$/,
  },
  { intent: "compose", fits: w(`help me (?:write|draft)|${COMPOSE}`), unless: starts(ASKS), asked: true },
  { intent: "question", fits: starts(ASKS), asked: true },
  { intent: "question", fits: /\?\s*$/ },
];

/** Does it say what not to do? */
export const refuses = ({ asked }: Pick<Plain, "asked">): boolean => REFUSING.test(asked);

/** `unknown` when no rule fits. Every pattern is bounded: linear in the request. */
export function intentOf({ folded, asked }: Plain): Intent {
  if (!/[a-z0-9\p{L}]/u.test(folded)) return folded.includes("?") ? "greeting" : "unknown";
  if (refuses({ asked })) return "unknown";
  for (const rule of RULES) {
    const text = rule.asked === true ? asked : folded;
    if (!rule.fits.test(text)) continue;
    if (rule.unless?.test(asked) === true) continue;
    return rule.intent;
  }
  return "unknown";
}
