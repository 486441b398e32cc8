/** The console channel beyond the contract: who is listening, and what a terminal shows. */
import { describe, expect, test } from "vitest";
import { CONSOLE_CONVERSATION, CONSOLE_OWNER, ConsoleConnector, shownText } from "../connectors/console.ts";
import { CONNECTORS } from "../connectors/index.ts";
import type { ApprovalId, OutboxId } from "../src/core/ids.ts";
import { WAITING_MS_MAX } from "../src/core/limits.ts";
import type { Operation } from "../src/core/outbox.ts";
import { CountedRandom, TurnedClock } from "./contract/turned-clock.ts";
import { codeOf, reader } from "./contract/unfinished.ts";

const clock = new TurnedClock();
const make = () =>
  new ConsoleConnector({ tenant: "default", channel: "console" }, { clock, random: new CountedRandom() });
const go = new AbortController().signal;
const text = (more: object = {}): Operation => ({
  op: "text",
  id: `out_${"1".repeat(32)}` as OutboxId,
  conversation: "console",
  text: "hello",
  ...more,
});

test("a line is the local owner's, in a direct conversation", async () => {
  const connector = make();
  const stream = reader(connector);
  const pulled = stream.pull();
  const submitted = connector.submit("what did they decide?");
  const [event] = (await pulled)?.events ?? [];
  expect(event).toMatchObject({
    envelope: {
      kind: "message",
      conversation: CONSOLE_CONVERSATION,
      conversation_kind: "direct",
      sender: { id: CONSOLE_OWNER, kind: "person" },
      addressed: { how: "direct" },
      trust: { transport: "local", verified: "verified", flags: [] },
    },
    content: { text: "what did they decide?" },
  });
  const ended = stream.pull();
  expect(await submitted).toBe("committed");
  stream.stop();
  expect(await ended).toBeNull();
});

test("a line that nobody commits is refused in the end, not waited for for ever", async () => {
  const submitted = make().submit("hello");
  clock.turn(WAITING_MS_MAX);
  expect(await codeOf(submitted)).toBe("channel.down");
});

describe("listeners", () => {
  test("with nobody attached nothing is said, and the row can wait", async () => {
    expect(await make().send(text(), go)).toEqual({ state: "not_sent", code: "nobody_listens", retryAfterMs: null });
  });

  test("each listener hears its own conversation, or all, until it is detached", async () => {
    const connector = make();
    const heard: string[] = [];
    const listen = (name: string) => (operation: Operation) => void heard.push(`${name} ${operation.conversation}`);
    connector.attach(listen("all"));
    const detach = connector.attach(listen("work"), "work");
    await connector.send(text(), go);
    await connector.send(text({ conversation: "work" }), go);
    detach();
    await connector.send(text({ conversation: "work" }), go);
    expect(heard).toEqual(["all console", "all work", "work work", "all work"]);
  });

  test("a listener of another conversation is nobody", async () => {
    const connector = make();
    connector.attach(() => {}, "work");
    expect(await connector.send(text(), go)).toMatchObject({ code: "nobody_listens" });
  });

  test("the same listener attached twice is two, and each detaches itself", async () => {
    const connector = make();
    let heard = 0;
    const listen = (): void => {
      heard += 1;
    };
    connector.attach(listen);
    const detach = connector.attach(listen);
    await connector.send(text(), go);
    detach();
    detach();
    await connector.send(text(), go);
    expect(heard).toBe(3);
  });

  test("one terminal that fails does not make unsaid what another one showed", async () => {
    const connector = make();
    connector.attach(() => Promise.reject(new Error("broken pipe")));
    connector.attach(() => {});
    expect(await connector.send(text(), go)).toEqual({ state: "sent", eventIds: [text().id] });
  });

  test("typing and edits name no new event", async () => {
    const connector = make();
    connector.attach(() => {});
    const { id, conversation } = text();
    expect(await connector.send({ op: "typing", id, conversation }, go)).toEqual({ state: "sent", eventIds: [] });
    const edit: Operation = { op: "edit", id, conversation, target: "out_1", text: "bye" };
    expect(await connector.send(edit, go)).toEqual({ state: "sent", eventIds: [] });
  });

  test("after close nobody listens", async () => {
    const connector = make();
    connector.attach(() => {});
    await connector.close();
    expect(await connector.send(text(), go)).toMatchObject({ code: "nobody_listens" });
  });
});

test("a question shows its code once, and what is no text shows nothing", () => {
  const approval = { id: `appr_${"a".repeat(32)}` as ApprovalId, code: "K7QM", expiresAt: 0 };
  expect(shownText(text())).toBe("hello");
  expect(shownText(text({ approval }))).toBe("hello\napprove K7QM · deny K7QM");
  expect(shownText(text({ approval, text: "approve K7QM to send" }))).toBe("approve K7QM to send");
  expect(shownText({ op: "typing", id: text().id, conversation: "console" })).toBeNull();
});

test("the list of kinds makes what it names", async () => {
  const place = { tenant: "default", channel: "term" };
  const made = await CONNECTORS.console(place, { clock, random: new CountedRandom() });
  expect([made.kind, made.channel]).toEqual(["console", "term"]);
  expect(Object.keys(CONNECTORS)).toEqual(["console", "matrix", "telegram", "webhook"]);
});
