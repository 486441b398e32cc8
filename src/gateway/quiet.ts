/** Two hundred questions are no question: how often people are asked, whatever an agent would like (threat B19). */
import type { Approval } from "../core/approval.ts";
import type { ConversationId, RunId } from "../core/ids.ts";
import {
  APPROVALS_OPEN_MAX,
  APPROVALS_PER_DAY_MAX,
  APPROVALS_PER_HOUR_MAX,
  APPROVALS_PER_RUN_MAX,
  DAY_MS,
  HOUR_MS,
  PLAN_STEPS_MAX,
} from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import type { Powers } from "./powers.ts";

/** Steps of a plan are one question together. */
function askedBy(powers: Powers, index: "run" | "conversation", key: string, limit: number): readonly Approval[] {
  const page = { limit: limit * (1 + PLAN_STEPS_MAX), newestFirst: true };
  const found = powers.store.find("approval", index, key, page).map(({ value }) => value);
  return found.filter(({ plan }) => plan === undefined);
}

export function assertFew(powers: Powers, run: RunId): void {
  if (askedBy(powers, "run", run, APPROVALS_PER_RUN_MAX).length >= APPROVALS_PER_RUN_MAX)
    throw new Refusal("rate.limited", { hint: "This run has asked often enough." });
}

/** A place is asked so often an hour and a day, and has so many questions open, and no more. */
export function assertQuiet(powers: Powers, place: ConversationId, now: number): void {
  const asked = askedBy(powers, "conversation", place, APPROVALS_PER_DAY_MAX);
  const since = (from: number): number => asked.filter(({ createdAt }) => createdAt > from).length;
  const open = asked.filter(({ status, expiresAt }) => status.state === "pending" && expiresAt > now);
  if (since(now - DAY_MS) >= APPROVALS_PER_DAY_MAX)
    throw new Refusal("rate.limited", { hint: "Enough was asked there for today." });
  if (since(now - HOUR_MS) >= APPROVALS_PER_HOUR_MAX)
    throw new Refusal("rate.limited", { hint: "Enough was asked there for this hour." });
  if (open.length >= APPROVALS_OPEN_MAX)
    throw new Refusal("rate.limited", { hint: "Enough questions are open there; wait until some are answered." });
}
