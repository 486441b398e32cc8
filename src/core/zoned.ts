/**
 * Wall clocks and instants. A wall time is what a clock in the zone shows, as if it were UTC milliseconds
 * (RFC 5545 section 3.3.5 for what is shown never or twice).
 */
import { DAY_MS, MINUTE_MS } from "./limits.ts";

/** Offset of one zone from UTC at an instant, in minutes, east positive. */
export type OffsetAt = (at: number) => number;
/** The next wall time of a cron pattern strictly after another; null when there is none. Throws for a bad pattern. */
export type NextLocal = (pattern: string, afterWall: number) => number | null;

export const wallOf = (at: number, offsetAt: OffsetAt): number => at + offsetAt(at) * MINUTE_MS;

/** A time that is shown twice is the first of the two; one that is skipped lies as far behind the gap as it began. */
export function instantOf(wall: number, offsetAt: OffsetAt): number {
  const before = offsetAt(wall - DAY_MS);
  const first = wall - before * MINUTE_MS;
  if (offsetAt(first) === before) return first;
  const after = offsetAt(wall + DAY_MS);
  const second = wall - after * MINUTE_MS;
  return offsetAt(second) === after ? second : first;
}

/** The next instant of a pattern strictly after another: a skipped hour once, behind the gap; a repeated one once. */
export function nextInstant(pattern: string, after: number, offsetAt: OffsetAt, next: NextLocal): number | null {
  for (let wall = next(pattern, wallOf(after, offsetAt)); wall !== null; wall = next(pattern, wall)) {
    const at = instantOf(wall, offsetAt);
    if (at > after) return at;
  }
  return null;
}
