/**
 * Who is where, on networks that never say it but answer when asked. What they answered holds for a minute and in
 * memory alone: after that, and after a restart, it is unknown, and unknown is not in.
 */
import type { ConversationId, PrincipalId } from "../core/ids.ts";
import { MINUTE_MS } from "../core/limits.ts";
import type { Conversation } from "../core/people.ts";
import type { Connector } from "../core/ports.ts";
import type { Powers } from "./powers.ts";

const PLACES_MAX = 50;
const ASK_MS_MAX = 3000;
const HOLDS_MS = MINUTE_MS;

/** Until when each was in, by the network's word. */
const confirmed = new WeakMap<Powers, Map<string, number>>();
const keyOf = (conversation: ConversationId, person: PrincipalId): string => `${conversation}/${person}`;

export const wasConfirmed = (powers: Powers, conversation: Conversation, person: PrincipalId): boolean =>
  (confirmed.get(powers)?.get(keyOf(conversation.id, person)) ?? 0) > powers.clock.now();

/** Asks for every allowed group of this person's network; returns when all have answered, or soon. Never rejects. */
export async function confirmPresence(powers: Powers, person: PrincipalId): Promise<void> {
  const { store, clock, connectors } = powers;
  const channel = store.get("principal", person)?.value.channel ?? "";
  const connector = connectors.get(channel);
  const platform = store.platformOf("principal", person);
  if (connector?.isMember === undefined || platform === null) return;
  const places = store.find("conversation", "channel", channel, { limit: PLACES_MAX }).map(({ value }) => value);
  const open = places.filter(
    (it) => it.kind === "group" && it.status === "allowed" && !it.closed && it.members === null,
  );
  const known = confirmed.get(powers) ?? new Map<string, number>();
  confirmed.set(powers, known);
  for (const [key, until] of known) if (until <= clock.now()) known.delete(key);
  const asked = open.filter((it) => !wasConfirmed(powers, it, person));
  const late = new AbortController();
  const forget = clock.at(clock.now() + ASK_MS_MAX, () => late.abort());
  const answers = await Promise.all(asked.map((it) => ask(powers, connector, it, platform, late.signal)));
  forget();
  for (const [at, it] of asked.entries())
    if (answers[at] === true) known.set(keyOf(it.id, person), clock.now() + HOLDS_MS);
}

async function ask(powers: Powers, connector: Connector, place: Conversation, person: string, stop: AbortSignal) {
  const conversation = powers.store.platformOf("conversation", place.id);
  return conversation === null ? null : ((await connector.isMember?.(conversation, person, stop)) ?? null);
}
