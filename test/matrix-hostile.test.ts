/** An account's process that lies: whatever it says, it is parsed, left out or ended, and the daemon goes on. */
import { describe, expect, test } from "vitest";
import { MatrixConnector } from "../connectors/matrix/matrix.ts";
import type { Account } from "../connectors/matrix/questions.ts";
import type { Pipe } from "../connectors/matrix/wire.ts";
import { TurnedClock } from "./contract/turned-clock.ts";

type Asked = { readonly ask: number; readonly what: string; readonly input: unknown };
type Say = (message: unknown) => void;

/** A process of which a test says what it answers; without a word about a question it is an honest one. */
class Liar implements Pipe {
  isEnded = false;
  readonly asked: string[] = [];
  readonly #lies: Readonly<Record<string, (asked: Asked, say: Say) => void>>;
  #listen: Say = () => {};
  #over: () => void = () => {};

  constructor(lies: Readonly<Record<string, (asked: Asked, say: Say) => void>>) {
    this.#lies = lies;
  }

  send(message: unknown): void {
    const asked = message as Asked;
    if (!("ask" in asked)) return;
    this.asked.push(asked.what);
    const say: Say = (said) => queueMicrotask(() => this.#listen(said));
    const lie = this.#lies[asked.what];
    if (lie !== undefined) lie(asked, say);
    else if (asked.what === "start") say({ to: asked.ask, value: { published: true } });
    else if (asked.what === "stop") say({ to: asked.ask, value: null });
  }
  onMessage(listen: Say): void {
    this.#listen = listen;
  }
  onEnd(listen: () => void): void {
    const before = this.#over;
    this.#over = () => {
      before();
      listen();
    };
  }
  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#over();
  }
}

const ACCOUNT = { homeserver: "https://hs.test", user: "@bot:hs.test" } as Account;

function connect(lies: ConstructorParameters<typeof Liar>[0]) {
  const liar = new Liar(lies);
  const invited: string[] = [];
  const connector = new MatrixConnector(
    { tenant: "default", channel: "mx" },
    {
      clock: new TurnedClock(),
      openPipe: () => liar,
      files: { crypto: "", sync: "" },
      withAccount: async (use) => use(ACCOUNT),
      published: async () => {},
      mayInvite: (person) => invited.push(person) > 0,
      keeps: () => true,
      wantingMembers: () => [],
    },
  );
  const stopper = new AbortController();
  const stream = connector.open({ cursor: null, stop: stopper.signal })[Symbol.asyncIterator]();
  return { liar, connector, invited, next: () => stream.next(), stop: () => stopper.abort() };
}

const answer =
  (value: unknown) =>
  ({ ask }: Asked, say: Say): void =>
    say({ to: ask, value });
const NEVER = new AbortController().signal;

const event = (more: object = {}): unknown => ({
  envelope: {
    tenant: "default",
    channel: "mx",
    delivery_id: "$1",
    event_id: "$1",
    kind: "message",
    conversation: "!r:hs.test",
    conversation_kind: "group",
    sender: { id: "@ana:hs.test", kind: "person" },
    sent_at: 1,
    received_at: 1,
    addressed: { how: "none" },
    content: { bytes: 2, media: [] },
    trust: { transport: "e2ee", verified: "signed", flags: [] },
    ...more,
  },
  content: { text: "hi" },
});
const batch = (...events: readonly unknown[]): unknown => ({
  cursor: "1",
  items: events.map((it) => ({ event: it, files: [] })),
});

describe("a process is ended, and the channel broken off, that", () => {
  test.each<[string, Record<string, (asked: Asked, say: Say) => void>]>([
    ["says nothing that is a message", { next: (_, say) => say("hello") }],
    ["says null", { next: (_, say) => say(null) }],
    ["answers with more than an answer", { next: ({ ask }, say) => say({ to: ask, value: batch(), more: 1 }) }],
    ["starts with a word of its own", { start: answer({ published: "yes" }) }],
    ["hands over no batch", { next: answer("everything") }],
    ["hands over a cursor without end", { next: answer({ cursor: "x".repeat(100_000), items: [] }) }],
    ["hands over more than there can be", { next: answer(batch(...Array(5000).fill({}))) }],
    ["names a fault in words", { next: ({ ask }, say) => say({ to: ask, fault: { code: "Hello there!" } }) }],
    ["asks by a name without end", { next: (_, say) => say({ ask: 1, what: "x".repeat(40), input: 0 }) }],
  ])("%s", async (_name, lies) => {
    const { next, liar, connector } = connect(lies);
    await expect(next()).rejects.toMatchObject({ name: "ChannelFault" });
    expect(liar.isEnded).toBe(true);
    expect(connector.health()).toMatchObject({ state: expect.stringMatching(/backoff|failed/) });
    await connector.close();
  });
});

describe("of what a process hands over", () => {
  test("only what is an event, of this channel and of a kind that it has, is taken", async () => {
    const { next, stop, connector } = connect({
      next: answer(
        batch(
          {},
          event({ tenant: "other" }),
          event({ channel: "console" }),
          event({ kind: "action" }),
          event({ more: 1 }),
          event({ sender: { id: "x".repeat(5000), kind: "person" } }),
          event({ delivery_id: "$2" }),
        ),
      ),
    });
    const { value } = await next();
    expect(value?.events.map(({ envelope }) => envelope.delivery_id)).toEqual(["$2"]);
    stop();
    await connector.close();
  });

  test("a file that is longer than a file may be ends it", async () => {
    const files = [{ url: "mxc://hs.test/a", name: "a", mime: "a/b", sealed: null }];
    const { next, liar, connector } = connect({
      next: answer({ cursor: "1", items: [{ event: event(), files }] }),
      file: answer("A".repeat(8_000_000)),
    });
    await expect(next()).rejects.toMatchObject({ name: "ChannelFault" });
    expect(liar.isEnded).toBe(true);
    await connector.close();
  });
});

test("how it stands is a state and a code, or it is nothing", async () => {
  const { next, stop, connector } = connect({
    next: (asked, say) => {
      say({ ask: 1, what: "standing", input: { state: "live", code: "x".repeat(10_000) } });
      say({ ask: 2, what: "standing", input: { state: "splendid", code: null } });
      answer(batch(event()))(asked, say);
    },
  });
  await next();
  expect(connector.health()).toEqual({ state: "live", code: null });
  stop();
  await connector.close();
});

test("who may invite is asked about a person, or not at all", async () => {
  const { next, stop, invited, connector } = connect({
    next: (asked, say) => {
      say({ ask: 1, what: "mayInvite", input: { person: { toString: "x" }, conversation: "!r" } });
      say({ ask: 2, what: "mayInvite", input: "everybody" });
      say({ ask: 3, what: "mayInvite", input: { person: "@ana:hs.test", conversation: "!r" } });
      answer(batch(event()))(asked, say);
    },
  });
  await next();
  expect(invited).toEqual(["@ana:hs.test"]);
  stop();
  await connector.close();
});

test.each<[string, unknown]>([
  ["no outcome", "fine"],
  ["more events than a send has", { state: "sent", eventIds: Array(1000).fill("$x") }],
  ["a code of its own", { state: "not_sent", code: "because", retryAfterMs: null }],
  ["a wait without end", { state: "not_sent", code: "rate_limited", retryAfterMs: Number.MAX_SAFE_INTEGER }],
])("a send that it answers with %s may have landed or not", async (_name, value) => {
  const { connector, liar } = connect({ send: answer(value) });
  const id = `out_${"0".repeat(32)}` as never;
  const outcome = await connector.send({ id, conversation: "!r:hs.test", op: "text", text: "hi" }, NEVER);
  expect(outcome).toEqual({ state: "unknown", code: "unreachable" });
  expect(liar.isEnded).toBe(true);
  await connector.close();
});
