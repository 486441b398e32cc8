/**
 * A Telegram bot as a channel. Bot chats are not end-to-end encrypted: Telegram can read them. The loop is our own:
 * the next poll confirms what the last one brought, so it is not asked before that is durable.
 */
import { ChannelFault } from "../../src/core/channel-fault.ts";
import { HOUR_MS } from "../../src/core/limits.ts";
import type { EventKind, InboundEvent } from "../../src/core/message.ts";
import type { Operation, OperationKind, Outcome, OutcomeCode } from "../../src/core/outbox.ts";
import type { Connector, ConnectorAbilities, ConnectorBatch, ConnectorHealth, Stop } from "../../src/core/ports.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { either } from "../stop.ts";
import { Batches, type Reading } from "./batches.ts";
import { keyboardOf, type PromptAt, pressOf } from "./buttons.ts";
import { cursorText, parseCursor } from "./cursor.ts";
import { type Fault, faultOf } from "./fault.ts";
import { type BotFacts, factsBy, presentCommands } from "./introduce.ts";
import { perform, placeOf } from "./send.ts";
import { POLL_SECONDS, Transport, type TransportPowers } from "./transport.ts";
import { UPDATE_KINDS } from "./update.ts";

export type TelegramPowers = TransportPowers & {
  readonly promptAt: PromptAt;
  /** Will the gateway keep this message? Files are fetched for such alone. */
  readonly keeps: (event: InboundEvent) => boolean;
  /** Takes a bot for this channel alone, until the returned function is called; null when another channel has it. */
  readonly claim: (bot: number) => (() => void) | null;
};

const KINDS: readonly EventKind[] = ["message", "edit", "delete", "reaction", "action", "membership", "gap"];
const OPERATIONS: readonly OperationKind[] = ["text", "edit", "redact", "react", "typing"];
/** Telegram takes 4,096; the rest is room for the line with a code. */
const TEXT_UNITS_MAX = 4000;

export class TelegramConnector implements Connector {
  readonly kind = "telegram";
  readonly channel: string;
  readonly abilities: ConnectorAbilities = {
    kinds: KINDS,
    operations: OPERATIONS,
    textUnitsMax: TEXT_UNITS_MAX,
    threads: true,
    idempotency: "none",
    // Core.telegram.org/bots/faq says so loosely; a 429 is the truth.
    limits: [
      { scope: "account", count: 30, windowMs: 1000 },
      { scope: "conversation", count: 3, windowMs: 3000 },
      { scope: "conversation", count: 20, windowMs: 60_000 },
    ],
    transport: "transport",
    buttons: true,
  };
  readonly #tenant: string;
  readonly #powers: TelegramPowers;
  readonly #transport: Transport;
  readonly #closing = new AbortController();
  readonly #answering = new Set<Promise<unknown>>();
  #isPresented = false;
  #health: ConnectorHealth = { state: "stopped", code: null };

  constructor(place: { readonly tenant: string; readonly channel: string }, powers: TelegramPowers) {
    this.channel = place.channel;
    this.#tenant = place.tenant;
    this.#powers = powers;
    this.#transport = new Transport(powers);
  }

  /** Throws `ChannelFault` when the stream breaks off. An absence of more than a day is a `gap`. */
  open({ cursor, stop }: { readonly cursor: string | null; readonly stop: Stop }): AsyncIterable<ConnectorBatch> {
    const known = parseCursor(cursor);
    // A stream that waited a day for its first answer was away as well.
    return this.#stream(known ?? { offset: 0, at: this.#powers.clock.now() }, known === null, stop);
  }

  async *#stream(from: Reading, isNew: boolean, stop: Stop): AsyncGenerator<ConnectorBatch, void, void> {
    const ending = either(stop, this.#closing.signal);
    let release: (() => void) | null = null;
    let health: ConnectorHealth = { state: "stopped", code: null };
    try {
      if (ending.signal.aborted) return;
      this.#health = { state: "connecting", code: null };
      const bot = await this.#myself(ending.signal);
      release = this.#powers.claim(bot.id);
      if (release === null) throw new ChannelFault("in_use");
      await this.#transport.api.deleteWebhook({ drop_pending_updates: false }, ending.signal as never);
      if (!this.#isPresented) await presentCommands(this.#transport.api, ending.signal);
      this.#isPresented = true;
      this.#health = { state: "live", code: null };
      const place = { tenant: this.#tenant, channel: this.channel, bot };
      const batches = new Batches(this.#powers, this.#transport, place);
      let reading = from;
      let stampedAt = isNew ? Number.NEGATIVE_INFINITY : from.at;
      while (!ending.signal.aborted) {
        // Whoever was away does not wait to say so.
        const seconds = batches.isAway(reading) ? 0 : POLL_SECONDS;
        const updates = await this.#poll(reading.offset, seconds, ending.signal);
        const next = await batches.next(updates, reading, ending.signal);
        reading = next.reading;
        // Even in silence the cursor says now and then that somebody listened.
        if (next.events.length === 0 && reading.at - stampedAt < HOUR_MS) continue;
        stampedAt = reading.at;
        yield { cursor: cursorText(reading), events: next.events };
        this.#answerPresses(next.events);
      }
    } catch (error) {
      if (ending.signal.aborted) return;
      const fault = error instanceof ChannelFault ? error : streamFault(faultOf(error));
      health = { state: LASTING.has(fault.code) ? "failed" : "backoff", code: fault.code };
      throw fault;
    } finally {
      release?.();
      ending.forget();
      this.#health = health;
    }
  }

  async #myself(stop: AbortSignal): Promise<BotFacts> {
    try {
      return await factsBy(this.#transport.api, stop);
    } catch (error) {
      const fault = faultOf(error);
      // A token that is malformed is no address at all.
      throw streamFault(fault.code === "not_found" ? { ...fault, code: "auth" } : fault);
    }
  }

  /** What Telegram says of the bot now; null when it does not answer. */
  async facts(): Promise<BotFacts | null> {
    return factsBy(this.#transport.api, this.#closing.signal).catch(() => null);
  }

  #poll(offset: number, timeout: number, stop: AbortSignal): Promise<readonly unknown[]> {
    return this.#transport.api.getUpdates(
      { offset, limit: 100, timeout, allowed_updates: UPDATE_KINDS },
      stop as never,
    );
  }

  /** Each press that is durable is answered once, without a word: what came of it is said in the chat or not at all. */
  #answerPresses(events: readonly InboundEvent[]): void {
    for (const event of events) {
      const press = pressOf(event);
      if (press === null) continue;
      const answer = this.#transport.api
        .answerCallbackQuery(press, {}, this.#closing.signal as never)
        // Too late or answered: the spinner ends by itself.
        .catch(() => null)
        .finally(() => this.#answering.delete(answer));
      this.#answering.add(answer);
    }
  }

  async send(operation: Operation, stop: Stop): Promise<Outcome> {
    if (!OPERATIONS.includes(operation.op)) return notSent("unsupported");
    if ("text" in operation && operation.text.length > TEXT_UNITS_MAX) return notSent("too_long");
    if (stop.aborted || this.#closing.signal.aborted) return notSent("aborted");
    const place = placeOf(operation);
    if (place === null) return notSent("bad_request");
    const ending = either(stop, this.#closing.signal);
    try {
      const keyboard = (approval: Parameters<typeof keyboardOf>[1]) =>
        keyboardOf(this.#powers.withToken, approval, operation.conversation);
      const { api } = this.#transport;
      const eventIds = await perform(operation, place, { api, keyboard, stop: ending.signal });
      return eventIds === null ? notSent("bad_request") : { state: "sent", eventIds };
    } catch (error) {
      return outcomeOf(faultOf(error), ending.signal.aborted);
    } finally {
      ending.forget();
    }
  }

  async isMember(conversation: string, person: string, stop: Stop): Promise<boolean | null> {
    if (!/^-\d{1,16}$/.test(conversation) || !/^\d{1,16}$/.test(person)) return null;
    try {
      const member = await this.#transport.api.getChatMember(Number(conversation), Number(person), stop as never);
      return member.status === "restricted" ? member.is_member : PRESENT.has(member.status);
    } catch {
      // Whatever the reason, nobody has confirmed it.
      return null;
    }
  }

  /** Telegram Desktop numbers messages within the chat, and so do we behind the chat's own id. */
  exportedId(conversation: string, id: string): string {
    return `${conversation}:${id}`;
  }

  /** Telegram knows the token and answers with who the bot is. Refuses with `channel.down`. */
  async probe(stop: Stop): Promise<void> {
    await factsBy(this.#transport.api, stop).catch((error: unknown) => {
      throw new Refusal("channel.down", { hint: faultOf(error).code });
    });
  }

  health(): ConnectorHealth {
    return this.#health;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#answering);
  }
}

/** What waiting does not mend. */
const LASTING: ReadonlySet<string> = new Set(["auth", "forbidden", "in_use", "conflict"]);

const PRESENT: ReadonlySet<string> = new Set(["creator", "administrator", "member"]);

const streamFault = ({ code, retryAfterMs }: Fault): ChannelFault => new ChannelFault(code, retryAfterMs);

const notSent = (code: OutcomeCode, retryAfterMs: number | null = null): Outcome => ({
  state: "not_sent",
  code,
  retryAfterMs,
});

function outcomeOf({ code, isProven, isSame, retryAfterMs }: Fault, isAborted: boolean): Outcome {
  if (isSame) return { state: "sent", eventIds: [] };
  const named: OutcomeCode = code === "conflict" ? "bad_request" : code;
  if (isProven) return notSent(named, retryAfterMs);
  return { state: "unknown", code: isAborted ? "aborted" : named };
}
