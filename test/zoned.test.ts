/** Wall clocks in zones whose offset changes: skipped hours, repeated ones, and patterns over both. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { cronOf } from "../src/core/followup.ts";
import { HOUR_MS, MINUTE_MS } from "../src/core/limits.ts";
import { instantOf, nextInstant, type OffsetAt, wallOf } from "../src/core/zoned.ts";
import { nextByCron } from "../src/edge/cron.ts";
import { hashing } from "../src/store/hashing.ts";

const inZone =
  (zone: string): OffsetAt =>
  (at) =>
    hashing.offsetMinutes(zone, at) ?? 0;
const vienna = inZone("Europe/Vienna");
const wall = (text: string): number => Date.parse(`${text}Z`);
const utc = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** Every time that the pattern fires from an instant on. */
function firings(pattern: string, from: string, count: number, offsetAt = vienna): readonly (string | null)[] {
  const found: (string | null)[] = [];
  for (let at: number | null = Date.parse(from); at !== null && found.length < count; ) {
    at = nextInstant(pattern, at, offsetAt, nextByCron);
    found.push(utc(at));
  }
  return found;
}

test("a time that the clock skips comes once, after the gap; one that it shows twice is the first", () => {
  expect(utc(instantOf(wall("2026-03-29T02:30"), vienna))).toBe("2026-03-29T01:30:00.000Z");
  expect(utc(instantOf(wall("2026-10-25T02:30"), vienna))).toBe("2026-10-25T00:30:00.000Z");
  expect(utc(instantOf(wall("2026-03-29T12:00"), vienna))).toBe("2026-03-29T10:00:00.000Z");
  expect(utc(instantOf(wall("2026-10-25T12:00"), vienna))).toBe("2026-10-25T11:00:00.000Z");
});

test("a daily pattern fires once on the days of both changes", () => {
  const daily = "30 2 * * *";
  expect(firings(daily, "2026-03-27T12:00:00Z", 4)).toEqual([
    "2026-03-28T01:30:00.000Z",
    "2026-03-29T01:30:00.000Z",
    "2026-03-30T00:30:00.000Z",
    "2026-03-31T00:30:00.000Z",
  ]);
  expect(firings(daily, "2026-10-23T12:00:00Z", 4)).toEqual([
    "2026-10-24T00:30:00.000Z",
    "2026-10-25T00:30:00.000Z",
    "2026-10-26T01:30:00.000Z",
    "2026-10-27T01:30:00.000Z",
  ]);
});

test("an hourly pattern says the repeated hour once and the skipped one not at all", () => {
  expect(firings("0 * * * *", "2026-10-24T23:30:00Z", 3)).toEqual([
    "2026-10-25T00:00:00.000Z",
    "2026-10-25T02:00:00.000Z",
    "2026-10-25T03:00:00.000Z",
  ]);
  expect(firings("0 * * * *", "2026-03-28T23:30:00Z", 3)).toEqual([
    "2026-03-29T00:00:00.000Z",
    "2026-03-29T01:00:00.000Z",
    "2026-03-29T02:00:00.000Z",
  ]);
});

test("weekdays and dates are patterns of their own", () => {
  expect(cronOf({ weekdays: [1, 2, 3, 4, 5], minute: 480 })).toBe("0 8 * * 1,2,3,4,5");
  expect(cronOf({ date: 1, minute: 545 })).toBe("5 9 1 * *");
  expect(cronOf({ in_minutes: 5 })).toBeNull();
  expect(firings("0 8 * * 1,2,3,4,5", "2026-11-27T12:00:00Z", 2)).toEqual([
    "2026-11-30T07:00:00.000Z",
    "2026-12-01T07:00:00.000Z",
  ]);
});

test("what is no pattern is refused without repeating it", () => {
  for (const pattern of ["61 * * * *", "* * *", "a b c d e", "0 0 31 2 *x"]) {
    expect(() => nextByCron(pattern, 0)).toThrow(/.*/);
    try {
      nextByCron(pattern, 0);
    } catch (error) {
      expect(String(error)).not.toContain(pattern);
    }
  }
  expect(nextByCron("0 0 31 2 *", wall("2026-01-01T00:00"))).toBeNull();
});

test("in every zone a wall time comes when it is shown, or at most an hour behind the gap that swallowed it", () => {
  const zones = ["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Chatham", "UTC"];
  const start = Date.UTC(2026, 0, 1) / MINUTE_MS;
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 366 * 1440 }), (zone, minutes) => {
      const offsetAt = inZone(zone);
      const asked = (start + minutes) * MINUTE_MS;
      const at = instantOf(asked, offsetAt);
      const shown = wallOf(at, offsetAt);
      expect(shown - asked === 0 || (shown > asked && shown - asked <= HOUR_MS)).toBe(true);
      expect(at % MINUTE_MS).toBe(0);
    }),
    { numRuns: 300 },
  );
});
