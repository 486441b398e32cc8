/**
 * One condition of a rule: a set in one dimension, as values, as intervals of whole numbers, or as sets of categories.
 */
import { COUNTER_MAX } from "./bounds.ts";
import { CATEGORIES, CATS_MAX, type Dimension, HOURS_PER_WEEK } from "./request.ts";

/** Half open, in whole numbers. */
export type Range = readonly [from: number, to: number];

export type Condition =
  | { readonly kind: "values"; readonly dimension: Dimension; readonly values: readonly string[] }
  | { readonly kind: "ranges"; readonly dimension: Dimension; readonly ranges: readonly Range[] }
  /** Bit n of `subsets` is set when a label with exactly the category bits n is meant. */
  | { readonly kind: "cats"; readonly dimension: "cats"; readonly subsets: number };

/** Above every number that a request may carry (2^53 − 1 is the largest exact one). */
export const RANGE_END = Number.MAX_SAFE_INTEGER;
const DAY_MS = 86_400_000;

const DAYS: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Labels whose categories are all among `within` and that have one of `any`; either may be left out. */
export function catSubsets(within: readonly string[] | undefined, any: readonly string[] | undefined): number {
  const bitsOf = (names: readonly string[]) => names.reduce((bits, name) => bits | categoryBit(name), 0);
  const inside = within === undefined ? CATS_MAX : bitsOf(within);
  const touched = any === undefined ? undefined : bitsOf(any);
  let subsets = 0;
  for (let cats = 0; cats <= CATS_MAX; cats++) {
    if ((cats & ~inside) !== 0) continue;
    if (touched !== undefined && (cats & touched) === 0) continue;
    subsets |= 1 << cats;
  }
  return subsets;
}

/** 0 for `public` and for a word that is none of the categories. */
export function categoryBit(name: string): number {
  return Object.entries(CATEGORIES).find(([category]) => category === name)?.[1] ?? 0;
}

/** `>= 3`, `< 10`, `== 0`, `2..5` (both ends included); undefined when it is none of these. */
export function counterRange(text: string): Range | undefined {
  const span = /^(\d{1,10})\.\.(\d{1,10})$/.exec(text);
  if (span) {
    const from = Number(span[1]);
    const to = Number(span[2]);
    return from <= to && to <= COUNTER_MAX ? [from, to + 1] : undefined;
  }
  const comparison = /^(>=|<=|==|>|<) ?(\d{1,10})$/.exec(text);
  if (!comparison) return undefined;
  const n = Number(comparison[2]);
  if (n > COUNTER_MAX) return undefined;
  switch (comparison[1]) {
    case ">=":
      return [n, RANGE_END];
    case ">":
      return [n + 1, RANGE_END];
    case "<=":
      return [0, n + 1];
    case "<":
      return [0, n];
    default:
      return [n, n + 1];
  }
}

/** `mon-fri 08-18`, `sat 22-06` (into Sunday), `daily 07-09`, `sun`; hours of the week, undefined when malformed. */
export function weekRanges(text: string): Range[] | undefined {
  const parts = /^([a-z]{3,5})(?:-([a-z]{3}))?(?: (\d{1,2})(?::00)?-(\d{1,2})(?::00)?)?$/.exec(text);
  if (!parts) return undefined;
  const daily = parts[1] === "daily";
  if (daily && parts[2] !== undefined) return undefined;
  const first = daily ? 0 : dayIndex(parts[1]);
  const last = daily ? 6 : parts[2] === undefined ? first : dayIndex(parts[2]);
  const from = parts[3] === undefined ? 0 : Number(parts[3]);
  const to = parts[4] === undefined ? 24 : Number(parts[4]);
  if (first < 0 || last < 0 || from > 23 || to > 24 || from === to) return undefined;
  const ranges: Range[] = [];
  const days = ((last - first + 7) % 7) + 1;
  for (let i = 0; i < days; i++) {
    const start = ((first + i) % 7) * 24 + from;
    const hours = to > from ? to - from : to + 24 - from;
    const end = start + hours;
    ranges.push([start, Math.min(end, HOURS_PER_WEEK)]);
    if (end > HOURS_PER_WEEK) ranges.push([0, end - HOURS_PER_WEEK]);
  }
  return mergeRanges(ranges);
}

/** `mon 09` as an hour of the week, for scenario tables. */
export function weekHour(text: string): number | undefined {
  const parts = /^([a-z]{3}) (\d{1,2})(?::00)?$/.exec(text);
  const day = dayIndex(parts?.[1]);
  const hour = Number(parts?.[2]);
  return day < 0 || !(hour <= 23) ? undefined : day * 24 + hour;
}

function dayIndex(name: string | undefined): number {
  return name === undefined ? -1 : DAYS.indexOf(name);
}

/** Sorted and disjoint. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const sorted = ranges.filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const merged: Range[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last && range[0] <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], range[1])];
    else merged.push(range);
  }
  return merged;
}

/**
 * `2026-12-31` (through that day, UTC) or `2026-12-31T18:00:00Z`; milliseconds since 1970, undefined when malformed.
 */
export function untilInstant(text: string): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})Z)?$/.exec(text);
  if (!parts) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const midnight = daysSinceEpoch(year, month, day) * DAY_MS;
  if (parts[4] === undefined) return midnight + DAY_MS;
  const [hour, minute, second] = [Number(parts[4]), Number(parts[5]), Number(parts[6])];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000;
}

function daysInMonth(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

/** Proleptic Gregorian day number; the algorithm is Hinnant's days_from_civil. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
