/** Connectors that break what is promised about sending, and about what nobody may see. */
import type { InboundEvent } from "../../src/core/message.ts";
import type { Operation } from "../../src/core/outbox.ts";
import { type Bug, bug, changed, loopback, NEVER, sending } from "./broken.ts";
import { LoopbackConnector } from "./loopback.ts";

export const SENDING_BUGS: readonly Bug[] = [
  bug(
    "calls sent what it did not send",
    "a text lands once, whole, where it was sent, in one attempt, and is called sent",
    sending(async () => ({ state: "sent", eventIds: ["m1"] })),
  ),
  bug(
    "tries again after a refusal",
    "what cannot have landed is called not_sent, after one attempt at most",
    sending(async (send, operation, stop) => {
      const first = await send(operation, stop);
      return first.state === "not_sent" && first.code === "unreachable" ? send(operation, stop) : first;
    }),
  ),
  bug(
    "tries again when it does not know",
    "what may have landed is called unknown and is not tried again (lost_answer)",
    sending(async (send, operation, stop) => {
      const first = await send(operation, stop);
      return first.state === "unknown" ? send(operation, stop) : first;
    }),
  ),
  bug(
    "calls a server's error not sent",
    "what may have landed is called unknown and is not tried again (server_error)",
    sending(async (send, operation, stop) => {
      const outcome = await send(operation, stop);
      return outcome.state === "unknown" ? { state: "not_sent", code: "server_error", retryAfterMs: null } : outcome;
    }),
  ),
  bug(
    "does not say how long a limit lasts",
    "a rate limit is called not_sent and says for how long",
    sending(async (send, operation, stop) => {
      const outcome = await send(operation, stop);
      return outcome.state === "not_sent" ? { ...outcome, retryAfterMs: null } : outcome;
    }),
  ),
  bug(
    "lets an undeclared operation pass in silence",
    "an operation that is not declared is refused as unsupported, and touches nothing",
    sending(async (send, operation, stop) => {
      const outcome = await send(operation, stop);
      const silent = outcome.state === "not_sent" && outcome.code === "unsupported";
      return silent ? { state: "sent", eventIds: [] } : outcome;
    }),
  ),
  bug(
    "cuts a long text to fit",
    "a text above the limit is refused before the wire, and one at the limit is not cut",
    sending((send, operation, stop) =>
      send(operation.op === "text" ? { ...operation, text: operation.text.slice(0, 4000) } : operation, stop),
    ),
  ),
  bug(
    "refuses a text that just fits",
    "a text above the limit is refused before the wire, and one at the limit is not cut",
    sending(async (send, operation, stop) =>
      "text" in operation && operation.text.length >= 4000
        ? { state: "not_sent", code: "too_long", retryAfterMs: null }
        : send(operation, stop),
    ),
  ),
  bug(
    "loses the thread of a reply",
    "a thread is kept on the way out",
    sending((send, { thread: _, ...operation }, stop) => send(operation as Operation, stop)),
  ),
  bug(
    "leaves the code out of a question",
    "a question lands with the code that answers it",
    sending((send, operation, stop) =>
      send(
        operation.op === "text"
          ? { op: "text", id: operation.id, conversation: operation.conversation, text: operation.text }
          : operation,
        stop,
      ),
    ),
  ),
  bug(
    "declares an idempotency that it does not have",
    "what idempotency is declared is what there is: the same operation twice",
    loopback(() => {
      let drawn = 0;
      return {
        sent: (send) => (operation, stop) =>
          send({ ...operation, id: `${operation.id}${drawn++}` as Operation["id"] }, stop),
      };
    }),
  ),
  bug(
    "sends although it was stopped",
    "a send that was stopped before it began touches nothing",
    sending((send, operation) => send(operation, NEVER)),
  ),
  bug(
    "throws what the network said",
    "whatever is asked of it, send answers and does not throw",
    sending(async (send, operation, stop) => {
      if (operation.conversation === "") throw new Error("chat not found");
      return send(operation, stop);
    }),
  ),
  bug(
    "gives every text the same id",
    "texts land in the order they were sent, each under an id of its own",
    sending(async (send, operation, stop) => {
      const outcome = await send(operation, stop);
      return outcome.state === "sent" ? { state: "sent", eventIds: ["m"] } : outcome;
    }),
  ),
  bug(
    "sends an edit as a new text",
    "an edit lands on its target",
    sending((send, operation, stop) => {
      const { id, conversation } = operation;
      return send(operation.op === "edit" ? { op: "text", id, conversation, text: operation.text } : operation, stop);
    }),
  ),
  bug(
    "does not listen to stop while it sends",
    "stop ends a send that gets no answer, and the outcome is unknown",
    sending((send, operation, stop) => send(operation, stop.aborted ? stop : NEVER)),
  ),
];

/** What a connector may not show is easiest to show in fields and errors. */
export const SECRECY_BUGS: readonly Bug[] = [
  bug(
    "keeps its token in a field",
    "looking at the connector shows no secret and no word, before, while and after it works",
    (net, clock, secret) => Object.assign(new LoopbackConnector(net, clock), { token: secret }),
  ),
  bug(
    "keeps the last text in a field",
    "looking at the connector shows no secret and no word, before, while and after it works",
    (net, clock) => {
      const last: string[] = [];
      const event = (given: InboundEvent): InboundEvent => {
        last.push(given.content.text ?? "");
        return given;
      };
      return Object.assign(changed(new LoopbackConnector(net, clock), { event }), { last });
    },
  ),
  bug(
    "throws an error with the token in its address",
    "no error and no outcome holds a secret or a word",
    loopback((_sound, secret) => ({
      sent: () => () =>
        Promise.reject(new Error("fetch failed", { cause: new Error(`https://api.example/bot${secret}/send`) })),
    })),
  ),
  bug(
    "prints what it receives",
    "nothing is printed, whatever happens",
    loopback(() => ({
      event: (event) => {
        console.log("received", event.content.text);
        return event;
      },
    })),
  ),
];
