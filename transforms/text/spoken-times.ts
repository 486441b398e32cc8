/** Times of day in words, in German, French and Spanish: "halb acht", "huit heures et demie", "a las siete y media". */

export type SpokenTime = {
  readonly start: number;
  readonly end: number;
  readonly hour: number;
  /** Minutes past the hour, 0 to 59. */
  readonly minute: number;
};

const words = (list: string): ReadonlyMap<string, number> =>
  new Map(list.split(" ").flatMap((spellings, at) => spellings.split("|").map((word) => [word, at + 1] as const)));

const GERMAN = words("ein|eins zwei drei vier fünf|fuenf sechs sieben acht neun zehn elf zwölf|zwoelf");
const FRENCH = words("une deux trois quatre cinq six sept huit neuf dix onze douze");
const SPANISH = words("una dos tres cuatro cinco seis siete ocho nueve diez once doce");

const hours = (names: ReadonlyMap<string, number>): string => `\\d{1,2}|${[...names.keys()].join("|")}`;
const L = "(?<![\\p{L}\\p{N}_:.])";
const R = "(?![\\p{L}\\p{N}_:])";
const rule = (body: string): RegExp => new RegExp(`${L}${body}${R}`, "giu");

/** Minutes that the words before or behind an hour add to it. */
const SHIFTS: ReadonlyMap<string, number> = new Map([
  ["halb", -30],
  ["viertel nach", 15],
  ["viertel vor", -15],
  ["dreiviertel", -15],
  ["et demie", 30],
  ["et demi", 30],
  ["et quart", 15],
  ["moins le quart", -15],
  ["y media", 30],
  ["y cuarto", 15],
  ["menos cuarto", -15],
]);

type Form = { readonly pattern: RegExp; readonly names: ReadonlyMap<string, number> };
/** The groups are named: `hour` and, where the form has one, `shift`. */
const FORMS: readonly Form[] = [
  {
    names: GERMAN,
    pattern: rule(`(?:um\\s+)?(?<shift>halb|viertel nach|viertel vor|dreiviertel)\\s+(?<hour>${hours(GERMAN)})`),
  },
  { names: GERMAN, pattern: rule(`(?:um|gegen|ab)\\s+(?<hour>${[...GERMAN.keys()].join("|")})(?:\\s+uhr)?`) },
  {
    names: FRENCH,
    pattern: rule(
      `(?:(?:à|vers)\\s+)?(?<hour>${hours(FRENCH)})\\s?h(?:eures?)?\\s+(?<shift>et demie?|et quart|moins le quart)`,
    ),
  },
  { names: FRENCH, pattern: rule(`(?:à|vers)\\s+(?<hour>${[...FRENCH.keys()].join("|")})\\s+heures?`) },
  {
    names: SPANISH,
    pattern: rule(`a\\s+las?\\s+(?<hour>${hours(SPANISH)})\\s+(?<shift>y media|y cuarto|menos cuarto)`),
  },
  { names: SPANISH, pattern: rule(`a\\s+las?\\s+(?<hour>${[...SPANISH.keys()].join("|")})`) },
];

/** Every spoken time of a text, longer forms first; they may overlap. Linear. */
export function spokenTimes(text: string): SpokenTime[] {
  const found: SpokenTime[] = [];
  for (const { pattern, names } of FORMS)
    for (const match of text.matchAll(pattern)) {
      const { hour: said = "", shift: by = "" } = match.groups ?? {};
      const whole = names.get(said.toLowerCase()) ?? Number(said);
      const shift = SHIFTS.get(by.toLowerCase().replace(/\s+/gu, " ")) ?? 0;
      if (whole < 1 || whole > 24) continue;
      const hour = shift < 0 ? whole - 1 : whole;
      found.push({ start: match.index, end: match.index + match[0].length, hour, minute: (shift + 60) % 60 });
    }
  return found;
}
