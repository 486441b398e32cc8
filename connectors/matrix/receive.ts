/** From what the account hands over to what the gateway takes: parsed strictly, files fetched, members stated. */
import { ATTACHMENTS_MAX, MIB } from "../../src/core/limits.ts";
import { Content, Envelope, type InboundEvent } from "../../src/core/message.ts";
import { membersOf } from "./normalize.ts";
import type { Item, ToAccount, ToDaemon } from "./questions.ts";
import { unless } from "./stop.ts";
import type { Wire } from "./wire.ts";

type Asked = Wire<ToAccount, ToDaemon>;
export type Receiving = {
  /** Will the gateway keep this message? Files are fetched for such alone. */
  readonly keeps: (event: InboundEvent) => boolean;
  /** The gateway talks in this conversation and does not know yet who is in it. */
  readonly wantsMembers: (conversation: string) => boolean;
};

const FILES_BYTES_MAX = 16 * MIB;

/** What came, as far as it is what it should be; files fetched, and who is in told where that is wanted. */
export async function eventsOf(
  wire: Asked,
  powers: Receiving,
  items: readonly Item[],
  stop: AbortSignal,
): Promise<InboundEvent[]> {
  const events: InboundEvent[] = [];
  const told = new Set<string>();
  let bytes = 0;
  for (const { event, files } of items) {
    const { conversation } = event.envelope;
    if (!told.has(conversation) && event.envelope.kind !== "membership" && powers.wantsMembers(conversation)) {
      told.add(conversation);
      events.push(...(await membersEvent(wire, event)));
    }
    const isWanted = files.length > 0 && bytes < FILES_BYTES_MAX && powers.keeps(event);
    const whole = isWanted ? await withFiles(wire, event, files, stop) : event;
    bytes += whole.content.attachments?.reduce((sum, { data }) => sum + data.length, 0) ?? 0;
    if (Envelope.safeParse(whole.envelope).success && Content.safeParse(whole.content).success) events.push(whole);
  }
  return events;
}

async function membersEvent(wire: Asked, { envelope }: InboundEvent): Promise<readonly InboundEvent[]> {
  const members = await wire.ask("members", { conversation: envelope.conversation });
  if (members === null) return [];
  const { thread: _thread, reply_to: _replyTo, target: _target, ...rest } = envelope;
  const id = `members:${envelope.delivery_id}`.slice(0, 255);
  return [
    {
      envelope: {
        ...rest,
        delivery_id: id,
        event_id: id,
        kind: "membership",
        sender: { id: "matrix", kind: "service" },
        addressed: { how: "none" },
        content: { bytes: 0, media: [] },
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
