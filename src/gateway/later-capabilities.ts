/** Capabilities about later and about memory, as the catalogue has them (CONTRACT section 5). */
import { z } from "zod";
import { CAPABILITY_IDS, type Manifest } from "../core/capability.ts";
import { When } from "../core/followup.ts";
import { FollowupId, Handle, NoteId, RunId } from "../core/ids.ts";
import { FOLLOWUPS_PER_SESSION_MAX, NOTE_CHARS_MAX, NOTES_PER_SESSION_MAX } from "../core/limits.ts";
import { INTENTS } from "../core/request.ts";

const Instant = z.number().int().min(0).max(8_640_000_000_000_000);
const Offset = z.number().int().min(-1080).max(1080);
const Text = z.string().min(1).max(NOTE_CHARS_MAX);

export const ScheduleInput = z.strictObject({
  /** When; what is there already is listed when absent. `request.read` gives it in `slots.when`. */
  when: When.optional(),
  /** What: a handle of this run, such as the one that `request.read` gives for the asker's own words. */
  what: Handle.optional(),
  /** Or words of the agent's own. */
  text: Text.optional(),
  stop: z.union([FollowupId, z.literal("all")]).optional(),
});
export type ScheduleInput = z.infer<typeof ScheduleInput>;

const Followups = z.strictObject({
  followups: z
    .array(
      z.strictObject({
        followup: FollowupId.meta({ tier: "id" }),
        does: z.enum(INTENTS),
        when: When,
        next_at: Instant.nullable(),
        /** Of the zone from UTC at `next_at`. */
        offset_minutes: Offset.nullable(),
        set_at: Instant,
        ends_at: Instant,
        /** Handle of its words. */
        what: Handle.meta({ tier: "id" }),
      }),
    )
    .max(FOLLOWUPS_PER_SESSION_MAX + 1),
  timezone: z.string().max(64).meta({ tier: "id" }),
  set: FollowupId.meta({ tier: "id" }).nullable(),
  stopped: z.number().int().min(0).max(1000),
});
export type FollowupView = z.infer<typeof Followups>["followups"][number];

export const NoteInput = z.strictObject({
  what: Handle.optional(),
  text: Text.optional(),
  forget: z.union([NoteId, z.literal("all")]).optional(),
});
export type NoteInput = z.infer<typeof NoteInput>;

const Notes = z.strictObject({
  notes: z
    .array(
      z.strictObject({
        note: NoteId.meta({ tier: "id" }),
        at: Instant,
        expires_at: Instant,
        what: Handle.meta({ tier: "id" }),
        /** What an agent wrote itself; words of others stay behind their handle. */
        text: z.string().max(NOTE_CHARS_MAX).meta({ tier: "R" }).nullable(),
      }),
    )
    .max(NOTES_PER_SESSION_MAX),
});

const Units = z.strictObject({
  steps: z.number().int().min(1).max(1000).optional(),
  tokens: z.number().int().min(0).max(1_000_000_000).optional(),
  cost_micros: z.number().int().min(0).max(1_000_000_000).optional(),
  egress_bytes: z.number().int().min(0).max(1_000_000_000).optional(),
});

export const SpawnInput = z.strictObject({
  what: Handle.optional(),
  text: Text.optional(),
  /** Of this run's own budget; ten steps and nothing else when absent. */
  budget: Units.optional(),
  /** When the child is done: it replied, or it made so many values of a kind. */
  done_when: z
    .union([
      z.strictObject({ is: z.literal("replied") }),
      z.strictObject({ is: z.literal("values"), kind: z.enum(CAPABILITY_IDS), n: z.number().int().min(1).max(1000) }),
    ])
    .optional(),
});
export type SpawnInput = z.infer<typeof SpawnInput>;

export const LATER: readonly Manifest[] = [
  {
    id: "run.spawn",
    version: 1,
    title: "Start a child run on part of this run's budget",
    effect: "once",
    input: SpawnInput,
    output: z.strictObject({ run: RunId.meta({ tier: "id" }) }),
    tier: "A",
    cost: { steps: 1, children: 1 },
    risk: "medium",
    off: true,
  },
  {
    id: "schedule.followup",
    version: 1,
    title: "Do something later or again and again, see what is set, stop it",
    effect: "once",
    input: ScheduleInput,
    output: Followups,
    tier: "A",
    cost: { steps: 1 },
    risk: "low",
  },
  {
    id: "memory.note",
    version: 1,
    title: "Remember something for the next requests of this person here, or forget it",
    effect: "once",
    input: NoteInput,
    output: z.strictObject({
      note: NoteId.meta({ tier: "id" }).nullable(),
      expires_at: Instant.nullable(),
      forgotten: z.number().int().min(0).max(1000),
    }),
    tier: "A",
    cost: { steps: 1 },
    risk: "low",
  },
  {
    id: "memory.recall",
    version: 1,
    title: "What was to be remembered, the newest last",
    effect: "none",
    input: z.strictObject({ last: z.number().int().min(1).max(NOTES_PER_SESSION_MAX).optional() }),
    output: Notes,
    tier: "R",
    cost: { steps: 1 },
    risk: "low",
  },
];
