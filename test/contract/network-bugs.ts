/** Bugs that a network's own connector could have, each between its sound connector and whoever examines it. */
import type { Asking } from "../../connectors/telegram/wire.ts";
import type { Operation } from "../../src/core/outbox.ts";
import type { Connector } from "../../src/core/ports.ts";
import { changed, kindOnly, NEVER } from "./broken.ts";
import type { BotBench } from "./telegram-harness.ts";

type NetworkBug = {
  readonly name: string;
  readonly caughtBy: readonly string[];
  readonly between?: (sound: Connector) => Connector;
};

/** On Telegram some are on the wire itself: what is asked of the server is not what the connector asked. */
type TelegramBug = NetworkBug & { readonly onWire?: (bench: BotBench) => (url: string, asking: Asking) => Asking };

const WORDS = "no word of what was written is in an envelope, a cursor or health";
const AGAIN = "a batch that nobody acknowledged comes again, the same";
const ONE_ATTEMPT = "a rate limit is called not_sent and says for how long";

/** Reads a batch ahead, and so confirms what was only handed over. */
const readsAhead = (sound: Connector): Connector =>
  changed(sound, {
    opened: (open) =>
      async function* (options) {
        const stream = open(options)[Symbol.asyncIterator]();
        const first = await stream.next();
        if (first.done === true) return;
        void stream.next().catch(() => null);
        // Long enough for the confirmation to reach the server.
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield first.value;
      },
  });

/** What getUpdates is asked for, with one kind left out. */
const withoutKind =
  (kind: string) =>
  () =>
  (url: string, asking: Asking): Asking =>
    url.endsWith("/getUpdates") ? { ...asking, body: (asking.body ?? "").replace(`"${kind}",`, "") } : asking;

const cut = (operation: Operation, units: number): Operation =>
  "text" in operation ? { ...operation, text: operation.text.slice(0, units) } : operation;

export const TELEGRAM_BUGS: readonly TelegramBug[] = [
  {
    name: "writes the chat's title into an envelope",
    caughtBy: [WORDS],
    between: (sound) =>
      changed(sound, {
        event: ({ envelope, content }) => ({
          envelope: { ...envelope, ...{ title: content.conversation_name } },
          content,
        }),
      }),
  },
  {
    name: "begins where it pleases and not at its cursor",
    caughtBy: ["what was acknowledged does not come again"],
    onWire: () => (url, asking) =>
      url.endsWith("/getUpdates")
        ? { ...asking, body: (asking.body ?? "").replace(/"offset":\d+/, '"offset":0') }
        : asking,
  },
  { name: "confirms what was only handed over", caughtBy: [AGAIN], between: readsAhead },
  {
    name: "sends again by itself when it is told to wait",
    caughtBy: [ONE_ATTEMPT],
    between: (sound) =>
      changed(sound, {
        sent: (send) => async (operation, stop) => {
          const first = await send(operation, stop);
          return first.state === "not_sent" && first.code === "rate_limited" ? send(operation, stop) : first;
        },
      }),
  },
  {
    name: "does not ask for reactions",
    caughtBy: ["a reaction names its target, and its key is content, however hostile"],
    onWire: withoutKind("message_reaction"),
  },
  {
    name: "does not ask for presses",
    caughtBy: ["an action names its target, and its key is content, however hostile"],
    onWire: withoutKind("callback_query"),
  },
  {
    name: "does not pass on that it has to stop",
    caughtBy: ["stop ends a stream that waits, at once and without an error"],
    between: (sound) =>
      changed(sound, {
        opened:
          (open) =>
          ({ cursor }) =>
            open({ cursor, stop: NEVER }),
      }),
  },
  {
    name: "takes a broken server for proof that nothing was sent",
    caughtBy: ["what may have landed is called unknown and is not tried again (server_error)"],
    between: (sound) =>
      changed(sound, {
        sent: (send) => async (operation, stop) => {
          const outcome = await send(operation, stop);
          return outcome.state === "unknown" ? { state: "not_sent", code: outcome.code, retryAfterMs: null } : outcome;
        },
      }),
  },
  {
    name: "carries its token about",
    caughtBy: ["looking at the connector shows no secret and no word, before, while and after it works"],
    between: (sound) => Object.assign(changed(sound, {}), { token: "777:AAEEFFtesttokenTESTtokenTESTtoken12345" }),
  },
  {
    name: "leaves out the last update of a full batch",
    caughtBy: ["a backlog of 250 arrives complete, in order, each once and under its own delivery id"],
    between: (sound) => changed(sound, { batch: (batch) => ({ ...batch, events: batch.events.slice(0, 99) }) }),
  },
  {
    name: "makes what a button carries fit",
    caughtBy: ["an action names its target, and its key is content, however hostile"],
    between: (sound) =>
      changed(sound, {
        event: kindOnly("action", ({ envelope, content }) => ({
          envelope,
          content: { ...content, key: (content.key ?? "").replace(/\W/g, "") },
        })),
      }),
  },
  {
    name: "cuts a text that is too long",
    caughtBy: ["a text above the limit is refused before the wire, and one at the limit is not cut"],
    between: (sound) =>
      changed(sound, { sent: (send) => (operation, stop) => send(cut(operation, sound.abilities.textUnitsMax), stop) }),
  },
  {
    name: "says nothing of a day's absence",
    caughtBy: ["a gap is an event of its own"],
    between: (sound) =>
      changed(sound, {
        batch: (batch) => ({ ...batch, events: batch.events.filter(({ envelope }) => envelope.kind !== "gap") }),
      }),
  },
  {
    name: "tells of a reaction that was taken back as of one that was given",
    caughtBy: ["a reaction that is taken back is a delete of that very reaction"],
    between: (sound) =>
      changed(sound, {
        event: kindOnly("delete", ({ envelope, content }) => ({
          envelope: { ...envelope, kind: "reaction" },
          content,
        })),
      }),
  },
  {
    name: "takes whoever changed a member for the member",
    caughtBy: ["a membership that tells of one person names them as the sender and says what became of them"],
    between: (sound) =>
      changed(sound, {
        event: kindOnly("membership", ({ envelope, content }) => ({
          envelope: { ...envelope, sender: { id: "1", kind: "person" } },
          content,
        })),
      }),
  },
  {
    name: "takes whoever writes as the group for the person behind it",
    caughtBy: ["whoever is no person is flagged as what they are"],
    between: (sound) =>
      changed(sound, {
        event: ({ envelope, content }) => ({
          envelope: { ...envelope, sender: { ...envelope.sender, kind: "person" } },
          content,
        }),
      }),
  },
];

export const CONSOLE_BUGS: readonly NetworkBug[] = [
  {
    name: "tells whoever typed it before it is kept",
    caughtBy: ["pulling the next batch acknowledges the previous one, and nothing else does"],
    between: (sound) =>
      changed(sound, {
        opened: (open) =>
          async function* (options) {
            const stream = open(options)[Symbol.asyncIterator]();
            let next = stream.next();
            for (let given = await next; given.done !== true; given = await next) {
              next = stream.next();
              yield given.value;
            }
          },
      }),
  },
  {
    name: "claims that a broken terminal showed it",
    caughtBy: ["what may have landed is called unknown and is not tried again (lost_answer)"],
    between: (sound) =>
      changed(sound, {
        sent: (send) => async (operation, stop) => {
          const outcome = await send(operation, stop);
          return outcome.state === "unknown" ? { state: "sent", eventIds: ["m1"] } : outcome;
        },
      }),
  },
  {
    name: "passes what it cannot show over in silence",
    caughtBy: ["an operation that is not declared is refused as unsupported, and touches nothing"],
    between: (sound) =>
      changed(sound, {
        sent: (send) => async (operation, stop) => {
          const outcome = await send(operation, stop);
          return outcome.state === "not_sent" && outcome.code === "unsupported"
            ? { state: "sent", eventIds: [] }
            : outcome;
        },
      }),
  },
];
