/** Errands about later and about memory: what is set, shown and ended, and what was to be remembered. */
import { z } from "zod";
import { When } from "../core/followup.ts";
import { FollowupId, Handle, NoteId } from "../core/ids.ts";
import { NOTE_CHARS_MAX } from "../core/limits.ts";
import type { Intent } from "../core/request.ts";
import type { Answer } from "./butler-errands.ts";
import type { Hands } from "./butler-hands.ts";
import { type LaterWords, laterWordsIn } from "./butler-later-words.ts";
import { type Asked, listOf } from "./butler-request.ts";
import type { Words } from "./butler-words.ts";

const LIST_MAX = 100;
const DOES_CHARS_MAX = 32;
const Item = z
  .strictObject({
    followup: FollowupId,
    does: z.string().max(DOES_CHARS_MAX),
    when: When,
    next_at: z.number().nullable(),
    offset_minutes: z.number().nullable(),
    set_at: z.number(),
    ends_at: z.number(),
    what: Handle,
  })
  .readonly();
type Item = z.infer<typeof Item>;
const Items = z.array(Item).max(LIST_MAX);
const Notes = z
  .array(
    z.strictObject({
      note: NoteId,
      at: z.number(),
      expires_at: z.number(),
      what: Handle,
      text: z.string().max(NOTE_CHARS_MAX).nullable(),
    }),
  )
  .max(LIST_MAX);

type Errand = (asked: Asked, hands: Hands, words: Words) => Promise<Answer>;
const say = (...lines: readonly string[]): Answer => ({ template: lines.join("\n"), tells: false });
const place = (handle: Handle): string => `{{v:${handle}.text}}`;

const MINUTE_MS = 60_000;
const two = (value: number): string => String(value).padStart(2, "0");

/** The day, the year and the time by the clock of the asker's zone then. */
function absolute(at: number, offsetMinutes: number, words: Words): string {
  const wall = new Date(at + offsetMinutes * MINUTE_MS);
  const day = `${words.weekdays[wall.getUTCDay()]} ${wall.getUTCDate()} ${words.months[wall.getUTCMonth()]}`;
  return `${day} ${wall.getUTCFullYear()}, ${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}`;
}

const dayOf = (text: string): string => text.replace(/, \d\d:\d\d$/, "");

function whenText(item: Item, words: Words, later: LaterWords): string {
  if (item.next_at === null) return later.wrote;
  const at = absolute(item.next_at, item.offset_minutes ?? 0, words);
  const every = later.every(item.when);
  return every === null ? at : later.next(every, at);
}

async function itemsOf(hands: Hands, key: string): Promise<readonly Item[]> {
  const { output } = await hands("schedule.followup", {}, "See what is set for later.", key);
  return Items.catch([]).parse(listOf(output, "followups"));
}

const schedule: Errand = async ({ slots, about, zone, language }, hands, words) => {
  const later = laterWordsIn(language);
  const { when } = slots;
  if (when === undefined) return say(later.when);
  const nudge = "event" in when ? later.wrote : later.nudge;
  const input = about === null ? { when, text: nudge } : { when, what: about };
  const { output } = await hands("schedule.followup", input, "Set what was asked for later.", "set");
  const id = (output as { readonly set?: unknown } | undefined)?.set;
  const set = Items.catch([])
    .parse(listOf(output, "followups"))
    .find(({ followup }) => followup === id);
  if (set === undefined) return say(words.nextDefault);
  if (set.next_at === null) return say(later.onMessage);
  const at = `${absolute(set.next_at, set.offset_minutes ?? 0, words)} (${zone})`;
  const every = later.every(set.when);
  if (every === null) return say(set.does === "remind" ? later.willRemind(at) : later.willDo(at));
  const until = dayOf(absolute(set.ends_at, set.offset_minutes ?? 0, words));
  return say(later.repeated(every, at, until), later.hints);
};

const listed = (items: readonly Item[], words: Words, later: LaterWords): readonly string[] =>
  items.map((item, at) => later.item(at + 1, whenText(item, words, later), place(item.what)));

const scheduled: Errand = async ({ zone, language }, hands, words) => {
  const later = laterWordsIn(language);
  const items = await itemsOf(hands, "list");
  return items.length === 0 ? say(later.nothingSet) : say(later.list(zone), ...listed(items, words, later));
};

const ALIKE: Readonly<Partial<Record<Intent, readonly string[]>>> = {
  summarize: ["summarize", "catch_up"],
  tasks: ["tasks"],
  remind: ["remind"],
};

const unschedule: Errand = async ({ slots, zone, language }, hands, words) => {
  const later = laterWordsIn(language);
  const items = await itemsOf(hands, "list");
  const { pick, does } = slots;
  const alike = does === undefined ? items : items.filter((item) => ALIKE[does]?.includes(item.does) === true);
  if (items.length === 0) return say(later.nothingSet);
  if (typeof pick === "number" && items[pick - 1] === undefined) return say(later.noSuchNumber(items.length));
  if (alike.length === 0) return say(later.nothingSuch);
  const goes = typeof pick === "number" ? items.slice(pick - 1, pick) : alike;
  if (goes.length > 1 && pick !== "all")
    return say(later.which("stop"), later.list(zone), ...listed(items, words, later));
  for (const { followup } of goes)
    await hands("schedule.followup", { stop: followup }, "Stop what was asked for.", `stop-${followup.slice(-12)}`);
  const [only] = goes;
  return say(goes.length === 1 && only !== undefined ? later.stopped(place(only.what)) : later.stoppedAll(goes.length));
};

/** What was set for now and is nothing that runs by itself. */
const remind: Errand = async ({ about, asker, kind, language }) => {
  const later = laterWordsIn(language);
  const what = about === null ? later.nudge : place(about);
  return say(later.reminder(kind === "group" ? asker : null, what));
};

const remember: Errand = async ({ about, language }, hands) => {
  const later = laterWordsIn(language);
  if (about === null) return say(later.noteWhat);
  await hands("memory.note", { what: about }, "Remember what was asked.", "note");
  return say(later.noted);
};

const recall: Errand = async ({ language }, hands) => {
  const later = laterWordsIn(language);
  const { output } = await hands("memory.recall", {}, "See what was to be remembered.", "recall");
  const notes = Notes.catch([]).parse(listOf(output, "notes"));
  if (notes.length === 0) return say(later.noNotes);
  return say(later.notes, ...notes.map(({ what }, at) => `${at + 1}. ${place(what)}`));
};

const forget: Errand = async ({ slots, language }, hands) => {
  const later = laterWordsIn(language);
  const { output } = await hands("memory.recall", {}, "See what was to be remembered.", "recall");
  const notes = Notes.catch([]).parse(listOf(output, "notes"));
  const { pick } = slots;
  if (notes.length === 0) return say(later.noNotes);
  if (pick === "all") {
    await hands("memory.note", { forget: "all" }, "Forget what was asked.", "forget");
    return say(later.forgotAll(notes.length));
  }
  if (typeof pick === "number" && notes[pick - 1] === undefined) return say(later.noSuchNumber(notes.length));
  const note = typeof pick === "number" ? notes[pick - 1] : notes.length === 1 ? notes[0] : undefined;
  if (note === undefined)
    return say(later.which("forget"), later.notes, ...notes.map(({ what }, at) => `${at + 1}. ${place(what)}`));
  await hands("memory.note", { forget: note.note }, "Forget what was asked.", "forget");
  return say(later.forgot(place(note.what)));
};

export const LATER_ERRANDS = { schedule, scheduled, unschedule, remind, remember, recall, forget } as const;
