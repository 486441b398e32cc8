/** What a date in words means: one rule a form, each a linear pattern and a resolution against the day of writing. */
import { addMonths, civilOf, dayOf, isCivil, type Local, monthLength, weekdayOf } from "./civil.ts";
import {
  MONTHS,
  NEXT,
  NEXT_AFTER,
  NUMBERS,
  oneOf,
  RELATIVE_DAYS,
  SHORT_WEEKDAYS,
  THIS,
  UNITS,
  type Unit,
  WEEKDAYS,
} from "./date-words.ts";

/** The local time of writing; null when the message has none. `dayFirst`: 3/5 is the third of May. */
export type Anchor = { readonly local: Local | null; readonly dayFirst: boolean };

/** A resolved date; `minute` when the form itself says a time of day ("in two hours"). */
export type Resolved = { readonly day: number; readonly minute: number | null };

export type DateRule = {
  readonly pattern: RegExp;
  readonly resolve: (groups: readonly (string | undefined)[], anchor: Anchor) => Resolved | null;
};

const L = "(?<![\\p{L}\\p{N}_])";
const R = "(?![\\p{L}\\p{N}_])";
const rule = (body: string, resolve: DateRule["resolve"]): DateRule => ({
  pattern: new RegExp(L + body + R, "giu"),
  resolve,
});

const onDay = (day: number): Resolved => ({ day, minute: null });
const key = (text: string | undefined): string => (text ?? "").toLowerCase().replace(/\s+/gu, " ");

/** A date of this year or, when that is more than two months ago, of the next; null without an anchor and a year. */
function dated(year: number | null, month: number, date: number, anchor: Anchor): Resolved | null {
  if (year !== null) {
    const full = year < 100 ? 2000 + year : year;
    return isCivil(full, month, date) ? onDay(dayOf(full, month, date)) : null;
  }
  if (anchor.local === null) return null;
  const now = civilOf(anchor.local.day).year;
  for (const candidate of [now, now + 1]) {
    if (isCivil(candidate, month, date) && dayOf(candidate, month, date) >= anchor.local.day - 60) {
      return onDay(dayOf(candidate, month, date));
    }
  }
  return null;
}

const yearOf = (text: string | undefined): number | null => (text === undefined || text === "" ? null : Number(text));

/** The next day of that weekday after the day of writing; with `next`, the one in the following calendar week. */
function weekday(iso: number, next: boolean, here: boolean, anchor: Anchor): Resolved | null {
  if (anchor.local === null) return null;
  const { day } = anchor.local;
  const today = weekdayOf(day);
  if (next) return onDay(day - today + 7 + iso);
  const ahead = (iso - today + 7) % 7;
  return onDay(day + (ahead === 0 && !here ? 7 : ahead));
}

function after(count: number, unit: Unit, anchor: Anchor): Resolved | null {
  if (anchor.local === null || count > 5000) return null;
  const { day, minute } = anchor.local;
  if (unit === "minute" || unit === "hour") {
    const total = minute + Math.round(count * (unit === "hour" ? 60 : 1));
    return { day: day + Math.floor(total / 1440), minute: total % 1440 };
  }
  if (unit === "month") return onDay(addMonths(day, Math.round(count)));
  if (unit === "year") return onDay(addMonths(day, Math.round(count * 12)));
  return onDay(day + Math.round(count * (unit === "week" ? 7 : 1)));
}

/** The last day of the period: Friday stands for the end of a week, Sunday once Friday is over. */
function endOf(unit: Unit, next: boolean, anchor: Anchor): Resolved | null {
  if (anchor.local === null) return null;
  const { day } = anchor.local;
  if (unit === "day") return onDay(next ? day + 1 : day);
  if (unit === "week") {
    const monday = day - weekdayOf(day) + 1 + (next ? 7 : 0);
    return onDay(day > monday + 4 ? monday + 6 : monday + 4);
  }
  const { year, month } = civilOf(unit === "month" && next ? addMonths(day, 1) : day);
  if (unit === "month") return onDay(dayOf(year, month, monthLength(year, month)));
  return unit === "year" ? onDay(dayOf(next ? year + 1 : year, 12, 31)) : null;
}

/** The last day of the month of that number that is still to come. */
function endOfMonth(month: number, anchor: Anchor): Resolved | null {
  if (anchor.local === null) return null;
  const now = civilOf(anchor.local.day);
  const year = month < now.month ? now.year + 1 : now.year;
  return onDay(dayOf(year, month, monthLength(year, month)));
}

/** The first day of the following period. */
function startOfNext(unit: Unit, anchor: Anchor): Resolved | null {
  if (anchor.local === null) return null;
  const { day } = anchor.local;
  if (unit === "week") return onDay(day - weekdayOf(day) + 8);
  const { year, month } = civilOf(unit === "month" ? addMonths(day, 1) : day);
  if (unit === "month") return onDay(dayOf(year, month, 1));
  return unit === "year" ? onDay(dayOf(year + 1, 1, 1)) : null;
}

function weekend(next: boolean, anchor: Anchor): Resolved | null {
  if (anchor.local === null) return null;
  const { day } = anchor.local;
  const saturday = day - weekdayOf(day) + 6 + (next ? 7 : 0);
  return onDay(Math.max(saturday, next ? saturday : day));
}

/** The next day of the month with that number, today included. */
function dayOfMonth(date: number, anchor: Anchor): Resolved | null {
  if (anchor.local === null || date < 1 || date > 31) return null;
  const { day } = anchor.local;
  const first = day - civilOf(day).date + 1;
  for (let ahead = 0; ahead < 4; ahead += 1) {
    const { year, month } = civilOf(addMonths(first, ahead));
    if (date <= monthLength(year, month) && dayOf(year, month, date) >= day) return onDay(dayOf(year, month, date));
  }
  return null;
}

function slashed(first: number, second: number, year: number | null, anchor: Anchor): Resolved | null {
  if (first > 12 || (anchor.dayFirst && second <= 12)) return dated(year, second, first, anchor);
  return dated(year, first, second, anchor);
}

const DAYS = oneOf(WEEKDAYS.keys());
const SHORT = oneOf(SHORT_WEEKDAYS.keys());
const MONTH = oneOf(MONTHS.keys());
const NUMBER = `\\d{1,3}|${oneOf(NUMBERS.keys())}`;
const UNIT = oneOf(UNITS.keys());
const SAID = "on|by|this|next|until|till|til|before|for|due|every|from|since";
const isNext = (text: string | undefined): boolean => NEXT.split(",").includes(key(text));
/** "next friday" is one of the following week; "nächsten Freitag", "el próximo viernes" are the coming one. */
const isFollowing = (text: string | undefined): boolean => key(text) === "next";
const numberOf = (text: string | undefined): number => NUMBERS.get(key(text)) ?? Number(text);
const unitOf = (text: string | undefined): Unit => UNITS.get(key(text)) ?? "day";
const weekdayNumber = (text: string | undefined): number =>
  WEEKDAYS.get(key(text)) ?? SHORT_WEEKDAYS.get(key(text)) ?? 1;
const monthNumber = (text: string | undefined): number => MONTHS.get(key(text)) ?? 0;

/** All forms. Where two match at one place, the longer one counts. */
export const DATE_RULES: readonly DateRule[] = [
  rule("(\\d{4})-(\\d{1,2})-(\\d{1,2})", (g, a) => dated(Number(g[1]), Number(g[2]), Number(g[3]), a)),
  rule("(\\d{1,2})/(\\d{1,2})(?:/(\\d{4}|\\d{2}))?", (g, a) => slashed(Number(g[1]), Number(g[2]), yearOf(g[3]), a)),
  {
    pattern: /(?<![\p{L}\p{N}_.])(\d{1,2})\.\s?(\d{1,2})\.(?:\s?(\d{4}|\d{2})(?![\p{N}:.])|(?!\d))/giu,
    resolve: (g, a) => dated(yearOf(g[3]), Number(g[2]), Number(g[1]), a),
  },
  rule(
    `(\\d{1,2})(?:st|nd|rd|th|er|º|\\.)?\\s*(?:of\\s+|de\\s+)?(${MONTH})\\.?(?:,?\\s+(?:de\\s+|del\\s+)?(\\d{4}))?`,
    (g, a) => dated(yearOf(g[3]), monthNumber(g[2]), Number(g[1]), a),
  ),
  rule(`(${MONTH})\\.?\\s+(?:the\\s+)?(\\d{1,2})(?:st|nd|rd|th)?(?:,?\\s+(\\d{4}))?(?![:.]\\d)`, (g, a) =>
    dated(yearOf(g[3]), monthNumber(g[1]), Number(g[2]), a),
  ),
  rule(`(?:(${oneOf(NEXT)}|${oneOf(THIS)})\\s+)?(${DAYS})`, (g, a) =>
    weekday(weekdayNumber(g[2]), isFollowing(g[1]), g[1] !== undefined && !isNext(g[1]), a),
  ),
  rule(`(?:(?:${SAID})\\s+)(${SHORT})`, (g, a) => weekday(weekdayNumber(g[1]), /^next/iu.test(g[0] ?? ""), false, a)),
  rule(`(${DAYS})\\s+(?:${oneOf(NEXT_AFTER)})`, (g, a) => weekday(weekdayNumber(g[1]), true, false, a)),
  rule(`(${DAYS})\\s+(?:prochain|que\\s+viene|próximo)`, (g, a) => weekday(weekdayNumber(g[1]), false, false, a)),
  rule(`(?:next\\s+week|nächste\\s+woche)(?:'s)?\\s+(?:on\\s+|am\\s+)?(${DAYS})`, (g, a) =>
    weekday(weekdayNumber(g[1]), true, false, a),
  ),
  rule(`(?:the\\s+)?(${DAYS})\\s+after\\s+next`, (g, a) => {
    const next = weekday(weekdayNumber(g[1]), true, false, a);
    return next === null ? null : onDay(next.day + 7);
  }),
  rule(`(?:a\\s+week\\s+(?:on|from)\\s+)(${DAYS})|(${DAYS})\\s+week`, (g, a) => {
    const next = weekday(weekdayNumber(g[1] ?? g[2]), false, false, a);
    return next === null ? null : onDay(next.day + 7);
  }),
  rule(`(?<!guten\\s)(?<!(?:la|am|jeden)\\s)(?:the\\s+)?(${oneOf(RELATIVE_DAYS.keys())})`, (g, a) =>
    a.local === null ? null : onDay(a.local.day + (RELATIVE_DAYS.get(key(g[1])) ?? 0)),
  ),
  rule(`(?:in|within|innerhalb\\s+von|dans|en|dentro\\s+de)\\s+(?:the\\s+next\\s+)?(${NUMBER})\\s+(${UNIT})`, (g, a) =>
    after(numberOf(g[1]), unitOf(g[2]), a),
  ),
  rule(`(?:heute|aujourd'hui|hoy|today)\\s+(?:in|dans|en|dentro\\s+de)\\s+(${NUMBER})\\s+(${UNIT})`, (g, a) =>
    after(numberOf(g[1]), unitOf(g[2]), a),
  ),
  rule(`(${DAYS})\\s+in\\s+einer\\s+woche`, (g, a) => {
    const next = weekday(weekdayNumber(g[1]), false, false, a);
    return next === null ? null : onDay(next.day + 7);
  }),
  rule(`(${DAYS})(?:abend|morgen|früh|nachmittag|vormittag|mittag|nacht)s?`, (g, a) =>
    weekday(weekdayNumber(g[1]), false, false, a),
  ),
  rule(`(?:the\\s+)?(?:end\\s+of|ende|fin|finales\\s+de)\\s+(${MONTH})`, (g, a) => endOfMonth(monthNumber(g[1]), a)),
  rule(`(${NUMBER})\\s+(${UNIT})\\s+(?:from\\s+(?:now|today)|later)`, (g, a) => after(numberOf(g[1]), unitOf(g[2]), a)),
  rule("(?:a\\s+)?(week|fortnight)\\s+from\\s+(?:now|today)", (g, a) => after(key(g[1]) === "week" ? 1 : 2, "week", a)),
  rule(
    `(?:the\\s+)?(?:end\\s+of|ende|fin\\s+de|fin|finales\\s+de|final\\s+de)\\s*(?:the\\s+|this\\s+|des\\s+` +
      `|der\\s+|du\\s+|de\\s+la\\s+|la\\s+)?` +
      `(?:(${oneOf(NEXT)})\\s+)?(day|week|month|year|monats|monat|woche|jahres|jahr|mois|semaine|mes|año)`,
    (g, a) => endOf(unitOf(g[2]), isNext(g[1]), a),
  ),
  rule("(eod|cob|eow|eom)", (g, a) =>
    endOf(key(g[1]) === "eow" ? "week" : key(g[1]) === "eom" ? "month" : "day", false, a),
  ),
  rule(
    `(?:(${oneOf(NEXT)}|${oneOf(THIS)}|the|on\\s+the|over\\s+the|am|le|el)\\s+)(weekend|wochenende|week-end` +
      `|fin\\s+de\\s+semana)`,
    (g, a) => weekend(isNext(g[1]), a),
  ),
  rule("le\\s+week-end\\s+prochain|el\\s+fin\\s+de\\s+semana\\s+que\\s+viene", (_, a) => weekend(true, a)),
  rule(`(?:the\\s+)?(?:${oneOf(NEXT)})\\s+(week|month|year|woche|monat|jahr|semana|mes|año)`, (g, a) =>
    startOfNext(unitOf(g[1]), a),
  ),
  rule(
    "(?:la\\s+|le\\s+|el\\s+)?(semaine|mois|semana|mes|año)\\s+(?:prochaine|prochain|que\\s+viene|próxima|próximo)",
    (g, a) => startOfNext(unitOf(g[1]), a),
  ),
  rule(`(?:the)\\s+(\\d{1,2})(?:st|nd|rd|th)(?!\\s+(?:of|floor|time|one|grade|${MONTH}))`, (g, a) =>
    dayOfMonth(Number(g[1]), a),
  ),
  rule("(?:am|bis\\s+zum|zum)\\s+(\\d{1,2})\\.(?!\\s?\\d)", (g, a) => dayOfMonth(Number(g[1]), a)),
  rule(
    "(?:avant\\s+le|pour\\s+le|le|antes\\s+del|para\\s+el|(?:el\\s+|antes\\s+del\\s+|para\\s+el\\s+)?día|" +
      "el)\\s+(\\d{1,2})(?!\\s*(?:h|%|€|:))",
    (g, a) => dayOfMonth(Number(g[1]), a),
  ),
];
