/** A follow-up is a record of a session that later starts a new run; it holds nothing open (CONTRACT section 8). */
import { z } from "zod";
import type { BlobId, ConversationId, FollowupId, MessageId, PrincipalId, SessionId, ThreadId } from "./ids.ts";
import type { Label } from "./label.ts";
import { FOLLOWUP_AHEAD_MS_MAX, MINUTE_MS } from "./limits.ts";
import type { Intent } from "./request.ts";

const DAY_MINUTES = 1440;
/** Of the day, since midnight. */
const Minute = z
  .number()
  .int()
  .min(0)
  .max(DAY_MINUTES - 1);

/** When: by the wall clock of the person who asks, never in UTC unless that is their zone. */
export const When = z.union([
  z.strictObject({
    in_minutes: z
      .number()
      .int()
      .min(1)
      .max(FOLLOWUP_AHEAD_MS_MAX / MINUTE_MS),
  }),
  z.strictObject({
    day: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/)
      .meta({ tier: "date" }),
    minute: Minute,
  }),
  /** Every week on these days (1 is Monday), or every month on this date. */
  z.strictObject({ weekdays: z.array(z.number().int().min(1).max(7)).min(1).max(7), minute: Minute }),
  z.strictObject({ date: z.number().int().min(1).max(31), minute: Minute }),
  /** Minute, hour, day of the month, month, weekday (0 or 7 is Sunday). */
  z.strictObject({
    cron: z
      .string()
      .max(64)
      .regex(/^[\d*,/-]{1,24}(?: [\d*,/-]{1,24}){4}$/)
      .meta({ tier: "id" }),
  }),
  /** Once, at the next thing that is said in the conversation by somebody else. */
  z.strictObject({ event: z.enum(["message"]) }),
]);
export type When = z.infer<typeof When>;

export type Followup = {
  readonly id: FollowupId;
  readonly tenant: string;
  readonly session: SessionId;
  readonly conversation: ConversationId;
  readonly thread: ThreadId | null;
  /** Who set it: the instructing principal of the runs that it starts. */
  readonly principal: PrincipalId;
  readonly when: When;
  /** IANA name of the zone that `when` is read in. */
  readonly zone: string;
  readonly brief: Brief;
  /** The message that asked for it: when that is changed or taken back, this goes. */
  readonly source: MessageId | null;
  readonly setAt: number;
  /** After this it starts nothing any more. */
  readonly endsAt: number;
  /** A whole minute; for an event the end, until that came; null when it is over. */
  readonly nextAt: number | null;
  readonly fired: number;
  /** When it ended; null while it is set. */
  readonly overAt: number | null;
};

/** What a run is about that no message started. Sealed, under the label of what it was made from. */
export type Brief = {
  readonly blob: BlobId;
  readonly label: Label;
  /** The instructing principal's own words, what the agent wrote, or what a handle stood for. */
  readonly by: "person" | "agent" | "value";
  readonly does: Intent;
  readonly followup?: FollowupId;
};

/** For an event that has not come. */
export const isWaiting = ({ when, nextAt, endsAt }: Followup): boolean => "event" in when && nextAt === endsAt;
export const isSet = (followup: Followup): boolean => followup.overAt === null;

/** What repeats as five fields of cron; null for what happens once. */
export function cronOf(when: When): string | null {
  if ("cron" in when) return when.cron;
  if (!("weekdays" in when) && !("date" in when)) return null;
  const clock = `${when.minute % 60} ${Math.floor(when.minute / 60)}`;
  return "date" in when ? `${clock} ${when.date} * *` : `${clock} * * ${when.weekdays.join(",")}`;
}
