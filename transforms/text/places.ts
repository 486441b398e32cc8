/**
 * Countries, states and cities of which the words alone would not be masked, and those of more than one word.
 * Written for this project.
 */

/** Names of several words, for text without capitals too. */
const PLACE_PHRASES = `
united states of america|united states|united kingdom|great britain|united arab emirates|saudi arabia|south africa
south korea|north korea|new zealand|costa rica|el salvador|dominican republic|czech republic
central african republic|sri lanka|hong kong|san marino|sierra leone|burkina faso|ivory coast|cote d'ivoire
côte d'ivoire|cape verde|cabo verde|papua new guinea|equatorial guinea|guinea bissau|east timor|timor leste
trinidad and tobago|trinidad & tobago|antigua and barbuda|antigua & barbuda|saint kitts and nevis|saint lucia
saint vincent and the grenadines|st vincent and the grenadines|bosnia and herzegovina|bosnia & herzegovina
sao tome and principe|são tomé and príncipe|solomon islands|marshall islands|cook islands|cayman islands
virgin islands|faroe islands|falkland islands|puerto rico|northern ireland|isle of man|isle of wight
kingdom of the netherlands|democratic republic of the congo|republic of the congo|republic of congo
russian federation|holy see|vatican city|south sudan|western sahara|north macedonia|american samoa|french guiana
french polynesia|new caledonia|new york city|new york|new jersey|new mexico|new hampshire|new orleans|new delhi
new england|north carolina|south carolina|north dakota|south dakota|west virginia|rhode island|los angeles
san francisco|san diego|san jose|san antonio|santa monica|santa fe|santa cruz|salt lake city|las vegas|palm springs
palm beach|long island|long beach|silicon valley|st louis|saint louis|st petersburg|saint petersburg|kansas city
oklahoma city|mexico city|panama city|cape town|buenos aires|rio de janeiro|sao paulo|são paulo|kuala lumpur
ho chi minh city|tel aviv|abu dhabi|the hague|den haag|notting hill|covent garden|canary wharf|baker street
times square|central park|wall street|downing street|staten island|bad ischl|st pölten|sankt pölten|le havre
la rochelle|las palmas|gold coast|golden gate|grand rapids|baton rouge|little rock|des moines|ann arbor|el paso
fort worth|st paul|people's republic of china|republic of korea|syrian arab republic
lao people's democratic republic|british columbia|nova scotia|new south wales|western australia|south australia
hawke's bay|isles of scilly|milton keynes|stoke on trent|kingston upon thames|green bay|deep creek|high wycombe
south bend|grand canyon|big sur|cold spring|white plains|rock hill|cedar rapids|sioux falls|niagara falls
great falls
`;

/** Single words that the lexicon knows as something else. */
export const PLACE_WORDS = `
turkey china chad japan cuba peru mali jordan guinea oman niger georgia togo iran iraq macau malta london paris
berlin vienna wien graz linz salzburg innsbruck hamburg münchen munich köln cologne frankfurt zürich zurich geneva
genf bern basel rome roma milan madrid barcelona lisbon dublin edinburgh glasgow manchester birmingham liverpool
leeds bristol oxford cambridge brighton boston chicago houston dallas seattle denver phoenix austin atlanta miami
portland detroit memphis nashville tokyo beijing shanghai delhi mumbai bangkok singapore sydney melbourne toronto
montreal vancouver moscow istanbul athens prague budapest warsaw stockholm oslo copenhagen helsinki amsterdam
rotterdam brussels antwerp cairo nairobi lagos dubai jerusalem texas california florida ohio oregon nevada arizona
colorado utah kansas iowa illinois indiana michigan minnesota wisconsin missouri alabama louisiana georgia tennessee
kentucky maryland delaware connecticut massachusetts vermont maine montana idaho wyoming nebraska oklahoma arkansas
alaska hawaii pennsylvania washington england scotland wales ireland france spain italy germany austria switzerland
belgium holland portugal greece poland sweden norway denmark finland russia ukraine india pakistan bangladesh brazil
argentina mexico canada australia europe africa asia america brooklyn queens bronx manhattan hollywood soho chelsea
camden`;

const PHRASES: readonly (readonly string[])[] = PLACE_PHRASES.trim()
  .split(/[|\n]/)
  .map((phrase) => phrase.split(/[ &]+/));

/** First word to the rests that make a place of it, longest first. */
export const PLACE_RESTS: ReadonlyMap<string, readonly (readonly string[])[]> = (() => {
  const map = new Map<string, (readonly string[])[]>();
  for (const [head = "", ...rest] of PHRASES) map.set(head, [...(map.get(head) ?? []), rest]);
  for (const rests of map.values()) rests.sort((a, b) => b.length - a.length);
  return map;
})();

export const PLACE_HEADS = [...PLACE_RESTS.keys()].join(" ");
