/** Questions where they were put: which message is which, and pointing at it again. */
import type { ApprovalId } from "../core/ids.ts";
import { SECOND_MS } from "../core/limits.ts";
import type { InboundEvent } from "../core/message.ts";
import { activate } from "./activate.ts";
import { Draft } from "./draft.ts";
import { keyOf, messageBy } from "./keep.ts";
import { findConversation, findPrincipal } from "./people.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";
import { transact } from "./transact.ts";

/** So long a press of a button waits at Telegram for whoever is away (tdlib/telegram-bot-api, Client.cpp). */
const PRESS_MS = 150 * SECOND_MS;
const OPEN_MAX = 1000;

/** The approval whose question a message of a channel is, by the platform's ids; null when it is none. */
export function promptAt(powers: Powers, channel: string, conversation: string, event: string): ApprovalId | null {
  const { store, settings } = powers;
  const place = store.ref("conversation", settings.tenant, channel, conversation);
  const message = store.ref("event", settings.tenant, channel, keyOf({ conversation }, event));
  if (place === null || place === "erased" || message === null) return null;
  const asked = store.find("approval", "conversation", place, { limit: OPEN_MAX, newestFirst: true });
  return asked.find(({ value }) => value.surfaces.some((surface) => surface.message === message))?.value.id ?? null;
}

/** Will this message be kept? Asked before its files are fetched. */
export function keepsMessage(powers: Powers, event: InboundEvent): boolean {
  const draft = new Draft(powers);
  const { envelope, content } = event;
  const { keywords } = powers.settings;
  const conversation = findConversation(draft, envelope.channel, envelope.conversation);
  const principal = findPrincipal(draft, envelope.channel, envelope.sender.id);
  const text = (content.text ?? "").normalize("NFKC");
  const repliesToUs = messageBy(draft, envelope, envelope.reply_to)?.own === true;
  return activate({ conversation, principal, envelope, text, keywords, repliesToUs }).is !== "rejected";
}

/** After an absence in which a press may have been lost, open questions are pointed at; their buttons still work. */
export async function offerAgain(powers: Powers, awaySince: number | null): Promise<void> {
  const { store, clock, connectors } = powers;
  if (awaySince === null || clock.now() - awaySince < PRESS_MS) return;
  for (const { value } of store.find("approval", "open", "open", { limit: OPEN_MAX })) {
    await transact(powers, (draft) => {
      const approval = draft.get("approval", value.id);
      if (approval?.status.state !== "pending" || draft.now >= approval.expiresAt) return;
      for (const { conversation: place, message } of approval.surfaces) {
        const conversation = draft.get("conversation", place);
        if (conversation === null || message === null) continue;
        if (connectors.get(conversation.channel)?.abilities.buttons !== true) continue;
        const text = "I was away and may have missed an answer. This question is still open: please answer it again.";
        say(draft, { conversation, thread: null, replyTo: message }, text, approval.run);
      }
    });
  }
}
