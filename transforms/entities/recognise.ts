/**
 * Names, amounts and links in one message: capitals, small closed word lists and the word list that is handed in.
 * Linear.
 */
import type { Surroundings } from "../../src/core/transform.ts";
import { MONTHS, WEEKDAYS } from "../text/date-words.ts";
import { sentencesOf } from "../text/sentences.ts";

export type Name = { readonly kind: "person" | "organisation" | "place"; readonly name: string };

const LINK = new RegExp(
  String.raw`\b(?:https?:\/\/|www\.)[^\s<>"']{1,500}|\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.(?:com` +
    String.raw`|org|net|io|dev|app|de|at|ch|fr|es|eu|uk|info|me)\b(?:\/[^\s<>"']{0,500})?`,
  "giu",
);

/** Web addresses, without the marks that end a sentence. Mail addresses are none. */
export function linksIn(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(LINK)) {
    if (text[match.index - 1] === "@" || text[match.index + match[0].length] === "@") continue;
    found.push(match[0].replace(/[.,;:!?)\]]+$/u, ""));
  }
  return found;
}

const NUMBER = "\\d{1,3}(?:[.,' ]\\d{3})*(?:[.,]\\d{1,2})?|\\d+(?:[.,]\\d+)?";
const SCALE = "(?:\\s?(?:k|m|bn|thousand|million|billion|tausend|mio|mille|mil|millones)\\b\\.?)?";
const AMOUNT = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:(?:[$€£¥]|usd|eur|gbp|chf)\\s?(?:${NUMBER})${SCALE}|(?:${NUMBER})${SCALE}\\s?` +
    `(?:[$€£¥%]|(?:usd|eur|euros?|dollars?|bucks|pounds?|quid|chf|francs?|franken|yuan|rmb|yen|cents?|` +
    "percent|prozent|pour cent|por ciento|kg|kilos?|grams?|km|kilometers?|kilometres?|miles?|meters?|" +
    "metres?|cm|mm|litres?|liters?|people|persons?|guests|tickets|pieces|boxes|bottles|personen|leute|gäste" +
    "|personnes|personas)(?![\\p{L}]))|" +
    `(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|forty|fifty|sixty|seventy|eighty` +
    `|ninety|hundred|thousand)(?:[ -](?:one|two|three|five|hundred|thousand|and|fifty|twenty)){0,5} ` +
    `(?:euros?|dollars?|pounds?|bucks|yuan|percent)(?![\\p{L}]))`,
  "giu",
);

/** Sums of money, shares and measures as written. */
export const amountsIn = (text: string): string[] => [...text.matchAll(AMOUNT)].map((match) => match[0].trim());

const ORGANISATION = new RegExp(
  "^(?:Inc|Ltd|LLC|Corp|GmbH|AG|KG|SE|SA|SARL|Co|PLC|Bank|University|Universität|Université" +
    "|Universidad|Institute|Institut|Company|Airlines|Airways|School|College|Hospital|Clinic|Agency" +
    "|Ministry|Council|Foundation|Association|Committee|Department|Hotel|Restaurant|Café|Museum" +
    "|Library|Theatre|Theater|Insurance|Group|Holdings|Verein|Gesellschaft)$",
  "u",
);
const ORGANISATIONS = new Set(
  (
    "google microsoft apple amazon facebook meta netflix spotify ibm intel oracle siemens bosch sap bmw " +
    "volkswagen mercedes audi ikea lidl aldi hofer spar rewe billa edeka carrefour zara dhl ups fedex " +
    "paypal visa mastercard unicef unesco nato whatsapp telegram github gitlab slack zoom airbnb uber " +
    "booking lufthansa ryanair easyjet nasa bbc cnn openai anthropic"
  ).split(" "),
);
const PLACES = new Set(
  (
    "vienna wien berlin hamburg munich münchen cologne köln frankfurt stuttgart zurich zürich geneva basel " +
    "bern salzburg graz linz innsbruck paris lyon marseille nice bordeaux toulouse lille madrid barcelona " +
    "seville sevilla " +
    "valencia bilbao lisbon porto london manchester liverpool edinburgh glasgow dublin amsterdam rotterdam " +
    "brussels antwerp luxembourg copenhagen stockholm oslo helsinki warsaw krakow prague prag budapest " +
    "bratislava ljubljana " +
    "zagreb belgrade athens istanbul rome roma milan venice florence naples moscow kyiv new_york " +
    "los_angeles chicago boston seattle san_francisco washington toronto montreal vancouver mexico tokyo " +
    "osaka kyoto beijing shanghai " +
    "hong_kong singapore bangkok delhi mumbai sydney melbourne cairo nairobi dubai austria germany " +
    "switzerland france spain portugal italy greece england scotland ireland wales netherlands belgium " +
    "denmark sweden norway finland " +
    "poland hungary croatia slovenia slovakia romania turkey russia ukraine usa america canada brazil " +
    "argentina china japan korea india australia africa europe asia österreich deutschland schweiz " +
    "frankreich spanien italien " +
    "california texas florida bavaria tyrol tirol"
  ).split(" "),
);
const PLACE_WORD = new RegExp(
  "^(?:Street|St|Road|Rd|Avenue|Ave|Square|Lane|Park|Station|Airport|Bridge|Beach|Lake|River" +
    "|Mountain|Island|Straße|Strasse|Platz|Gasse|Bahnhof|Flughafen|Rue|Place|Gare|Calle|Plaza" +
    "|Avenida|Hall|Centre|Center|Tower|Market|Harbour|Valley|Castle|Church)$",
  "u",
);
const PLACE_BEFORE = /(?:^|[\s(])(?:in|to|from|near|nach|aus|à|en|desde|hacia|around|via)\s+$/iu;
const TITLE_BEFORE = new RegExp(
  String.raw`(?:^|[\s(])(?:mr|mrs|ms|miss|dr|prof|professor|herr|frau|madame|monsieur|mme|señor|señora` +
    String.raw`|uncle|aunt|tante|onkel)\.?\s+$`,
  "iu",
);
const CAPITALS = /\p{Lu}[\p{L}\p{N}_'’-]*(?:\s+(?:&\s+|of\s+|de\s+|von\s+|van\s+)?\p{Lu}[\p{L}\p{N}_'’-]*){0,4}/gu;
const PRONOUNS = new RegExp(
  "^(?:I|I'm|I'll|I've|I'd|OK|Ok|Okay|Yes|No|TV|PC|ID|FYI|BTW|ASAP|EOD|LOL|PS|DM|PDF|AM|PM|TODO" +
    "|Mr|Mrs|Ms|Miss|Dr|Hi|Hey|Hello|Thanks|Thank|Sure|Great|Please|Mom|Mum|Dad|Christmas|Easter" +
    "|God|English|German|French|Spanish|Chinese|American|British|Italian|Internet)$",
  "u",
);

function kindOf(
  name: string,
  before: string,
  atStart: boolean,
  known: ReadonlyMap<string, string>,
  s: Surroundings,
): Name["kind"] | null {
  const words = name.split(/\s+/u);
  const lower = name.toLowerCase();
  const last = words.at(-1) ?? "";
  if (known.has(lower) || /^PERSON_[0-9a-f]{2,}$/u.test(name)) return "person";
  if (TITLE_BEFORE.test(before)) return "person";
  if (words.some((word) => ORGANISATION.test(word)) && words.length > 1) return "organisation";
  if (ORGANISATIONS.has(lower)) return "organisation";
  if (PLACES.has(lower.replaceAll(" ", "_")) || (words.length > 1 && PLACE_WORD.test(last))) return "place";
  const first = (words[0] ?? "").toLowerCase();
  if (s.isName(first) && !(atStart && words.length === 1 && s.isOrdinaryWord(first))) return "person";
  if (atStart && (words.length === 1 || s.isOrdinaryWord(first))) return null;
  if (/^\p{Lu}{2,6}$/u.test(name)) return "organisation";
  if (PLACE_BEFORE.test(before) && !s.isOrdinaryWord(first)) return "place";
  return words.every((word) => s.isOrdinaryWord(word.toLowerCase())) ? null : "person";
}

/** People, organisations and places: runs of capitals, sentence starts only when the word is known as a name. */
export function namesIn(text: string, known: ReadonlyMap<string, string>, surroundings: Surroundings): Name[] {
  const found: Name[] = [];
  for (const sentence of sentencesOf(text)) {
    for (const match of sentence.text.matchAll(CAPITALS)) {
      const run = match[0].replace(/['’]s$/u, "").split(/\s+/u);
      let skipped = 0;
      while (run.length > 0 && isNoName(run[0] ?? "", match.index === 0 && skipped === 0, known, surroundings)) {
        skipped += 1;
        run.shift();
      }
      while (run.length > 0 && isNoName(run.at(-1) ?? "", false, known, surroundings)) run.pop();
      if (run.length === 0) continue;
      const name = run.join(" ");
      const before = skipped > 0 ? " " : sentence.text.slice(0, match.index);
      const titled = TITLE_BEFORE.test(`${match[0].split(/\s+/u).slice(0, skipped).join(" ")} `);
      const kind = titled ? "person" : kindOf(name, before, match.index === 0 && skipped === 0, known, surroundings);
      if (kind !== null) found.push({ kind, name });
    }
    // Members of the chat are recognised in small letters too.
    for (const word of sentence.text.match(/(?<![\p{L}\p{N}_])\p{Ll}[\p{L}\p{N}_]+/gu) ?? []) {
      if (known.has(word)) found.push({ kind: "person", name: word });
    }
  }
  return found;
}

/** No part of a name: pronouns, weekdays, months, and an ordinary word at the start of a sentence. */
function isNoName(word: string, atStart: boolean, known: ReadonlyMap<string, string>, s: Surroundings): boolean {
  const lower = word.toLowerCase();
  if (known.has(lower)) return false;
  if (PRONOUNS.test(word) || WEEKDAYS.has(lower) || MONTHS.has(lower) || /['’](?:m|ll|ve|d|re|t)$/u.test(word))
    return true;
  return atStart && STARTS.has(lower) && !s.isName(lower);
}

const STARTS = new Set(
  (
    "the a an my your his her our their its it this that these those there here we you he she they and but " +
    "or so if when what where who why how which can could will would should shall " +
    "may might must do does did is are was were have has had let please maybe also then now just not never " +
    "some any all both one two in on at for from to of with by as after before " +
    "because well oh ah dear good nice sorry did don't can't won't isn't let's that's it's what's there's " +
    "ask call tell send bring meet see get go ich du er sie es wir ihr der die das ein " +
    "eine und aber kannst bitte wenn was wo wer je tu il elle nous vous le la les un une et mais si peux " +
    "el los las yo y pero si puedes heute morgen demain mañana hoy"
  ).split(" "),
);
