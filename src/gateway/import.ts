/**
 * A chat export into the quarantine: untrusted material under whatever names it carries (CONTRACT sections 2 and 14).
 */
import type { InboundEvent } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import type { ImportFormat, ImportLine } from "../core/verbs/care.ts";
import { CONSOLE_OWNER } from "./bootstrap.ts";
import type { Draft } from "./draft.ts";
import { keep, keyOf } from "./keep.ts";
import { conversationBy, findPrincipal, newConversation, newPrincipal } from "./people.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

/** Lines a commit: large enough to share its cost, small enough to keep live messages flowing between. */
const LINES_PER_COMMIT = 100;

export type Imported = { readonly conversation: Conversation; readonly added: number; readonly known: number };

/**
 * Imports lines into the conversation of that alias, which is made when there is none. Lines that are there already,
 * from an earlier import or live, count as known: ids of a network's own export are those of its live events where the
 * conversation is one of that network. Refuses `import.quota` when the conversation is full; what was added
 * stays.
 */
export async function importLines(
  powers: Powers,
  alias: string,
  lines: readonly ImportLine[],
  format: ImportFormat = "jsonl",
): Promise<Imported> {
  const conversation = await transact(powers, (draft) => placeFor(powers, draft, alias));
  let added = 0;
  for (let at = 0; at < lines.length; at += LINES_PER_COMMIT) {
    const piece = lines.slice(at, at + LINES_PER_COMMIT);
    const before = added;
    added = before + (await transact(powers, (draft) => importPiece(powers, draft, conversation.id, piece, format)));
  }
  return { conversation, added, known: lines.length - added };
}

/** The conversation, or a new one on the console channel that the local owner belongs to. */
function placeFor(powers: Powers, draft: Draft, alias: string): Conversation {
  const known = conversationBy(powers, alias);
  if (known !== null) {
    if (known.closed || known.status !== "allowed") throw new Refusal("conversation.unknown");
    return known;
  }
  const channel = consoleChannel(powers);
  const owner = findPrincipal(draft, channel, CONSOLE_OWNER);
  if (owner === null)
    throw new Refusal("conversation.unknown", { hint: "There is no console channel to import into." });
  const place = { channel, platform: `import:${alias}`, kind: "group", encrypted: false } as const;
  const set = { alias, status: "allowed", context: "everyone", members: [owner.id] } as const;
  const made = newConversation(powers, draft, place, set);
  draft.entry("conversation.allowed", { conversation: made.id, channel, kind: "import" }, { actor: owner.id });
  return made;
}

export function consoleChannel(powers: Powers): string {
  const channels = powers.store.all("channel", { limit: 1000 });
  const found = channels.find(({ value }) => value.kind === "console");
  if (found === undefined) throw new Refusal("channel.unknown", { hint: "No console channel is configured." });
  return found.value.id;
}

function importPiece(
  powers: Powers,
  draft: Draft,
  id: Conversation["id"],
  lines: readonly ImportLine[],
  format: ImportFormat,
): number {
  const channel = draft.need("conversation", id).channel;
  const platform = powers.store.platformOf("conversation", id) ?? "";
  const live = liveIds(powers, channel, platform, format);
  let added = 0;
  for (const line of lines) {
    const event = eventOf(draft, channel, platform, live(line));
    if (draft.ref("event", channel, keyOf(event.envelope, event.envelope.event_id)) !== null) continue;
    const conversation = draft.need("conversation", id);
    const sender = senderOf(draft, conversation, line.sender, line.name ?? line.sender);
    const activation = { is: "material", role: "participant", integrity: 2 } as const;
    if (keep(powers, draft, event, conversation, sender, activation) === null) throw new Refusal("import.quota");
    added += 1;
  }
  return added;
}

/** A line with the ids that its message has, or would have, live. */
function liveIds(
  powers: Powers,
  channel: string,
  platform: string,
  format: ImportFormat,
): (line: ImportLine) => ImportLine {
  const connector = powers.connectors.get(channel);
  const idOf = connector?.kind === format ? connector.exportedId?.bind(connector) : undefined;
  if (idOf === undefined) return (line) => line;
  return ({ reply_to, ...line }) => ({
    ...line,
    id: idOf(platform, line.id),
    ...(reply_to === undefined ? {} : { reply_to: idOf(platform, reply_to) }),
  });
}

/** Who is named in an export is nobody's identity: it is a person of this conversation and no other. */
function senderOf(draft: Draft, conversation: Conversation, id: string, name: string): Principal {
  const platform = `import:${conversation.id}:${id}`;
  return (
    findPrincipal(draft, conversation.channel, platform) ??
    newPrincipal(draft, conversation.channel, platform, "person", "participant", name)
  );
}

function eventOf(draft: Draft, channel: string, platform: string, line: ImportLine): InboundEvent {
  const { text, sender, name = sender } = line;
  return {
    envelope: {
      tenant: draft.tenant,
      channel,
      delivery_id: line.id,
      event_id: line.id,
      kind: "message",
      conversation: platform,
      conversation_kind: "group",
      sender: { id: sender, kind: "person" },
      sent_at: line.sent_at,
      received_at: draft.now,
      addressed: { how: "none" },
      content: { bytes: text.length, media: [] },
      trust: { transport: "local", verified: "none", flags: ["imported"] },
      ...(line.thread === undefined ? {} : { thread: line.thread }),
      ...(line.reply_to === undefined ? {} : { reply_to: line.reply_to }),
    },
    content: { text, sender_name: name },
  };
}
