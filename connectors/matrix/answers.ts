/**
 * What the process of an account may answer. It reads what a homeserver sends, so that it may be somebody else's by
 * now: each of its words is parsed, and one that does not fit ends it.
 */
import { z } from "zod";
import {
  ATTACHMENT_BYTES_MAX,
  ATTACHMENTS_MAX,
  HOUR_MS,
  MEMBERS_MAX,
  RAW_ID_CHARS_MAX,
} from "../../src/core/limits.ts";
import type { InboundEvent } from "../../src/core/message.ts";
import { OUTCOME_CODES } from "../../src/core/outbox.ts";
import type { ToAccount, ToDaemon } from "./questions.ts";
import type { Shapes } from "./wire.ts";

const ITEMS_MAX = 4096;
const BASE64_CHARS_MAX = Math.ceil(ATTACHMENT_BYTES_MAX / 3) * 4;

const Id = z.string().min(1).max(RAW_ID_CHARS_MAX);
const Code = z.enum(OUTCOME_CODES);
const Count = z.number().int().min(0).max(10_000_000);
const Name = z.string().max(512);

const FileRef = z.strictObject({
  url: z.string().max(2048),
  name: z.string().max(1024),
  mime: z.string().max(128),
  sealed: z.string().max(16_384).nullable(),
});
const Item = z.strictObject({
  // One that does not fit is left out by itself, where they are read: the others are not lost for it.
  event: z.custom<InboundEvent>((it) => typeof it === "object" && it !== null),
  files: z.array(FileRef).max(ATTACHMENTS_MAX),
});

export const ANSWERS: Shapes<ToAccount> = {
  start: z.strictObject({ published: z.boolean() }),
  next: z.strictObject({ cursor: z.string().max(64), items: z.array(Item).max(ITEMS_MAX) }),
  send: z.discriminatedUnion("state", [
    z.strictObject({ state: z.literal("sent"), eventIds: z.array(Id).max(64) }),
    z.strictObject({
      state: z.literal("not_sent"),
      code: Code,
      retryAfterMs: z.number().min(0).max(HOUR_MS).nullable(),
    }),
    z.strictObject({ state: z.literal("unknown"), code: Code }),
  ]),
  member: z.boolean().nullable(),
  members: z
    .array(Id)
    .max(20 * MEMBERS_MAX)
    .nullable(),
  file: z.string().max(BASE64_CHARS_MAX).nullable(),
  facts: z.strictObject({
    user: Id,
    device: Name,
    fingerprint: Name,
    crossSigned: z.boolean(),
    backup: z.boolean(),
    secretStorage: z.boolean(),
    oneTimeKeys: Count.nullable(),
    rooms: Count,
    encryptedRooms: Count,
    undecryptable: Count,
  }),
  probe: z.null(),
  direct: z.strictObject({ conversation: Id }),
  verify: z.strictObject({
    emoji: z.array(z.string().max(64)).max(16),
    decimal: z.array(z.number().int().min(0).max(10_000)).max(3),
  }),
  verified: z.strictObject({ done: z.boolean() }),
  pin: z.null(),
  forget: z.null(),
  stop: z.null(),
};

/** What it may ask. */
export const ASKED = {
  mayInvite: z.strictObject({ person: Id, conversation: Id }),
  standing: z.strictObject({
    state: z.enum(["connecting", "live", "backoff", "failed"]),
    code: z
      .string()
      .regex(/^[a-z_]{1,32}$/)
      .nullable(),
  }),
} satisfies { readonly [K in keyof ToDaemon]: z.ZodType<ToDaemon[K][0]> };
