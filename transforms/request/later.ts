/**
 * Requests about later and about memory: "remind me tomorrow at 9 to …", "every weekday at 8 summarise family", "what
 * is scheduled", "stop the digest", "remember that …". What is to be done or kept stays in the asker's own words.
 */
import { cronOf, type When } from "../../src/core/followup.ts";
import type { Intent } from "../../src/core/request.ts";
import { civilOf, isoDay, type Local, localOf, weekdayOf } from "../text/civil.ts";
import { type FoundDate, findDates } from "../text/dates.ts";
import { intentOf } from "./intents.ts";
import { plain } from "./plain.ts";

export type Later = {
  readonly intent: Extract<Intent, "schedule" | "scheduled" | "unschedule" | "remember" | "recall" | "forget">;
  readonly when?: When;
  readonly does?: Intent;
  readonly pick?: number | "all";
  readonly about?: string;
};
/** The moment of the request: milliseconds since 1970 UTC, and the asker's offset then in minutes. */
export type Asked = { readonly at: number; readonly offsetMinutes: number; readonly language: string };

type Span = { readonly start: number; readonly end: number };
type Timed = Span & { readonly when: When };

/** Small letters without accents, unit for unit, so that a place in it is a place in the text. */
const flat = (text: string): string =>
  Array.from({ length: text.length }, (_, at) => {
    const small = text.charAt(at).toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
    return small.length === 1 ? small.replace(/[\u2018\u2019]/, "'") : text.charAt(at);
  }).join("");

const BEFORE =
  "^[\\s,.!]*(?:(?:[@/!][a-z0-9_.:-]{1,64}|lazaret|bot|butler|assistant)[\\s,:;.!-]+)?" +
  "(?:(?:please|pls|hey|hi|hello|ok(?:ay)?|and|so|can you|could you|would you|will you|bitte|hallo|kannst du|" +
  "konntest du)[\\s,]+){0,3}";
const first = (alternatives: string): RegExp => new RegExp(`${BEFORE}(?:${alternatives})`);

const LIST = first(
  "(?:what(?:'s| is| are| do you have| have you)?(?: my)?(?: still)? (?:scheduled|planned|coming up|set up)|" +
    "(?:what|which|list|show|any)(?: me)?(?: all)?(?: of)?(?: my| the| our)? (?:open )?(?:reminders?|follow-?ups?|" +
    "schedules?|scheduled)|was ist (?:alles )?geplant|(?:welche|zeig|liste)(?: mir)?(?: alle| meine)? erinnerungen)" +
    "(?![a-z])",
);
const STOP = new RegExp(
  `${BEFORE}(?:stop|cancel|delete|remove|drop|end|unschedule|switch off|turn off|losche?|beende|stoppe?|streiche?)` +
    "(?: (?:the|my|our|this|that|all|of|daily|weekly|weekday|morning|evening|die|den|das|meine?|alle)){0,4}" +
    "(?: (?:(reminders?|reminding me|erinnerung(?:en)?)|(digests?|summar(?:y|ies)|recaps?|zusammenfassung(?:en)?)|" +
    "(task ?lists?|to-?dos?|tasks?|aufgaben(?:liste)?)|(?:follow-?ups?|schedules?|everything(?: scheduled)?|alles)))?" +
    "(?: ?(?:number |nr\\.? ?|no\\.? ?|#)?(\\d{1,2}))?[\\s.!]*$",
);
const REMEMBER = first("(?:remember|keep in mind|(?:make a )?note(?: down)?|merke? dir|notiere?(?: dir)?)(?![a-z])");
const NOT_A_NOTE = first("(?:remember (?:when|who|what|how|where|me|us)|note(?:s|d)(?![a-z]))");
const RECALL = first(
  "(?:what (?:do|did|can) you (?:remember|recall)|what have you (?:remembered|noted|kept)|what did (?:i|we) " +
    "(?:tell|ask) you to remember|(?:show|list|read)(?: me)?(?: all)?(?: my| the| your| our)? notes|was " +
    "(?:merkst du dir|hast du dir gemerkt|weisst du noch)|(?:zeig|liste)(?: mir)?(?: alle| meine| deine)? notizen)" +
    "(?![a-z])",
);
const FORGET = new RegExp(
  `${BEFORE}(?:forget|vergiss)(?! (?:it|me|this|about it)[\\s.!]*$)(?: (?:note|number|notiz|nr\\.?|#))? ?` +
    "(?:(\\d{1,2})[\\s.!]*$|((?:everything|all|alles?)(?: (?:you (?:remember|noted|know)|of it|" +
    "(?:my |the |your )?notes|was du dir gemerkt hast))?)[\\s.!]*$|(?=\\S))",
);
const REMIND = first(
  "(?:remind (?:me|us)(?! (?:what|who|when|where|why|how|which|if|whether)(?! (?:some|any)))|" +
    "(?:set|make|create)(?: me)? (?:a |an )?(?:reminder|alarm|timer)(?: for (?:me|us))?|wake me(?: up)?|" +
    "(?:ping|nudge|tell) (?:me|us)(?= (?:in \\d|at \\d|tomorrow|when (?:some|any)))|" +
    "erinnere?(?: mich| uns)?(?!,? (?:was|wer|wann|wo)(?![a-z])))(?![a-z])",
);
const ON_MESSAGE = new RegExp(
  "(?<![a-z])(?:when|once|as soon as|wenn|sobald) (?:some(?:body|one)|any(?:body|one)|jemand)(?: else)? " +
    "(?:writes|answers|replies|says|posts|responds|schreibt|antwortet)(?: (?:here|something|etwas|hier))?(?![a-z])",
);

const WEEKDAYS: readonly string[] = [
  "mon(?:day|tag)s?",
  "(?:tues?(?:day)?|dienstag)s?",
  "(?:wed(?:nesday)?|mittwoch)s?",
  "(?:thur?s?(?:day)?|donnerstag)s?",
  "(?:fri(?:day)?|freitag)s?",
  "(?:sat(?:urday)?|samstag)s?",
  "(?:sun(?:day)?|sonntag)s?",
];
const WEEKDAY = WEEKDAYS.join("|");
const EVERY = new RegExp(
  "(?<![a-z])(?:(?:every|each|jeden|jede[rs]?) (?:single )?(?:(day|morning|evening|night|tag|morgen|abend)|" +
    "(weekday|workday|week day|working day|werktag)|(week|woche)|(month|monat)|(weekend|wochenende)|" +
    `((?:${WEEKDAY})(?:(?:,| and|, and| und|, und) (?:${WEEKDAY})){0,6}))|` +
    "(daily|taglich)|(on weekdays|werktags|wochentags)|(weekly|wochentlich)|(monthly|monatlich)|(on weekends)|" +
    `(?:on )?((?:${WEEKDAY.replaceAll("s?", "s")})(?:(?: and|,| und) (?:${WEEKDAY.replaceAll("s?", "s")})){0,6})` +
    ")(?![a-z])",
);
const SOON = new RegExp(
  "(?<![a-z])in (?:about |etwa )?(an?|one|half an|\\d{1,4}|two|three|four|five|six|ten|ein(?:e[rm]?|em)?|zwei|drei|" +
    "einer halben) ?(min(?:ute)?[sn]?|m|hours?|hrs?|h|stunden?)(?![a-z])",
);
const SMALL: Readonly<Record<string, number>> = {
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  ten: 10,
  zwei: 2,
  drei: 3,
  "half an": 0.5,
  "einer halben": 0.5,
};

const MORNING = 540;
const NOON_AND_LATER: readonly (readonly [RegExp, number])[] = [
  [/(?<![a-z])(?:tonight|evening|night|abend)(?![a-z])/, 1140],
  [/(?<![a-z])(?:afternoon|nachmittag)(?![a-z])/, 900],
  [/(?<![a-z])(?:noon|lunch|mittag)(?![a-z])/, 720],
];
/** The time of day that is meant when none is said. */
const usual = (text: string): number => NOON_AND_LATER.find(([pattern]) => pattern.test(text))?.[1] ?? MORNING;

const spanOf = (match: RegExpExecArray): Span => ({ start: match.index, end: match.index + match[0].length });
const minuteIn = ({ value }: FoundDate): number => Number(value.slice(11, 13)) * 60 + Number(value.slice(14, 16));

/** On which days something repeats; null when no day of the week says it. */
function weekdaysOf(m: RegExpExecArray, today: number): readonly number[] | null {
  if (m[1] !== undefined || m[7] !== undefined) return [1, 2, 3, 4, 5, 6, 7];
  if (m[2] !== undefined || m[8] !== undefined) return [1, 2, 3, 4, 5];
  if (m[3] !== undefined || m[9] !== undefined) return [today];
  if (m[5] !== undefined || m[11] !== undefined) return [6, 7];
  const named = m[6] ?? m[12];
  if (named === undefined) return null;
  const days = WEEKDAYS.map((pattern) => new RegExp(`(?<![a-z])${pattern}(?![a-z])`));
  return days.flatMap((pattern, at) => (pattern.test(named) ? [at + 1] : []));
}

/** Far enough for "every Monday, please at 8", near enough not to take another time. */
const NEAR = 24;

function repeated(text: string, { day }: Local, dates: readonly FoundDate[]): Timed | null {
  const match = EVERY.exec(text);
  if (match === null) return null;
  const span = spanOf(match);
  const near = dates.find(
    (it) =>
      it.timed &&
      it.start <= span.end + NEAR &&
      it.end >= span.start - NEAR &&
      !text.slice(span.end, it.start).includes("."),
  );
  const minute = near === undefined ? usual(match[0]) : minuteIn(near);
  const weekdays = weekdaysOf(match, weekdayOf(day));
  const when: When = weekdays === null ? { date: civilOf(day).date, minute } : { weekdays: [...weekdays], minute };
  return {
    start: Math.min(span.start, near?.start ?? span.start),
    end: Math.max(span.end, near?.end ?? span.end),
    when,
  };
}

function soon(text: string): Timed | null {
  const match = SOON.exec(text);
  if (match === null) return null;
  const [, count = "", unit = ""] = match;
  const amount = SMALL[count] ?? (/^\d+$/.test(count) ? Number(count) : 1);
  const minutes = Math.round(/^m/.test(unit) ? amount : amount * 60);
  return minutes < 1 ? null : { ...spanOf(match), when: { in_minutes: minutes } };
}

/** A day and a time that are still to come. */
function once(text: string, local: Local, dates: readonly FoundDate[]): Timed | null {
  const found = dates.find(({ timed }) => timed) ?? dates[0];
  if (found === undefined) return null;
  const minute = found.timed ? minuteIn(found) : usual(text.slice(found.start, found.end + NEAR));
  const day = found.value.slice(0, 10);
  const isPast = day < isoDay(local.day) || (day === isoDay(local.day) && minute <= local.minute);
  return isPast ? null : { start: found.start, end: found.end, when: { day, minute } };
}

function timeOf(text: string, { at, offsetMinutes, language }: Asked): Timed | null {
  const local = localOf(at, offsetMinutes);
  const event = ON_MESSAGE.exec(text);
  if (event !== null) return { ...spanOf(event), when: { event: "message" } };
  const dates = findDates(text, { sentAt: at, offsetMinutes, language });
  return repeated(text, local, dates) ?? soon(text) ?? once(text, local, dates);
}

/** Small words that only joined what was cut out. */
const JOINT = new RegExp(
  "^(?:[\\s,:;.-]|(?:to|that|about|of|for|on|at|and|then|please|me|us|daran|dran|an|dass|zu|und|bitte|mir|mich|dann|" +
    "morning|evening|afternoon|früh|abend)(?=[\\s,:;.]|$))+",
  "iu",
);
const LAST_JOINT = / (?:on|at|by|um|am|bitte|please)$/iu;
const LOOSE = /[\s,:;-]/;

function withoutTail(text: string): string {
  let end = text.length;
  while (end > 0 && LOOSE.test(text.charAt(end - 1))) end--;
  const kept = text.slice(0, end);
  const joint = LAST_JOINT.exec(kept.slice(-10));
  return joint === null ? kept : withoutTail(kept.slice(0, kept.length - joint[0].length));
}

/** What is left of the text without these stretches. */
function without(text: string, ...spans: readonly (Span | null)[]): string {
  const cut = spans.filter((span) => span !== null).toSorted((a, b) => b.start - a.start);
  const left = cut.reduce((rest, { start, end }) => `${rest.slice(0, start)} ${rest.slice(end)}`, text);
  return withoutTail(left.replace(/\s+/gu, " ").replace(JOINT, ""));
}

/** What runs by itself at its time; anything else is said back. */
const DONE_LATER: ReadonlySet<Intent> = new Set(["summarize", "catch_up", "tasks", "entities", "redact", "send"]);
const doneBy = (about: string): Intent => {
  const intent = intentOf(plain(about));
  return DONE_LATER.has(intent) ? intent : "remind";
};

const BEGINS = new RegExp(`${BEFORE}$`);
const ASKS = new RegExp(
  "^(?:who|what|when|where|why|which|how|did|does|do|is|are|was|were|has|have|wer|wann|wo|warum|wie|qui|quand)" +
    "(?![a-z])",
);
const ABOUT = /(?<![a-z])(?:about|from|of|since|for|until|by|on|von|uber|seit|bis|fur) $/;

/** A time before a command puts it off, and a clock time or tomorrow behind it; others are what it is about. */
function putsOff(text: string, { when, start, end }: Timed): boolean {
  if (!("day" in when)) return true;
  if (BEGINS.test(text.slice(0, start))) return true;
  const isCome = /\d|tomorrow|morgen/.test(text.slice(start, end));
  return isCome && text.slice(end).trim() === "" && !ASKS.test(text) && !ABOUT.test(text.slice(0, start));
}

/** The text behind "remind me", or null. */
function reminded(written: string, ...cut: readonly (Span | null)[]): string | null {
  const lead = REMIND.exec(flat(written));
  return lead === null ? null : without(written, { start: 0, end: spanOf(lead).end }, ...cut);
}

function scheduled(written: string, text: string, asked: Asked): Later | null {
  const time = timeOf(text, asked);
  const when = time === null ? {} : { when: time.when };
  const first = reminded(written, time);
  if (first !== null) return { intent: "schedule", does: "remind", about: first, ...when };
  if (time === null || !putsOff(text, time)) return null;
  const about = without(written, time);
  const behind = reminded(about);
  if (behind !== null) return { intent: "schedule", does: "remind", about: behind, ...when };
  const does = doneBy(about);
  return does === "remind" && cronOf(time.when) === null ? null : { intent: "schedule", does, about, ...when };
}

const pickOf = (number: string | undefined, isAll: boolean): Pick<Later, "pick"> =>
  number !== undefined && Number(number) > 0 && Number(number) <= 50
    ? { pick: Number(number) }
    : isAll
      ? { pick: "all" }
      : {};

function stopped(text: string): Later | null {
  const m = STOP.exec(text);
  if (m === null || !/ (?:\S+)/.test(m[0].trim())) return null;
  const does = m[1] !== undefined ? "remind" : m[2] !== undefined ? "summarize" : m[3] !== undefined ? "tasks" : null;
  const isAll = /(?<![a-z])(?:all|everything|alles?)(?![a-z])/.test(m[0]);
  const isThing = /follow-?up|schedule/.test(m[0]);
  if (does === null && m[4] === undefined && !isAll && !isThing) return null;
  return { intent: "unschedule", ...(does === null ? {} : { does }), ...pickOf(m[4], isAll) };
}

function remembered(written: string, text: string): Later | null {
  if (RECALL.test(text)) return { intent: "recall" };
  const forget = FORGET.exec(text);
  if (forget !== null) return { intent: "forget", ...pickOf(forget[1], forget[2] !== undefined) };
  const note = NOT_A_NOTE.test(text) ? null : REMEMBER.exec(text);
  const about = note === null ? "" : without(written, { ...spanOf(note), start: 0 });
  return about === "" ? null : { intent: "remember", about };
}

/** Null when the request is about now. */
export function laterOf(own: string, asked: Asked): Later | null {
  const written = own.normalize("NFC");
  const text = flat(written);
  if (LIST.test(text)) return { intent: "scheduled" };
  return stopped(text) ?? remembered(written, text) ?? scheduled(written, text, asked);
}
