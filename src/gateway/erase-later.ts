/** Follow-ups and notes that a purge takes: those of what goes, and of the person or session that it names. */
import type { ConversationId, MessageId } from "../core/ids.ts";
import type { PurgeScope } from "../core/verbs/evidence.ts";
import { isHeld } from "./holds.ts";
import type { Powers } from "./powers.ts";

const EVERYTHING = 1_000_000;

type Origin = {
  readonly session: string;
  readonly conversation: ConversationId;
  readonly principal: string;
  readonly source: MessageId | null;
};
export type LaterPlan = ReturnType<typeof laterGoing>;

export function laterGoing(
  powers: Powers,
  scope: PurgeScope,
  conversations: ReadonlySet<ConversationId>,
  messages: ReadonlySet<MessageId>,
) {
  const isGoing = (at: number, { session, conversation, principal, source }: Origin): boolean => {
    if ([session, conversation, principal].some((id) => isHeld(powers, id))) return false;
    return (
      conversations.has(conversation) ||
      (source !== null && messages.has(source)) ||
      (scope.by === "session" && scope.session === session) ||
      (scope.by === "sender" && scope.principal === principal) ||
      (scope.by === "before" && at < scope.time)
    );
  };
  const page = { limit: EVERYTHING };
  const followups = powers.store.all("followup", page).map(({ value }) => value);
  const notes = powers.store.all("note", page).map(({ value }) => value);
  return {
    followups: followups.filter((it) => isGoing(it.setAt, it)),
    notes: notes.filter((it) => isGoing(it.at, it)),
  };
}
