/** Chats as they come into `lazaret try`: JSON messages, or lines `Name: text` that somebody pasted. Pure. */
import { z } from "zod";
import { parseMoment } from "../connectors/rfc3339.ts";
import { normalise } from "../transforms/text/unicode.ts";
import { TEXT_BYTES_MAX } from "./core/limits.ts";
import type { Turn } from "./core/transform.ts";

export const CHAT_MESSAGES_MAX = 10_000;
export const NOBODY = "Someone";

export const Said = z.strictObject({
  sender: z.string().min(1).max(512),
  text: z.string().max(TEXT_BYTES_MAX),
  sent_at: z
    .string()
    .max(40)
    .refine((text) => parseMoment(text) !== null, { error: "sent_at is RFC 3339, such as 2026-03-02T09:15:00+01:00" })
    .optional(),
});
export type Said = z.output<typeof Said>;

/** Minutes east of UTC that an RFC 3339 moment was written with. */
function offsetOf(moment: string): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(moment) ?? [];
  if (sign === undefined) return 0;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** As a transform sees them: normal text, names as given, each message in the zone it was written in. */
export const turnsOf = (messages: readonly Said[]): Turn[] =>
  messages.map(({ sender, text, sent_at }, index) => ({
    index,
    sender,
    text: normalise(text).text,
    sentAt: sent_at === undefined ? null : parseMoment(sent_at),
    offsetMinutes: sent_at === undefined ? 0 : offsetOf(sent_at),
    replyTo: null,
    media: 0,
  }));

/** Perhaps a moment, such as `2026-03-02 09:15 ` or `[2026-03-02T09:15:00+01:00] `. */
const MOMENT = /^\[?(\d{4}-\d\d-\d\d)[T ,]\s?(\d\d:\d\d)(:\d\d)?(Z|[+-]\d\d:\d\d)?\]?[ -]{1,3}/u;
/** A name, a colon, a space. `https://` and `12:30` are no names. */
const SPOKEN = /^([^\s:[\]](?:[^:\n[\]]{0,62}[^\s:[\]])?):(?:[ \t]+(.*))?$/u;
const WORDS_MAX = 4;

function spoken(line: string): Said | null {
  const [prefix = "", day, minute, second = ":00", zone = "Z"] = MOMENT.exec(line) ?? [];
  const [, sender = "", text = ""] = SPOKEN.exec(line.slice(prefix.length)) ?? [];
  const isName = /\p{L}/u.test(sender) && sender.split(/\s+/).length <= WORDS_MAX;
  if (!isName) return null;
  const moment = `${day}T${minute}${second}${zone}`;
  return { sender, text, ...(parseMoment(moment) === null ? {} : { sent_at: moment }) };
}

/**
 * Lines `Name: text`, each perhaps after a moment; a line without a name goes on with the message before it. Text in
 * which fewer than two lines have a name is one person's: a message for every line that is not empty.
 */
export function readChat(text: string): readonly Said[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const read = lines.map(spoken);
  if (read.filter((said) => said !== null).length < 2)
    return lines.map((line) => ({ sender: NOBODY, text: line.trim() }));
  const messages: { readonly said: Said; readonly parts: string[] }[] = [];
  for (const [at, line] of lines.entries()) {
    const said = read[at] ?? null;
    if (said !== null) messages.push({ said, parts: said.text === "" ? [] : [said.text] });
    else if (messages.length === 0) messages.push({ said: { sender: NOBODY, text: "" }, parts: [line.trim()] });
    else messages.at(-1)?.parts.push(line.trim());
  }
  return messages.map(({ said, parts }) => ({ ...said, text: parts.join("\n") }));
}
