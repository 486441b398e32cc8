/** A question that is answered says so itself, on networks with buttons: these go, and with them what it showed. */
import type { Approval } from "../core/approval.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";
import { post, publicLabel } from "./say.ts";

const WORDS: Readonly<Record<Exclude<Approval["status"]["state"], "pending">, string>> = {
  granted: "✅ Allowed.",
  consumed: "✅ Allowed.",
  denied: "❌ Refused.",
  expired: "⌛ Nobody answered in time, so nothing was done.",
  void: "This question is void: what it was about has changed or ended.",
};

export function showSettled(powers: Powers, draft: Draft, { id, status, surfaces, run }: Approval): void {
  if (status.state === "pending") return;
  for (const { conversation: place, message } of surfaces) {
    const conversation = draft.get("conversation", place);
    if (conversation === null || message === null) continue;
    if (powers.connectors.get(conversation.channel)?.abilities.buttons !== true) continue;
    const label = publicLabel(draft.tenant, conversation.id);
    const text = WORDS[status.state];
    post(draft, { conversation, thread: null }, { op: "edit", text }, label, run, { target: message, approval: id });
  }
}
