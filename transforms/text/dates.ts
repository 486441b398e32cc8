/**
 * Date and time expressions in chat, resolved against the time and zone of the message that holds them.
 * English first; German, French and Spanish forms are read in every conversation. Linear in the text.
 */
import { isoDay, type Local, localOf, rfc3339 } from "./civil.ts";
import { type Anchor, DATE_RULES, type Resolved } from "./date-rules.ts";
import { EVENING, MORNING, oneOf } from "./date-words.ts";
import { spokenTimes } from "./spoken-times.ts";

/**
 * When and where a message was written: milliseconds since 1970 UTC or null, and the offset from UTC in minutes then.
 */
export type Written = { readonly sentAt: number | null; readonly offsetMinutes: number; readonly language: string };

/** A date in the text. `value` is `YYYY-MM-DD`, or RFC 3339 with the offset when a time of day was said. */
export type FoundDate = {
  readonly start: number;
  readonly end: number;
  readonly value: string;
  readonly timed: boolean;
};

type DateSpan = { readonly start: number; readonly end: number; readonly at: Resolved };
type TimeSpan = { readonly start: number; readonly end: number; readonly minute: number };

/** A text longer than this is read up to here: a date at the end of a book is no appointment. */
const DATE_TEXT_CHARS_MAX = 20_000;
const DATES_MAX = 64;

const L = "(?<![\\p{L}\\p{N}_:.,/€$£-])";
const R = "(?![\\p{L}\\p{N}_])";
const HALF = new Map([
  ["half past", 30],
  ["quarter past", 15],
  ["quarter to", -15],
]);
const NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve".split(" ");

const CLOCK = new RegExp(`${L}(\\d{1,2})[:h](\\d{2})\\s*(am|pm|a\\.m\\.|p\\.m\\.|uhr|h)?${R}`, "giu");
const DOTTED = /(?<![\p{L}\p{N}_])(?:at|um|@|gegen|ab|till|until|by)\s+(\d{1,2})\.(\d{2})(?![\p{N}.])/giu;
const MERIDIEM = new RegExp(`${L}(\\d{1,2})(?:\\.(\\d{2}))?\\s*(am|pm|a\\.m\\.?|p\\.m\\.?)${R}`, "giu");
const OCLOCK = new RegExp(`${L}(\\d{1,2})\\s*(?:o'clock|uhr(?:\\s+(\\d{2}))?|h|heures)${R}`, "giu");
const AT = new RegExp(
  `(?<![\\p{L}\\p{N}_])(?:at|@|um|gegen|ab|around|à|vers|a\\s+las?|sobre\\s+las?)\\s+(?:about\\s+|around\\s+)?` +
    `(\\d{1,2}|${NUMBER_WORDS.join("|")})(?![\\p{L}\\p{N}_:/%€$£]|[.,]\\d|\\s*(?:%|€|euros?|people|persons?` +
    `|min|minutes|minuten|` +
    `hours?|days?|km|pieces|percent|prozent|am\\b|pm\\b|a\\.m|p\\.m|uhr|h\\b|o'clock))`,
  "giu",
);
const BY = new RegExp(
  String.raw`(?<![\p{L}\p{N}_])(?:by|before|until|till|til|bis)\s+(\d{1,2})(?=\s*(?:$|[.,;!?)]|today` +
    String.raw`|tomorrow|tonight|on\s|latest|please|pls))(?!\.\d)`,
  "giu",
);
const PAST = new RegExp(`${L}(half past|quarter past|quarter to)\\s+(\\d{1,2}|${NUMBER_WORDS.join("|")})${R}`, "giu");
const NAMED = new RegExp(
  `${L}(?:at\\s+|um\\s+|à\\s+|a\\s+)?(noon|midday|midnight|midi|minuit|mediodía|medianoche|mitternacht)${R}`,
  "giu",
);
const EVENING_NEAR = new RegExp(`(?<![\\p{L}])(?:${oneOf(EVENING)})(?![\\p{L}])`, "iu");
const MORNING_NEAR = new RegExp(`(?<![\\p{L}])(?:${oneOf(MORNING)})(?![\\p{L}])`, "iu");

const hourOf = (text: string | undefined): number => {
  const word = NUMBER_WORDS.indexOf((text ?? "").toLowerCase());
  return word >= 0 ? word + 1 : Number(text);
};

/** Minutes since midnight, or null when the numbers are no time. An hour from 1 to 6 without more is an afternoon. */
function minuteOf(hour: number, minute: number, half: string, near: string): number | null {
  if (hour > 24 || minute > 59) return null;
  const said = half.toLowerCase().replaceAll(".", "");
  if (said === "am" || said === "pm") {
    if (hour < 1 || hour > 12) return null;
    return ((hour % 12) + (said === "pm" ? 12 : 0)) * 60 + minute;
  }
  if (said === "exact" || hour > 12 || hour === 0) return (hour % 24) * 60 + minute;
  if (MORNING_NEAR.test(near)) return (hour % 12) * 60 + minute + (hour === 12 ? 720 : 0);
  if (EVENING_NEAR.test(near)) return (hour % 12) * 60 + 720 + minute;
  return (hour < 7 ? hour + 12 : hour) * 60 + minute;
}

/** Text around a place in which words such as "tonight" or "breakfast" say which half of the day is meant. */
const around = (text: string, start: number, end: number): string => text.slice(Math.max(0, start - 40), end + 30);

function timesOf(text: string): TimeSpan[] {
  const found: TimeSpan[] = [];
  const add = (match: RegExpExecArray, hour: number, minute: number, half: string): void =>
    put(match.index, match.index + match[0].length, hour, minute, half);
  const put = (start: number, end: number, hour: number, minute: number, half: string): void => {
    const at = minuteOf(hour, minute, half, around(text, start, end));
    if (at !== null && !found.some((other) => other.start < end && start < other.end))
      found.push({ start, end, minute: at });
  };
  for (const { start, end, hour, minute } of spokenTimes(text)) put(start, end, hour, minute, "");
  for (const m of text.matchAll(MERIDIEM)) add(m, Number(m[1]), Number(m[2] ?? 0), m[3] ?? "");
  for (const m of text.matchAll(CLOCK)) {
    const half = m[3] ?? "";
    add(m, Number(m[1]), Number(m[2]), /^(?:uhr|h)$/iu.test(half) || (m[1] ?? "").startsWith("0") ? "exact" : half);
  }
  for (const m of text.matchAll(DOTTED)) add(m, Number(m[1]), Number(m[2]), "");
  for (const m of text.matchAll(OCLOCK)) add(m, Number(m[1]), Number(m[2] ?? 0), /uhr|h/iu.test(m[0]) ? "exact" : "");
  for (const m of text.matchAll(PAST)) {
    const shift = HALF.get((m[1] ?? "").toLowerCase()) ?? 0;
    const hour = hourOf(m[2]);
    add(m, shift < 0 ? hour - 1 : hour, (shift + 60) % 60, "");
  }
  for (const m of text.matchAll(NAMED)) {
    add(m, /mid(?:night)|minuit|medianoche|mitternacht/iu.test(m[1] ?? "") ? 24 : 12, 0, "exact");
  }
  for (const m of text.matchAll(AT)) add(m, hourOf(m[1]), 0, "");
  for (const m of text.matchAll(BY)) add(m, Number(m[1]), 0, "");
  return found.sort((a, b) => a.start - b.start);
}

function datesOf(text: string, anchor: Anchor): DateSpan[] {
  const found: DateSpan[] = [];
  for (const { pattern, resolve } of DATE_RULES) {
    for (const match of text.matchAll(pattern)) {
      const at = resolve(match, anchor);
      if (at !== null) found.push({ start: match.index, end: match.index + match[0].length, at });
    }
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: DateSpan[] = [];
  for (const span of found) {
    const last = kept.at(-1);
    if (last === undefined || span.start >= last.end) kept.push(span);
    else if (span.end - span.start > last.end - last.start) kept[kept.length - 1] = span;
  }
  return kept.slice(0, DATES_MAX);
}

/** Between a date and its time stand at most a few small words. */
const JOINED = new RegExp(
  String.raw`^[\s,()]*(?:(?:at|on|by|um|am|around|about|à|a|las?|the|in|de|from|von|morning|afternoon` +
    "|evening|night|früh|abend|nachmittag|vormittag|matin|soir|après-midi|por|noche|tarde|mañana" +
    String.raw`|then|,)[\s,()]*){0,3}$`,
  "iu",
);

const sameDayTime = (time: TimeSpan, local: Local): Local =>
  time.minute > local.minute || time.minute === 1440
    ? { day: local.day, minute: time.minute }
    : { day: local.day + 1, minute: time.minute };

/**
 * All dates and times of a text in order, not overlapping. Relative ones need `sentAt`; without it only full dates are
 * found.
 */
export function findDates(text: string, written: Written): FoundDate[] {
  const read = text.slice(0, DATE_TEXT_CHARS_MAX);
  const { sentAt, offsetMinutes } = written;
  const anchor = {
    local: sentAt === null ? null : localOf(sentAt, offsetMinutes),
    dayFirst: written.language !== "en",
  };
  const dates = datesOf(read, anchor);
  const times = timesOf(read).filter((t) => !dates.some((d) => d.start <= t.start && t.end <= d.end));
  const out: FoundDate[] = [];
  const used = new Set<TimeSpan>();
  for (const date of dates) {
    const time = times.find((t) => !used.has(t) && isJoined(read, date, t));
    if (time === undefined) {
      const timed = date.at.minute !== null;
      const value = timed
        ? rfc3339({ day: date.at.day, minute: date.at.minute ?? 0 }, offsetMinutes)
        : isoDay(date.at.day);
      out.push({ start: date.start, end: date.end, value, timed });
      continue;
    }
    used.add(time);
    const value = rfc3339({ day: date.at.day, minute: time.minute }, offsetMinutes);
    out.push({ start: Math.min(date.start, time.start), end: Math.max(date.end, time.end), value, timed: true });
  }
  for (const time of times) {
    if (used.has(time) || anchor.local === null) continue;
    out.push({ ...time, value: rfc3339(sameDayTime(time, anchor.local), offsetMinutes), timed: true });
  }
  return out.sort((a, b) => a.start - b.start).map(({ start, end, value, timed }) => ({ start, end, value, timed }));
}

function isJoined(text: string, date: DateSpan, time: TimeSpan): boolean {
  if (time.start < date.end && date.start < time.end) return true;
  const from = Math.min(date.end, time.end);
  const to = Math.max(date.start, time.start);
  return to - from <= 30 && JOINED.test(text.slice(from, to));
}
