/**
 * The reference network, in memory: an event log with a cursor, every kind, every operation, all faults. Its
 * connector is the smallest complete example of the contract, and the ground on which the suite's own power is shown.
 */
import { platformId } from "../../connectors/platform-id.ts";
import { ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX } from "../../src/core/limits.ts";
import { type Content, Envelope, EVENT_KINDS, type InboundEvent } from "../../src/core/message.ts";
import type { Operation, Outcome } from "../../src/core/outbox.ts";
import type {
  Clock,
  Connector,
  ConnectorAbilities,
  ConnectorBatch,
  ConnectorHealth,
  Stop,
} from "../../src/core/ports.ts";
import type { Deed, Fault, Landed } from "./harness.ts";

const BATCH_EVENTS_MAX = 100;
const TEXT_UNITS_MAX = 4000;

export type WireEvent = Omit<Deed, "kind"> & { readonly id: string; readonly kind: string };

/** The far end: keeps what was said for ever, and tells what landed. */
export class LoopbackNet {
  readonly log: WireEvent[] = [];
  readonly landed: Landed[] = [];
  readonly #ids = new Map<string, string>();
  attempts = 0;
  fault: Fault | null = null;
  wake: () => void = () => {};

  say(event: WireEvent): void {
    this.log.push(event);
    this.wake();
  }

  /** Takes an operation with the network's own idempotency: an id lands once, and keeps the event id it was given. */
  take(operation: Operation): string {
    const known = this.#ids.get(operation.id);
    if (known !== undefined) return known;
    const id = `m${this.#ids.size + 1}`;
    this.#ids.set(operation.id, id);
    const { op, conversation, thread } = operation;
    const code = operation.op === "text" && operation.approval ? `\n[${operation.approval.code}]` : "";
    const text = "text" in operation ? operation.text + code : undefined;
    this.landed.push({ op, conversation, thread, text, target: "target" in operation ? operation.target : undefined });
    return id;
  }
}

export class LoopbackConnector implements Connector {
  readonly kind = "matrix";
  readonly channel = "loopback";
  readonly abilities: ConnectorAbilities = {
    kinds: EVENT_KINDS,
    operations: ["text", "edit", "redact", "react"],
    textUnitsMax: TEXT_UNITS_MAX,
    threads: true,
    idempotency: "native",
    limits: [],
    transport: "transport",
    buttons: false,
  };
  readonly #net: LoopbackNet;
  readonly #clock: Clock;
  #streaming = false;
  #closed = false;

  constructor(net: LoopbackNet, clock: Clock) {
    this.#net = net;
    this.#clock = clock;
  }

  async *open({ cursor, stop }: { cursor: string | null; stop: Stop }): AsyncGenerator<ConnectorBatch, void, void> {
    let at = Number(cursor ?? 0);
    this.#streaming = true;
    try {
      while (!stop.aborted && !this.#closed) {
        const waiting = this.#net.log.slice(at, at + BATCH_EVENTS_MAX);
        const events = waiting.flatMap((raw) => eventOf(raw, this.#clock.now()) ?? []);
        at += waiting.length;
        if (events.length > 0) yield { cursor: String(at), events };
        else if (waiting.length === 0) await this.#arrival(stop);
      }
    } finally {
      this.#streaming = false;
    }
  }

  #arrival(stop: Stop): Promise<void> {
    return new Promise((resolve) => {
      this.#net.wake = resolve;
      stop.addEventListener("abort", resolve, { once: true });
    });
  }

  async send(operation: Operation, stop: Stop): Promise<Outcome> {
    if (!this.abilities.operations.includes(operation.op))
      return { state: "not_sent", code: "unsupported", retryAfterMs: null };
    if ("text" in operation && operation.text.length > TEXT_UNITS_MAX)
      return { state: "not_sent", code: "too_long", retryAfterMs: null };
    if (stop.aborted) return { state: "not_sent", code: "aborted", retryAfterMs: null };
    const fault = this.#net.fault;
    this.#net.fault = null;
    this.#net.attempts += 1;
    if (fault === "refused") return { state: "not_sent", code: "unreachable", retryAfterMs: null };
    if (fault === "rate_limited") return { state: "not_sent", code: "rate_limited", retryAfterMs: 2000 };
    if (fault === "server_error") return { state: "unknown", code: "server_error" };
    if (fault === "hang") await new Promise<void>((resolve) => stop.addEventListener("abort", resolve, { once: true }));
    if (fault === "hang") return { state: "unknown", code: "aborted" };
    const id = this.#net.take(operation);
    return fault === "lost_answer" ? { state: "unknown", code: "timeout" } : { state: "sent", eventIds: [id] };
  }

  health(): ConnectorHealth {
    return { state: this.#streaming ? "live" : "stopped", code: null };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#net.wake();
  }
}

/** A wire event as the contract wants it; null when it is none. */
function eventOf(raw: WireEvent, receivedAt: number): InboundEvent | null {
  const files = (raw.files ?? []).filter(({ bytes }) => bytes.length <= ATTACHMENT_BYTES_MAX).slice(0, ATTACHMENTS_MAX);
  const id = platformId(raw.id);
  const parsed = Envelope.safeParse({
    tenant: "default",
    channel: "loopback",
    delivery_id: id,
    event_id: id,
    kind: raw.kind,
    conversation: platformId(raw.conversation ?? "room"),
    conversation_kind: "group",
    ...(raw.thread === undefined ? {} : { thread: platformId(raw.thread) }),
    sender: { id: platformId(raw.sender?.id ?? "ana"), kind: raw.sender?.kind ?? "person" },
    sent_at: Math.min(raw.sentAt ?? receivedAt, receivedAt),
    received_at: receivedAt,
    ...(raw.replyTo === undefined ? {} : { reply_to: platformId(raw.replyTo) }),
    ...(raw.target === undefined ? {} : { target: platformId(raw.target) }),
    addressed: { how: "none" },
    content: {
      bytes: Buffer.byteLength(raw.text ?? ""),
      media: files.map(({ mime, bytes }) => ({
        kind: mime.startsWith("image/") ? "image" : "file",
        mime,
        bytes: bytes.length,
      })),
    },
    trust: { transport: "transport", verified: "platform", flags: [] },
  });
  return parsed.success ? { envelope: parsed.data, content: contentOf(raw, files) } : null;
}

const contentOf = (raw: WireEvent, files: NonNullable<Deed["files"]>): Content => ({
  ...(raw.text === undefined ? {} : { text: raw.text }),
  ...(raw.key === undefined ? {} : { key: raw.key }),
  ...(raw.sender?.name === undefined ? {} : { sender_name: raw.sender.name }),
  ...(raw.title === undefined ? {} : { conversation_name: raw.title }),
  ...(raw.members === undefined ? {} : { members: raw.members.map(platformId) }),
  ...(files.length === 0
    ? {}
    : {
        attachments: files.map(({ name, mime, bytes }) => ({
          name,
          mime,
          data: Buffer.from(bytes).toString("base64"),
        })),
      }),
});
