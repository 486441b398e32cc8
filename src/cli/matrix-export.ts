/** A room's export from Element as JSON: `messages` holds the events as the server gave them. */
import { z } from "zod";
import { ImportLine } from "../core/verbs/care.ts";
import { fieldsOf } from "./foreign.ts";
import type { Found, LeftOut } from "./found.ts";
import { reasonOf } from "./jsonl-export.ts";
import { messagesOf } from "./messages-array.ts";

const Relation = fieldsOf({
  rel_type: z.string().optional(),
  event_id: z.string().optional(),
  "m.in_reply_to": fieldsOf({ event_id: z.string() }).optional(),
});
const Content = fieldsOf({
  msgtype: z.string().optional(),
  body: z.string().optional(),
  filename: z.string().optional(),
  "m.relates_to": Relation.optional(),
  "m.new_content": fieldsOf({ body: z.string() }).optional(),
});
const Exported = fieldsOf({
  type: z.string(),
  event_id: z.string(),
  sender: z.string(),
  origin_server_ts: z.number().int(),
  content: Content,
});
type Event = z.infer<typeof Exported>;

const TEXTS: ReadonlySet<string> = new Set(["m.text", "m.notice", "m.emote"]);
const EDITS_MAX = 100_000;

type Result =
  | { what: "message"; message: ImportLine }
  | { what: "left"; why: LeftOut }
  | { what: "bad"; reason: string };

/** Reads twice: first for the edits (only the sender's own count), then for the messages as they were in the end. */
export async function* readMatrix(pieces: () => AsyncIterable<string>): AsyncIterable<Found> {
  const edits = new Map<string, string>();
  for await (const { text } of messagesOf(pieces())) {
    const event = eventOf(text);
    if (typeof event === "string" || edits.size >= EDITS_MAX) continue;
    const edit = editOf(event);
    if (edit !== null) edits.set(`${event.sender} ${edit.target}`, edit.body);
  }
  for await (const { line, text } of messagesOf(pieces())) yield { line, ...found(text, edits) };
}

/** The event, or what is wrong with it. */
function eventOf(text: string): Event | string {
  try {
    const event = Exported.safeParse(JSON.parse(text));
    return event.success ? event.data : reasonOf(event.error);
  } catch {
    // What exactly broke it is the parser's, and it would quote the message.
    return "is not JSON";
  }
}

function editOf({ content }: Event): { readonly target: string; readonly body: string } | null {
  const relation = content["m.relates_to"];
  const body = content["m.new_content"]?.body;
  if (relation?.rel_type !== "m.replace" || relation.event_id === undefined || body === undefined) return null;
  return { target: relation.event_id, body };
}

function found(text: string, edits: ReadonlyMap<string, string>): Result {
  const event = eventOf(text);
  if (typeof event === "string") return { what: "bad", reason: event };
  const { content } = event;
  if (event.type === "m.room.encrypted") return { what: "left", why: "undecryptable" };
  if (event.type !== "m.room.message") return { what: "left", why: "service" };
  if (content.msgtype === undefined || content.body === undefined) return { what: "left", why: "deleted" };
  if (editOf(event) !== null) return { what: "left", why: "edit" };
  // A file's body is its name, unless it has a name besides: then it is a caption (MSC2530).
  const isCaption = content.filename !== undefined && content.filename !== content.body;
  if (!TEXTS.has(content.msgtype) && !isCaption) return { what: "left", why: "media" };
  const relation = content["m.relates_to"];
  const reply = relation?.["m.in_reply_to"]?.event_id;
  const line = ImportLine.safeParse({
    id: event.event_id,
    sender: event.sender,
    text: edits.get(`${event.sender} ${event.event_id}`) ?? withoutQuote(content.body, reply !== undefined),
    sent_at: event.origin_server_ts,
    ...(relation?.rel_type === "m.thread" && relation.event_id !== undefined ? { thread: relation.event_id } : {}),
    ...(reply === undefined ? {} : { reply_to: reply }),
  });
  return line.success ? { what: "message", message: line.data } : { what: "bad", reason: reasonOf(line.error) };
}

/** Older clients put what a reply answers before it, each line after `> ` (removed from the specification in v1.13). */
const withoutQuote = (body: string, isReply: boolean): string =>
  isReply && body.startsWith("> ") ? body.replace(/^(?:> .*\n?)+\n?/, "") : body;
