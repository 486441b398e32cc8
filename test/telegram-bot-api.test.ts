/** Our own Bot API server keeps to what Telegram's does, as far as it goes. Connector tests stand on it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { normalize } from "../connectors/telegram/normalize.ts";
import { UPDATE_KINDS, Update } from "../connectors/telegram/update.ts";
import { TurnedClock } from "./contract/turned-clock.ts";
import { BotApi } from "./telegram/bot-api.ts";
import type { WireChat, WireUser } from "./telegram/wire.ts";
import { emoji } from "./telegram/world.ts";

const TOKEN = "777:test-token";
const ANA: WireUser = { id: 42, is_bot: false, first_name: "Ana" };
const PRIVATE: WireChat = { id: 42, type: "private", first_name: "Ana" };
const GROUP: WireChat = { id: -1001, type: "supergroup", title: "Familie", is_forum: true };
const MINUTE_MS = 60_000;

const Answer = z.strictObject({
  ok: z.boolean(),
  result: z.unknown().optional(),
  error_code: z.number().optional(),
  description: z.string().optional(),
  parameters: z.strictObject({ retry_after: z.number() }).optional(),
});

let clock: TurnedClock;
let api: BotApi;
let root: string;
beforeEach(async () => {
  clock = new TurnedClock();
  api = new BotApi(TOKEN, clock);
  root = await api.start();
});
afterEach(() => api.stop());

async function call(method: string, args: object = {}, token = TOKEN) {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(args) };
  const response = await fetch(`${root}/bot${token}/${method}`, init);
  return Answer.parse(await response.json());
}
/** What a call gives: its result, or the code it was refused with. */
const give = async (method: string, args: object = {}): Promise<unknown> => {
  const { ok, result, error_code } = await call(method, args);
  return ok ? result : error_code;
};
const ids = async (args: object = {}): Promise<readonly number[]> =>
  z
    .array(Update)
    .parse(await give("getUpdates", args))
    .map(({ update_id }) => update_id);
/** Waits until a poll has arrived at the server. */
async function polled(): Promise<void> {
  while (!api.world.updates.polled) await new Promise((resolve) => setImmediate(resolve));
}

describe("the door", () => {
  test("a wrong token, an unknown method and a misspelt field are refused", async () => {
    expect((await call("getMe", {}, "777:wrong")).error_code).toBe(401);
    expect(await give("getMee")).toBe(404);
    expect(await give("toString")).toBe(404);
    expect(await give("sendMessage", { chat_id: 42, text: "x", parse_mode: "HTML" })).toBe(400);
    expect(await give("getMe")).toMatchObject({ id: 777, is_bot: true, can_read_all_group_messages: false });
  });

  test("a body that is no JSON is refused", async () => {
    const response = await fetch(`${root}/bot${TOKEN}/getMe`, { method: "POST", body: "{" });
    expect(response.status).toBe(400);
  });
});

describe("updates", () => {
  test("come again until an offset confirms them", async () => {
    for (const text of ["a", "b", "c"]) api.world.say(PRIVATE, ANA, text);
    const [first = 0, second = 0, third = 0] = await ids();
    expect(await ids()).toEqual([first, second, third]);
    expect(await ids({ limit: 1 })).toEqual([first]);
    expect(await ids({ offset: second })).toEqual([second, third]);
    expect(await ids()).toEqual([second, third]);
    expect(await ids({ offset: third + 1 })).toEqual([]);
    expect(api.world.updates.pending).toBe(0);
  });

  test("a poll waits for one, and ends empty when its time is over", async () => {
    const waiting = ids({ timeout: 30 });
    await polled();
    api.world.say(PRIVATE, ANA, "a");
    const [update = 0] = await waiting;
    const empty = ids({ offset: update + 1, timeout: 60 });
    await polled();
    clock.turn(50_000);
    expect(await empty).toEqual([]);
  });

  test("a second poll ends the first one with 409, and the next conflict is held back", async () => {
    const first = give("getUpdates", { timeout: 30 });
    await polled();
    const second = ids({ timeout: 30 });
    expect(await first).toBe(409);
    await polled();
    api.world.say(PRIVATE, ANA, "a");
    expect(await second).toHaveLength(1);
    api.settings.webhook = "https://elsewhere.example";
    const held = give("getUpdates");
    while (api.count("getUpdates") < 3) await new Promise((resolve) => setImmediate(resolve));
    clock.turn(3000);
    expect(await held).toBe(409);
    expect(await give("deleteWebhook", { drop_pending_updates: false })).toBe(true);
    expect(await ids()).toHaveLength(1);
  });

  test("kinds that nobody asked for are not kept, and asking later does not bring them", async () => {
    const message = api.world.say(PRIVATE, ANA, "a");
    api.world.react(message, ANA, [], emoji("👍"));
    expect(await ids({ allowed_updates: UPDATE_KINDS })).toHaveLength(1);
    api.world.react(message, ANA, [], emoji("👍"));
    expect(await ids()).toHaveLength(2);
  });

  test("a message lives for a day, a press for 150 seconds", async () => {
    const message = api.world.say(PRIVATE, ANA, "a");
    api.world.press(ANA, message, "a:1");
    expect(await ids()).toHaveLength(2);
    clock.turn(150_000);
    expect(await ids()).toHaveLength(1);
    clock.turn(24 * 60 * MINUTE_MS);
    expect(await ids()).toEqual([]);
  });

  test("after ids were drawn anew, an offset that is too high starts at the head", async () => {
    api.world.updates.renumber(5);
    api.world.say(PRIVATE, ANA, "a");
    expect(await ids({ offset: 2_000_000_000 })).toEqual([5]);
    expect(await ids({ offset: 6 })).toEqual([]);
  });

  test("stop ends a poll that waits", async () => {
    const waiting = give("getUpdates", { timeout: 30 }).catch(() => "cut");
    await polled();
    await api.stop();
    expect([[], "cut"]).toContainEqual(await waiting);
  });
});

describe("sending", () => {
  test("a message lands in its topic, answers what it names, and can be edited and deleted", async () => {
    const asked = api.world.say(GROUP, ANA, "hello?");
    const place = { chat_id: GROUP.id, message_thread_id: 5 };
    await give("sendMessage", { ...place, text: "hello", reply_parameters: { message_id: asked.message_id } });
    const [message] = api.world.said;
    expect(message).toMatchObject({ text: "hello", message_thread_id: 5, reply_to_message: { text: "hello?" } });
    const target = { chat_id: GROUP.id, message_id: message?.message_id };
    expect(await give("editMessageText", { ...target, text: "bye" })).toMatchObject({ text: "bye" });
    expect((await call("editMessageText", { ...target, text: "bye" })).description).toContain("not modified");
    expect(await give("deleteMessage", target)).toBe(true);
    expect(await give("deleteMessage", target)).toBe(400);
  });

  test("what Telegram refuses is refused", async () => {
    api.world.say(PRIVATE, ANA, "hi");
    const send = (more: object) => give("sendMessage", { chat_id: PRIVATE.id, text: "x", ...more });
    const button = (data: string) => ({ reply_markup: { inline_keyboard: [[{ text: "yes", callback_data: data }]] } });
    expect(await send({ text: "x".repeat(4096) })).toMatchObject({ message_id: expect.any(Number) });
    expect(await send(button("d".repeat(64)))).toMatchObject({ reply_markup: expect.anything() });
    for (const wrong of [
      { text: "x".repeat(4097) },
      { text: " " },
      { chat_id: 1 },
      { message_thread_id: 1 },
      { reply_parameters: { message_id: 999 } },
      button("Ω".repeat(33)),
      button(""),
    ])
      expect(await send(wrong)).toBe(400);
  });

  test("a press is answered once, and not after 150 seconds", async () => {
    const message = api.world.say(PRIVATE, ANA, "a");
    const [early, late] = [api.world.press(ANA, message, "a:1"), api.world.press(ANA, message, "a:2")];
    const answer = (id: string) => give("answerCallbackQuery", { callback_query_id: id });
    expect([await answer(early), await answer(early), await answer("made up")]).toEqual([true, 400, 400]);
    clock.turn(150_000);
    expect(await answer(late)).toBe(400);
  });
});

describe("faults", () => {
  const text = { chat_id: PRIVATE.id, text: "hello" };
  beforeEach(() => void api.world.say(PRIVATE, ANA, "hi"));

  test("a rate limit names its seconds and holds once", async () => {
    api.fault("sendMessage", { kind: "status", code: 429, description: "Too Many Requests", retryAfter: 7 });
    expect((await call("sendMessage", text)).parameters).toEqual({ retry_after: 7 });
    expect(api.world.said).toHaveLength(0);
    expect(await give("sendMessage", text)).toMatchObject({ text: "hello" });
  });

  test.each([
    ["drop_before", 0],
    ["drop_after", 1],
  ] as const)("%s leaves %i messages, and no answer", async (kind, landed) => {
    api.fault("sendMessage", { kind });
    await expect(call("sendMessage", text)).rejects.toThrow();
    expect([api.world.said.length, api.count("sendMessage")]).toEqual([landed, 1]);
  });

  test("hang_after takes effect and keeps silent until the caller goes", async () => {
    api.fault("sendMessage", { kind: "hang_after" });
    const caller = new AbortController();
    const init = { method: "POST", body: JSON.stringify(text), signal: caller.signal };
    const sent = fetch(`${root}/bot${TOKEN}/sendMessage`, init).then(
      () => "answered",
      () => "gone",
    );
    while (api.world.said.length === 0) await new Promise((resolve) => setImmediate(resolve));
    caller.abort();
    expect(await sent).toBe("gone");
  });

  test("no_json answers with what is none", async () => {
    api.fault("getMe", { kind: "no_json" });
    await expect(call("getMe")).rejects.toThrow();
  });
});

test("a file is found under the cap, and its bytes come whole", async () => {
  const bytes = Buffer.from([0, 1, 254, 255]);
  const { file_id, file_path } = api.world.upload(bytes);
  expect(await give("getFile", { file_id })).toMatchObject({ file_path, file_size: 4 });
  const download = await fetch(`${root}/file/bot${TOKEN}/${file_path}`);
  expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
  expect((await fetch(`${root}/file/bot777:wrong/${file_path}`)).status).toBe(404);
  expect(await give("getFile", { file_id: api.world.upload(bytes, 21 * 1024 * 1024).file_id })).toBe(400);
});

test("everything that people do arrives as an update that the connector reads", async () => {
  const { world } = api;
  await ids({ allowed_updates: UPDATE_KINDS });
  const message = world.say(GROUP, ANA, "@gate_bot hi", { entities: [{ type: "mention", offset: 0, length: 9 }] });
  world.edit(message, "@gate_bot hello");
  world.react(message, ANA, [], emoji("👍"));
  world.leads.add(GROUP.id);
  world.react(message, ANA, [], emoji("👍"));
  world.press(ANA, message, "a:1");
  world.member(GROUP, ANA, "member", "left");
  world.member(GROUP, world.me, "left", "member");
  const place = { tenant: "default", channel: "t", bot: { id: 777, username: "gate_bot" }, receivedAt: clock.now() };
  const events = z
    .array(z.unknown())
    .parse(await give("getUpdates"))
    .flatMap((update) => normalize(update, place));
  expect(events.map(({ envelope }) => [envelope.kind, envelope.addressed.how])).toEqual([
    ["message", "mention"],
    ["edit", "mention"],
    ["reaction", "none"],
    ["action", "none"],
    ["membership", "none"],
    ["membership", "none"],
  ]);
});
