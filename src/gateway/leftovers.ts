/**
 * What connectors keep of conversations in stores of their own (Matrix session keys, cached rooms): a purge is not done
 * before that is gone too (CONTRACT section 12).
 */
import { SECOND_MS } from "../core/limits.ts";
import type { Powers } from "./powers.ts";

/** The kind of channel that keeps something, when none of its connectors is there to say so. */
const KEEPS = "matrix";
const FORGET_MS_MAX = 30 * SECOND_MS;

/** A conversation by the network's own id: kept in the purge's record, which is sealed, until it is forgotten there. */
export type Leftover = { readonly channel: string; readonly conversation: string };

/** Asked before an erasure, which takes the ids. */
export function leftoversOf({ store, connectors }: Powers, conversations: Iterable<string>): readonly Leftover[] {
  return [...conversations].flatMap((id) => {
    const channel = store.get("conversation", id)?.value.channel;
    if (channel === undefined) return [];
    const isKept = connectors.get(channel)?.forget !== undefined || store.get("channel", channel)?.value.kind === KEEPS;
    if (!isKept) return [];
    const conversation = store.platformOf("conversation", id);
    return conversation === null ? [] : [{ channel, conversation }];
  });
}

/** Those that could not be forgotten now. A channel that was removed has taken its stores along. */
export async function forgotten(
  { connectors, clock, store }: Powers,
  all: readonly Leftover[],
): Promise<readonly Leftover[]> {
  const left: Leftover[] = [];
  for (const it of all) {
    const connector = connectors.get(it.channel);
    if (connector?.forget === undefined) {
      if (connector === undefined && store.get("channel", it.channel) !== null) left.push(it);
      continue;
    }
    const late = new AbortController();
    const forget = clock.at(clock.now() + FORGET_MS_MAX, () => late.abort());
    if (!(await connector.forget(it.conversation, late.signal))) left.push(it);
    forget();
  }
  return left;
}
