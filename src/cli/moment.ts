/** Moments and durations, as people read and write them. */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/limits.ts";
import { Trouble } from "./trouble.ts";

const STEPS: readonly (readonly [number, string, string])[] = [
  [DAY_MS, "day", "days"],
  [HOUR_MS, "h", "h"],
  [MINUTE_MS, "min", "min"],
  [SECOND_MS, "s", "s"],
];

/** `5 min ago`, `in 2 days`, `now`. */
export function relative(at: number, now: number): string {
  const words = span(Math.abs(at - now));
  if (words === "0 s") return "now";
  return at < now ? `${words} ago` : `in ${words}`;
}

/** The largest unit that fits, whole: `3 days`, `90 s` is `1 min`. */
export function span(ms: number): string {
  for (const [unit, one, many] of STEPS) {
    const count = Math.floor(ms / unit);
    if (count >= 1) return `${count} ${count === 1 ? one : many}`;
  }
  return "0 s";
}

export const iso = (at: number): string => new Date(at).toISOString();

const DURATION = /^(\d{1,9})(ms|s|m|h|d|w)$/;
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
};

/** `7d`, `36h`, `10m`: a number and its unit, in milliseconds. */
export function duration(text: string, field: string): number {
  const [, count = "", unit = ""] = DURATION.exec(text) ?? [];
  const factor = UNITS[unit];
  if (factor !== undefined) return Number(count) * factor;
  throw new Trouble("input.invalid", `${field} takes a number with its unit, not ${text}.`, "such as 7d, 36h or 10m");
}

/** RFC 3339 section 5.6, with the zone it demands. */
const INSTANT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970 UTC; null when the text is no such moment. */
export function instant(text: string): number | null {
  if (!INSTANT.test(text)) return null;
  const at = Date.parse(text.replace(" ", "T").toUpperCase());
  return Number.isNaN(at) || at < 0 ? null : at;
}
