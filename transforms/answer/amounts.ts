/** Sums and counts in chat: "300 euros", "€12.50", "1.200 €", "20 %", "nine seats". */

export const UNITS = ["eur", "usd", "gbp", "chf", "percent", "count"] as const;
/** `hundredths` of the unit, so that cents and half percents are whole numbers. */
export type Amount = { readonly hundredths: number; readonly unit: (typeof UNITS)[number] };

export const HUNDREDTHS_MAX = 1_000_000_000_000;
const NUMBER = String.raw`\d{1,3}(?:[.,'\u00a0 ]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?`;
const SIGNS: Readonly<Record<string, Amount["unit"]>> = { "€": "eur", $: "usd", "£": "gbp", "%": "percent" };
const WORDS: readonly (readonly [RegExp, Amount["unit"]])[] = [
  [/^(?:euros?|eur)$/iu, "eur"],
  [/^(?:dollars?|usd|bucks)$/iu, "usd"],
  [/^(?:pounds?|gbp|quid)$/iu, "gbp"],
  [/^(?:francs?|franken|chf)$/iu, "chf"],
  [/^(?:percent|prozent|pour|por)$/iu, "percent"],
];
const BEFORE = new RegExp(String.raw`([€$£])\s?(${NUMBER})`, "u");
const BEHIND = new RegExp(String.raw`(?<![\p{L}\d_.,:/])(${NUMBER})\s?([€$£%]|\p{L}+)?(?![\d:/])`, "gu");
const NAMED = new Map(
  "one two three four five six seven eight nine ten eleven twelve"
    .split(" ")
    .map((word, at) => [word, at + 1] as const),
);
const IN_WORDS = new RegExp(
  String.raw`(?<![\p{L}])(${[...NAMED.keys()].join("|")}) (?!of\b|day|way|time|more|` +
    String.raw`another)\p{L}{3,}s(?![\p{L}])`,
  "iu",
);

function hundredthsOf(text: string): number {
  const bare = text.replace(/['\u00a0 ]/g, "");
  const cents = /[.,](\d{1,2})$/.exec(bare)?.[1];
  const whole = (cents === undefined ? bare : bare.slice(0, -cents.length - 1)).replace(/[.,]/g, "");
  return Math.min(HUNDREDTHS_MAX, Number(whole) * 100 + (cents === undefined ? 0 : Number(cents.padEnd(2, "0"))));
}

const unitOf = (word: string): Amount["unit"] | null =>
  SIGNS[word] ?? WORDS.find(([pattern]) => pattern.test(word))?.[1] ?? null;

/** The sum of money or the share a text names; without one the first plain count. Times and dates do not count. */
export function amountIn(text: string): Amount | null {
  const before = BEFORE.exec(text);
  if (before !== null) return { hundredths: hundredthsOf(before[2] ?? ""), unit: SIGNS[before[1] ?? ""] ?? "eur" };
  let count: Amount | null = null;
  for (const [, number = "", word = ""] of text.matchAll(BEHIND)) {
    const unit = unitOf(word);
    if (unit !== null) return { hundredths: hundredthsOf(number), unit };
    if (count === null && !/^(?:am|pm|uhr|h|heures?|th|st|nd|rd|o|march|april|may|june|july)$/iu.test(word))
      count = { hundredths: hundredthsOf(number), unit: "count" };
  }
  if (count !== null) return count;
  const word = IN_WORDS.exec(text)?.[1]?.toLowerCase();
  return word === undefined ? null : { hundredths: (NAMED.get(word) ?? 0) * 100, unit: "count" };
}
