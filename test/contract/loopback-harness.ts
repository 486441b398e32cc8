/** The reference network's harness; a test may put another connector on the same network. */
import { EVENT_KINDS } from "../../src/core/message.ts";
import type { Clock, Connector } from "../../src/core/ports.ts";
import { type ConnectorHarness, FAULTS, type Traits } from "./harness.ts";
import { LoopbackConnector, LoopbackNet } from "./loopback.ts";
import { TurnedClock } from "./turned-clock.ts";

export const LOOPBACK_TRAITS: Traits = {
  delivery: "cursor",
  outward: "push",
  kinds: EVENT_KINDS,
  ids: "sender",
  senders: ["person", "bot", "anonymous", "service"],
  names: true,
  clocks: true,
  files: true,
  faults: FAULTS,
};

const LOOPBACK_SECRET = "l00pback-s3cret-token";

export type Build = (net: LoopbackNet, clock: Clock, secret: string) => Connector;
const sound: Build = (net, clock) => new LoopbackConnector(net, clock);

export function loopbackHarness(build: Build = sound): ConnectorHarness {
  const net = new LoopbackNet();
  const clock = new TurnedClock();
  const make = (): Connector => build(net, clock, LOOPBACK_SECRET);
  const connector = make();
  let deeds = 0;
  return {
    connector,
    tenant: "default",
    now: () => clock.now(),
    restart: make,
    act: ({ kind = "message", ...deed }) => {
      deeds += 1;
      const id = deed.id ?? `deed-${deeds}`;
      net.say({ ...deed, kind, id });
      return { event: id, told: null };
    },
    garble: () => {
      net.say({ id: "g1", kind: "command", text: "c4nary-text" });
      net.say({ id: "g2", kind: "message", text: "c4nary-text", sentAt: Number.NaN });
      return [null, null];
    },
    wire: {
      attempts: () => net.attempts,
      landed: () => net.landed,
      fault: (fault) => {
        net.fault = fault;
      },
    },
    secrets: [LOOPBACK_SECRET],
    conversation: "room",
    end: () => connector.close(),
  };
}
