/** Which messages a capability is about: the shared input of everything that reads a range (CONTRACT section 5). */
import { z } from "zod";
import { Handle, MessageId, Name } from "./ids.ts";
import { RANGE_MESSAGES_MAX } from "./limits.ts";

export const PersonToken = z.string().regex(/^PERSON_[0-9a-f]{4,64}$/);

export const SCOPE = {
  /** Alias of another conversation that the requester belongs to now; absent is the run's own. */
  conversation: Name.optional(),
  /** The run's own thread, or the whole conversation. A conversation without threads is one thread. */
  scope: z.enum(["thread", "conversation"]).optional(),
  /** The newest so many. */
  last: z.number().int().min(1).max(RANGE_MESSAGES_MAX).optional(),
  /** Sent at or after, milliseconds since 1970 UTC. */
  since: z.number().int().min(0).max(8_640_000_000_000_000).optional(),
  person: PersonToken.optional(),
  messages: z.array(MessageId).min(1).max(RANGE_MESSAGES_MAX).optional(),
  /** The text of an attachment that this run extracted, instead of messages. */
  file: Handle.optional(),
} as const;
export const Scope = z.strictObject(SCOPE);
export type Scope = z.infer<typeof Scope>;

export const LAST_DEFAULT = 50;
