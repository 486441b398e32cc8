/**
 * A Matrix account as a channel. The SDK, its keys and its stores live in a process of their own that is started again
 * from the last durable point whenever it ends; what is here only asks it.
 */
import { ChannelFault, type ChannelFaultCode } from "../../src/core/channel-fault.ts";
import { ATTACHMENTS_MAX, SECOND_MS } from "../../src/core/limits.ts";
import { Content, Envelope, type EventKind, type InboundEvent } from "../../src/core/message.ts";
import type { Operation, OperationKind, Outcome, OutcomeCode } from "../../src/core/outbox.ts";
import type { Clock, Connector, ConnectorAbilities, ConnectorBatch, ConnectorHealth, Stop } from "../../src/core/ports.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { membersOf } from "./normalize.ts";
import type { Account, AccountFacts, Item, Sas, ToAccount, ToDaemon } from "./questions.ts";
import { type OpenPipe, Wire, WireFault } from "./wire.ts";

export type MatrixPowers = {
  readonly clock: Clock;
  readonly openPipe: OpenPipe;
  readonly files: { readonly crypto: string; readonly sync: string };
  /** What makes the account, inside `use` alone. */
  readonly withAccount: <T>(use: (account: Account) => T | Promise<T>) => Promise<T>;
  /** Its identity is published: what only the password could do is done. */
  readonly published: () => Promise<void>;
  /** May this person invite us to a room? */
  readonly mayInvite: (person: string) => boolean;
  /** Will the gateway keep this message? Files are fetched for such alone. */
  readonly keeps: (event: InboundEvent) => boolean;
  /** The gateway talks in this conversation and does not know yet who is in it. */
  readonly wantsMembers: (conversation: string) => boolean;
};

const KINDS: readonly EventKind[] = ["message", "edit", "delete", "reaction", "membership", "gap", "undecryptable"];
const OPERATIONS: readonly OperationKind[] = ["text", "edit", "redact", "react", "typing"];
/** An event has at most 64 KiB, encrypted and with its formatted twin. */
const TEXT_UNITS_MAX = 8000;
const START_MS_MAX = 120_000;
const FILES_BYTES_MAX = 16 * 1024 * 1024;

export class MatrixConnector implements Connector {
  readonly kind = "matrix";
  readonly channel: string;
  readonly abilities: ConnectorAbilities = {
    kinds: KINDS,
    operations: OPERATIONS,
    textUnitsMax: TEXT_UNITS_MAX,
    threads: true,
    idempotency: "native",
    // What Synapse allows by default, rc_message; a 429 is the truth.
    limits: [
      { scope: "account", count: 10, windowMs: 10_000 },
      { scope: "conversation", count: 5, windowMs: 5000 },
    ],
    transport: "e2ee",
    buttons: false,
  };
  readonly #tenant: string;
  readonly #powers: MatrixPowers;
  readonly #closing = new AbortController();
  #wire: Promise<Wire<ToAccount, ToDaemon>> | null = null;
  #health: ConnectorHealth = { state: "stopped", code: null };
  #isStreaming = false;
  #begun = 0;

  constructor(place: { readonly tenant: string; readonly channel: string }, powers: MatrixPowers) {
    this.channel = place.channel;
    this.#tenant = place.tenant;
    this.#powers = powers;
  }

  /** Throws `ChannelFault` when the stream breaks off. */
  async *open({ cursor, stop }: { readonly cursor: string | null; readonly stop: Stop }): AsyncGenerator<ConnectorBatch, void, void> {
    const ending = either(stop, this.#closing.signal);
    try {
      if (ending.signal.aborted) return;
      this.#isStreaming = true;
      this.#health = { state: "connecting", code: null };
      const wire = await unless(this.#started(), ending.signal);
      if (wire === null) return;
      this.#health = { state: "live", code: null };
      for (let ack = cursor; !ending.signal.aborted; ) {
        const batch = await unless(wire.ask("next", { tenant: this.#tenant, channel: this.channel, ack }), ending.signal);
        if (batch === null) return;
        if (batch.items.length === 0) continue;
        yield { cursor: batch.cursor, events: await this.#events(wire, batch.items, ending.signal) };
        ack = batch.cursor;
      }
      this.#health = { state: "stopped", code: null };
    } catch (error) {
      if (ending.signal.aborted) return;
      throw this.#broken(error);
    } finally {
      this.#isStreaming = false;
      if (ending.signal.aborted) this.#health = { state: "stopped", code: null };
      ending.forget();
    }
  }

  #broken(error: unknown): ChannelFault {
    const { code, retryAfterMs } = error instanceof WireFault ? error : new WireFault("unreachable");
    const named = (FAULTS.has(code) ? code : "unreachable") as ChannelFaultCode;
    this.#health = { state: LASTING.has(named) ? "failed" : "backoff", code: named };
    return new ChannelFault(named, retryAfterMs);
  }

  /** What came, as far as it is what it should be; files fetched, and who is in told where that is wanted. */
  async #events(wire: Wire<ToAccount, ToDaemon>, items: readonly Item[], stop: AbortSignal): Promise<InboundEvent[]> {
    const events: InboundEvent[] = [];
    const told = new Set<string>();
    let bytes = 0;
    for (const { event, files } of items) {
      const { conversation } = event.envelope;
      if (!told.has(conversation) && event.envelope.kind !== "membership" && this.#powers.wantsMembers(conversation)) {
        told.add(conversation);
        events.push(...(await this.#members(wire, event)));
      }
      const isWanted = files.length > 0 && bytes < FILES_BYTES_MAX && this.#powers.keeps(event);
      const whole = isWanted ? await this.#withFiles(wire, event, files, stop) : event;
      bytes += whole.content.attachments?.reduce((sum, { data }) => sum + data.length, 0) ?? 0;
      if (Envelope.safeParse(whole.envelope).success && Content.safeParse(whole.content).success) events.push(whole);
    }
    return events;
  }

  async #members(wire: Wire<ToAccount, ToDaemon>, { envelope }: InboundEvent): Promise<readonly InboundEvent[]> {
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

  async #withFiles(
    wire: Wire<ToAccount, ToDaemon>,
    event: InboundEvent,
    files: Item["files"],
    stop: AbortSignal,
  ): Promise<InboundEvent> {
    const attachments: { name: string; mime: string; data: string }[] = [];
    for (const ref of files.slice(0, ATTACHMENTS_MAX)) {
      const data = await unless(wire.ask("file", ref), stop);
      if (data !== null) attachments.push({ name: ref.name, mime: ref.mime, data });
    }
    return { envelope: event.envelope, content: { ...event.content, ...(attachments.length > 0 ? { attachments } : {}) } };
  }

  async send(operation: Operation, stop: Stop): Promise<Outcome> {
    if (!OPERATIONS.includes(operation.op)) return notSent("unsupported");
    if ("text" in operation && operation.text.length > TEXT_UNITS_MAX) return notSent("too_long");
    if (stop.aborted || this.#closing.signal.aborted) return notSent("aborted");
    const ending = either(stop, this.#closing.signal);
    try {
      const wire = await unless(this.#started(), ending.signal).catch((error: unknown) => faultCode(error));
      // An account that never came up has sent nothing.
      if (wire === null || typeof wire === "string") return notSent(wire ?? "aborted");
      const outcome = await unless(wire.ask("send", operation), ending.signal).catch(() => undefined);
      return outcome ?? { state: "unknown", code: outcome === null ? "aborted" : "unreachable" };
    } finally {
      ending.forget();
    }
  }

  async isMember(conversation: string, person: string, stop: Stop): Promise<boolean | null> {
    const ending = either(stop, this.#closing.signal);
    try {
      return await unless(this.#asked("member", { conversation, person }), ending.signal);
    } catch {
      // Whatever the reason, nobody has confirmed it.
      return null;
    } finally {
      ending.forget();
    }
  }

  /** Out through the homeserver and back through the stream, by a signed device with its keys published and backed up. */
  async probe(stop: Stop): Promise<void> {
    const ending = either(stop, this.#closing.signal);
    try {
      const back = await unless(
        this.#asked("probe", {}).then(() => true),
        ending.signal,
      );
      if (back === null) throw new WireFault("timeout");
      const facts = await this.facts();
      if (!facts.crossSigned || !facts.secretStorage || !facts.backup) throw new WireFault("identity");
    } catch (error) {
      throw new Refusal("channel.down", { hint: error instanceof WireFault ? error.code : "unreachable" });
    } finally {
      ending.forget();
    }
  }

  /** Rejects with a `WireFault` when the account does not run. */
  facts(): Promise<AccountFacts> {
    return this.#asked("facts", {});
  }

  async direct(person: string): Promise<string> {
    return (await this.#asked("direct", { person })).conversation;
  }

  verify(person: string): Promise<Sas> {
    return this.#asked("verify", { person });
  }

  async verified(same: boolean): Promise<boolean> {
    return (await this.#asked("verified", { same })).done;
  }

  async pin(person: string): Promise<void> {
    await this.#asked("pin", { person });
  }

  async #asked<K extends keyof ToAccount & string>(what: K, input: ToAccount[K][0]): Promise<ToAccount[K][1]> {
    return (await this.#started()).ask(what, input);
  }

  health(): ConnectorHealth {
    return this.#health;
  }

  /** The account's process, up and synced; started when it is not. */
  #started(): Promise<Wire<ToAccount, ToDaemon>> {
    this.#wire ??= this.#start();
    return this.#wire;
  }

  async #start(): Promise<Wire<ToAccount, ToDaemon>> {
    const { clock, openPipe, withAccount, files, published, mayInvite } = this.#powers;
    const pipe = openPipe();
    const begun = ++this.#begun;
    const gone = (): void => {
      if (this.#begun === begun) this.#wire = null;
    };
    pipe.onEnd(gone);
    const wire = new Wire<ToAccount, ToDaemon>(pipe, {
      mayInvite: ({ person }) => mayInvite(person),
      standing: ({ state, code }) => {
        if (this.#isStreaming) this.#health = { state, code };
        return null;
      },
    });
    const late = new AbortController();
    const forget = clock.at(clock.now() + START_MS_MAX, () => late.abort());
    try {
      const started = await unless(
        withAccount((account) => wire.ask("start", { account, files })),
        either(late.signal, this.#closing.signal).signal,
      );
      if (started === null) throw new WireFault(late.signal.aborted ? "timeout" : "aborted");
      if (started.published) await published();
      return wire;
    } catch (error) {
      gone();
      wire.end();
      throw error instanceof WireFault ? error : new WireFault("auth");
    } finally {
      forget();
    }
  }

  async close(): Promise<void> {
    const wire = this.#wire;
    this.#closing.abort();
    const open = await wire?.catch(() => null);
    if (open === null || open === undefined) return;
    // It closes its stores, and is ended whether it did or not.
    const late = new Promise<null>((resolve) => this.#powers.clock.at(this.#powers.clock.now() + 5 * SECOND_MS, () => resolve(null)));
    await Promise.race([open.ask("stop", {}).catch(() => null), late]);
    open.end();
  }
}

const FAULTS: ReadonlySet<string> = new Set([
  "auth",
  "device",
  "identity",
  "store",
  "forbidden",
  "rate_limited",
  "server_error",
  "timeout",
  "unreachable",
]);
/** What waiting does not mend. */
const LASTING: ReadonlySet<string> = new Set(["auth", "device", "identity", "store", "forbidden"]);

const faultCode = (error: unknown): OutcomeCode =>
  error instanceof WireFault && error.code === "auth" ? "auth" : "unreachable";

const notSent = (code: OutcomeCode): Outcome => ({ state: "not_sent", code, retryAfterMs: null });

/** What a promise gives, or null once `stop` aborts. */
function unless<T>(work: Promise<T>, stop: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    if (stop.aborted) resolve(null);
    stop.addEventListener("abort", () => resolve(null), { once: true });
    work.then(resolve, reject);
  });
}

/** Aborts when either does. `forget` lets go of both. */
function either(one: Stop, other: Stop): { readonly signal: AbortSignal; readonly forget: () => void } {
  const both = new AbortController();
  const end = (): void => both.abort();
  if (one.aborted || other.aborted) end();
  one.addEventListener("abort", end, { once: true });
  other.addEventListener("abort", end, { once: true });
  const forget = (): void => {
    one.removeEventListener("abort", end);
    other.removeEventListener("abort", end);
  };
  return { signal: both.signal, forget };
}
