/** What a connector hands in about one event, and what the gateway keeps of it (CONTRACT section 2). */
import { z } from "zod";
import type { BlobId, ConversationId, MessageId, PrincipalId, ThreadId } from "./ids.ts";
import { Name } from "./ids.ts";
import type { Label } from "./label.ts";
import { ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX, MEMBERS_MAX, TEXT_BYTES_MAX } from "./limits.ts";

/** A platform's own identifier: at most 255 printable characters; longer ones are hashed by the connector. */
export const PlatformId = z.string().regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/);

const Instant = z.number().int().min(0).max(8_640_000_000_000_000);

/** In a gap: any conversation of the channel may lack something. No network calls one so. */
export const EVERYWHERE = "*";

export const EVENT_KINDS = [
  "message",
  "edit",
  "delete",
  "reaction",
  "action",
  "membership",
  "gap",
  "undecryptable",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];
export const MEDIA_KINDS = ["image", "audio", "video", "file", "sticker"] as const;
export const ADDRESSED = ["direct", "mention", "reply", "command", "keyword", "none"] as const;
export type Addressed = (typeof ADDRESSED)[number];
export const TRANSPORTS = ["e2ee", "transport", "local"] as const;
export const VERIFIED = ["none", "platform", "signed", "verified"] as const;
export const FLAGS = ["forwarded", "via_bot", "backfill", "imported", "edited_unseen", "room_unencrypted"] as const;

export const Trust = z.strictObject({
  transport: z.enum(TRANSPORTS),
  verified: z.enum(VERIFIED),
  flags: z.array(z.enum(FLAGS)).max(FLAGS.length),
});
export type Trust = z.infer<typeof Trust>;

export const Media = z.strictObject({
  kind: z.enum(MEDIA_KINDS),
  mime: z.string().regex(/^[a-z0-9.+-]{1,64}\/[a-z0-9.+-]{1,64}$/),
  bytes: z.number().int().min(0).max(ATTACHMENT_BYTES_MAX),
});
export type Media = z.infer<typeof Media>;

const MIMES: ReadonlySet<string> = new Set([
  "application/json",
  "application/pdf",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  "application/zip",
  "audio/mpeg",
  "audio/ogg",
  "image/gif",
  "image/jpeg",
  "image/png",
  "image/webp",
  "text/csv",
  "text/markdown",
  "text/plain",
  "video/mp4",
]);
/**
 * A media type that may lie in clear. Any other is a word of the sender's choice and stays with the sealed file
 * alone.
 */
export const plainMime = (mime: string): string => (MIMES.has(mime) ? mime : "application/octet-stream");

/** Metadata of one event, strictly parsed. Times are milliseconds since 1970 UTC. It holds no free text. */
export const Envelope = z.strictObject({
  tenant: Name,
  channel: Name,
  /** Unique per delivery on this channel; a repeat is a duplicate. */
  delivery_id: PlatformId,
  /** The network's id of the event itself. */
  event_id: PlatformId,
  kind: z.enum(EVENT_KINDS),
  conversation: PlatformId,
  /** direct: one person and the bot; group: anything else. */
  conversation_kind: z.enum(["direct", "group"]),
  thread: PlatformId.optional(),
  sender: z.strictObject({ id: PlatformId, kind: z.enum(["person", "bot", "anonymous", "service"]) }),
  sent_at: Instant,
  received_at: Instant,
  reply_to: PlatformId.optional(),
  /** The event that an edit, delete, reaction or action is about. */
  target: PlatformId.optional(),
  addressed: z.strictObject({ how: z.enum(ADDRESSED) }),
  content: z.strictObject({
    bytes: z.number().int().min(0),
    media: z.array(Media).max(ATTACHMENTS_MAX),
  }),
  trust: Trust,
});
export type Envelope = z.infer<typeof Envelope>;

/**
 * The raw content of an event. It travels beside the envelope exactly once and is sealed before anything else happens.
 */
export const Content = z.strictObject({
  text: z.string().max(TEXT_BYTES_MAX).optional(),
  sender_name: z.string().max(512).optional(),
  conversation_name: z.string().max(512).optional(),
  /** Reaction or action key. */
  key: z.string().max(128).optional(),
  /** Platform ids of everybody in the conversation, stated by a membership event. */
  members: z.array(PlatformId).max(MEMBERS_MAX).optional(),
  attachments: z
    .array(
      z.strictObject({
        name: z.string().max(1024),
        mime: z.string().max(128),
        /** base64 */
        data: z.string().max(Math.ceil((ATTACHMENT_BYTES_MAX * 4) / 3) + 4),
      }),
    )
    .max(ATTACHMENTS_MAX)
    .optional(),
});
export type Content = z.infer<typeof Content>;

export type InboundEvent = { readonly envelope: Envelope; readonly content: Content };

/** What the gateway keeps of a message: everything about it except what it says. */
export type Message = {
  readonly id: MessageId;
  readonly tenant: string;
  readonly channel: string;
  readonly conversation: ConversationId;
  readonly thread: ThreadId | null;
  readonly sender: PrincipalId;
  readonly senderKind: Envelope["sender"]["kind"];
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly replyTo: MessageId | null;
  readonly addressed: Addressed;
  readonly trust: Trust;
  readonly media: readonly Media[];
  readonly label: Label;
  /** Sealed Content of the newest revision. */
  readonly blob: BlobId;
  /** Sealed attachments, in the order of `media`. */
  readonly attachments: readonly BlobId[];
  /** 1 as first received; one more for every edit. */
  readonly revision: number;
  /** Sealed bytes it occupies, for the conversation's quota. */
  readonly bytes: number;
  readonly expiresAt: number;
  /** True for what the bot itself said. */
  readonly own: boolean;
};
