/**
 * Civil calendar arithmetic without a clock: days and minutes as numbers (proleptic Gregorian, days since 1970-01-01).
 */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** A point in local time: whole days since 1970-01-01 and minutes since midnight. */
export type Local = { readonly day: number; readonly minute: number };

export type Civil = { readonly year: number; readonly month: number; readonly date: number };

/** Days since 1970-01-01 of a civil date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
export function dayOf(year: number, month: number, date: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + date - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

/** The civil date of a day number; the inverse of `dayOf`. */
export function civilOf(day: number): Civil {
  const z = day + 719_468;
  const era = Math.floor(z / 146_097);
  const ofEra = z - era * 146_097;
  const years = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * years + Math.floor(years / 4) - Math.floor(years / 100));
  const part = Math.floor((5 * ofYear + 2) / 153);
  const month = part + (part < 10 ? 3 : -9);
  return {
    year: years + era * 400 + (month <= 2 ? 1 : 0),
    month,
    date: ofYear - Math.floor((153 * part + 2) / 5) + 1,
  };
}

export function monthLength(year: number, month: number): number {
  return (month === 12 ? dayOf(year + 1, 1, 1) : dayOf(year, month + 1, 1)) - dayOf(year, month, 1);
}

/** Is this a date of the calendar? Years 1900 to 2199 only: a chat means nothing else. */
export function isCivil(year: number, month: number, date: number): boolean {
  return year >= 1900 && year <= 2199 && month >= 1 && month <= 12 && date >= 1 && date <= monthLength(year, month);
}

/** ISO weekday, Monday 1 to Sunday 7. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** The same date some months on, the last of the month where it has none. */
export function addMonths(day: number, months: number): number {
  const { year, month, date } = civilOf(day);
  const total = year * 12 + (month - 1) + months;
  const toYear = Math.floor(total / 12);
  const toMonth = total - toYear * 12 + 1;
  return dayOf(toYear, toMonth, Math.min(date, monthLength(toYear, toMonth)));
}

/** Local time of an instant (milliseconds since 1970 UTC) at an offset in minutes, east positive. */
export function localOf(epochMs: number, offsetMinutes: number): Local {
  const local = epochMs + offsetMinutes * MINUTE_MS;
  const day = Math.floor(local / DAY_MS);
  return { day, minute: Math.floor((local - day * DAY_MS) / MINUTE_MS) };
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `YYYY-MM-DD`. */
export function isoDay(day: number): string {
  const { year, month, date } = civilOf(day);
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(date)}`;
}

/** RFC 3339 with seconds and a numeric offset, `Z` at offset 0. */
export function rfc3339(local: Local, offsetMinutes: number): string {
  const day = local.day + Math.floor(local.minute / 1440);
  const minute = ((local.minute % 1440) + 1440) % 1440;
  const absolute = Math.abs(offsetMinutes);
  const zone =
    offsetMinutes === 0
      ? "Z"
      : `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(absolute / 60))}:${two(absolute % 60)}`;
  return `${isoDay(day)}T${two(Math.floor(minute / 60))}:${two(minute % 60)}:00${zone}`;
}
