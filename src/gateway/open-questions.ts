/** `approvals`: everything that waits here for whoever asks, each with the words that answer it. */
import type { Conversation, Principal } from "../core/people.ts";
import { mayAnswer } from "./answer.ts";
import type { Powers } from "./powers.ts";
import { codeOf, minutes } from "./question.ts";
import { isEnough, waysOn } from "./route.ts";

const OPEN_MAX = 200;

/** Only those that this person may decide, where they were put: a code is nobody else's to read. */
export function openQuestions(powers: Powers, place: Conversation, principal: Principal): string {
  const now = powers.clock.now();
  const evidence = { by: "code", code: "", conversation: place, verified: "none" } as const;
  const open = powers.store
    .find("approval", "conversation", place.id, { limit: OPEN_MAX })
    .map(({ value }) => value)
    .filter(({ status, plan, expiresAt }) => status.state === "pending" && plan === undefined && now < expiresAt)
    .filter((approval) => mayAnswer(powers, approval, principal, evidence));
  if (open.length === 0) return "Nothing here waits for you.";
  const lines = open.map(({ id, capability, destination, assurance, steps, expiresAt }) => {
    const what = steps === undefined ? `${capability} to ${destination}` : `a plan of ${steps.length}: ${destination}`;
    const code = codeOf(powers, id);
    const isSaid = isEnough(waysOn(powers, place).code, assurance);
    const how = isSaid ? `approve ${code} or deny ${code}` : `deny ${code}; a yes needs ${assurance}, see the question`;
    return `• ${what}, ${minutes(expiresAt - now)} left: ${how}`;
  });
  return [open.length === 1 ? "One question waits:" : `${open.length} questions wait:`, ...lines].join("\n");
}
