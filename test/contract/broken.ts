/** Ways to break a sound connector in one thing: the soil in which seeded bugs grow. */
import type { InboundEvent } from "../../src/core/message.ts";
import type { Operation, Outcome } from "../../src/core/outbox.ts";
import type { Connector, ConnectorBatch, Stop } from "../../src/core/ports.ts";
import { LoopbackConnector } from "./loopback.ts";
import type { Build } from "./loopback-harness.ts";

type Open = Connector["open"];
type Send = Connector["send"];
export type Change = Partial<Connector> & {
  readonly event?: (event: InboundEvent) => InboundEvent;
  readonly batch?: (batch: ConnectorBatch) => ConnectorBatch | null;
  readonly opened?: (open: Open) => Open;
  readonly sent?: (send: Send) => Send;
};

export const NEVER: Stop = new AbortController().signal;

/** A sound connector with one thing about it changed. */
export function changed(sound: Connector, change: Change): Connector {
  const { event, batch, opened, sent, ...parts } = change;
  async function* through(options: Parameters<Open>[0]): AsyncGenerator<ConnectorBatch, void, void> {
    for await (const given of sound.open(options)) {
      const events = event === undefined ? given.events : given.events.map(event);
      const made = batch === undefined ? { ...given, events } : batch({ ...given, events });
      if (made !== null) yield made;
    }
  }
  const open: Open = event || batch ? through : (options) => sound.open(options);
  const send: Send = (operation, stop) => sound.send(operation, stop);
  return {
    channel: sound.channel,
    kind: sound.kind,
    abilities: sound.abilities,
    health: () => sound.health(),
    close: () => sound.close(),
    open: opened ? opened(open) : open,
    send: sent ? sent(send) : send,
    ...parts,
  };
}

export const loopback =
  (change: (sound: Connector, secret: string) => Change): Build =>
  (net, clock, secret) => {
    const sound = new LoopbackConnector(net, clock);
    return changed(sound, change(sound, secret));
  };

export const inEnvelope = (add: (event: InboundEvent) => Partial<InboundEvent["envelope"]>): Build =>
  loopback(() => ({ event: (event) => ({ ...event, envelope: { ...event.envelope, ...add(event) } }) }));
export const inContent = (change: (content: InboundEvent["content"]) => InboundEvent["content"]): Build =>
  loopback(() => ({ event: (event) => ({ ...event, content: change(event.content) }) }));
export const kindOnly = (kind: string, work: (event: InboundEvent) => InboundEvent) => (event: InboundEvent) =>
  event.envelope.kind === kind ? work(event) : event;
export const without =
  (field: "target" | "reply_to" | "thread") =>
  (event: InboundEvent): InboundEvent => {
    const { [field]: _, ...envelope } = event.envelope;
    return { ...event, envelope };
  };
export const sending = (change: (send: Send, operation: Operation, stop: Stop) => Promise<Outcome>): Build =>
  loopback(() => ({ sent: (send) => (operation, stop) => change(send, operation, stop) }));

/** A connector that is wrong in one way, and the checks of which each has to say so. */
export type Bug = { readonly name: string; readonly caughtBy: readonly string[]; readonly build: Build };
export const bug = (name: string, caughtBy: string | readonly string[], build: Build): Bug => ({
  name,
  caughtBy: typeof caughtBy === "string" ? [caughtBy] : caughtBy,
  build,
});
