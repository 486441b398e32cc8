/** How much of the past a request is about: the newest so many messages, or from when until when. Folded text. */
import { RANGE_MESSAGES_MAX } from "../../src/core/limits.ts";
import { civilOf, dayOf, type Local, localOf, weekdayOf } from "../text/civil.ts";
import { MONTHS, oneOf, SHORT_WEEKDAYS, UNITS, WEEKDAYS } from "../text/date-words.ts";
import { COUNT, countOf } from "./numbers.ts";
import { fold } from "./plain.ts";

export type Period = { readonly since: number | null; readonly until: number | null };
type Moment = { readonly day: number; readonly minute: number };

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

const MESSAGE =
  "messages?|msgs?|posts?|lines?|texts?|comments?|replies|entries|things|nachrichten?|beitrage|mitteilungen|" +
  "zeilen|mensajes?|lineas";
const LAST =
  "last|latest|past|previous|recent|most recent|newest|preceding|letzten?r?|vergangenen|neuesten|neusten|vorigen|" +
  "derniere?s?|ultim[oa]s?";
const LAST_FIRST = new RegExp(
  `(?<![a-z])(?:${LAST}) ${COUNT}(?: (?:${LAST}|new|neuen?|unread|nouveaux|` +
    `chat))?(?: (${MESSAGE}))?(?![a-z0-9])(?! *[:h%])`,
  "g",
);
const COUNT_FIRST = new RegExp(
  `(?<![a-z0-9])${COUNT} (?:(?:${LAST}|new|newest|unread|neuen?|nouveaux|nuevos) )?(${MESSAGE})(?: (?:${LAST}|` +
    "precedents|anteriores))?(?![a-z0-9])",
);
const COUNT_LAST = new RegExp(
  `(?<![a-z])(?:les|los|las|die|the) ${COUNT} (?:derniere?s|ultim[oa]s|letzten|latest|last)(?: (${MESSAGE}))?(?![a-z])`,
);
const LAST_ONE = new RegExp(
  `(?<![a-z])(?<!(?:since|after|seit|depuis|desde) (?:my|the|your|meiner|mon|mi) )(?:${LAST}) (?:message|msg|` +
    "post|comment|nachricht|beitrag|mensaje)(?![a-z])",
);
const EVERYTHING = new RegExp(
  "(?<![a-z])(?:everything(?! (?:i|we|you)(?![a-z]))|the (?:whole|entire|full|complete) (?:thing|chat|" +
    "thread|conversation|history|group|room|discussion)|all (?:of )?(?:the |these |this )?(?:messages|history)|" +
    "from the (?:beginning|start)|alles|den ganzen (?:chat|verlauf)|(?:die )?ganze (?:unterhaltung|gruppe)|" +
    "alle nachrichten|tout(?:e la conversation)?|todo(?: el chat)?|toda la conversacion|todos los mensajes)(?![a-z])",
);
const UNIT_NEXT = new RegExp(`^ ?(?:${fold(oneOf(UNITS.keys())).replaceAll("\\s+", " ")})(?![a-z])`);

/** Newest so many messages that the request names, at most the range limit; null when it names none. */
export function lastOf(text: string): number | null {
  for (const match of text.matchAll(LAST_FIRST)) {
    const rest = text.slice(match.index + match[0].length);
    // "last 20 minutes" is a time, and "the last one" names no number of messages.
    if (match[2] === undefined && (UNIT_NEXT.test(rest) || !/^\d/.test(match[1] ?? ""))) continue;
    return bounded(countOf(match[1] ?? ""));
  }
  for (const pattern of [COUNT_LAST, COUNT_FIRST]) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const rest = text.slice(match.index + match[0].length);
    if (match[2] === undefined && UNIT_NEXT.test(rest)) continue;
    if (match[2] !== undefined && /^(?:a|an|one|un|une|una|ein|eine)$/.test(match[1] ?? "")) continue;
    return bounded(countOf(match[1] ?? ""));
  }
  if (LAST_ONE.test(text)) return 1;
  return EVERYTHING.test(text) ? RANGE_MESSAGES_MAX : null;
}

const bounded = (count: number): number | null => (count < 1 ? null : Math.min(count, RANGE_MESSAGES_MAX));

const folded = <T>(table: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
  new Map([...table].map(([word, value]) => [fold(word), value]));
const DAYS = folded(new Map([...WEEKDAYS, ...SHORT_WEEKDAYS]));
const MONTH = folded(MONTHS);
const UNIT = folded(UNITS);
const UNIT_MINUTES = {
  minute: 1,
  hour: 60,
  day: DAY_MINUTES,
  week: 7 * DAY_MINUTES,
  month: 30 * DAY_MINUTES,
  year: 365 * DAY_MINUTES,
};
const alternatives = (table: ReadonlyMap<string, unknown>): string =>
  [...table.keys()].sort((a, b) => b.length - a.length).join("|");

const SINCE = "since|from|after|starting|beginning|seit|ab|depuis|a partir de|desde";
const TODAY =
  "today|heutige[nrs]?|tonight|this (?:morning|afternoon|evening)|heute(?: (?:morgen|fruh|vormittag|nachmittag|" +
  "abend))?|aujourd'hui|ce (?:matin|soir)|cet apres-midi|hoy|esta (?:manana|tarde|noche)";
const YESTERDAY = "yesterday|gestrige[nrs]?|last night|gestern(?: abend)?|d'hier|ayer|anoche";
const BEFORE_YESTERDAY = "(?:the )?day before yesterday|vorgestern|avant-hier|anteayer";
/** French for yesterday and German for here: French words beside it decide. */
const HIER_FRENCH = /(?<![a-z])(?:d'hier|depuis|qu'est|j'ai|resume[rz]?[- ]?moi|les|des|quoi|passe)(?![a-z])/;

const WEEKDAY =
  "(?:(?:last|on|this|past|letzten|vergangenen|am|lundi dernier|le|el|" +
  `pasado) )?(${alternatives(DAYS)})(?: (?:dernier|passe|pasado))?`;
const DATED =
  "(\\d{4})-(\\d{1,2})-(\\d{1,2})|(\\d{1,2})(?:st|nd|rd|th|\\.|er)?(?: of|" +
  ` de)? (${alternatives(MONTH)})(?: (?:de )?(\\d{4}))?|` +
  `(${alternatives(MONTH)}) (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?|(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4})?`;
const DAY = new RegExp(
  `(?<![a-z0-9])(?:(${BEFORE_YESTERDAY})|(${YESTERDAY})|(${TODAY})|${DATED}|${WEEKDAY})(?![a-z0-9])`,
);
const CLOCK = new RegExp(
  "(?<![a-z0-9:.])(?:(\\d{1,2})(?:[:h.](\\d{2}))? ?(am|pm|a\\.m\\.|p\\.m\\.|uhr|h|o'clock)?|(noon|" +
    "midday|lunch|lunchtime|midnight|mittag|mitternacht|midi|minuit|mediodia|medianoche|breakfast))(?![a-z0-9:])",
);

/** The day that a match of DAY names, never later than `today`; null when it is none of the calendar. */
function dayFrom(m: RegExpExecArray, today: number): number | null {
  if (m[1] !== undefined) return today - 2;
  if (m[2] !== undefined) return today - 1;
  if (m[3] !== undefined) return today;
  const weekday = DAYS.get(m[16] ?? "");
  if (weekday !== undefined) {
    const back = (weekdayOf(today) - weekday + 7) % 7;
    return today - (back === 0 && /^(?:last|past|letzten|vergangenen)|(?:dernier|passe|pasado)$/.test(m[0]) ? 7 : back);
  }
  const month = MONTH.get(m[8] ?? m[10] ?? "") ?? Number(m[5] ?? m[14]);
  const date = Number(m[6] ?? m[7] ?? m[11] ?? m[13]);
  const year = m[4] ?? m[9] ?? m[12] ?? m[15];
  if (!(month >= 1 && month <= 12 && date >= 1 && date <= 31)) return null;
  if (year !== undefined) return Math.min(today, dayOf(Number(year), month, date));
  const thisYear = dayOf(civilOf(today).year, month, date);
  return thisYear <= today ? thisYear : dayOf(civilOf(today).year - 1, month, date);
}

/**
 * Minutes since midnight of the first time of day in the text; null when there is none. `bare` numbers count after a
 * word such as since.
 */
function clockFrom(text: string, bare: boolean): number | null {
  const m = CLOCK.exec(text);
  if (m === null) return null;
  const named = m[4];
  if (named !== undefined)
    return /midn|mitternacht|minuit|medianoche/.test(named) ? 0 : named === "breakfast" ? 480 : 720;
  const half = (m[3] ?? "").replaceAll(".", "");
  if (m[2] === undefined && half === "" && !bare) return null;
  const hour = Number(m[1]);
  const minute = Number(m[2] ?? 0);
  if (hour > 24 || minute > 59) return null;
  if (half === "am" || half === "pm") return ((hour % 12) + (half === "pm" ? 12 : 0)) * 60 + minute;
  return (hour % 24) * 60 + minute;
}

type Anchor = { readonly now: number; readonly local: Local; readonly at: (moment: Moment) => number };

const NOTHING: Period = { since: null, until: null };
const ofDays = (anchor: Anchor, first: number, afterLast: number): Period => {
  const until = anchor.at({ day: afterLast, minute: 0 });
  return { since: anchor.at({ day: first, minute: 0 }), until: until > anchor.now ? null : until };
};

const AMOUNT_OF_TIME = new RegExp(
  `(?<![a-z])(?:(?:${LAST}) (?:${COUNT} )?|(?:les |las |los )?${COUNT} (?:derniere?s|` +
    `ultim[oa]s) )(${alternatives(UNIT)})(?! (?:pasad|derniere?))(?![a-z])`,
);
const AGO = new RegExp(
  `(?<![a-z])(?:${COUNT} (${alternatives(UNIT)}) ago|(?:vor|il y a|hace) ${COUNT} (${alternatives(UNIT)})|` +
    `(?:seit|depuis|desde hace|for) (?:the last )?${COUNT} (${alternatives(UNIT)}))(?![a-z])`,
);
const CALENDAR = new RegExp(
  "(?<![a-z])(?<!(?:the|in|over|during|within|den|les) )(?:(last|previous|letzte[nr]?|vorige|" +
    "vergangene) (week|month|year|woche|monat|jahr)|(?:la )?(semaine|mois|annee) (?:derniere?|passee?)|(?:la |" +
    "el )?(semana|mes|ano) (?:pasad[oa]))(?![a-z])",
);
const CURRENT = new RegExp(
  "(?<![a-z])(?:this|the current|diese[rnm]?|diesen|cette|ce|esta|este) (week|month|year|weekend|" +
    "woche|monat|jahr|wochenende|semaine|mois|annee|week-end|semana|mes|ano|fin de semana)(?![a-z])",
);
const WEEKEND = new RegExp(
  "(?<![a-z])(?:(?:over|during|on|at|last|am|letztes|le|el|ce) )?(?:the )?(?:weekend|wochenende|" +
    "week-end|fin de semana)(?![a-z])",
);

const IN_MONTH = new RegExp(
  `(?<![a-z])(?:in|of|for|during|im|en|de|summari[sz]e|recap|all) (${alternatives(MONTH)})(?! \\d)(?![a-z])`,
);

function calendar(word: string, back: 0 | 1, anchor: Anchor): Period {
  const today = anchor.local.day;
  const { year, month } = civilOf(today);
  if (/^(?:week|woche|semaine|semana)$/.test(word)) {
    const monday = today - weekdayOf(today) + 1 - 7 * back;
    return ofDays(anchor, monday, monday + 7);
  }
  if (/^(?:month|monat|mois|mes)$/.test(word)) {
    const total = year * 12 + month - 1 - back;
    return ofDays(anchor, firstOf(total), firstOf(total + 1));
  }
  return ofDays(anchor, dayOf(year - back, 1, 1), dayOf(year - back + 1, 1, 1));
}
const firstOf = (months: number): number => dayOf(Math.floor(months / 12), (months % 12) + 1, 1);

function weekend(anchor: Anchor): Period {
  const back = (weekdayOf(anchor.local.day) - 6 + 7) % 7;
  return ofDays(anchor, anchor.local.day - back, anchor.local.day - back + 2);
}

function durations(text: string, anchor: Anchor): Period | null {
  const ago = AGO.exec(text);
  if (ago !== null) {
    const unit = UNIT.get(ago[2] ?? ago[4] ?? ago[6] ?? "") ?? "day";
    const minutes = UNIT_MINUTES[unit] * countOf(ago[1] ?? ago[3] ?? ago[5] ?? "1");
    const isSpan = ago[5] !== undefined || new RegExp(`(?:${SINCE})(?: about)? $`).test(text.slice(0, ago.index));
    if (unit === "minute" || unit === "hour") return { since: anchor.now - minutes * MINUTE_MS, until: null };
    const day = anchor.local.day - Math.round(minutes / DAY_MINUTES);
    return isSpan ? { since: anchor.at({ day, minute: 0 }), until: null } : ofDays(anchor, day, day + 1);
  }
  const past = CALENDAR.exec(text);
  if (past !== null) return calendar(past[2] ?? past[3] ?? past[4] ?? "", 1, anchor);
  const amount = AMOUNT_OF_TIME.exec(text);
  if (amount !== null) {
    const count = countOf(amount[1] ?? amount[2] ?? "one");
    const minutes = UNIT_MINUTES[UNIT.get(amount[3] ?? "") ?? "hour"] * Math.max(1, count);
    return { since: anchor.now - minutes * MINUTE_MS, until: null };
  }
  const current = CURRENT.exec(text);
  if (current !== null)
    return /week-?end|wochenende|fin de/.test(current[1] ?? "")
      ? weekend(anchor)
      : calendar(current[1] ?? "", 0, anchor);
  if (WEEKEND.test(text)) return weekend(anchor);
  const month = MONTH.get(IN_MONTH.exec(text)?.[1] ?? "");
  if (month === undefined) return null;
  const { year, month: now } = civilOf(anchor.local.day);
  const total = (month > now ? year - 1 : year) * 12 + month - 1;
  return ofDays(anchor, firstOf(total), firstOf(total + 1));
}

const HALVES: readonly (readonly [RegExp, number, number])[] = [
  [/^(?:this afternoon|heute nachmittag|cet apres-midi|esta tarde)$/, 720, 1440],
  [/^(?:tonight|this evening|heute abend|ce soir|esta noche)$/, 1020, 1440],
];
const LAST_NIGHT = /^(?:last night|gestern abend|anoche)$/;

function days(text: string, anchor: Anchor): Period | null {
  const m = DAY.exec(text);
  if (m === null) return null;
  const day = dayFrom(m, anchor.local.day);
  if (day === null) return null;
  const before = text.slice(0, m.index);
  const after = text.slice(m.index + m[0].length);
  if (
    /(?:^|[^a-z])(?:until|till|before|up to|bis|vor|jusqu'a|avant|hasta|antes de(?:l)?)(?: the| el| le)? $/.test(before)
  ) {
    return { since: null, until: anchor.at({ day, minute: 0 }) };
  }
  const isSince = new RegExp(`(?:^|[^a-z])(?:${SINCE})(?: the| el| le| du| dem)? $`).test(before);
  const second = /^ (?:and|to|until|till|through|und|bis|et|a|au|y|hasta)(?: the| el| le)? /.exec(after);
  const end = second === null ? null : DAY.exec(after.slice(second[0].length));
  const last = end?.index === 0 ? dayFrom(end, anchor.local.day) : null;
  if (last !== null) return ofDays(anchor, last >= day ? day : day - 7, last + 1);
  const clock = clockFrom(after.slice(0, 24), /^ (?:at|um|a|a las|@) /.test(after));
  if (isSince && clock !== null) return { since: anchor.at({ day, minute: clock }), until: null };
  const half = HALVES.find(([pattern]) => pattern.test(m[0]));
  if (half !== undefined) return { since: anchor.at({ day, minute: half[1] }), until: null };
  if (LAST_NIGHT.test(m[0])) {
    const night = { since: anchor.at({ day, minute: 1080 }), until: anchor.at({ day: day + 1, minute: 360 }) };
    return isSince || night.until > anchor.now ? { ...night, until: null } : night;
  }
  return isSince ? { since: anchor.at({ day, minute: 0 }), until: null } : ofDays(anchor, day, day + 1);
}

const SINCE_CLOCK = new RegExp(`(?<![a-z])(?:${SINCE}) (?:about |around |las? )?`, "g");

function clocks(text: string, anchor: Anchor): Period | null {
  for (const match of text.matchAll(SINCE_CLOCK)) {
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + 16);
    const clock = CLOCK.exec(rest)?.index === 0 ? clockFrom(rest, true) : null;
    if (clock === null) continue;
    const day = clock <= anchor.local.minute ? anchor.local.day : anchor.local.day - 1;
    return { since: anchor.at({ day, minute: clock }), until: null };
  }
  return null;
}

/**
 * The period that the request names, resolved against its own time (milliseconds since 1970 UTC) and offset from UTC
 * in minutes. Both ends null when it names none; `until` is null when the period still runs. A change of the offset
 * within it is not known here.
 */
export const namesStart = (text: string): boolean => STARTS.test(text);
const STARTS = new RegExp(`(?<![a-z])(?:${SINCE}|${LAST})(?![a-z])`);

export function periodOf(text: string, now: number, offsetMinutes: number): Period {
  const at = ({ day, minute }: Moment): number => (day * DAY_MINUTES + minute - offsetMinutes) * MINUTE_MS;
  const anchor: Anchor = { now, local: localOf(now, offsetMinutes), at };
  const said = HIER_FRENCH.test(text)
    ? text.replace(/(?<![a-z'-])hier(?![a-z])/g, "d'hier").replaceAll("d'd'hier", "d'hier")
    : text;
  const found = durations(said, anchor) ?? days(said, anchor) ?? clocks(said, anchor) ?? NOTHING;
  const since = found.since === null ? null : Math.max(0, found.since);
  return found.until !== null && since !== null && found.until <= since ? NOTHING : { since, until: found.until };
}
