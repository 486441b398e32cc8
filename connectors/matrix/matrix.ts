/**
 * A Matrix account as a channel. The SDK, its keys and its stores live in a process of their own that is started again
 * from the last durable point whenever it ends; what is here only asks it.
 */
import type { AccountFacts } from "../../src/core/account-facts.ts";
import { ChannelFault, type ChannelFaultCode } from "../../src/core/channel-fault.ts";
import { SECOND_MS } from "../../src/core/limits.ts";
import type { EventKind } from "../../src/core/message.ts";
import type { Operation, OperationKind, Outcome, OutcomeCode } from "../../src/core/outbox.ts";
import type {
  Clock,
  Connector,
  ConnectorAbilities,
  ConnectorBatch,
  ConnectorHealth,
  Stop,
} from "../../src/core/ports.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { either, unless } from "../stop.ts";
import { ANSWERS, ASKED } from "./answers.ts";
import type { Account, Sas, ToAccount, ToDaemon } from "./questions.ts";
import { eventsOf, type Receiving } from "./receive.ts";
import { type Answers, type OpenPipe, Wire, WireFault } from "./wire.ts";

export type MatrixPowers = Receiving & {
  readonly clock: Clock;
  readonly openPipe: OpenPipe;
  readonly files: { readonly crypto: string; readonly sync: string };
  /** What makes the account, inside `use` alone. */
  readonly withAccount: <T>(use: (account: Account) => T | Promise<T>) => Promise<T>;
  /** Its identity is published: what only the password could do is done. */
  readonly published: () => Promise<void>;
  /** May this person invite us to a room? */
  readonly mayInvite: (person: string) => boolean;
};

const KINDS: readonly EventKind[] = ["message", "edit", "delete", "reaction", "membership", "gap", "undecryptable"];
const OPERATIONS: readonly OperationKind[] = ["text", "edit", "redact", "react", "typing"];
/** An event has at most 64 KiB, encrypted and with its formatted twin. */
const TEXT_UNITS_MAX = 8000;
const START_MS_MAX = 120_000;

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
  async *open({
    cursor,
    stop,
  }: {
    readonly cursor: string | null;
    readonly stop: Stop;
  }): AsyncGenerator<ConnectorBatch, void, void> {
    const ending = either(stop, this.#closing.signal);
    try {
      if (ending.signal.aborted) return;
      this.#isStreaming = true;
      this.#health = { state: "connecting", code: null };
      const wire = await unless(this.#started(), ending.signal);
      if (wire === null) return;
      this.#health = { state: "live", code: null };
      const place = { tenant: this.#tenant, channel: this.channel, kinds: KINDS };
      for (let ack = cursor; !ending.signal.aborted; ) {
        const batch = await unless(
          wire.ask("next", { tenant: this.#tenant, channel: this.channel, ack }),
          ending.signal,
        );
        if (batch === null) return;
        if (batch.items.length === 0) continue;
        const { cursor: at, items } = batch;
        yield { cursor: at, events: await eventsOf(wire, this.#powers, { place, items }, ending.signal) };
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

  /** Out through the homeserver and back through the stream, by a signed device whose keys are backed up. */
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

  async forget(conversation: string, stop: Stop): Promise<boolean> {
    const ending = either(stop, this.#closing.signal);
    try {
      const gone = this.#asked("forget", { conversation }).then(() => true);
      return (await unless(gone, ending.signal)) === true;
    } catch {
      // Whatever the reason, it is to be asked again.
      return false;
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
    const answers: Answers<ToDaemon> = {
      mayInvite: (input) => mayInvite(ASKED.mayInvite.parse(input).person),
      standing: (input) => {
        if (this.#isStreaming) this.#health = ASKED.standing.parse(input);
        return null;
      },
    };
    const wire = new Wire<ToAccount, ToDaemon>(pipe, answers, ANSWERS);
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
    const late = new Promise<null>((resolve) =>
      this.#powers.clock.at(this.#powers.clock.now() + 5 * SECOND_MS, () => resolve(null)),
    );
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
