/** Shortly before a question ends people are reminded of it, once, wherever it was put. */
import type { Approval } from "../core/approval.ts";
import type { Draft } from "./draft.ts";
import { minutes } from "./question.ts";
import { say } from "./say.ts";

/** Of its whole time: five minutes before the end of half an hour. */
const LAST_PART = 6;

export const isDue = ({ status, createdAt, expiresAt, remindedAt, plan, surfaces }: Approval, now: number): boolean =>
  status.state === "pending" &&
  plan === undefined &&
  remindedAt === undefined &&
  surfaces.length > 0 &&
  now < expiresAt &&
  expiresAt - now <= (expiresAt - createdAt) / LAST_PART;

export function remind(draft: Draft, id: Approval["id"]): void {
  const approval = draft.get("approval", id);
  if (approval === null || !isDue(approval, draft.now)) return;
  draft.put("approval", id, { ...approval, remindedAt: draft.now });
  const left = minutes(approval.expiresAt - draft.now);
  const text = `This question is still open. It ends in ${left}; then nothing is done.`;
  for (const { conversation: place, message } of approval.surfaces) {
    const conversation = draft.get("conversation", place);
    if (conversation !== null) say(draft, { conversation, thread: null, replyTo: message }, text, approval.run);
  }
}
