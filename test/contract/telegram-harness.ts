/** A Telegram bot's harness: the connector on one side, the Bot API server of our own on the other. */
import { createHash } from "node:crypto";
import { TelegramConnector, type TelegramPowers } from "../../connectors/telegram/telegram.ts";
import type { Asking } from "../../connectors/telegram/wire.ts";
import type { Connector } from "../../src/core/ports.ts";
import { type ApiFault, BotApi } from "../telegram/bot-api.ts";
import type { WireChat, WireMessage, WireUser } from "../telegram/wire.ts";
import { emoji } from "../telegram/world.ts";
import type { ConnectorHarness, Deed, Fault, Landed, Traits } from "./harness.ts";
import { TurnedClock } from "./turned-clock.ts";

export const TELEGRAM_TRAITS: Traits = {
  delivery: "cursor",
  outward: "push",
  kinds: ["message", "edit", "delete", "reaction", "action", "membership", "gap"],
  ids: "network",
  senders: ["person", "bot", "anonymous"],
  names: true,
  clocks: true,
  files: true,
  members: "changes",
  deletes: "reactions",
  faults: ["refused", "rate_limited", "lost_answer", "server_error", "hang"],
};

export const BOT_TOKEN = "777:AAEEFFtesttokenTESTtokenTESTtoken12345";
const SENDS = ["sendMessage", "editMessageText", "deleteMessage", "setMessageReaction", "sendChatAction"];
const FAULTS: Readonly<Record<Exclude<Fault, "refused">, ApiFault>> = {
  rate_limited: { kind: "status", code: 429, description: "Too Many Requests: retry after 3", retryAfter: 3 },
  lost_answer: { kind: "drop_after" },
  server_error: { kind: "status", code: 502, description: "Bad Gateway" },
  hang: { kind: "hang_after" },
};
const GROUP: WireChat = { id: -1001, type: "supergroup", title: "Hiking", is_forum: true };
const numberOf = (name: string): number => createHash("sha256").update(name).digest().readUIntBE(0, 5) + 1;

/** One bot: its server, its connectors one after the other, and what they were given. */
export class BotBench {
  readonly clock = new TurnedClock();
  readonly api = new BotApi(BOT_TOKEN, this.clock);
  readonly connectors: TelegramConnector[] = [];
  readonly claimed = new Set<number>();
  /** The next send finds nobody listening. */
  refuses = false;
  refused = 0;
  root = "";
  /** An address at which nobody listens. */
  nobody = "";

  static async start(): Promise<BotBench> {
    const bench = new BotBench();
    const gone = new BotApi(BOT_TOKEN, bench.clock);
    bench.nobody = await gone.start();
    await gone.stop();
    bench.root = await bench.api.start();
    bench.api.world.leads.add(GROUP.id);
    bench.api.world.chats.set(GROUP.id, GROUP);
    // An earlier stream told Telegram what it wants to hear of.
    const before = bench.make({ claim: () => () => {} });
    const stopper = new AbortController();
    const stream = before.open({ cursor: null, stop: stopper.signal })[Symbol.asyncIterator]();
    const pulled = stream.next();
    while (!bench.api.world.updates.polled) await new Promise((resolve) => setImmediate(resolve));
    stopper.abort();
    await pulled;
    bench.api.calls.length = 0;
    return bench;
  }

  make(powers: Partial<TelegramPowers> = {}): TelegramConnector {
    const made = new TelegramConnector(
      { tenant: "default", channel: "family" },
      {
        clock: this.clock,
        root: this.root,
        request: (url, asking) => this.request(url, asking),
        withToken: async (use) => use(new TextEncoder().encode(BOT_TOKEN)),
        promptAt: () => null,
        keeps: () => true,
        claim: (bot) => this.#claim(bot),
        ...powers,
      },
    );
    this.connectors.push(made);
    return made;
  }

  #claim(bot: number): (() => void) | null {
    if (this.claimed.has(bot)) return null;
    this.claimed.add(bot);
    return () => void this.claimed.delete(bot);
  }

  /** The platform's own fetch, except that a refused send knocks where nobody listens. */
  request(url: string, { body, ...asking }: Asking) {
    const isRefused = this.refuses && SENDS.some((method) => url.endsWith(`/${method}`));
    if (isRefused) {
      this.refuses = false;
      this.refused += 1;
    }
    const address = isRefused ? url.replace(this.root, this.nobody) : url;
    return fetch(address, { ...asking, ...(body === undefined ? {} : { body }) });
  }

  get attempts(): number {
    return SENDS.reduce((sum, method) => sum + this.api.count(method), this.refused);
  }

  async end(): Promise<void> {
    await Promise.all(this.connectors.map((connector) => connector.close()));
    await this.api.stop();
  }
}

function landed({ world, calls }: BotApi): readonly Landed[] {
  const texts = world.said.map(
    (said): Landed => ({
      op: "text",
      conversation: String(said.chat.id),
      text: said.text,
      thread: said.message_thread_id === undefined ? undefined : String(said.message_thread_id),
    }),
  );
  const edits = calls
    .filter(({ method }) => method === "editMessageText")
    .map(({ args }): Landed => {
      const { chat_id, message_id } = args as { chat_id: number; message_id: number };
      const text = world.message(chat_id, message_id)?.text;
      return { op: "edit", conversation: String(chat_id), target: `${chat_id}:${message_id}`, text };
    });
  return [...texts, ...edits];
}

const SENDER_IDS = { person: 42, bot: 43, anonymous: 42, service: 42 } as const;

function personOf({ sender }: Deed): WireUser {
  const kind = sender?.kind ?? "person";
  const id = sender?.id === undefined ? SENDER_IDS[kind] : numberOf(sender.id);
  return { id, is_bot: kind === "bot", first_name: sender?.name ?? "Ana" };
}

const chatOf = ({ conversation, title }: Deed): WireChat => ({
  ...GROUP,
  ...(conversation === undefined ? {} : { id: -numberOf(conversation) }),
  ...(title === undefined ? {} : { title }),
});

/** What somebody does, as Telegram sends it; gives the id that later deeds name. */
class Acting {
  readonly #bench: BotBench;

  constructor(bench: BotBench) {
    this.#bench = bench;
  }

  #message(id: string | undefined): WireMessage {
    const [chat, message] = (id ?? "").split(":").map(Number);
    const found = this.#bench.api.world.message(chat ?? 0, message ?? 0);
    if (found === undefined) throw new TypeError("no such message");
    return found;
  }

  act(deed: Deed): string {
    const { world } = this.#bench.api;
    const [person, chat] = [personOf(deed), chatOf(deed)];
    const { key = "", text = "" } = deed;
    switch (deed.kind) {
      case "edit":
        world.edit(this.#message(deed.target), text);
        return "";
      case "reaction":
        world.react(this.#message(deed.target), person, [], emoji(key));
        return "";
      case "delete":
        world.react(this.#message(deed.target), person, emoji(key), []);
        return "";
      case "action":
        return world.press(person, this.#message(deed.target), key);
      case "membership":
        world.member(chat, person, "member", key === "" ? "left" : key);
        return "";
      case "gap":
        this.#bench.clock.turn(25 * 3_600_000);
        return "";
      default:
        return this.#say(deed, person, chat);
    }
  }

  #say(deed: Deed, person: WireUser, chat: WireChat): string {
    const { world } = this.#bench.api;
    const topic = deed.thread === undefined ? {} : { message_thread_id: Number(deed.thread), is_topic_message: true };
    const about = {
      ...topic,
      ...(deed.sender?.kind === "anonymous" ? { sender_chat: chat } : {}),
      ...(deed.sentAt === undefined ? {} : { date: Math.floor(deed.sentAt / 1000) }),
      ...(deed.replyTo === undefined ? {} : { reply_to_message: this.#message(deed.replyTo) }),
    };
    const files = deed.files ?? [];
    const messages = (files.length === 0 ? [null] : files).map((file, at) => {
      if (file === null) return world.say(chat, person, deed.text ?? "", about);
      const { file_id, file_unique_id, file_size } = world.upload(file.bytes);
      const document = { file_id, file_unique_id, file_size, file_name: file.name, mime_type: file.mime };
      const album = files.length > 1 ? { media_group_id: "album" } : {};
      const caption = at === 0 ? { caption: deed.text } : {};
      const message = world.write(chat, person, { ...about, ...album, ...caption, document });
      world.updates.emit("message", message);
      return message;
    });
    const [first] = messages;
    return `${chat.id}:${first?.message_id}`;
  }
}

/** Updates that are not what they should be: each is left out, and the next one comes. */
function garble({ api }: BotBench): readonly null[] {
  const message = { message_id: 9, date: 1, chat: GROUP, from: { id: 1, is_bot: false, first_name: "c4nary-name" } };
  const bad: readonly [string, unknown][] = [
    ["message", null],
    ["message", { ...message, text: { c4nary: "c4nary-text" } }],
    ["message", { ...message, message_id: "9; DROP" }],
    ["message", { ...message, date: -1, text: "c4nary-text" }],
    ["message", { ...message, text: "c4nary-text", entities: [{ type: "mention", offset: -1, length: 2 }] }],
    ["edited_message", { ...message, chat: { id: 1.5, type: "private" }, text: "c4nary-edit" }],
    ["callback_query", { id: "", from: message.from, data: "c4nary-key" }],
    ["message_reaction", { chat: GROUP, message_id: 1, date: 1, old_reaction: [], new_reaction: "c4nary-key" }],
    ["chat_member", { chat: GROUP, date: 1 }],
  ];
  for (const [kind, payload] of bad) api.world.updates.emit(kind, payload);
  return bad.map(() => null);
}

export async function telegramHarness(
  between: (sound: Connector, bench: BotBench) => Connector = (sound) => sound,
  powers: (bench: BotBench) => Partial<TelegramPowers> = () => ({}),
): Promise<ConnectorHarness> {
  const bench = await BotBench.start();
  const acting = new Acting(bench);
  const make = (): Connector => between(bench.make(powers(bench)), bench);
  return {
    connector: make(),
    tenant: "default",
    now: () => bench.clock.now(),
    restart: make,
    act: (deed) => ({ event: acting.act(deed), told: null }),
    garble: () => garble(bench),
    wire: {
      attempts: () => bench.attempts,
      landed: () => landed(bench.api),
      fault: (fault) => {
        if (fault === "refused") bench.refuses = true;
        else bench.api.fault("sendMessage", FAULTS[fault]);
      },
    },
    secrets: [BOT_TOKEN, BOT_TOKEN.slice(4), encodeURIComponent(BOT_TOKEN), Buffer.from(BOT_TOKEN).toString("base64")],
    conversation: String(GROUP.id),
    thread: "5",
    end: () => bench.end(),
  };
}
