/**
 * `request.read`: a member's own addressed message → its text with names and identifiers masked, what is asked, and
 * what it names.
 */
import { z } from "zod";
import { Name } from "../src/core/ids.ts";
import { TIER_R_CHARS_MAX } from "../src/core/limits.ts";
import { type Intent, ReadRequest, type Slots } from "../src/core/request.ts";
import { PersonToken } from "../src/core/scope.ts";
import type { Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { redact } from "./redact.ts";
import { intentOf, refuses } from "./request/intents.ts";
import { type Later, laterOf } from "./request/later.ts";
import { type Plain, plain } from "./request/plain.ts";
import { lastOf, namesStart, type Period, periodOf } from "./request/range.ts";
import { aliasOf, isOwn, personsOf, scopeOf, toOf } from "./request/who.ts";
import { normalise } from "./text/unicode.ts";

const ALIASES_MAX = 500;

const input = z.strictObject({
  /** Aliases of the conversations that the asker may name. */
  aliases: z.array(Name).max(ALIASES_MAX).default([]),
  /** The asker's own token, for "tasks for me". */
  me: PersonToken.nullable().default(null),
  /** It was put off and is due now: nothing in it is a time to wait for. */
  due: z.boolean().default(false),
});

/** These ask for the future or for other words than those of a range; a time in them is no range. */
const WITHOUT_RANGE: ReadonlySet<Intent> = new Set([
  "schedule",
  "compose",
  "greeting",
  "thanks",
  "unknown",
  "conversations",
  "file",
  "scheduled",
  "unschedule",
  "remind",
  "remember",
  "recall",
  "forget",
]);
const NO_PERIOD: Period = { since: null, until: null };
/** "the last 20", "since yesterday" and no more: what else than a summary. */
const BARE_RANGE = new RegExp(
  "^(?:(?:the |die |les |los |las |just |only )?(?:last|latest|past|since|from|\\d{1,4} m|letzten|" +
    "seit|\\d{1,4} n|derniers|depuis|ultimos|desde)(?: ?\\S+){1,4}|(?:today|yesterday|this week|last week|" +
    "last night|heute|gestern|hoy|ayer)(?:'s)?(?: messages| chat)?[.!]*)$",
);

type Range = Period & { readonly last: number | null };

function rangeOf({ folded }: Plain, turn: Turn, around: Surroundings): Range {
  return { last: lastOf(folded), ...periodOf(folded, turn.sentAt ?? around.now, turn.offsetMinutes) };
}

/** "what do I have to do today" is about what is due, not about when it was said. */
function readOver(range: Range, intent: Intent, own: boolean, { folded }: Plain): Range {
  if (WITHOUT_RANGE.has(intent)) return { last: null, ...NO_PERIOD };
  if (intent !== "tasks") return range;
  const isDue = range.since === null || (own && !namesStart(folded));
  return isDue ? { ...range, ...NO_PERIOD } : range;
}

function intentAndRange(
  request: Plain,
  turn: Turn,
  around: Surroundings,
  own: boolean,
  later: Later | null,
): [Intent, Range] {
  if (later !== null) return [later.intent, { last: null, ...NO_PERIOD }];
  const intent = intentOf(request);
  const range = rangeOf(request, turn, around);
  const isBare = BARE_RANGE.test(request.asked);
  if (intent === "unknown" && isBare && (range.last !== null || range.since !== null) && !refuses(request)) {
    return ["summarize", range];
  }
  return [intent, readOver(range, intent, own, request)];
}

function laterIn({ written }: Plain, turn: Turn, around: Surroundings): Later | null {
  const { language, now } = around;
  return laterOf(written, { at: turn.sentAt ?? now, offsetMinutes: turn.offsetMinutes, language });
}

function read(
  turn: Turn,
  { aliases, me, due }: z.output<typeof input>,
  around: Surroundings,
): Omit<ReadRequest, "text"> {
  const request = plain(turn.text);
  const persons = personsOf(request, around, aliases);
  const own = persons.length === 0 && isOwn(request.folded);
  const later = due ? null : laterIn(request, turn, around);
  const [intent, range] = intentAndRange(request, turn, around, own, later);
  const { when, does, pick, about } = later ?? {};
  const slots: Slots = {
    last: range.last,
    since: range.since,
    until: range.until,
    scope: scopeOf(request.folded),
    // Two persons named are no choice between them.
    person: persons.length === 1 ? (persons[0] ?? null) : own && intent === "tasks" ? me : null,
    conversation: aliasOf(request, aliases, around),
    to: toOf(request.folded),
    ...(when === undefined ? {} : { when }),
    ...(does === undefined ? {} : { does }),
    ...(pick === undefined ? {} : { pick }),
  };
  return { intent, slots, ...(about === undefined || about === "" ? {} : { about }) };
}

/** Tier R: masked, at most 4,000 units, still normal after the cut. */
function ownText(text: string, around: Surroundings): string {
  const { text: all } = redact(text, around);
  return all.length <= TIER_R_CHARS_MAX ? all : normalise(all.slice(0, TIER_R_CHARS_MAX)).text;
}

/** Reads the first turn alone: what a message replies to is material, never an instruction. */
export const readRequest: Transform<typeof input, typeof ReadRequest> = {
  id: "request.read",
  version: 1,
  input,
  output: ReadRequest,
  prepare: ([turn], named, around) => {
    if (turn === undefined) throw new RangeError("a request is one message");
    return { kind: "value", value: { text: ownText(turn.text, around), ...read(turn, named, around) } };
  },
  finish: () => {
    throw new RangeError("no model reads requests");
  },
};
