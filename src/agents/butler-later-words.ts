/** What the butler says about later and about memory. One table a language. Pure. */
import type { When } from "../core/followup.ts";

export type LaterWords = {
  readonly when: string;
  readonly nudge: string;
  readonly wrote: string;
  readonly willRemind: (when: string) => string;
  readonly willDo: (when: string) => string;
  /** `when` as in the list, then the first time and the day after which it ends. */
  readonly repeated: (every: string, first: string, until: string) => string;
  readonly onMessage: string;
  readonly every: (when: When) => string | null;
  readonly hints: string;
  readonly list: (zone: string) => string;
  readonly item: (number: number, when: string, what: string) => string;
  readonly next: (every: string, at: string) => string;
  readonly nothingSet: string;
  readonly nothingSuch: string;
  readonly which: (word: "stop" | "forget") => string;
  readonly noSuchNumber: (count: number) => string;
  readonly stopped: (what: string) => string;
  readonly stoppedAll: (count: number) => string;
  readonly reminder: (person: string | null, what: string) => string;
  readonly noted: string;
  readonly noteWhat: string;
  readonly notes: string;
  readonly noNotes: string;
  readonly forgot: (what: string) => string;
  readonly forgotAll: (count: number) => string;
};

const two = (value: number): string => String(value).padStart(2, "0");
const clock = (minute: number): string => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
const isWork = (days: readonly number[]): boolean => [...days].sort().join() === "1,2,3,4,5";

type EveryWords = {
  readonly days: readonly string[];
  readonly daily: string;
  readonly work: string;
  readonly named: (days: string) => string;
  readonly monthly: (date: number) => string;
  readonly pattern: (cron: string) => string;
  readonly at: string;
  readonly and: string;
};

const everyIn =
  (words: EveryWords) =>
  (when: When): string | null => {
    if ("cron" in when) return words.pattern(when.cron);
    if ("date" in when) return `${words.monthly(when.date)} ${words.at} ${clock(when.minute)}`;
    if (!("weekdays" in when)) return null;
    const names = when.weekdays.map((day) => words.days[day - 1] ?? "");
    const named = names.length > 1 ? `${names.slice(0, -1).join(", ")} ${words.and} ${names.at(-1)}` : (names[0] ?? "");
    const days = names.length === 7 ? words.daily : isWork(when.weekdays) ? words.work : words.named(named);
    return `${days} ${words.at} ${clock(when.minute)}`;
  };

const EN: LaterWords = {
  when: "When? Say for example: remind me tomorrow at 9 to call Ben, or: every weekday at 8 summarise ALIAS.",
  nudge: "You asked me to remind you now.",
  wrote: "Somebody wrote here.",
  willRemind: (when) => `I will remind you on ${when}.`,
  willDo: (when) => `I will do that on ${when}.`,
  repeated: (every, first, until) => `I will do that ${every}: first on ${first}, until ${until}.`,
  onMessage: "I will tell you when somebody else writes here, within seven days.",
  every: everyIn({
    days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    daily: "every day",
    work: "every weekday",
    named: (days) => `every ${days}`,
    monthly: (date) => `every month on the ${date}.`,
    pattern: (cron) => `by the pattern ${cron},`,
    at: "at",
    and: "and",
  }),
  hints: "“what is scheduled” shows it, “stop” and its number ends it.",
  list: (zone) => `Set for later, times in ${zone}:`,
  item: (number, when, what) => `${number}. ${when} — ${what}`,
  next: (every, at) => `${every}, next ${at}`,
  nothingSet: "Nothing of yours is scheduled here.",
  nothingSuch: "Nothing like that of yours is scheduled here. “what is scheduled” shows what is.",
  which: (word) => `Which one? Say ${word} and its number, or ${word} everything.`,
  noSuchNumber: (count) => `There are only ${count}.`,
  stopped: (what) => `Stopped: ${what}`,
  stoppedAll: (count) => `Stopped ${count} of them.`,
  reminder: (person, what) => `${person === null ? "Reminder" : `${person}, a reminder`}: ${what}`,
  noted: "Noted for 30 days. “what do you remember” shows it, “forget” and its number ends it.",
  noteWhat: "What shall I remember? Say for example: remember that the key is under the mat.",
  notes: "This is what you gave me to remember:",
  noNotes: "You gave me nothing to remember here.",
  forgot: (what) => `Forgotten: ${what}`,
  forgotAll: (count) => `Forgotten: ${count === 1 ? "one note" : `${count} notes`}.`,
};

const DE: LaterWords = {
  when:
    "Wann? Sag zum Beispiel: erinnere mich morgen um 9 an den Zahnarzt, oder: jeden Montag um 8 fass ALIAS " +
    "zusammen.",
  nudge: "Ich sollte dich jetzt erinnern.",
  wrote: "Hier hat jemand geschrieben.",
  willRemind: (when) => `Ich erinnere dich am ${when}.`,
  willDo: (when) => `Das mache ich am ${when}.`,
  repeated: (every, first, until) => `Das mache ich ${every}: zuerst am ${first}, bis ${until}.`,
  onMessage: "Ich sage es dir, wenn hier in den nächsten sieben Tagen jemand anderer schreibt.",
  every: everyIn({
    days: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    daily: "jeden Tag",
    work: "an jedem Werktag",
    named: (days) => `jeden ${days}`,
    monthly: (date) => `jeden Monat am ${date}.`,
    pattern: (cron) => `nach dem Muster ${cron},`,
    at: "um",
    and: "und",
  }),
  hints: "„was ist geplant“ zeigt es, „stopp“ und die Nummer beendet es.",
  list: (zone) => `Geplant, Zeiten in ${zone}:`,
  item: (number, when, what) => `${number}. ${when} — ${what}`,
  next: (every, at) => `${every}, als Nächstes ${at}`,
  nothingSet: "Von dir ist hier nichts geplant.",
  nothingSuch: "So etwas ist hier von dir nicht geplant. „was ist geplant“ zeigt, was es gibt.",
  which: (word) => `Welches? Sag ${word === "stop" ? "stopp" : "vergiss"} und die Nummer.`,
  noSuchNumber: (count) => `Es gibt nur ${count}.`,
  stopped: (what) => `Beendet: ${what}`,
  stoppedAll: (count) => `${count} davon beendet.`,
  reminder: (person, what) => `${person === null ? "Erinnerung" : `${person}, eine Erinnerung`}: ${what}`,
  noted: "Für 30 Tage gemerkt. „was merkst du dir“ zeigt es, „vergiss“ und die Nummer beendet es.",
  noteWhat: "Was soll ich mir merken? Sag zum Beispiel: merk dir, dass der Schlüssel unter der Matte liegt.",
  notes: "Das sollte ich mir merken:",
  noNotes: "Du hast mir hier nichts zum Merken gegeben.",
  forgot: (what) => `Vergessen: ${what}`,
  forgotAll: (count) => `Vergessen: ${count === 1 ? "eine Notiz" : `${count} Notizen`}.`,
};

const TABLES: Readonly<Record<string, LaterWords>> = { en: EN, de: DE };

/** The table of an ISO 639-1 code, English when there is none. */
export const laterWordsIn = (language: string): LaterWords =>
  (Object.hasOwn(TABLES, language) ? TABLES[language] : undefined) ?? EN;
