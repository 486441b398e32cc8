/** Whether a network does its part of what the owner set for a conversation: what to mend, a proof, and the past. */
import type { Conversation } from "../core/people.ts";
import type { Outside } from "./outside.ts";
import type { Powers } from "./powers.ts";

const LOOK_MS = 250;
const LOOKED_AT_MAX = 200;

/** Context without messages is empty, and messages without context are told for nothing. */
export async function privacyNotice(
  outside: Outside,
  { kind, context, channel }: Conversation,
): Promise<string | null> {
  const readsAll = kind === "group" ? await outside.readsAll(channel) : null;
  if (readsAll === null || readsAll === (context !== "off")) return null;
  return readsAll
    ? "Its privacy mode is off: every message of the group comes here, and is dropped. @BotFather, /setprivacy, Enable."
    : [
        "Its privacy mode is on: only what is addressed to it comes here.",
        "Ask @BotFather: /setprivacy, your bot, Disable; then take it out of the group and add it again.",
        "Or make it an administrator there.",
      ].join(" ");
}

const WHERE: Readonly<Record<string, string>> = {
  telegram: "In Telegram Desktop: the group's menu, Export chat history, format JSON. Then",
  matrix: "In Element: the room's information, Export chat, format JSON. Then",
};

/** How to bring in what was said before there was context; null where no export is known. */
export function pastWords(powers: Powers, { id, alias, channel, kind, context }: Conversation): string | null {
  const where = WHERE[powers.connectors.get(channel)?.kind ?? ""];
  if (where === undefined || kind !== "group" || context === "off") return null;
  return `${where}: lazaret import FILE --conversation ${alias ?? id}`;
}

/** Waits at most `waitMs` for a message that was sent there at `since` or after and addressed to nobody. */
export async function heard(powers: Powers, place: Conversation, since: number, waitMs: number): Promise<boolean> {
  const { store, clock } = powers;
  const until = clock.now() + waitMs;
  for (;;) {
    const found = store.messages({ conversation: place.id, since, last: LOOKED_AT_MAX });
    const isProof = found.some(
      ({ own, addressed, trust }) => !own && addressed === "none" && !trust.flags.includes("imported"),
    );
    if (isProof || clock.now() >= until) return isProof;
    await new Promise<void>((resolve) => clock.at(Math.min(until, clock.now() + LOOK_MS), resolve));
  }
}
