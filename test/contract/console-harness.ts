/** The console channel's harness; a test may put something between the channel and its examination. */
import { ConsoleConnector, shownText } from "../../connectors/console.ts";
import type { Operation } from "../../src/core/outbox.ts";
import type { Connector } from "../../src/core/ports.ts";
import type { ConnectorHarness, Deed, Fault, Landed, Traits } from "./harness.ts";
import { CountedRandom, TurnedClock } from "./turned-clock.ts";

export const CONSOLE_TRAITS: Traits = {
  delivery: "typed",
  outward: "push",
  kinds: ["message", "edit", "delete", "reaction", "action"],
  ids: "network",
  senders: ["person"],
  names: false,
  clocks: false,
  files: false,
  faults: ["refused", "lost_answer", "hang"],
};

/** A terminal that shows, or fails as a broken pipe does. */
class Terminal {
  readonly landed: Landed[] = [];
  attempts = 0;
  fault: Fault | null = null;

  readonly show = async (operation: Operation): Promise<void> => {
    this.attempts += 1;
    const fault = this.fault;
    this.fault = null;
    if (fault === "hang") return new Promise(() => {});
    const { op, conversation, thread } = operation;
    const target = "target" in operation ? operation.target : undefined;
    this.landed.push({ op, conversation, thread, target, text: shownText(operation) ?? undefined });
    if (fault === "lost_answer") throw new Error(`broken pipe after ${shownText(operation)}`);
  };
}

export function consoleHarness(between: (sound: Connector) => Connector = (sound) => sound): ConnectorHarness {
  const clock = new TurnedClock();
  const make = () =>
    new ConsoleConnector({ tenant: "default", channel: "console" }, { clock, random: new CountedRandom() });
  const connector = make();
  const terminal = new Terminal();
  const detach = connector.attach(terminal.show);
  let deeds = 0;
  const act = (deed: Deed) => {
    deeds += 1;
    const event = deed.id ?? `line-of-test-${deeds}`;
    const kind = deed.kind as "message" | undefined;
    const { conversation, thread, replyTo, target } = deed;
    const line = deed.key ?? deed.text ?? "";
    const about = { kind, conversation, thread, replyTo, target, id: event };
    const given = Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined));
    const told = connector.submit(line, given);
    told.catch(() => null);
    return { event, told };
  };
  return {
    connector: between(connector),
    tenant: "default",
    now: () => clock.now(),
    restart: make,
    act,
    garble: () => [
      connector.submit("x".repeat(65_537)),
      connector.submit("c4nary-text", { target: "e1" }),
      connector.submit("c4nary-text", { kind: "edit" }),
      connector.submit("", { kind: "reaction", target: "e1" }),
      connector.submit("c4nary-key".repeat(20), { kind: "action" }),
      connector.submit("", { kind: "delete" }),
    ],
    wire: {
      attempts: () => terminal.attempts,
      landed: () => terminal.landed,
      fault: (fault) => {
        if (fault === "refused") detach();
        else terminal.fault = fault;
      },
    },
    secrets: [],
    conversation: "console",
    end: () => connector.close(),
  };
}
