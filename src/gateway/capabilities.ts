/** The catalogue: what a run may ask for, and who carries it out. Checked against its tiers when it is built. */
import { z } from "zod";
import { type CapabilityId, checkedManifest, type Manifest } from "../core/capability.ts";
import { Handle, MessageId, Name } from "../core/ids.ts";
import {
  EARLIER_CHARS_MAX,
  EARLIER_REQUESTS_MAX,
  RANGE_MESSAGES_MAX,
  REPLY_CHARS_MAX,
  TIER_R_CHARS_MAX,
} from "../core/limits.ts";
import { ADDRESSED, MEDIA_KINDS } from "../core/message.ts";
import { ROLES } from "../core/people.ts";
import { ANSWERED_BY } from "../core/quarantined.ts";
import { INTENTS, Slots } from "../core/request.ts";
import { PersonToken, SCOPE, Scope } from "../core/scope.ts";
import type { Transform } from "../core/transform.ts";
import type { Tier } from "../core/value.ts";
import { LATER } from "./later-capabilities.ts";
import { planManifest } from "./plan-manifest.ts";

const Instant = z.number().int().min(0).max(8_640_000_000_000_000);
const Count = z.number().int().min(0).max(1_000_000);
const Zone = z.string().max(64).meta({ tier: "id" });

/** Which messages an answer was made from, and what it did not read. Metadata: it says nothing of content. */
export const Read = z.strictObject({
  messages: Count,
  people: Count,
  from: Instant.nullable(),
  to: Instant.nullable(),
  unread_media: Count,
  /** Others' messages are not kept here, so they were not read. */
  others_unread: z.boolean(),
  /** The network lost something in this time, or a sender was cut off. */
  gap: z.boolean(),
  /** Some of the newest messages did not fit. */
  cut: z.boolean(),
});
export type Read = z.infer<typeof Read>;

const Alias = Name.meta({ tier: "id" });

const RequestRead = z.strictObject({
  asker: PersonToken.meta({ tier: "id" }),
  role: z.enum(ROLES),
  text: z.string().max(TIER_R_CHARS_MAX).meta({ tier: "R" }),
  intent: z.enum(INTENTS),
  slots: Slots,
  reply_to: MessageId.meta({ tier: "id" }).nullable(),
  addressed: z.enum(ADDRESSED),
  attachments: z.array(z.enum(MEDIA_KINDS)).max(10),
  /** When this person asked before, in milliseconds; null when never. */
  last_asked: Instant.nullable(),
  /** What this person asked here before, the oldest first, and the answers by their handles. */
  earlier: z
    .array(
      z.strictObject({
        message: MessageId.meta({ tier: "id" }),
        asked_at: Instant,
        text: z.string().max(EARLIER_CHARS_MAX).meta({ tier: "R" }),
        answers: z.array(Handle.meta({ tier: "id" })).max(4),
      }),
    )
    .max(EARLIER_REQUESTS_MAX),
  now: Instant,
  timezone: Zone,
  offset_minutes: z.number().int().min(-1080).max(1080),
  language: z.string().max(8).meta({ tier: "id" }),
  conversation: z.strictObject({ alias: Alias.nullable(), kind: z.enum(["direct", "group", "console"]) }),
  limits: z.strictObject({ last_max: Count, reply_chars_max: Count }),
});

const MessageList = z.strictObject({
  messages: z
    .array(
      z.strictObject({
        id: MessageId.meta({ tier: "id" }),
        sender: PersonToken.meta({ tier: "id" }),
        sent_at: Instant,
        reply_to: MessageId.meta({ tier: "id" }).nullable(),
        media: z.array(z.enum(MEDIA_KINDS)).max(10),
      }),
    )
    .max(RANGE_MESSAGES_MAX),
  read: Read,
});

const ConversationList = z.strictObject({
  conversations: z
    .array(z.strictObject({ alias: Alias, kind: z.enum(["direct", "group", "console"]), messages: Count }))
    .max(500),
});

const Template = z.string().min(1).max(REPLY_CHARS_MAX);
const Sent = z.strictObject({ delivered: z.enum(["queued"]), message: MessageId.meta({ tier: "id" }) });

const STEP = { steps: 1 } as const;

const OWN: readonly Manifest[] = [
  {
    id: "conversation.list",
    version: 1,
    title: "Names of the conversations you may ask about",
    effect: "none",
    input: z.strictObject({}),
    output: ConversationList,
    tier: "A",
    cost: STEP,
    risk: "low",
  },
  {
    id: "message.list",
    version: 1,
    title: "Pointers and times of messages, without their text",
    effect: "none",
    input: Scope,
    output: MessageList,
    tier: "A",
    cost: STEP,
    risk: "low",
  },
  {
    id: "request.read",
    version: 3,
    title: "What the person who asked wrote, redacted, with intent and slots",
    effect: "none",
    input: z.strictObject({ earlier: z.number().int().min(0).max(EARLIER_REQUESTS_MAX).optional() }),
    output: RequestRead,
    tier: "R",
    cost: STEP,
    risk: "low",
  },
  {
    id: "chat.reply",
    version: 1,
    title: "Answer in the conversation the request came from",
    effect: "once",
    egress: "own",
    input: z.strictObject({ template: Template }),
    output: Sent,
    tier: "A",
    cost: { ...STEP, egress_bytes: 4 * REPLY_CHARS_MAX },
    risk: "low",
  },
  {
    id: "chat.send",
    version: 1,
    title: "Write in another conversation, by its alias, or in the asker's direct chat",
    effect: "once",
    egress: "other",
    input: z.strictObject({ to: z.union([Name, z.literal("direct")]), template: Template }),
    output: Sent,
    tier: "A",
    cost: { ...STEP, egress_bytes: 4 * REPLY_CHARS_MAX },
    risk: "medium",
  },
];

/** Titles of the transforms that read a range of messages. */
const READERS: Readonly<Partial<Record<CapabilityId, string>>> = {
  "message.summarize": "Summary of messages: points, topics, participants",
  "message.extract_tasks": "Tasks in messages: title, assignee, due date, priority, status",
  "message.extract_entities": "People, organisations, places, dates, amounts and links in messages",
  "message.answer": "Answer to a question about messages: a date, an amount, a person, a choice or a sentence",
  "message.classify": "Which of up to eight classes of your own each message belongs to",
  "message.compose": "A draft from an instruction, by handle only, for the room",
  "message.redact": "Messages with everything personal masked",
};
/** What they say at most; the others say short redacted text (B). */
const READER_TIERS: Readonly<Partial<Record<CapabilityId, Tier>>> = {
  "message.classify": "A",
  "message.compose": "C",
  "message.redact": "R",
};

export type Reader = Manifest & { readonly transform: Transform };
export type Catalogue = {
  readonly manifests: ReadonlyMap<CapabilityId, Manifest>;
  readonly readers: ReadonlyMap<CapabilityId, Reader>;
};

const shapeOf = (schema: z.ZodType): z.ZodRawShape => {
  if (!(schema instanceof z.ZodObject)) throw new TypeError("a transform's input and output are objects");
  return schema.shape;
};

/** A transform over a range as a capability: its own options beside the scope, its own output beside what was read. */
function readerOf(transform: Transform): Reader {
  const id = transform.id as CapabilityId;
  const output = z.strictObject({ ...shapeOf(transform.output), read: Read, by: z.enum(ANSWERED_BY) });
  const input = z.strictObject({ ...shapeOf(transform.input), ...SCOPE });
  const tier = READER_TIERS[id] ?? "B";
  const title = READERS[id] ?? id;
  return {
    id,
    version: transform.version,
    title,
    effect: "none",
    input,
    output,
    tier,
    cost: STEP,
    risk: "low",
    transform,
  };
}

/** Builds the catalogue. Throws `capability.schema` with field and bits when an output is wider than its tier. */
export function catalogueOf(transforms: readonly Transform[], more: readonly Manifest[] = []): Catalogue {
  const readers = transforms.filter((t) => READERS[t.id as CapabilityId] !== undefined).map(readerOf);
  const each = [...OWN, ...LATER, ...more, ...readers];
  const manifests = [...each, planManifest(each)].map((manifest) => checkedManifest(manifest));
  return {
    manifests: new Map(manifests.map((manifest) => [manifest.id, manifest])),
    readers: new Map(readers.map((reader) => [reader.id, reader])),
  };
}
