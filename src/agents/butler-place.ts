/** Which conversation a request is about when it does not say, or names one that does not exist. */
import type { Hands } from "./butler-hands.ts";
import { type Asked, isFields, listOf } from "./butler-request.ts";

/** "the board chat": a conversation by a name. */
const NAMED_PLACE = new RegExp(
  '\\b(?:in|of|from|into|to|on|summari[sz]e|recap|redact|check|read) (?:the |our |my )?["“#]?' +
    '([\\p{L}\\p{N}_-]{2,40})["”]? (?:chat|group|room|conversation|channel)\\b',
  "iu",
);
const THIS_PLACE =
  /^(?:this|that|the|our|my|your|whole|entire|full|same|direct|private|group|current|last|latest|other)$/i;

/** A conversation that the request seems to name, though it names none that exists. */
export function strayPlace({ text, slots }: Asked): string | null {
  const name = slots.conversation === null ? NAMED_PLACE.exec(text)?.[1] : undefined;
  return name === undefined || THIS_PLACE.test(name) ? null : name;
}

export type Choice = { readonly asked: Asked } | { readonly several: readonly string[] };

/**
 * At the console or in a direct chat there is nothing to read but what the asker said to the bot. Without a name the
 * one group that may
 * be asked about is meant; of several the asker has to choose. "This chat" stays this chat.
 */
export async function placeFor(asked: Asked, hands: Hands): Promise<Choice> {
  const { kind, slots } = asked;
  if (kind === "group" || slots.conversation !== null || slots.scope !== null) return { asked };
  const why = "Nothing says which conversation is meant: see which there are.";
  const { output } = await hands("conversation.list", {}, why, "places");
  const groups = (listOf(output, "conversations") ?? [])
    .filter(isFields)
    .filter((place) => place["kind"] === "group" && place["messages"] !== 0)
    .map((place) => String(place["alias"]));
  const [only] = groups;
  if (only === undefined) return { asked };
  return groups.length > 1 ? { several: groups } : { asked: { ...asked, slots: { ...slots, conversation: only } } };
}
