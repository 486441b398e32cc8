/** What a message had set for later or given to remember goes when it is changed or taken back. */
import type { Message } from "../core/message.ts";
import type { Draft } from "./draft.ts";
import { dropNote } from "./notes.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";
import { stopFollowup } from "./schedule.ts";

const LOOKED_AT_MAX = 100;

export function dropLater(powers: Powers, draft: Draft, message: Message, how: "edited" | "deleted"): void {
  const { store } = powers;
  const set = store.find("followup", "source", message.id, { limit: LOOKED_AT_MAX }).map(({ value }) => value);
  const stopped = set.filter(({ id, brief }) => {
    if (how === "deleted") draft.dropBlob(brief.blob);
    return stopFollowup(draft, id, how);
  });
  const notes = store.find("note", "source", message.id, { limit: LOOKED_AT_MAX }).map(({ value }) => value);
  const forgotten = notes.filter(({ id }) => dropNote(draft, id));
  const conversation = draft.get("conversation", message.conversation);
  if (how !== "edited" || conversation === null || stopped.length + forgotten.length === 0) return;
  const what = stopped.length > 0 ? "what it had set for later is off" : "I forgot what it had given me to remember";
  say(
    draft,
    { conversation, thread: message.thread },
    `You changed that message, so ${what}. Ask again if you want it.`,
  );
}
