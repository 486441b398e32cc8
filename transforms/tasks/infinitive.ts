/** The form in which a task is listed: the infinitive, where a sentence has a finite verb. */

const GERMAN_STEMS =
  "schick|send|bring|kauf|buch|ruf|hol|mach|reservier|bestell|schreib|frag|zahl|bezahl|organisier|besorg|back|" +
  "prüf|meld|" +
  "reparier|überweis|leit|nehm|nimm|druck|lad|koch|putz|lösch|erledig|räum|bereit|stell|leg|gieß|fütter|fahr|" +
  "gib|lies|" +
  "hilf|wirf|sag|erinner|füll|unterschreib|check|teil|wasch|pack|bestätig|trag";
const IRREGULAR = new Map([
  ["nimm", "nehm"],
  ["gib", "geb"],
  ["lies", "les"],
  ["hilf", "helf"],
  ["wirf", "werf"],
  ["fütter", "fütter"],
]);
const GERMAN = new RegExp(
  `^(${GERMAN_STEMS})e? (?:(?:dir|euch|ihm|ihr|ihnen|mir|uns) )?(.+?)` +
    "( (?:an|ab|mit|aus|ein|auf|nach|zurück|vorbei|weiter|hoch|runter|vor|zu))?$",
  "iu",
);

/** "schicke dir die Fotos" → "die Fotos schicken": the list form of a German promise or bidding. */
export function germanLast(what: string): string {
  const match = GERMAN.exec(what);
  if (match === null) return what;
  const [, verb = "", object = "", prefix = ""] = match;
  const stem = IRREGULAR.get(verb.toLowerCase()) ?? verb.toLowerCase();
  return `${object} ${prefix.trim()}${stem}${/(?:er|el)$/u.test(stem) ? "n" : "en"}`;
}

/** "bringt", "den Beamer mit" → "den Beamer mitbringen". */
export function germanPresent(verb: string, object: string): string {
  const stems = new Map([
    ["nimmt", "nehm"],
    ["fährt", "fahr"],
    ["bäckt", "back"],
    ["leitet", "leit"],
    ["füttert", "fütter"],
  ]);
  const lower = verb.toLowerCase();
  return germanLast(`${stems.get(lower) ?? lower.replace(/t$/u, "")} ${object}`);
}

const FINITE = new Map(
  Object.entries({
    prend: "prendre",
    fait: "faire",
    envoie: "envoyer",
    appelle: "appeler",
    achète: "acheter",
    amène: "amener",
    ramène: "ramener",
    nettoie: "nettoyer",
    paie: "payer",
    règle: "régler",
    finis: "finir",
    finisse: "finir",
    fasse: "faire",
    prenne: "prendre",
    trae: "traer",
    hace: "hacer",
    recoge: "recoger",
    imprime: "imprimir",
    pide: "pedir",
    envía: "enviar",
    traigo: "traer",
    recojo: "recoger",
    imprimo: "imprimir",
    pido: "pedir",
    envío: "enviar",
  }),
);

/** "réserve les billets" → "réserver les billets", "trae las bebidas" → "traer las bebidas". `french` breaks ties. */
export function infinitive(what: string, french: boolean): string {
  const [verb = "", ...rest] = what.split(" ");
  const lower = verb.toLowerCase();
  const known = french && lower === "imprime" ? "imprimer" : FINITE.get(lower);
  const regular = french
    ? lower.replace(/e$/u, "er").replace(/ions$/u, "er").replace(/iez$/u, "er")
    : lower.replace(/[ao]$/u, "ar");
  return [known ?? regular, ...rest].join(" ");
}
