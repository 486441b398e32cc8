/**
 * How people ask for things and promise them in German, French and Spanish: one pattern a form, all anchored and
 * linear.
 */
import type { Phrase, Who } from "./phrases.ts";

/** In front of a form stand at most a courtesy, a joining word, or when it is to be done. */
const LEAD =
  "(?:^[¿¡]?|[,;:.!?] [¿¡]?|^[^,;:.!?]{0,40} (?=hay que|faut |tenemos que|müssen wir)|" +
  "(?:^|[\\s,])(?:und|et|y|ok|okay|aber|mais|pero|hola|oye|hallo|hey|salut|hi|sí|ja|oui|vale) )";
const other = (body: string, who: Who, more: Partial<Phrase> = {}): Phrase => ({
  pattern: new RegExp(`${LEAD}${body}$`, "iu"),
  who,
  ...more,
});

const BITTE = "(?:(?:bitte|mal|noch|vielleicht|kurz|auch|dann|schnell|eben|mir|uns|dir|euch|so lieb sein und) )*";
const SVP = "(?:(?:s'il te plaît|s'il te plait|s'il vous plaît|stp|svp|aussi|peut-être|encore|juste) )*";
const FAVOR = "(?:(?:por favor|porfa|también|quizás|tal vez) )*";
const NAMED = "(?<name>\\p{Lu}[\\p{L}\\p{N}_]+)";

const GERMAN: readonly Phrase[] = [
  other(
    `(?:kannst du|könntest du|würdest du|könnt ihr|könntet ihr|können sie|könnten sie|magst du|willst du|kannste|` +
      `wärst du so lieb und|könnten wir dich bitten,?) ${BITTE}(?<what>.+)`,
    "addressee",
  ),
  other(
    `(?:kann|könnte|könnt|muss|müsste|sollte) ${BITTE}(?:jemand|wer|irgendwer|irgendjemand) ${BITTE}(?<what>.+)`,
    "open",
  ),
  other(`wer (?:kann|könnte|will|möchte) ${BITTE}(?<what>.+)`, "open"),
  other(`wer (?:kümmert sich|übernimmt|kümmert sich um|macht das mit) (?:um )?(?<charge>.+)`, "open", {
    tentative: true,
  }),
  other(
    `wer (?<present>bringt|holt|kauft|macht|backt|bäckt|kocht|bestellt|bucht|reserviert|ruft|schreibt|schickt|` +
      `besorgt|` +
      `organisiert|druckt|putzt|nimmt|leitet|fährt|gießt|füttert|überweist|zahlt|bezahlt) ${BITTE}(?<object>.+)`,
    "open",
    { tentative: true },
  ),
  other(`(?:jemand|einer|irgendwer) (?:muss|müsste|sollte|soll) ${BITTE}(?<what>.+)`, "open"),
  other(`(?:vergiss|vergesst|vergessen sie) (?:bitte )?nicht,? ${BITTE}(?<what>.+)`, "addressee"),
  other(`(?:denk|denkt|denke) ${BITTE}(?:daran|dran|an),? (?<what>.+)`, "addressee"),
  other(`bitte ${BITTE}(?<what>.+)`, "addressee"),
  other(`du (?:musst|solltest|sollst) ${BITTE}(?<what>.+)`, "addressee"),
  other(`ich (?:werde|muss|soll|sollte|wollte|will) ${BITTE}(?<what>.+)`, "speaker"),
  other(`ich (?:kümmere mich um|kümmer mich um|übernehme|übernehm) ${BITTE}(?<charge>.+)`, "speaker"),
  other(
    `ich (?<what>(?:schicke?|sende|bringe?|kaufe?|buche?|rufe?|hole?|mache?|reserviere?|bestelle?|schreibe?|` +
      `frage?|zahle?|` +
      `bezahle?|organisiere?|besorge?|backe?|prüfe?|melde|repariere?|nehme?|leite|überweise?|drucke?|lade|` +
      `koche?|putze?|` +
      `lösche?|erledige?|räume?|bereite|stelle?|lege?|gieße?|füttere?|fahre?) .+)`,
    "speaker",
  ),
  other(`(?:wir müssen|wir sollten|wir sollen|müssen wir) ${BITTE}(?<what>.+)`, "open"),
  other(`${NAMED} (?:muss|soll|sollte|wird|kann) ${BITTE}(?<what>.+)`, "named"),
];

const FRENCH: readonly Phrase[] = [
  other(
    `(?:peux-tu|pourrais-tu|tu peux|tu pourrais|vous pouvez|pouvez-vous|pourriez-vous|est-ce que tu peux|` +
      `est-ce que tu pourrais|ça te dérange de|tu pourras|tu veux bien) ${SVP}(?:me |nous )?(?<what>.+)`,
    "addressee",
  ),
  other(
    `(?:quelqu'un peut|quelqu'un pourrait|quelqu'un pour|qui peut|qui pourrait|qui veut|il faut|il faudrait|faut|` +
      `on doit|on devrait|nous devons) ${SVP}(?!qu)(?<what>.+)`,
    "open",
  ),
  other(`(?:il )?fau(?:t|drait) qu(?:'on|e (?:quelqu'un|nous|je|tu|vous)) (?<conjugated>.+)`, "open"),
  other(`qui (?:s'occupe de|se charge de|s'occupe des|s'occupe du|se charge du) (?<charge>.+)`, "open", {
    tentative: true,
  }),
  other(
    `qui (?<conjugated>(?:apporte|amène|achète|prend|réserve|prépare|imprime|appelle|envoie|ramène|fait|range|` +
      `nettoie) .+)`,
    "open",
    { tentative: true },
  ),
  other(`(?:n'oublie pas|n'oubliez pas|oublie pas) (?:de |d')?(?<what>.+)`, "addressee"),
  other(`(?:merci de|pense à|pensez à|n'hésite pas à|essaie de) (?<what>.+)`, "addressee"),
  other(`tu (?:dois|devrais) ${SVP}(?<what>.+)`, "addressee"),
  other(`je (?:vais|dois|devrais) ${SVP}(?<what>.+)`, "speaker"),
  other(
    `(?:je|j')[ ]?(?:t'|te |vous |leur |lui )?(?<conjugated>(?:envoie|apporte|amène|achète|réserve|prépare|` +
      `imprime|appelle|` +
      `ramène|range|nettoie|passe|finis|termine|commande|paie|règle) (?!à |chez |par )(?!.*\\b(?:toujours|` +
      `souvent)\\b).+)`,
    "speaker",
  ),
  other(`je m'occupe (?:de |du |des |d')(?<charge>.+)`, "speaker"),
  other(`${NAMED} (?:doit|va|devrait) (?<what>.+)`, "named"),
];

const SPANISH: readonly Phrase[] = [
  other(
    `(?:me |nos )?(?:puedes|podrías|puede|podría|podéis|pueden|te importa|te importaría) ${FAVOR}(?<what>.+)`,
    "addressee",
  ),
  other(
    `(?:alguien puede|alguien podría|puede alguien|podría alguien|quién puede|quién podría|hay que|tenemos que|` +
      `debemos|habría que) ${FAVOR}(?<what>.+)`,
    "open",
  ),
  other(`quién (?:se encarga|se ocupa) (?:de |del )(?<charge>.+)`, "open", { tentative: true }),
  other(
    `quién (?<conjugated>(?:trae|compra|lleva|hace|prepara|cocina|reserva|organiza|paga|lava|limpia|llama|recoge|` +
      `imprime|envía|manda|pide) .+)`,
    "open",
    { tentative: true },
  ),
  other(`(?:no te olvides de|no olvides|acuérdate de|recuerda|recordad|no os olvidéis de) (?<what>.+)`, "addressee"),
  other(`por favor,? (?<what>.+)`, "addressee"),
  other(`(?:tienes que|debes|deberías) ${FAVOR}(?<what>.+)`, "addressee"),
  other(`(?:yo )?(?:voy a|tengo que|debo) ${FAVOR}(?<what>.+)`, "speaker"),
  other(
    `(?:yo |ya )?(?:te |os |le )?(?<conjugated>(?:traigo|compro|llevo|preparo|reservo|pago|llamo|mando|envío|limpio|` +
      `recojo|imprimo|termino|organizo|pido) (?!a casa).+)`,
    "speaker",
  ),
  other(`(?:yo )?me (?:encargo|ocupo) (?:de |del )(?<charge>.+)`, "speaker"),
  other(`${NAMED} (?:tiene que|debe|va a) (?<what>.+)`, "named"),
];

/** Over a sentence without its end mark. */
export const OTHERS: readonly Phrase[] = [...GERMAN, ...FRENCH, ...SPANISH];
