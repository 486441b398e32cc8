/** The way to Telegram: what breaks it, what comes of that, and where the token is not. */
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { faultOf } from "../connectors/telegram/fault.ts";
import { Transport, TransportError } from "../connectors/telegram/transport.ts";
import { ChannelFault } from "../src/core/channel-fault.ts";
import type { OutboxId } from "../src/core/ids.ts";
import { Refusal } from "../src/core/refusal.ts";
import { BOT_TOKEN, BotBench } from "./contract/telegram-harness.ts";
import { reader } from "./contract/unfinished.ts";
import type { ApiFault } from "./telegram/bot-api.ts";

const NEVER = new AbortController().signal;
const look = (thing: unknown): string =>
  inspect(thing, { depth: 20, showHidden: true, getters: true }) +
  (thing instanceof Error ? `${thing.stack} ${JSON.stringify(thing)} ${thing.cause}` : JSON.stringify(thing));

let bench: BotBench;
beforeEach(async () => {
  bench = await BotBench.start();
});
afterEach(() => bench.end());

const transport = (root = bench.root): Transport =>
  new Transport({
    clock: bench.clock,
    root,
    request: (url, asking) => bench.request(url, asking),
    withToken: async (use) => use(new TextEncoder().encode(BOT_TOKEN)),
  });
const failed = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable("it worked"),
    (error: unknown) => error,
  );
const status = (code: number, description: string, retryAfter?: number): ApiFault => ({
  kind: "status",
  code,
  description,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

describe("the token", () => {
  test("is in no error, whatever breaks, and neither are the words of the message", async () => {
    const { api } = transport();
    bench.api.world.chats.set(-1001, { id: -1001, type: "supergroup", title: "Hiking" });
    const say = (to: Transport["api"] = api) => failed(to.sendMessage(-1001, "c4nary"));
    const errors: unknown[] = [];
    for (const kind of ["drop_before", "drop_after", "no_json"] as const) {
      bench.api.fault("sendMessage", { kind });
      errors.push(await say());
    }
    errors.push(await say(transport(bench.nobody).api));
    errors.push(await failed(transport().file("documents/none", 10, NEVER)));
    for (const error of errors) {
      expect(look(error)).not.toContain(BOT_TOKEN.slice(4));
      expect(look(error)).not.toContain("c4nary");
    }
    expect(errors).toHaveLength(5);
  });

  test("is in nothing that can be seen of a client or a transport", () => {
    const sound = transport();
    expect(look(sound) + look(sound.api) + look(sound.api.raw) + look(sound.api.config)).not.toContain(
      BOT_TOKEN.slice(4),
    );
  });

  test("is not in what a stream that broke off throws", async () => {
    bench.api.fault("getUpdates", status(409, "Conflict: terminated by other getUpdates request"));
    const error = await failed(reader(bench.make()).pull());
    expect(look(error)).not.toContain(BOT_TOKEN.slice(4));
    expect(error).toBeInstanceOf(ChannelFault);
  });

  test("follows no redirect", async () => {
    const asked: string[] = [];
    const { api } = new Transport({
      clock: bench.clock,
      root: bench.root,
      request: async (url, { redirect }) => {
        asked.push(redirect);
        throw new TypeError(`no ${url}`);
      },
      withToken: async (use) => use(new TextEncoder().encode(BOT_TOKEN)),
    });
    expect(look(await failed(api.getMe()))).not.toContain(BOT_TOKEN.slice(4));
    expect(asked).toEqual(["error"]);
  });

  test("that is not in the vault means that nothing was sent", async () => {
    const connector = bench.make({
      withToken: async () => {
        throw new Refusal("not_found");
      },
    });
    const text = { id: `out_${"0".repeat(32)}` as OutboxId, conversation: "-1001", op: "text", text: "hi" } as const;
    expect(await connector.send(text, NEVER)).toEqual({ state: "not_sent", code: "auth", retryAfterMs: null });
    expect(bench.attempts).toBe(0);
  });
});

describe("a stream that breaks off", () => {
  test.each([
    ["getUpdates", status(409, "Conflict: terminated by other getUpdates request"), "conflict", null, "failed"],
    ["getMe", status(401, "Unauthorized"), "auth", null, "failed"],
    ["getMe", status(404, "Not Found"), "auth", null, "failed"],
    ["getUpdates", status(429, "Too Many Requests: retry after 7", 7), "rate_limited", 7000, "backoff"],
    ["getUpdates", status(502, "Bad Gateway"), "server_error", null, "backoff"],
    ["getUpdates", { kind: "drop_before" } as ApiFault, "unreachable", null, "backoff"],
    ["getUpdates", { kind: "no_json" } as ApiFault, "server_error", null, "backoff"],
  ] as const)("at %s by %o says %s", async (method, fault, code, retryAfterMs, state) => {
    const connector = bench.make();
    bench.api.world.say({ id: 42, type: "private" }, { id: 42, is_bot: false, first_name: "Ana" }, "hello");
    bench.api.fault(method, fault);
    expect(await failed(reader(connector).pull())).toMatchObject({ code, retryAfterMs });
    expect(connector.health()).toEqual({ state, code });
    const again = reader(connector);
    expect((await again.pull())?.events).toHaveLength(1);
    expect(connector.health()).toEqual({ state: "live", code: null });
    await again.leave();
  });

  test("a poll that nobody answers is given up by the clock", async () => {
    bench.api.fault("getUpdates", { kind: "hang_after" });
    bench.api.world.say({ id: 42, type: "private" }, { id: 42, is_bot: false, first_name: "Ana" }, "hello");
    const pulled = failed(reader(bench.make()).pull());
    while (bench.api.count("getUpdates") === 0) await new Promise((resolve) => setImmediate(resolve));
    bench.clock.turn(40_000);
    expect(await pulled).toMatchObject({ code: "timeout" });
  });

  test("two channels never read as one bot", async () => {
    const first = reader(bench.make());
    bench.api.world.say({ id: 42, type: "private" }, { id: 42, is_bot: false, first_name: "Ana" }, "hello");
    await first.pull();
    expect(await failed(reader(bench.make()).pull())).toMatchObject({ code: "in_use" });
    await first.leave();
    expect((await reader(bench.make()).pull())?.events).toHaveLength(1);
  });

  test("a webhook that somebody set is taken away, and what waits stays", async () => {
    bench.api.settings.webhook = "https://example.org/hook";
    bench.api.world.say({ id: 42, type: "private" }, { id: 42, is_bot: false, first_name: "Ana" }, "hello");
    expect((await reader(bench.make()).pull())?.events).toHaveLength(1);
    expect(bench.api.calls.find(({ method }) => method === "deleteWebhook")?.args).toEqual({
      drop_pending_updates: false,
    });
  });
});

describe("cursors", () => {
  const ANA = { id: 42, is_bot: false, first_name: "Ana" };
  const CHAT = { id: 42, type: "private" } as const;

  test("ids that begin anew and lower are followed", async () => {
    const first = reader(bench.make());
    bench.api.world.say(CHAT, ANA, "before");
    const batch = await first.pull();
    await first.leave();
    bench.api.world.updates.renumber(12);
    bench.api.world.updates.forget();
    bench.api.world.say(CHAT, ANA, "after");
    const next = reader(bench.make(), batch?.cursor ?? null);
    const after = await next.pull();
    expect(after?.events.map(({ content }) => content.text)).toEqual(["after"]);
    expect(after?.cursor).toMatch(/^13@/);
    await next.leave();
  });

  test("an absence of more than a day is said once, everywhere, and what is left still comes", async () => {
    const first = reader(bench.make());
    bench.api.world.say(CHAT, ANA, "before");
    const batch = await first.pull();
    await first.leave();
    bench.clock.turn(86_400_001);
    bench.api.world.say(CHAT, ANA, "after");
    const next = reader(bench.make(), batch?.cursor ?? null);
    const events = (await next.pull())?.events ?? [];
    expect(events.map(({ envelope }) => [envelope.kind, envelope.conversation])).toEqual([
      ["gap", "*"],
      ["message", "42"],
    ]);
    await next.leave();
  });

  test("an absence of a day exactly is none", async () => {
    const first = reader(bench.make());
    bench.api.world.say(CHAT, ANA, "before");
    const batch = await first.pull();
    await first.leave();
    bench.clock.turn(86_400_000);
    bench.api.world.say(CHAT, ANA, "after");
    const next = reader(bench.make(), batch?.cursor ?? null);
    expect((await next.pull())?.events.map(({ envelope }) => envelope.kind)).toEqual(["message"]);
    await next.leave();
  });
});

describe("an answer of Telegram's", () => {
  test("longer than any that it gives is not read to its end", async () => {
    let read = 0;
    const endless = (async function* () {
      for (;;) {
        read += 1;
        yield new Uint8Array(1024 * 1024);
      }
    })();
    const { api } = new Transport({
      clock: bench.clock,
      request: async () => ({ status: 200, body: endless }),
      withToken: async (use) => use(new TextEncoder().encode(BOT_TOKEN)),
    });
    const error = await failed(api.getMe());
    expect(faultOf(error)).toMatchObject({ code: "server_error", isProven: false });
    expect(read).toBe(17);
  });

  test("names no file outside its own folder", async () => {
    for (const path of ["../bot", "documents/../../getMe", "/etc/passwd", "documents/a?b", "a//b", ""])
      expect(await failed(transport().file(path, 10, NEVER))).toMatchObject({ code: "ADDRESS" });
    expect(await failed(transport().file("documents/none", 3, NEVER))).toBeInstanceOf(TransportError);
  });
});
