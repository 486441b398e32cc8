/** What may be asked over HTTP: paths, queries and bodies, strictly parsed. */
import { z } from "zod";
import { UNITS } from "../core/budget.ts";
import { CAPABILITY_IDS } from "../core/capability.ts";
import { ApprovalId, Handle, Name, RunId, SessionId } from "../core/ids.ts";
import { INVOCATION_WAIT_SECONDS_MAX, JUSTIFICATION_CHARS_MAX } from "../core/limits.ts";
import type { Predicate } from "../core/run.ts";
import { PurgeScope, StepNumbers } from "../core/verbs/evidence.ts";
import { Count, Instant } from "../core/verbs/verb.ts";

export const ByRun = z.strictObject({ run: RunId });
export const BySession = z.strictObject({ session: SessionId });
export const ByValue = z.strictObject({ handle: Handle });
export const ByApproval = z.strictObject({ approval: ApprovalId });
export const Key = z.string().regex(/^[\x21-\x7e]{1,200}$/, "1 to 200 printable characters without spaces");
export const ByInvocation = z.strictObject({ run: RunId, key: Key });

const digits = (max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "a whole number")
    .transform(Number)
    .refine((n) => n <= max, `at most ${max}`);

export const NoQuery = z.strictObject({});
export const OpenRuns = z.strictObject({ open: z.enum(["true", "false"]).exactOptional() });
export const Wait = z.strictObject({ wait: digits(INVOCATION_WAIT_SECONDS_MAX).exactOptional() });
export const After = z.strictObject({ after: digits(Number.MAX_SAFE_INTEGER).exactOptional() });
export const Page = z.strictObject({
  after: digits(Number.MAX_SAFE_INTEGER).exactOptional(),
  limit: digits(1000).exactOptional(),
});

const leaf = [
  z.strictObject({ is: z.literal("replied") }),
  z.strictObject({ is: z.literal("values"), kind: z.enum(CAPABILITY_IDS), n: z.number().int().min(1).max(1000) }),
  z.strictObject({ is: z.literal("approved"), id: ApprovalId }),
  z.strictObject({ is: z.literal("children_done") }),
] as const;
const nest = <S extends z.ZodType<Predicate>>(inner: S) =>
  z.union([...leaf, z.strictObject({ is: z.enum(["all", "any"]), of: z.array(inner).min(1).max(8) })]);
/** Three deep: deeper than anybody needs, and shallow enough to judge. */
const DoneWhen = nest(nest(z.union(leaf)));

export const RunOrder = z
  .strictObject({
    conversation: Name.exactOptional(),
    session: SessionId.exactOptional(),
    goal: z.string().min(1).max(2000).exactOptional(),
    budget: z
      .strictObject(
        Object.fromEntries(UNITS.map((unit) => [unit, Count.exactOptional()])) as Record<
          (typeof UNITS)[number],
          z.ZodExactOptional<typeof Count>
        >,
      )
      .exactOptional(),
    done_when: DoneWhen.exactOptional(),
  })
  .refine((order) => (order.conversation === undefined) !== (order.session === undefined), {
    message: "name a conversation or a session",
  });

export const Finish = z.strictObject({
  wait: z
    .strictObject({ for: z.enum(["message", "time", "event"]), until: Instant })
    .nullable()
    .exactOptional(),
});
export const Nothing = z.strictObject({});

export const Invoke = z.strictObject({
  capability: z.string().min(1).max(64),
  input: z.json(),
  justification: z.string().min(1).max(JUSTIFICATION_CHARS_MAX),
  idempotency_key: Key,
});

export const Decision = z.strictObject({
  decision: z.enum(["approve", "deny"]),
  /** Of a plan: these alone, and the others are refused. */
  steps: StepNumbers.exactOptional(),
  reason: z.string().min(1).max(200).exactOptional(),
});

export const Purge = z.strictObject({ scope: PurgeScope });
