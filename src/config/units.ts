/** Durations, sizes and money as people write them, always with their unit: `60s`, `7d`, `10MiB`, `0.50 USD`. */
import { z } from "zod";
import { DAY_MS, GIB, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from "../core/limits.ts";

const DURATIONS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};
const SIZES: Readonly<Record<string, number>> = { B: 1, KiB: KIB, MiB: MIB, GiB: GIB };

const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;
const SIZE = /^(\d{1,9})(B|KiB|MiB|GiB)$/;
/** At most six decimals: a millionth of a dollar is the smallest amount there is. */
const MONEY = /^(\d{1,6})(?:\.(\d{1,6}))? USD$/;

const MICROS = 1_000_000;

const DURATION_WORDS = "a duration is a number with its unit, such as 500ms, 60s, 5m, 2h or 7d";
const SIZE_WORDS = "a size is a number with its unit, such as 64KiB or 10MiB";
const MONEY_WORDS = "an amount is written with its currency, such as 0.50 USD";

/** Milliseconds of `60s`; null when it is no duration. */
export function durationMs(text: string): number | null {
  const [, count = "", unit = ""] = DURATION.exec(text) ?? [];
  return count === "" ? null : Number(count) * (DURATIONS[unit] ?? Number.NaN);
}

/** Bytes of `10MiB`; null when it is no size. */
export function sizeBytes(text: string): number | null {
  const [, count = "", unit = ""] = SIZE.exec(text) ?? [];
  return count === "" ? null : Number(count) * (SIZES[unit] ?? Number.NaN);
}

/** Millionths of a US dollar of `0.50 USD`; null when it is no amount. */
export function moneyMicros(text: string): number | null {
  const [, whole = "", part = ""] = MONEY.exec(text) ?? [];
  return whole === "" ? null : Number(whole) * MICROS + Number(part.padEnd(6, "0"));
}

type Between = { readonly least: string; readonly most: string };

/** A field written with a unit, as a number; `least` and `most` are what a person may write at the ends. */
function measured(read: (text: string) => number | null, pattern: RegExp, words: string, { least, most }: Between) {
  return z
    .string({ error: words })
    .regex(pattern, { error: words, abort: true })
    .transform((text, context) => {
      const value = read(text) ?? Number.NaN;
      if (value >= (read(least) ?? Number.NaN) && value <= (read(most) ?? Number.NaN)) return value;
      context.addIssue({ code: "custom", message: `${text} is not between ${least} and ${most}` });
      return z.NEVER;
    });
}

export const duration = (between: Between) => measured(durationMs, DURATION, DURATION_WORDS, between);
export const size = (between: Between) => measured(sizeBytes, SIZE, SIZE_WORDS, between);
export const money = (between: Between) => measured(moneyMicros, MONEY, MONEY_WORDS, between);
