/** What a system posts: a strict body (CONTRACT section 13), read only after its signature was checked. */
import { z } from "zod";
import {
  ATTACHMENT_BYTES_MAX,
  ATTACHMENTS_MAX,
  HOOK_BRACKETS_MAX,
  MEMBERS_MAX,
  RAW_ID_CHARS_MAX,
  TEXT_BYTES_MAX,
} from "../src/core/limits.ts";
import { ADDRESSED, type Content, type Envelope, type InboundEvent, type Media } from "../src/core/message.ts";
import { Refusal } from "../src/core/refusal.ts";
import { decodeBase64 } from "./base64.ts";
import { platformId } from "./platform-id.ts";
import { parseMoment } from "./rfc3339.ts";

export const HOOK_KINDS = ["message", "edit", "delete", "reaction", "action", "membership"] as const;

const BASE64_CHARS_MAX = Math.ceil(ATTACHMENT_BYTES_MAX / 3) * 4;
const OTHER_MIME = "application/octet-stream";

const wellFormed = (text: string): boolean => text.isWellFormed();
const RawId = z.string().min(1).max(RAW_ID_CHARS_MAX).refine(wellFormed);
/** Counted before the items are looked at: eight mebibytes of wrong items would be millions of complaints. */
const few = <T extends z.ZodType<unknown, unknown>>(item: T, max: number) =>
  z.array(z.unknown()).max(max).pipe(z.array(item).max(max));

const Attachment = z.strictObject({
  name: z.string().max(1024),
  mime: z.string().max(128),
  data: z.string().max(BASE64_CHARS_MAX),
});

export const HookBody = z.strictObject({
  id: RawId,
  conversation: RawId,
  sender: RawId,
  kind: z.enum(HOOK_KINDS).default("message"),
  text: z.string().max(TEXT_BYTES_MAX).optional(),
  thread: RawId.optional(),
  reply_to: RawId.optional(),
  target: RawId.optional(),
  key: z.string().min(1).max(128).optional(),
  members: few(RawId, MEMBERS_MAX).optional(),
  addressed: z.union([z.boolean(), z.enum(ADDRESSED)]).optional(),
  direct: z.boolean().optional(),
  sent_at: z.string().max(64).optional(),
  attachments: few(Attachment, ATTACHMENTS_MAX).optional(),
});
type HookBody = z.infer<typeof HookBody>;
type Field = keyof HookBody;

/**
 * For each kind: what it needs, and what else it may bring beside id, conversation, sender, thread, addressed,
 * direct, sent_at.
 */
const FIELDS: Readonly<Record<HookBody["kind"], { readonly needs: readonly Field[]; readonly may: readonly Field[] }>> =
  {
    message: { needs: [], may: ["text", "attachments", "reply_to"] },
    edit: { needs: ["target", "text"], may: ["attachments", "reply_to"] },
    delete: { needs: ["target"], may: [] },
    reaction: { needs: ["target", "key"], may: [] },
    action: { needs: ["key"], may: ["target", "text"] },
    membership: { needs: ["members"], may: [] },
  };
const BOUND: readonly Field[] = ["text", "attachments", "reply_to", "target", "key", "members"];

/** Where an event comes from and when it came, milliseconds. */
export type HookPlace = { readonly tenant: string; readonly channel: string; readonly receivedAt: number };

/**
 * The event that these bytes are. Refuses with `input.invalid` or `input.too_large`, naming the field and nothing of
 * its content.
 */
export function hookEvent(bytes: Uint8Array, place: HookPlace): InboundEvent {
  const body = strictly(HookBody, jsonOf(bytes));
  checkFields(body);
  const attachments = (body.attachments ?? []).map((attachment, at) => attachmentOf(attachment, `attachments.${at}`));
  return {
    envelope: envelopeOf(
      body,
      attachments.map(({ media }) => media),
      place,
    ),
    content: {
      ...(body.text === undefined ? {} : { text: body.text.toWellFormed() }),
      ...(body.key === undefined ? {} : { key: body.key.toWellFormed() }),
      ...(body.members === undefined ? {} : { members: body.members.map(platformId) }),
      ...(attachments.length === 0 ? {} : { attachments: attachments.map(({ file }) => file) }),
    },
  };
}

/** `upto` of an acknowledgement. Refuses with `input.invalid`. */
export function hookAck(bytes: Uint8Array): number {
  return strictly(z.strictObject({ upto: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }), jsonOf(bytes)).upto;
}

const invalid = (field?: string): Refusal =>
  new Refusal(
    "input.invalid",
    field === undefined ? {} : { field, hint: `the field ${field} is missing, wrong or too much here` },
  );
const tooLarge = (field?: string): Refusal => new Refusal("input.too_large", field === undefined ? {} : { field });

function jsonOf(bytes: Uint8Array): unknown {
  // Four mebibytes of open brackets would hold up everybody else for a second, only to be refused.
  if (bracketsIn(bytes) > HOOK_BRACKETS_MAX) throw invalid();
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    // The parser's own message quotes the body, so it goes no further.
    throw new Refusal("input.invalid", { hint: "the body is not JSON in UTF-8" });
  }
}

/** Opening brackets and braces in the bytes, inside strings too; counts no further than it must. */
function bracketsIn(bytes: Uint8Array): number {
  let count = 0;
  for (const bracket of [0x5b, 0x7b])
    for (let at = bytes.indexOf(bracket); at >= 0 && count <= HOOK_BRACKETS_MAX; at = bytes.indexOf(bracket, at + 1))
      count += 1;
  return count;
}

function strictly<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  // The path holds only names of the schema and numbers; the names of unknown keys are the sender's words.
  const field = issue?.path.join(".") || undefined;
  const long = issue?.code === "too_big" && (issue.origin === "string" || issue.origin === "array");
  throw long ? tooLarge(field) : invalid(field);
}

function checkFields(body: HookBody): void {
  const { needs, may } = FIELDS[body.kind];
  const missing = needs.find((field) => body[field] === undefined);
  if (missing !== undefined) throw invalid(missing);
  const stray = BOUND.find((field) => body[field] !== undefined && !needs.includes(field) && !may.includes(field));
  if (stray !== undefined) throw invalid(stray);
  if (body.kind === "message" && body.text === undefined && !body.attachments?.length) throw invalid("text");
  if (body.text !== undefined && Buffer.byteLength(body.text) > TEXT_BYTES_MAX) throw tooLarge("text");
}

function envelopeOf(body: HookBody, media: readonly Media[], place: HookPlace): Envelope {
  const event = platformId(body.id);
  return {
    tenant: place.tenant,
    channel: place.channel,
    delivery_id: event,
    event_id: event,
    kind: body.kind,
    conversation: platformId(body.conversation),
    conversation_kind: body.direct === true ? "direct" : "group",
    ...(body.thread === undefined ? {} : { thread: platformId(body.thread) }),
    sender: { id: platformId(body.sender), kind: "person" },
    sent_at: sentAt(body.sent_at, place.receivedAt),
    received_at: place.receivedAt,
    ...(body.reply_to === undefined ? {} : { reply_to: platformId(body.reply_to) }),
    ...(body.target === undefined ? {} : { target: platformId(body.target) }),
    addressed: { how: addressed(body) },
    content: { bytes: Buffer.byteLength(body.text?.toWellFormed() ?? ""), media: [...media] },
    trust: { transport: "local", verified: "platform", flags: [] },
  };
}

/** Nothing is sent after it arrived: a clock that is ahead there must not make its message the newest here for ever. */
function sentAt(claimed: string | undefined, receivedAt: number): number {
  if (claimed === undefined) return receivedAt;
  const at = parseMoment(claimed);
  if (at === null) throw invalid("sent_at");
  return Math.min(at, receivedAt);
}

function addressed({ addressed: claimed, direct }: HookBody): Envelope["addressed"]["how"] {
  if (typeof claimed === "string") return claimed;
  if (direct === true) return "direct";
  return claimed === true ? "mention" : "none";
}

type File = NonNullable<Content["attachments"]>[number];

function attachmentOf(raw: File, field: string): { file: File; media: Media } {
  const data = decodeBase64(raw.data);
  if (data === null) throw invalid(`${field}.data`);
  if (data.length > ATTACHMENT_BYTES_MAX) throw tooLarge(`${field}.data`);
  const mime = mimeOf(raw.mime);
  const [family = ""] = mime.split("/");
  const kind = family === "image" || family === "audio" || family === "video" ? family : "file";
  return { file: { name: raw.name.toWellFormed(), mime, data: raw.data }, media: { kind, mime, bytes: data.length } };
}

/** Type and subtype in lower case, without parameters; what is no media type is a plain file. */
function mimeOf(raw: string): string {
  const mime = (raw.split(";")[0] ?? "").trim().toLowerCase();
  return /^[a-z0-9.+-]{1,64}\/[a-z0-9.+-]{1,64}$/.test(mime) ? mime : OTHER_MIME;
}
