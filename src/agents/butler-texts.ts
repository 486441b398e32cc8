/** Sentences about times and about what was read. Pure. */
import type { RefusalCode } from "../core/refusal.ts";
import { REFUSALS } from "../core/refusal.ts";
import type { Read, Words } from "./butler-words.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const YEAR_LIKE_MS = 300 * DAY_MS;

export type Here = { readonly now: number; readonly offsetMinutes: number };

const two = (value: number): string => String(value).padStart(2, "0");
const dayNumber = (at: number, { offsetMinutes }: Here): number =>
  Math.floor((at + offsetMinutes * MINUTE_MS) / DAY_MS);

/** Local time of the reader: `10:02` today, `Tue 17 Jun, 10:02` otherwise, with the year when it is long ago. */
export function when(at: number, here: Here, words: Words, isAlone = true): string {
  const local = new Date(at + here.offsetMinutes * MINUTE_MS);
  const clock = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  if (isAlone && dayNumber(at, here) === dayNumber(here.now, here)) return clock;
  const day = `${words.weekdays[local.getUTCDay()]} ${local.getUTCDate()} ${words.months[local.getUTCMonth()]}`;
  const year = Math.abs(here.now - at) > YEAR_LIKE_MS ? ` ${local.getUTCFullYear()}` : "";
  return `${day}${year}, ${clock}`;
}

/** A task's due date (`YYYY-MM-DD`, or RFC 3339 with its own offset) as people write it. */
export function dueText(due: string, here: Here, words: Words): string {
  const isTimed = due.length > 10;
  const wall = Date.parse(`${due.slice(0, 10)}T${isTimed ? due.slice(11, 16) : "00:00"}:00Z`);
  if (Number.isNaN(wall)) return due;
  const text = when(wall, { now: here.now, offsetMinutes: 0 }, words, false);
  return isTimed ? text : text.replace(/, \d{2}:\d{2}$/, "");
}

/** `10:02–11:40`, `Tue 17 Jun, 10:02–11:40`, or both ends in full. */
function span(from: number, to: number, here: Here, words: Words): string {
  const first = when(from, here, words);
  if (to === from) return first;
  if (dayNumber(from, here) === dayNumber(to, here)) return `${first}–${when(to, here, words).replace(/^.*, /, "")}`;
  return `${when(from, here, words, false)} – ${when(to, here, words, false)}`;
}

/** Whose messages were read, where when that is elsewhere, and what was not. One line each. */
export function readLines(read: Read | null, here: Here, words: Words, place: string | null): readonly string[] {
  if (read === null) return [words.readHidden];
  const time = read.from === null || read.to === null ? "" : span(read.from, read.to, here, words);
  return [
    ...(read.messages === 0 ? [] : [words.read(read.messages, read.people, place, time)]),
    ...(read.unreadMedia > 0 ? [words.unreadMedia(read.unreadMedia)] : []),
    ...(read.othersUnread ? [words.othersUnread] : []),
    ...(read.gap ? [words.gap] : []),
    ...(read.cut ? [words.cut] : []),
    ...(read.withoutModel ? [words.withoutModel] : []),
  ];
}

/** A hint of the gateway is a sentence of its own, never content; braces would be a template. */
const plainHint = (hint: string | null): string | undefined =>
  hint === null || hint.includes("{{") || hint.includes("}}") ? undefined : hint.slice(0, 200);

/** One sentence with the cause, one with the next step. */
export function refusalText(code: RefusalCode, hint: string | null, words: Words): string {
  const cause = words.causes[code] ?? REFUSALS[code].sentence;
  return words.cannot(cause, words.next[code] ?? plainHint(hint) ?? words.nextDefault);
}
