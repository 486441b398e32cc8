/** Connectors that break what is promised about receiving. */
import type { InboundEvent } from "../../src/core/message.ts";
import { type Bug, bug, changed, inContent, inEnvelope, loopback, NEVER, without } from "./broken.ts";
import { LoopbackConnector } from "./loopback.ts";

export const RECEIVING_BUGS: readonly Bug[] = [
  bug(
    "puts the text into the envelope",
    "no word of what was written is in an envelope, a cursor or health",
    inEnvelope(({ content }) => (content.text ? { thread: content.text.slice(0, 20) } : {})),
  ),
  bug(
    "puts the display name into the sender's id",
    "no word of what was written is in an envelope, a cursor or health",
    inEnvelope(({ envelope, content }) => ({ sender: { ...envelope.sender, id: content.sender_name ?? "x" } })),
  ),
  bug(
    "puts a button's key into the envelope",
    "an action names its target, and its key is content, however hostile",
    inEnvelope(({ content }) => (content.key ? { thread: content.key } : {})),
  ),
  bug(
    "adds a field that the envelope does not have",
    "an event arrives once, with an envelope and a content that parse strictly and say what was said",
    loopback(() => ({ event: (event) => ({ ...event, envelope: { ...event.envelope, ...{ title: "x" } } }) })),
  ),
  bug(
    "hands every event in twice",
    "an event arrives once, with an envelope and a content that parse strictly and say what was said",
    loopback(() => ({ batch: (batch) => ({ ...batch, events: batch.events.flatMap((event) => [event, event]) }) })),
  ),
  bug(
    "gives the time of sending as the time of receipt",
    "channel, tenant, time of receipt and transport are the connector's own word",
    inEnvelope(({ envelope }) => ({ received_at: envelope.sent_at - 1 })),
  ),
  bug(
    "claims to be encrypted",
    "channel, tenant, time of receipt and transport are the connector's own word",
    inEnvelope(({ envelope }) => ({ trust: { ...envelope.trust, transport: "e2ee" } })),
  ),
  bug(
    "forgets the cursor it is given",
    [
      "every batch of a network with cursors carries one, and the stream goes on behind it",
      "what was acknowledged does not come again",
    ],
    loopback(() => ({
      opened:
        (open) =>
        ({ stop }) =>
          open({ cursor: null, stop }),
    })),
  ),
  bug(
    "hands batches in without a cursor",
    "every batch of a network with cursors carries one, and the stream goes on behind it",
    loopback(() => ({ batch: (batch) => ({ ...batch, cursor: null }) })),
  ),
  bug(
    "remembers what it handed in, whether it was committed or not",
    "a batch that nobody acknowledged comes again, the same",
    loopback(() => {
      const seen = new Set<string>();
      const fresh = ({ envelope }: InboundEvent): boolean => !seen.has(envelope.delivery_id);
      return {
        batch: (batch) => {
          const events = batch.events.filter(fresh);
          for (const { envelope } of events) seen.add(envelope.delivery_id);
          return events.length === 0 ? null : { ...batch, events };
        },
      };
    }),
  ),
  bug(
    "draws a new delivery id each time",
    "a batch that nobody acknowledged comes again, the same",
    (() => {
      let drawn = 0;
      return inEnvelope(() => ({ delivery_id: `drawn-${drawn++}` }));
    })(),
  ),
  bug(
    "skips the last event of a full batch",
    "a backlog of 250 arrives complete, in order, each once and under its own delivery id",
    loopback(() => ({ batch: (batch) => ({ ...batch, events: batch.events.slice(0, 99) }) })),
  ),
  bug(
    "hands in the newest first",
    [
      "a backlog of 250 arrives complete, in order, each once and under its own delivery id",
      "what comes while a batch is being committed comes next, and in order",
    ],
    loopback(() => ({ batch: (batch) => ({ ...batch, events: batch.events.toReversed() }) })),
  ),
  bug(
    "hands in one event a batch",
    "everything that waits comes as one batch",
    loopback(() => ({
      opened: (open) =>
        async function* (options) {
          for await (const batch of open(options))
            for (const event of batch.events) yield { ...batch, events: [event] };
        },
    })),
  ),
  bug(
    "takes the words for the delivery",
    "the same words twice are two events",
    inEnvelope(({ content }) => ({ delivery_id: `d${content.text?.length ?? 0}` })),
  ),
  bug(
    "normalises what people write",
    "a text of any script arrives untouched, and is measured in bytes",
    inContent((content) =>
      content.text === undefined ? content : { ...content, text: content.text.normalize("NFKC") },
    ),
  ),
  bug(
    "measures text in characters",
    "a text of any script arrives untouched, and is measured in bytes",
    inEnvelope(({ envelope, content }) => ({ content: { ...envelope.content, bytes: content.text?.length ?? 0 } })),
  ),
  bug(
    "puts everything into one conversation",
    "two conversations stay apart, and a thread stays in its own",
    inEnvelope(() => ({ conversation: "room" })),
  ),
  bug(
    "loses threads",
    "two conversations stay apart, and a thread stays in its own",
    loopback(() => ({ event: without("thread") })),
  ),
  bug(
    "loses what a reply answers",
    "a reply names what it answers, by the id that was handed in",
    loopback(() => ({ event: without("reply_to") })),
  ),
  bug(
    "does not listen to stop",
    "stop ends a stream that waits, at once and without an error",
    loopback(() => ({
      opened:
        (open) =>
        ({ cursor }) =>
          open({ cursor, stop: NEVER }),
    })),
  ),
  bug(
    "is always live",
    "health is live while the stream is open, and not before or after",
    loopback(() => ({ health: () => ({ state: "live", code: null }) })),
  ),
  bug(
    "does not end its stream on close",
    "close ends the stream, and whoever still waits is refused",
    loopback(() => ({ close: async () => {} })),
  ),
  bug(
    "starts with what comes after it opened",
    "after a crash, what was not acknowledged is not lost: it comes again, or its sender knows",
    (net, clock) => {
      const late = (cursor: string | null): string => cursor ?? String(net.log.length);
      return changed(new LoopbackConnector(net, clock), {
        opened:
          (open) =>
          ({ cursor, stop }) =>
            open({ cursor: late(cursor), stop }),
      });
    },
  ),
  bug(
    "takes an unknown kind for a message",
    "what is malformed or means harm never becomes an event, and the stream goes on",
    (net, clock) => {
      const say = net.say.bind(net);
      net.say = (event) => say({ ...event, kind: event.kind === "command" ? "message" : event.kind });
      return new LoopbackConnector(net, clock);
    },
  ),
  bug(
    "waits for a stop that already came",
    "a stream that was stopped before it began ends at once",
    loopback(() => ({
      opened:
        (open) =>
        ({ cursor, stop }) =>
          open({
            cursor,
            stop: {
              aborted: false,
              addEventListener: (...args) => stop.addEventListener(...args),
              removeEventListener: (...args) => stop.removeEventListener(...args),
            },
          }),
    })),
  ),
];
