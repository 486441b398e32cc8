/** A hold keeps content from erasure and closes it to agents (CONTRACT section 12). */
import type { BlobId, MessageId } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";

/** Is this conversation, principal or session under a hold? */
export const isHeld = (powers: Powers, target: string): boolean =>
  powers.store.find("hold", "target", target, { limit: 1 }).length > 0;

/** Held with its conversation, its sender, or the session of a run that it began. */
export function isMessageHeld(powers: Powers, message: Pick<Message, "id" | "conversation" | "sender">): boolean {
  if (isHeld(powers, message.conversation) || isHeld(powers, message.sender)) return true;
  const runs = powers.store.find("run", "request", message.id, { limit: 10 });
  return runs.some(({ value }) => isHeld(powers, value.session));
}

/** What somebody took back while it was held: done once nobody holds it any more. */
export type Deferred = { readonly deleted: boolean; readonly blobs: readonly BlobId[] };
const DEFERRED = "deferred/";
const DEFERRED_MAX = 10_000;

const deferredIn = (draft: Draft, id: MessageId): Deferred =>
  (draft.get("setting", `${DEFERRED}${id}`)?.value as Deferred | undefined) ?? { deleted: false, blobs: [] };

/** Remembers a delete, or the text before an edit, instead of doing away with it. */
export function defer(draft: Draft, id: MessageId, what: { readonly deleted?: true; readonly blob?: BlobId }): void {
  const before = deferredIn(draft, id);
  const blobs = what.blob === undefined ? before.blobs : [...before.blobs, what.blob];
  const value = { deleted: before.deleted || what.deleted === true, blobs };
  draft.put("setting", `${DEFERRED}${id}`, { id: `${DEFERRED}${id}`, tenant: draft.tenant, value });
}

/** Messages with something deferred that nobody holds now; gone ones too, so that what waits for them is dropped. */
export function released(powers: Powers): readonly { readonly id: MessageId; readonly message: Message | null }[] {
  return powers.store
    .all("setting", { limit: DEFERRED_MAX })
    .filter(({ value }) => value.id.startsWith(DEFERRED))
    .map(({ value }) => value.id.slice(DEFERRED.length) as MessageId)
    .map((id) => ({ id, message: powers.store.message(id) }))
    .filter(({ message }) => message === null || !isMessageHeld(powers, message));
}

/** Takes what was deferred out of the books: earlier texts lose their keys. Says whether the message goes as well. */
export function settleDeferred(draft: Draft, id: MessageId): boolean {
  const { deleted, blobs } = deferredIn(draft, id);
  for (const blob of blobs) draft.dropBlob(blob);
  draft.drop("setting", `${DEFERRED}${id}`);
  return deleted;
}
