/**
 * The console channel: the local owner's own terminal. Nothing of it leaves the machine and nothing outlives the
 * process.
 */
import { hex, newId } from "../src/core/ids.ts";
import { REPLY_CHARS_MAX, TEXT_BYTES_MAX } from "../src/core/limits.ts";
import { type Content, Envelope, type InboundEvent } from "../src/core/message.ts";
import type { Operation, OperationKind, Outcome, OutcomeCode } from "../src/core/outbox.ts";
import type {
  Clock,
  Connector,
  ConnectorAbilities,
  ConnectorBatch,
  ConnectorHealth,
  Random,
  Stop,
} from "../src/core/ports.ts";
import { Refusal } from "../src/core/refusal.ts";
import { Handover } from "./handover.ts";
import { platformId } from "./platform-id.ts";

export const CONSOLE_OWNER = "owner";
export const CONSOLE_CONVERSATION = "console";

export type ConsolePowers = { readonly clock: Clock; readonly random: Random };
type ConsoleKind = "message" | "edit" | "delete" | "reaction" | "action";

/** What a line is and where it goes. For a reaction or an action the line is its key; a delete has an empty line. */
export type ConsoleLine = {
  readonly kind?: ConsoleKind;
  readonly conversation?: string;
  readonly thread?: string;
  readonly replyTo?: string;
  readonly target?: string;
  /** The event's id, for a caller that wants to refer to it later; drawn when absent. */
  readonly id?: string;
};

/** Shows one operation, or writes it where it is shown. Resolving means that it was handed on whole. */
export type ConsoleListener = (operation: Operation) => void | Promise<void>;

const OPERATIONS: readonly OperationKind[] = ["text", "edit", "typing"];
const KINDS: readonly ConsoleKind[] = ["message", "edit", "delete", "reaction", "action"];
const KEY_CHARS_MAX = 128;
/** No conversation of anybody. */
const PROBE_PLACE = "lazaret.verify";

export class ConsoleConnector implements Connector {
  readonly kind = "console";
  readonly channel: string;
  readonly abilities: ConnectorAbilities = {
    kinds: KINDS,
    operations: OPERATIONS,
    textUnitsMax: REPLY_CHARS_MAX,
    threads: true,
    idempotency: "none",
    limits: [],
    transport: "local",
    buttons: false,
  };
  readonly #tenant: string;
  readonly #powers: ConsolePowers;
  readonly #handover: Handover;
  readonly #listeners = new Map<ConsoleListener, string | null>();

  constructor(settings: { readonly tenant: string; readonly channel: string }, powers: ConsolePowers) {
    this.channel = settings.channel;
    this.#tenant = settings.tenant;
    this.#powers = powers;
    this.#handover = new Handover(powers.clock);
  }

  /**
   * Hands in what the owner typed and resolves once it is durable. Refuses with `input.invalid`, `input.too_large`,
   * and as Handover does.
   */
  async submit(line: string, about: ConsoleLine = {}): Promise<"committed"> {
    const event = this.#eventOf(line, about);
    await this.#handover.put(event, event.envelope.content.bytes);
    return "committed";
  }

  #eventOf(line: string, about: ConsoleLine): InboundEvent {
    const kind = about.kind ?? "message";
    const text = line.toWellFormed();
    const bytes = Buffer.byteLength(text);
    if (bytes > TEXT_BYTES_MAX) throw new Refusal("input.too_large", { field: "line" });
    const now = this.#powers.clock.now();
    const delivery = hex(this.#powers.random.bytes(16));
    const parsed = Envelope.safeParse({
      tenant: this.#tenant,
      channel: this.channel,
      delivery_id: delivery,
      event_id: about.id === undefined ? delivery : platformId(about.id),
      kind,
      conversation: platformId(about.conversation ?? CONSOLE_CONVERSATION),
      conversation_kind: "direct",
      ...(about.thread === undefined ? {} : { thread: platformId(about.thread) }),
      sender: { id: CONSOLE_OWNER, kind: "person" },
      sent_at: now,
      received_at: now,
      ...(about.replyTo === undefined ? {} : { reply_to: platformId(about.replyTo) }),
      ...(about.target === undefined ? {} : { target: platformId(about.target) }),
      addressed: { how: "direct" },
      content: { bytes, media: [] },
      trust: { transport: "local", verified: "verified", flags: [] },
    });
    if (!parsed.success) throw new Refusal("input.invalid");
    return { envelope: parsed.data, content: contentOf(kind, text, about.target) };
  }

  /** Shows what is said, in one conversation or (null) in all of them, until the returned function is called. */
  attach(listener: ConsoleListener, conversation: string | null = null): () => void {
    // A wrapper of its own, so that the same function attached twice is two listeners.
    const own: ConsoleListener = (operation) => listener(operation);
    this.#listeners.set(own, conversation === null ? null : platformId(conversation));
    return () => void this.#listeners.delete(own);
  }

  open(options: { readonly cursor: string | null; readonly stop: Stop }): AsyncIterable<ConnectorBatch> {
    return this.#handover.batches(options.stop);
  }

  /** One attempt: every listener of the conversation is called once. A listener that fails may have shown it. */
  async send(operation: Operation, stop: Stop): Promise<Outcome> {
    if (!OPERATIONS.includes(operation.op)) return notSent("unsupported");
    if ("text" in operation && operation.text.length > REPLY_CHARS_MAX) return notSent("too_long");
    if (stop.aborted) return notSent("aborted");
    const listeners = [...this.#listeners]
      .filter(([, conversation]) => conversation === null || conversation === operation.conversation)
      .map(([listener]) => listener);
    if (listeners.length === 0) return notSent("nobody_listens");
    const shown = Promise.allSettled(listeners.map(async (listener) => listener(operation)));
    const results = await beforeStop(shown, stop);
    if (results === null) return { state: "unknown", code: "aborted" };
    if (!results.some(({ status }) => status === "fulfilled")) return { state: "unknown", code: "server_error" };
    return { state: "sent", eventIds: operation.op === "text" ? [operation.id] : [] };
  }

  health(): ConnectorHealth {
    return { state: this.#handover.streaming ? "live" : "stopped", code: null };
  }

  /** What is shown reaches a listener. */
  async probe(stop: Stop): Promise<void> {
    let heard = false;
    const detach = this.attach((operation) => {
      heard ||= operation.id === id;
    }, PROBE_PLACE);
    const id = newId("OutboxId", this.#powers.random.bytes(16));
    const outcome = await this.send({ id, conversation: PROBE_PLACE, op: "typing" }, stop);
    detach();
    if (outcome.state !== "sent" || !heard) throw new Refusal("channel.down");
  }

  async close(): Promise<void> {
    this.#handover.close();
    this.#listeners.clear();
  }
}

function contentOf(kind: ConsoleKind, text: string, target: string | undefined): Content {
  if ((kind === "message") !== (target === undefined) && kind !== "action")
    throw new Refusal("input.invalid", { field: "target" });
  if (kind === "message" || kind === "edit") return { text };
  if (kind === "delete") return {};
  if (text === "" || text.length > KEY_CHARS_MAX) throw new Refusal("input.invalid", { field: "line" });
  return { key: text };
}

const notSent = (code: OutcomeCode): Outcome => ({ state: "not_sent", code, retryAfterMs: null });

/** What `work` gives, or null when `stop` comes first. */
function beforeStop<T>(work: Promise<T>, stop: Stop): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const ended = (): void => resolve(null);
    stop.addEventListener("abort", ended, { once: true });
    work.finally(() => stop.removeEventListener("abort", ended)).then(resolve, reject);
  });
}

/**
 * What a terminal shows of an operation; null where there is nothing to read. A question shows the code that answers
 * it.
 */
export function shownText(operation: Operation): string | null {
  if (operation.op !== "text" && operation.op !== "edit") return null;
  const code = operation.op === "text" ? operation.approval?.code : undefined;
  if (code === undefined || operation.text.includes(code)) return operation.text;
  return `${operation.text}\napprove ${code} · deny ${code}`;
}
