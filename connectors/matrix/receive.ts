/** From what the account hands over to what the gateway takes: parsed strictly, files fetched, members stated. */
import { ATTACHMENTS_MAX, MIB } from "../../src/core/limits.ts";
import { Content, Envelope, type EventKind, type InboundEvent } from "../../src/core/message.ts";
import { platformId } from "../platform-id.ts";
import { unless } from "../stop.ts";
import { membersOf } from "./normalize.ts";
import type { Item, ToAccount, ToDaemon } from "./questions.ts";
import type { Wire } from "./wire.ts";

type Asked = Wire<ToAccount, ToDaemon>;
export type Receiving = {
  /** Will the gateway keep this message? Files are fetched for such alone. */
  readonly keeps: (event: InboundEvent) => boolean;
  /** Groups in which the gateway talks and does not know yet who is in them, by the network's ids; a few at a time. */
  readonly wantingMembers: () => readonly string[];
};

type Place = { readonly tenant: string; readonly channel: string; readonly kinds: readonly EventKind[] };

const FILES_BYTES_MAX = 16 * MIB;

/** What came, as far as it is what it should be; files fetched, and who is in told where that is wanted. */
export async function eventsOf(
  wire: Asked,
  powers: Receiving,
  batch: { readonly place: Place; readonly items: readonly Item[] },
  stop: AbortSignal,
): Promise<InboundEvent[]> {
  const sound = batch.items.filter(({ event }) => isSound(event, batch.place));
  const events: InboundEvent[] = [];
  const [first] = sound;
  let bytes = 0;
  // Before anything is read: what may be said where depends on who is in.
  if (first !== undefined)
    for (const conversation of powers.wantingMembers())
      events.push(...(await membersEvent(wire, first.event, conversation)));
  for (const { event, files } of sound) {
    const isWanted = files.length > 0 && bytes < FILES_BYTES_MAX && powers.keeps(event);
    const whole = isWanted ? await withFiles(wire, event, files, stop) : event;
    bytes += whole.content.attachments?.reduce((sum, { data }) => sum + data.length, 0) ?? 0;
    if (Content.safeParse(whole.content).success) events.push(whole);
  }
  return events;
}

/** Ours, of a kind that we have, and what an event may be: nothing of it is used before. */
function isSound({ envelope, content }: InboundEvent, { tenant, channel, kinds }: Place): boolean {
  const parsed = Envelope.safeParse(envelope);
  if (!parsed.success || !Content.safeParse(content).success) return false;
  return parsed.data.tenant === tenant && parsed.data.channel === channel && kinds.includes(parsed.data.kind);
}

async function membersEvent(
  wire: Asked,
  { envelope }: InboundEvent,
  conversation: string,
): Promise<readonly InboundEvent[]> {
  const members = await wire.ask("members", { conversation });
  if (members === null) return [];
  const { thread: _thread, reply_to: _replyTo, target: _target, ...rest } = envelope;
  const id = platformId(`members:${conversation}:${envelope.delivery_id}`);
  return [
    {
      envelope: {
        ...rest,
        conversation,
        conversation_kind: "group",
        delivery_id: id,
        event_id: id,
        kind: "membership",
        sender: { id: "matrix", kind: "service" },
        addressed: { how: "none" },
        content: { bytes: 0, media: [] },
        trust: { transport: "transport", verified: "platform", flags: [] },
      },
      content: { key: "stated", ...membersOf({ members }) },
    },
  ];
}

async function withFiles(
  wire: Asked,
  event: InboundEvent,
  files: Item["files"],
  stop: AbortSignal,
): Promise<InboundEvent> {
  const attachments: { name: string; mime: string; data: string }[] = [];
  for (const ref of files.slice(0, ATTACHMENTS_MAX)) {
    const data = await unless(wire.ask("file", ref), stop);
    if (data !== null) attachments.push({ name: ref.name, mime: ref.mime, data });
  }
  return {
    envelope: event.envelope,
    content: { ...event.content, ...(attachments.length > 0 ? { attachments } : {}) },
  };
}
