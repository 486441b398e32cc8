/** Everything that is kept of one person, for that person: opened under the owner's word, line by line. */
import type { PrincipalId } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import type { Principal } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";

const LINKED_MAX = 1000;
const MESSAGES_MAX = 1_000_000;
const PAGE = 200;

/** Principals that are one person, the named one first. `not_found` when there is none. */
function samePersons({ store }: Powers, id: PrincipalId): readonly Principal[] {
  const named = store.get("principal", id)?.value;
  if (named === undefined) throw new Refusal("not_found", { field: "person" });
  const linked = store.find("principal", "person", named.person, { limit: LINKED_MAX }).map(({ value }) => value);
  return [named, ...linked.filter((it) => it.id !== id)];
}

export type Exporting = { readonly messages: () => number; readonly lines: AsyncIterable<string> };

/** JSON lines: who it is to us, then a message each, oldest first as far as one network goes. */
export function exportOf(powers: Powers, id: PrincipalId): Exporting {
  const people = samePersons(powers, id);
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    yield* people.map((it) => JSON.stringify({ kind: "person", ...personOf(powers, it) }));
    for (const person of people) {
      const ids = powers.store.messageIds({ sender: person.id }, { limit: MESSAGES_MAX });
      for (let at = 0; at < ids.length; at += PAGE) {
        const page = ids.slice(at, at + PAGE).flatMap((it) => powers.store.message(it) ?? []);
        for (const message of page) {
          const line = await messageLine(powers, message);
          if (line === null) continue;
          count += 1;
          yield line;
        }
      }
    }
  }
  return { messages: () => count, lines: lines() };
}

function personOf({ store }: Powers, person: Principal): object {
  const permit = grantPermit({ by: "gateway", why: "owner" }, "names", "export", []);
  const { id, channel, role, timezone, language, optedOut, pairedAt } = person;
  const platform = store.platformOf("principal", id);
  const name = store.names(permit, [id]).get(id) ?? null;
  return { id, channel, platform, name, role, timezone, language, opted_out: optedOut, paired_at: pairedAt };
}

type Text = { readonly text?: string };

/** Null when it cannot be opened: erased meanwhile, past its age, or altered. */
async function messageLine(powers: Powers, message: Message): Promise<string | null> {
  const { store, hashing } = powers;
  const { id, conversation, thread, sentAt, receivedAt, expiresAt, replyTo, revision, blob, attachments } = message;
  const blobs = [blob, ...attachments];
  const permit = grantPermit({ by: "gateway", why: "owner" }, "local", "export", blobs);
  try {
    return await store.open(permit, blobs, ([text, ...more]) => {
      const read = (bytes: Uint8Array | undefined): unknown => JSON.parse(hashing.text(bytes ?? new Uint8Array()));
      return JSON.stringify({
        kind: "message",
        id,
        conversation: store.get("conversation", conversation)?.value.alias ?? conversation,
        thread,
        sent_at: sentAt,
        received_at: receivedAt,
        expires_at: expiresAt,
        reply_to: replyTo,
        revision,
        text: (read(text?.bytes) as Text).text ?? "",
        attachments: more.map(({ bytes }) => read(bytes)),
      });
    });
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
