/**
 * What `request.read` says about the request of a run: the shared schema of transform, gateway and agents
 * (CONTRACT section 5).
 */
import { z } from "zod";
import { When } from "./followup.ts";
import { Name } from "./ids.ts";
import { RANGE_MESSAGES_MAX, TIER_R_CHARS_MAX } from "./limits.ts";
import { PersonToken } from "./scope.ts";

export const INTENTS = [
  "summarize",
  "catch_up",
  "tasks",
  "entities",
  "redact",
  "file",
  "question",
  "compose",
  "send",
  "schedule",
  "scheduled",
  "unschedule",
  "remind",
  "remember",
  "recall",
  "forget",
  "conversations",
  "greeting",
  "thanks",
  "unknown",
] as const;
export type Intent = (typeof INTENTS)[number];

const PICK_MAX = 50;
const Instant = z.number().int().min(0).max(8_640_000_000_000_000);

/** What the request names. Everything is a choice or a bounded number: a slot can carry no text. */
export const Slots = z.strictObject({
  last: z.number().int().min(1).max(RANGE_MESSAGES_MAX).nullable(),
  since: Instant.nullable(),
  until: Instant.nullable(),
  scope: z.enum(["thread", "conversation"]).nullable(),
  /** Somebody named in the request, when that is somebody of this conversation. */
  person: PersonToken.meta({ tier: "id" }).nullable(),
  /** Alias of a conversation, when the request names one that exists. */
  conversation: Name.meta({ tier: "id" }).nullable(),
  /** Where the answer should go: here, or to the asker's direct chat. */
  to: z.enum(["here", "direct"]).nullable(),
  /** When something is to be done later. */
  when: When.optional(),
  /** What is to be done then. */
  does: z.enum(INTENTS).optional(),
  /** Which of a list, by its place in it. */
  pick: z.union([z.number().int().min(1).max(PICK_MAX), z.literal("all")]).optional(),
});
export type Slots = z.infer<typeof Slots>;

/** What the transform reads from the text alone. */
export const ReadRequest = z.strictObject({
  text: z.string().max(TIER_R_CHARS_MAX).meta({ tier: "R" }),
  intent: z.enum(INTENTS),
  slots: Slots,
  /** What is to be done later or remembered, in the asker's own words; it never leaves by value. */
  about: z.string().max(TIER_R_CHARS_MAX).meta({ tier: "C" }).optional(),
});
export type ReadRequest = z.infer<typeof ReadRequest>;
