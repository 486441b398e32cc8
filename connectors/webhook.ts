/** The webhook channel: any system that can sign a request is a network (CONTRACT section 13). */

import { hex } from "../src/core/ids.ts";
import {
  BODY_BYTES_MAX,
  DELIVERIES_REMEMBERED_MAX,
  HOOK_BODY_BYTES_MAX,
  REPLY_CHARS_MAX,
  WAITING_EVENTS_MAX,
} from "../src/core/limits.ts";
import type { InboundEvent } from "../src/core/message.ts";
import type { Operation, OperationKind, Outcome, OutcomeCode } from "../src/core/outbox.ts";
import type {
  Clock,
  Connector,
  ConnectorAbilities,
  ConnectorBatch,
  ConnectorHealth,
  HookDoor,
  HookHeaders,
  HookItem,
  HookRows,
  Random,
  Stop,
} from "../src/core/ports.ts";
import { Refusal } from "../src/core/refusal.ts";
import { Handover } from "./handover.ts";
import { HOOK_KINDS, hookAck, hookEvent } from "./webhook-body.ts";
import { HookPolls, outboxQuery } from "./webhook-outbox.ts";
import { checkHook, hookSignature, SIGNATURE_HEADER, TIMESTAMP_HEADER, type WithSecret } from "./webhook-signature.ts";

export type WebhookPowers = {
  readonly clock: Clock;
  readonly random: Random;
  readonly withSecret: WithSecret;
  /** Was a delivery with this platform id committed before? Ids are remembered for 30 days, by the store. */
  readonly seen: (deliveryId: string) => boolean;
  readonly rows: HookRows;
};

const OPERATIONS: readonly OperationKind[] = ["text"];
/** No conversation and no sender of anybody. */
const PROBE_PLACE = "lazaret.verify";

export class WebhookConnector implements Connector, HookDoor {
  readonly kind = "webhook";
  readonly channel: string;
  readonly abilities: ConnectorAbilities = {
    kinds: HOOK_KINDS,
    operations: OPERATIONS,
    textUnitsMax: REPLY_CHARS_MAX,
    threads: true,
    // An item keeps its id however often it is fetched, and it is fetched until it is acknowledged.
    idempotency: "native",
    limits: [],
    transport: "local",
    buttons: false,
  };
  readonly #tenant: string;
  readonly #powers: WebhookPowers;
  readonly #handover: Handover;
  readonly #polls: HookPolls;
  /** Deliveries on their way to a commit. */
  readonly #underway = new Map<string, Promise<void>>();
  /** Deliveries that were committed a moment ago: the store knows a delivery only once it left the inbox. */
  readonly #lately = new Set<string>();
  #knocking = 0;

  constructor(settings: { readonly tenant: string; readonly channel: string }, powers: WebhookPowers) {
    this.channel = settings.channel;
    this.#tenant = settings.tenant;
    this.#powers = powers;
    this.#handover = new Handover(powers.clock);
    this.#polls = new HookPolls(powers.rows);
  }

  /**
   * Size, then signature, then the body; resolves once the event is durable. Refuses with `input.too_large`, as
   * checkHook, hookEvent and Handover do, and with `rate.limited` when too many knock at once.
   */
  async accept(headers: HookHeaders, bytes: Uint8Array): Promise<"committed" | "duplicate"> {
    if (bytes.length > HOOK_BODY_BYTES_MAX) throw new Refusal("input.too_large");
    if (this.#knocking >= WAITING_EVENTS_MAX) throw new Refusal("rate.limited");
    this.#knocking += 1;
    try {
      await checkHook(headers, bytes, this.#powers.clock.now(), this.#powers.withSecret);
      const receivedAt = this.#powers.clock.now();
      const event = hookEvent(bytes, { tenant: this.#tenant, channel: this.channel, receivedAt });
      return await this.#take(event, bytes.length);
    } finally {
      this.#knocking -= 1;
    }
  }

  async #take(event: InboundEvent, bytes: number): Promise<"committed" | "duplicate"> {
    const delivery = event.envelope.delivery_id;
    const first = this.#underway.get(delivery);
    if (first !== undefined) {
      // The repeat is told what the first is told: it is a duplicate of something durable, or of nothing yet.
      await first;
      return "duplicate";
    }
    if (this.#lately.has(delivery) || this.#powers.seen(delivery)) return "duplicate";
    const commit = this.#handover.put(event, bytes);
    this.#underway.set(delivery, commit);
    try {
      await commit;
    } finally {
      this.#underway.delete(delivery);
    }
    this.#remember(delivery);
    return "committed";
  }

  #remember(delivery: string): void {
    this.#lately.add(delivery);
    if (this.#lately.size <= DELIVERIES_REMEMBERED_MAX) return;
    const [oldest] = this.#lately;
    if (oldest !== undefined) this.#lately.delete(oldest);
  }

  async outbox(headers: HookHeaders, target: string): Promise<{ readonly items: readonly HookItem[] }> {
    await checkHook(headers, Buffer.from(target), this.#powers.clock.now(), this.#powers.withSecret);
    return { items: await this.#polls.fetch(outboxQuery(target)) };
  }

  async ack(headers: HookHeaders, bytes: Uint8Array): Promise<void> {
    if (bytes.length > BODY_BYTES_MAX) throw new Refusal("input.too_large");
    await checkHook(headers, bytes, this.#powers.clock.now(), this.#powers.withSecret);
    await this.#powers.rows.ack(hookAck(bytes));
  }

  open(options: { readonly cursor: string | null; readonly stop: Stop }): AsyncIterable<ConnectorBatch> {
    return this.#handover.batches(options.stop);
  }

  /**
   * This network fetches: a row stays where it is until it is acknowledged through the door, so nothing is sent from
   * here.
   */
  async send(operation: Operation, stop: Stop): Promise<Outcome> {
    if (!OPERATIONS.includes(operation.op)) return notSent("unsupported");
    if ("text" in operation && operation.text.length > REPLY_CHARS_MAX) return notSent("too_long");
    return notSent(stop.aborted ? "aborted" : "nobody_listens");
  }

  health(): ConnectorHealth {
    return { state: this.#handover.streaming ? "live" : "stopped", code: null };
  }

  /**
   * Knocks at its own door as a system with the secret would: signed, accepted, committed, and known when it comes
   * again. Its
   * conversation is nobody's, so the event is counted and shredded.
   */
  async probe(stop: Stop): Promise<void> {
    const id = hex(this.#powers.random.bytes(16));
    const bytes = Buffer.from(
      JSON.stringify({ id, conversation: PROBE_PLACE, sender: PROBE_PLACE, kind: "message", text: "" }),
    );
    const timestamp = String(Math.floor(this.#powers.clock.now() / 1000));
    const signature = await this.#powers.withSecret((secret) => hookSignature(secret, timestamp, bytes));
    const headers = { [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: signature };
    if (stop.aborted || (await this.accept(headers, bytes)) !== "committed") throw new Refusal("channel.down");
    if ((await this.accept(headers, bytes)) !== "duplicate") throw new Refusal("channel.down");
  }

  async close(): Promise<void> {
    this.#handover.close();
    this.#polls.close();
  }
}

const notSent = (code: OutcomeCode): Outcome => ({ state: "not_sent", code, retryAfterMs: null });
