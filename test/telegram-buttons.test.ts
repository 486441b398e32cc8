/** The buttons of a question, and the files of a message, through the connector. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ApprovalId, OutboxId } from "../src/core/ids.ts";
import { ATTACHMENT_BYTES_MAX } from "../src/core/limits.ts";
import type { InboundEvent } from "../src/core/message.ts";
import type { Operation } from "../src/core/outbox.ts";
import { aMoment } from "./contract/tap.ts";
import { BotBench } from "./contract/telegram-harness.ts";
import { reader } from "./contract/unfinished.ts";
import type { WireMessage } from "./telegram/wire.ts";

const NEVER = new AbortController().signal;
const ANA = { id: 42, is_bot: false, first_name: "Ana" };
const MALLORY = { id: 666, is_bot: false, first_name: "Mallory" };
const GROUP = { id: -1001, type: "supergroup", title: "Hiking" } as const;
const OTHER = { id: -1002, type: "supergroup", title: "Other" } as const;
const approvalId = (digit: string): ApprovalId => `appr_${digit.repeat(32)}` as ApprovalId;
const [FIRST, SECOND] = [approvalId("a"), approvalId("b")];

let bench: BotBench;
/** Which question each message put, as the gateway knows it. */
const prompts = new Map<string, ApprovalId>();
beforeEach(async () => {
  bench = await BotBench.start();
  bench.api.world.chats.set(OTHER.id, OTHER);
  prompts.clear();
});
afterEach(() => bench.end());

const make = () => bench.make({ promptAt: (chat, event) => prompts.get(`${chat} ${event}`) ?? null });
type Question = Extract<Operation, { op: "text" }>;
const question = (id: ApprovalId, chat = String(GROUP.id), denyOnly = false): Question => ({
  id: `out_${"0".repeat(32)}` as OutboxId,
  conversation: chat,
  op: "text",
  text: "May I? approve K7QM22XY",
  approval: { id, code: "K7QM22XY", expiresAt: bench.clock.now() + 60_000, ...(denyOnly ? { denyOnly } : {}) },
});

async function put(operation: Operation): Promise<WireMessage> {
  const outcome = await make().send(operation, NEVER);
  const [event = ""] = outcome.state === "sent" ? outcome.eventIds : [];
  if (operation.op === "text" && operation.approval !== undefined)
    prompts.set(`${operation.conversation} ${event}`, operation.approval.id);
  const message = bench.api.world.said.at(-1);
  if (message === undefined) throw new TypeError("nothing was said");
  return message;
}
const data = (message: WireMessage, button = 0): string =>
  message.reply_markup?.inline_keyboard[0]?.[button]?.callback_data ?? "";

/** What the gateway is handed after these presses, each by whom, under what, with which data. */
async function pressed(...presses: readonly (readonly [typeof ANA, WireMessage, string])[]) {
  for (const [user, message, key] of presses) bench.api.world.press(user, message, key);
  // A last word, so that there is something to read even when every press was left out.
  bench.api.world.say(GROUP, ANA, "end");
  const stream = reader(make());
  const events: readonly InboundEvent[] = (await stream.pull())?.events ?? [];
  const next = stream.pull();
  await aMoment();
  stream.stop();
  await next;
  return events.filter(({ envelope }) => envelope.kind === "action");
}

describe("a press", () => {
  test("of a button is its answer, from whoever pressed, about the message under which it is", async () => {
    const message = await put(question(FIRST));
    const events = await pressed([ANA, message, data(message, 0)], [MALLORY, message, data(message, 1)]);
    expect(events.map(({ envelope, content }) => [envelope.sender.id, envelope.target, content.key])).toEqual([
      ["42", `-1001:${message.message_id}`, "approve"],
      ["666", `-1001:${message.message_id}`, "deny"],
    ]);
  });

  test("is an answer after a restart as well", async () => {
    const message = await put(question(FIRST));
    await Promise.all(bench.connectors.map((connector) => connector.close()));
    expect((await pressed([ANA, message, data(message)]))[0]?.content.key).toBe("approve");
  });

  test("with the data of another question, another chat or of nobody is no answer", async () => {
    const [mine, another] = [await put(question(FIRST)), await put(question(SECOND))];
    const elsewhere = await put(question(FIRST, String(OTHER.id)));
    const plain = await put({ ...question(FIRST), text: "hello" });
    prompts.delete(`-1001 -1001:${plain.message_id}`);
    const keys = await pressed(
      [ANA, mine, data(another)],
      [ANA, mine, data(elsewhere)],
      [ANA, plain, data(plain)],
      [ANA, mine, `${data(mine)}A`],
      [ANA, mine, data(mine).slice(0, -4)],
      [ANA, mine, "a:"],
    );
    expect(keys.map(({ content }) => content.key).filter((key) => key === "approve" || key === "deny")).toEqual([]);
    expect(keys).toHaveLength(6);
  });

  test("that poses as an answer in words is left out", async () => {
    const message = await put(question(FIRST));
    expect(await pressed([ANA, message, "approve"], [ANA, message, "deny"])).toEqual([]);
  });

  test("is answered once, after it is durable, and without a word", async () => {
    const message = await put(question(FIRST));
    bench.api.world.press(ANA, message, data(message));
    const stream = reader(make());
    await stream.pull();
    await aMoment();
    expect(bench.api.count("answerCallbackQuery")).toBe(0);
    const next = stream.pull();
    await aMoment();
    expect(bench.api.calls.filter(({ method }) => method === "answerCallbackQuery").map(({ args }) => args)).toEqual([
      { callback_query_id: expect.any(String) },
    ]);
    stream.stop();
    await next;
  });

  test("that came too late to be answered stops nothing", async () => {
    const message = await put(question(FIRST));
    bench.api.fault("answerCallbackQuery", { kind: "status", code: 400, description: "Bad Request: query is too old" });
    expect(await pressed([ANA, message, data(message)])).toHaveLength(1);
  });
});

describe("a question", () => {
  test("has two buttons whose data is short, says nothing, and differs from question to question", async () => {
    const [one, other] = [await put(question(FIRST)), await put(question(SECOND))];
    const all = [data(one, 0), data(one, 1), data(other, 0), data(other, 1)];
    expect(new Set(all).size).toBe(4);
    for (const each of all) expect(each).toMatch(/^a:[A-Za-z0-9_-]{22}$/);
  });

  test("that may only be refused here has one", async () => {
    const message = await put(question(FIRST, String(GROUP.id), true));
    expect(message.reply_markup?.inline_keyboard[0]?.map(({ text }) => text)).toEqual(["❌ Refuse"]);
    expect((await pressed([ANA, message, data(message)]))[0]?.content.key).toBe("deny");
  });

  test("loses its buttons when it is edited, and may not be passed on", async () => {
    const message = await put(question(FIRST));
    const target = `-1001:${message.message_id}`;
    const { id, conversation } = question(FIRST);
    const edit: Operation = { id, conversation, op: "edit", target, text: "Done." };
    expect((await make().send(edit, NEVER)).state).toBe("sent");
    expect(bench.api.world.message(-1001, message.message_id)).toMatchObject({ text: "Done." });
    expect(bench.api.world.message(-1001, message.message_id)?.reply_markup).toBeUndefined();
    expect((await make().send(edit, NEVER)).state).toBe("sent");
    expect(bench.api.calls.find(({ method }) => method === "sendMessage")?.args).toMatchObject({
      protect_content: true,
      link_preview_options: { is_disabled: true },
    });
  });
});

describe("a file", () => {
  const document = (bytes: Uint8Array, size?: number) => {
    const { file_id, file_size, file_unique_id } = bench.api.world.upload(bytes, size);
    const message = bench.api.world.write(GROUP, ANA, {
      caption: "see",
      document: { file_id, file_unique_id, file_size, file_name: "plan.pdf", mime_type: "application/pdf" },
    });
    bench.api.world.updates.emit("message", message);
  };
  const first = async (keeps = true): Promise<InboundEvent | undefined> => {
    const stream = reader(bench.make({ keeps: () => keeps }));
    const event = (await stream.pull())?.events[0];
    await stream.leave();
    return event;
  };

  test("of a message that nobody keeps is not asked for", async () => {
    document(Buffer.from("x"));
    const event = await first(false);
    expect([event?.envelope.content.media.length, event?.content.attachments]).toEqual([1, undefined]);
    expect(bench.api.count("getFile")).toBe(0);
  });

  test("that is larger than it was said to be is left out, and so is one that is gone", async () => {
    document(Buffer.alloc(ATTACHMENT_BYTES_MAX + 1), 10);
    expect((await first())?.content.attachments).toBeUndefined();
    bench.api.fault("getFile", {
      kind: "status",
      code: 400,
      description: "Bad Request: file is temporarily unavailable",
    });
    expect(await first()).toMatchObject({ content: { text: "see" } });
  });

  test("after many others waits for the next poll, and is not lost", async () => {
    const bytes = Buffer.alloc(ATTACHMENT_BYTES_MAX, 1);
    for (let at = 0; at < 6; at += 1) document(bytes);
    const stream = reader(make());
    const sizes: number[] = [];
    while (sizes.reduce((sum, size) => sum + size, 0) < 6) sizes.push((await stream.pull())?.events.length ?? 0);
    await stream.leave();
    expect(sizes).toEqual([3, 3]);
  }, 10_000);
});
