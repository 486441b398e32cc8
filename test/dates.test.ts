import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addMonths, civilOf, dayOf, isCivil, isoDay, localOf, rfc3339, weekdayOf } from "../transforms/text/civil.ts";
import { findDates } from "../transforms/text/dates.ts";

/** Wednesday 2026-03-11 10:00 in Vienna (UTC+1). */
const WRITTEN = { sentAt: Date.UTC(2026, 2, 11, 9, 0), offsetMinutes: 60, language: "en" };
const first = (text: string, written: Parameters<typeof findDates>[1] = WRITTEN): string | null =>
  findDates(text, written)[0]?.value ?? null;

describe("the civil calendar", () => {
  test("agrees with the platform's on every day that a chat can mean", () => {
    fc.assert(
      fc.property(fc.integer({ min: -25_000, max: 80_000 }), (day) => {
        const date = new Date(day * 86_400_000);
        expect(isoDay(day)).toBe(date.toISOString().slice(0, 10));
        expect(weekdayOf(day)).toBe(date.getUTCDay() === 0 ? 7 : date.getUTCDay());
        const { year, month, date: inMonth } = civilOf(day);
        expect(dayOf(year, month, inMonth)).toBe(day);
      }),
    );
  });

  test("a month later keeps the date or takes the last of the month", () => {
    expect(isoDay(addMonths(dayOf(2026, 1, 31), 1))).toBe("2026-02-28");
    expect(isoDay(addMonths(dayOf(2026, 12, 15), 2))).toBe("2027-02-15");
    expect(isCivil(2026, 2, 29)).toBe(false);
  });

  test("local time follows the offset that is handed in, west of Greenwich too", () => {
    expect(localOf(Date.UTC(2026, 2, 11, 1, 30), -300)).toEqual({ day: dayOf(2026, 3, 10), minute: 20 * 60 + 30 });
    expect(rfc3339({ day: dayOf(2026, 3, 10), minute: 1440 }, -210)).toBe("2026-03-11T00:00:00-03:30");
    expect(rfc3339({ day: dayOf(2026, 3, 10), minute: 5 }, 0)).toBe("2026-03-10T00:05:00Z");
  });
});

describe("dates in English", () => {
  test.each([
    ["by friday", "2026-03-13"],
    ["next friday", "2026-03-20"],
    ["this wednesday", "2026-03-11"],
    ["wednesday", "2026-03-18"],
    ["friday next week", "2026-03-20"],
    ["a week from friday", "2026-03-20"],
    ["due sun", "2026-03-15"],
    ["tomorrow", "2026-03-12"],
    ["the day after tomorrow", "2026-03-13"],
    ["yesterday", "2026-03-10"],
    ["in two weeks", "2026-03-25"],
    ["in 3 days", "2026-03-14"],
    ["a month from now", "2026-04-11"],
    ["end of month", "2026-03-31"],
    ["by the end of the week", "2026-03-13"],
    ["end of the year", "2026-12-31"],
    ["eod", "2026-03-11"],
    ["by the 3rd", "2026-04-03"],
    ["on the 15th", "2026-03-15"],
    ["this weekend", "2026-03-14"],
    ["next weekend", "2026-03-21"],
    ["next week", "2026-03-16"],
    ["next month", "2026-04-01"],
    ["May 3", "2026-05-03"],
    ["3rd of May 2027", "2027-05-03"],
    ["December 1st, 2026", "2026-12-01"],
    ["January 5", "2027-01-05"],
    ["2026-05-03", "2026-05-03"],
    ["31/12/2026", "2026-12-31"],
  ])("%s is %s", (text, expected) => {
    expect(first(text)).toBe(expected);
  });

  test.each([
    ["tomorrow at 9", "2026-03-12T09:00:00+01:00"],
    ["tomorrow at 5", "2026-03-12T17:00:00+01:00"],
    ["tomorrow morning at 5", "2026-03-12T05:00:00+01:00"],
    ["friday 3pm", "2026-03-13T15:00:00+01:00"],
    ["at 3 p.m. on friday", "2026-03-13T15:00:00+01:00"],
    ["at noon on monday", "2026-03-16T12:00:00+01:00"],
    ["half past six tomorrow", "2026-03-12T18:30:00+01:00"],
    ["quarter to nine tomorrow", "2026-03-12T08:45:00+01:00"],
    ["dinner tonight at 8", "2026-03-11T20:00:00+01:00"],
    ["at 17:30", "2026-03-11T17:30:00+01:00"],
    ["at 9:15", "2026-03-12T09:15:00+01:00"],
    ["by 5 please", "2026-03-11T17:00:00+01:00"],
    ["in 20 minutes", "2026-03-11T10:20:00+01:00"],
    ["March 20th at 7pm", "2026-03-20T19:00:00+01:00"],
    ["midnight", "2026-03-12T00:00:00+01:00"],
  ])("%s is %s", (text, expected) => {
    expect(first(text)).toBe(expected);
  });

  test.each([
    "the sun is out",
    "I sat down",
    "we may go",
    "it cost 12.50",
    "at 5 people",
    "version 1.2.3",
    "30/30",
    "2026-02-30",
  ])("%s is no date", (text) => {
    expect(findDates(text, WRITTEN)).toEqual([]);
  });
});

describe("dates in other languages", () => {
  test.each([
    ["morgen um 9", "2026-03-12T09:00:00+01:00"],
    ["übermorgen", "2026-03-13"],
    ["nächsten Freitag um 14 Uhr", "2026-03-13T14:00:00+01:00"],
    ["bis zum 15.", "2026-03-15"],
    ["am 3. Mai", "2026-05-03"],
    ["12.5.2026", "2026-05-12"],
    ["in zwei Wochen", "2026-03-25"],
    ["Ende des Monats", "2026-03-31"],
    ["nächste Woche", "2026-03-16"],
    ["demain à 14h30", "2026-03-12T14:30:00+01:00"],
    ["après-demain", "2026-03-13"],
    ["vendredi prochain", "2026-03-13"],
    ["dans deux semaines", "2026-03-25"],
    ["le 3 mai", "2026-05-03"],
    ["la semaine prochaine", "2026-03-16"],
    ["mañana a las 10", "2026-03-12T10:00:00+01:00"],
    ["pasado mañana", "2026-03-13"],
    ["el viernes que viene", "2026-03-13"],
    ["3 de mayo de 2027", "2027-05-03"],
    ["dentro de tres días", "2026-03-14"],
  ])("%s is %s", (text, expected) => {
    expect(first(text)).toBe(expected);
  });

  test("good morning in German is no tomorrow", () => {
    expect(findDates("guten Morgen", WRITTEN)).toEqual([]);
  });

  test("3/5 is the third of May where days come first", () => {
    expect(first("3/5/2026", { ...WRITTEN, language: "de" })).toBe("2026-05-03");
    expect(first("3/5/2026")).toBe("2026-03-05");
  });
});

describe("a message without a time", () => {
  test("resolves full dates only", () => {
    const unknown = { ...WRITTEN, sentAt: null };
    expect(first("tomorrow at 9 or friday", unknown)).toBe(null);
    expect(first("on May 3, 2027 at 9:00", unknown)).toBe("2027-05-03T09:00:00+01:00");
  });

  test("tomorrow is tomorrow of the writer, not of UTC", () => {
    const late = { sentAt: Date.UTC(2026, 2, 11, 23, 30), offsetMinutes: 60, language: "en" };
    expect(first("tomorrow", late)).toBe("2026-03-13");
  });
});

test("spans lie in the text, in order, and values are dates, whatever is written", () => {
  const word = fc.constantFrom(
    "tomorrow",
    "at",
    "9",
    "next",
    "friday",
    "5pm",
    "in",
    "two",
    "weeks",
    "3.",
    "May",
    "12/5",
    "morgen",
    "um",
    "24:00",
    "31",
    "the",
    "2026",
    "\n",
    ",",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 20 }), (words) => {
      const text = words.join(" ");
      for (const { start, end, value } of findDates(text, WRITTEN)) {
        expect(start).toBeLessThan(end);
        expect(end).toBeLessThanOrEqual(text.length);
        expect(value).toMatch(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:00\+01:00)?$/);
      }
    }),
  );
});
