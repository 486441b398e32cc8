/** What one poll brought, as a batch: events, files fetched, presses read, an absence said. */
import { DAY_MS, MIB } from "../../src/core/limits.ts";
import { EVERYWHERE, type InboundEvent } from "../../src/core/message.ts";
import type { Clock, Stop } from "../../src/core/ports.ts";
import { type PromptAt, readPress } from "./buttons.ts";
import { type Cursor, offsetAfter } from "./cursor.ts";
import { withFile } from "./files.ts";
import { normalize, type TelegramPlace } from "./normalize.ts";
import type { Transport, TransportPowers } from "./transport.ts";

/** Of files in one batch; what comes after waits at Telegram for the next poll. */
const BATCH_BYTES_MAX = 16 * MIB;

export type Reading = Cursor;
export type Batch = { readonly events: readonly InboundEvent[]; readonly reading: Reading };

type BatchPowers = Pick<TransportPowers, "withToken"> & {
  readonly clock: Clock;
  readonly promptAt: PromptAt;
  readonly keeps: (event: InboundEvent) => boolean;
};

export class Batches {
  readonly #powers: BatchPowers;
  readonly #transport: Transport;
  readonly #place: Omit<TelegramPlace, "receivedAt">;

  constructor(powers: BatchPowers, transport: Transport, place: Omit<TelegramPlace, "receivedAt">) {
    this.#powers = powers;
    this.#transport = transport;
    this.#place = place;
  }

  /** Is it longer ago that Telegram answered than it keeps what it has for us? */
  isAway({ at }: Reading): boolean {
    return this.#powers.clock.now() - at > DAY_MS;
  }

  /** Events in order, and how far they reach: less than all updates when their files are many. */
  async next(updates: readonly unknown[], before: Reading, stop: Stop): Promise<Batch> {
    const receivedAt = this.#powers.clock.now();
    const place = { ...this.#place, receivedAt };
    const events: InboundEvent[] = this.isAway(before) ? [gap(place)] : [];
    let bytes = 0;
    let taken = 0;
    for (const update of updates) {
      if (bytes > BATCH_BYTES_MAX) break;
      for (const event of normalize(update, place)) {
        const whole = await this.#whole(event, update, stop);
        if (whole === null) continue;
        bytes += whole.content.attachments?.reduce((sum, { data }) => sum + data.length, 0) ?? 0;
        events.push(whole);
      }
      taken += 1;
    }
    const offset = offsetAfter(updates.slice(0, taken), before.offset);
    return { events, reading: { offset, at: receivedAt } };
  }

  async #whole(event: InboundEvent, update: unknown, stop: Stop): Promise<InboundEvent | null> {
    const { withToken, promptAt, keeps } = this.#powers;
    const { kind, content } = event.envelope;
    if (kind === "action") return readPress(event, withToken, promptAt);
    const hasFile = kind === "message" && content.media.length > 0;
    return hasFile && keeps(event) ? withFile(event, update, this.#transport, stop) : event;
  }
}

/** Updates live for a day at Telegram; whoever was away longer has missed some, nobody knows where. */
function gap({ tenant, channel, bot, receivedAt }: TelegramPlace): InboundEvent {
  const id = `gap:${bot.id}:${receivedAt}`;
  return {
    envelope: {
      tenant,
      channel,
      delivery_id: id,
      event_id: id,
      kind: "gap",
      conversation: EVERYWHERE,
      conversation_kind: "group",
      sender: { id: "telegram", kind: "service" },
      sent_at: receivedAt,
      received_at: receivedAt,
      addressed: { how: "none" },
      content: { bytes: 0, media: [] },
      trust: { transport: "transport", verified: "platform", flags: [] },
    },
    content: {},
  };
}
