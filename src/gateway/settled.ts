/** A question that is answered says so itself, on networks with buttons: these go, and with them what it showed. */
import type { Approval } from "../core/approval.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";
import { post, publicLabel, say } from "./say.ts";

const WORDS: Readonly<Record<Exclude<Approval["status"]["state"], "pending">, string>> = {
  granted: "✅ Allowed.",
  consumed: "✅ Allowed.",
  denied: "❌ Refused.",
  expired: "⌛ Nobody answered in time, so nothing was done.",
  void: "This question is void: what it was about has changed or ended.",
};
const MARKS: Readonly<Record<Approval["status"]["state"], string>> = {
  pending: "·",
  granted: "✅",
  consumed: "✅",
  denied: "❌",
  expired: "⌛",
  void: "void",
};

export const isButtoned = ({ connectors }: Powers, channel: string): boolean =>
  connectors.get(channel)?.abilities.buttons === true;

export const marksOf = (steps: readonly Approval[]): string =>
  steps.map(({ status }, at) => `${at + 1} ${MARKS[status.state]}`).join("   ");

export function showSettled(powers: Powers, draft: Draft, approval: Approval): void {
  const { id, status, surfaces, run } = approval;
  if (status.state === "pending") return;
  const steps = (approval.steps ?? []).flatMap((step) => draft.get("approval", step) ?? []);
  for (const { conversation: place, message } of surfaces) {
    const conversation = draft.get("conversation", place);
    if (conversation === null || message === null) continue;
    const label = publicLabel(draft.tenant, conversation.id);
    const text = steps.length === 0 ? WORDS[status.state] : marksOf(steps);
    if (!isButtoned(powers, conversation.channel)) {
      // Where it was asked in several places, each reads how it ended.
      if (surfaces.length > 1) say(draft, { conversation, thread: null, replyTo: message }, text, run);
      continue;
    }
    post(draft, { conversation, thread: null }, { op: "edit", text }, label, run, { target: message, approval: id });
  }
}
