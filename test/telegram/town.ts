/** A whole daemon with a Telegram bot, the Bot API server of our own behind it, and the people who write to it. */
import { butler } from "../../src/agents/butler.ts";
import type { AgentDriver } from "../../src/core/agent.ts";
import { configOf } from "../config-reading.ts";
import { type DaemonWorld, daemonOn } from "../daemon-world.ts";
import { type TestHome, testHome } from "../store-home.ts";
import { BotApi } from "./bot-api.ts";
import type { WireChat, WireMessage, WireUser } from "./wire.ts";

export const TOKEN = "777:AAEEFFtesttokenTESTtokenTESTtoken12345";
const person = (id: number, first_name: string): WireUser => ({ id, is_bot: false, first_name });
export const [ANA, BEN, CARLA] = [person(42, "Ana"), person(43, "Ben"), person(44, "Carla")] as const;
export const direct = ({ id, first_name }: WireUser): WireChat => ({ id, type: "private", first_name });
export const GROUP: WireChat = { id: -1001, type: "supergroup", title: "Hiking" };
const NAME = "@gate_bot";

/** Telegram's own marks for a command that begins a text, and for the bot's name in it. */
function marked(text: string) {
  const command = /^\/[a-z_]+(?:@[A-Za-z_]+)?/.exec(text)?.[0];
  const at = text.indexOf(NAME);
  return {
    entities: [
      ...(command === undefined ? [] : [{ type: "bot_command", offset: 0, length: command.length }]),
      ...(command !== undefined || at < 0 ? [] : [{ type: "mention", offset: at, length: NAME.length }]),
    ],
  };
}

export class Town {
  readonly home: TestHome = testHome();
  readonly api = new BotApi(TOKEN, this.home.clock, { username: "gate_bot" });
  root = "";
  config: string | null = null;
  drivers: readonly AgentDriver[] = [butler];
  here: DaemonWorld | null = null;

  /** `config` is the configuration file, as its owner writes it. */
  static async found(set: Partial<Pick<Town, "config" | "drivers">> = {}): Promise<Town> {
    const town = Object.assign(new Town(), set);
    town.root = await town.api.start();
    await town.up();
    return town;
  }

  get daemon(): DaemonWorld {
    if (this.here === null) throw new TypeError("the daemon is down");
    return this.here;
  }

  get owner(): DaemonWorld["owner"] {
    return this.daemon.owner;
  }

  /** Adds the bot as a channel called telegram. */
  add() {
    return this.owner["channel.add"]({
      name: "telegram",
      kind: "telegram",
      secret: TOKEN,
      settings: { root: this.root },
    });
  }

  /** Pairs somebody by the code that the owner reads at the terminal. */
  async pair(
    user: WireUser,
    role: "owner" | "approver" | "member",
    assurance: "low" | "medium" = "low",
  ): Promise<void> {
    const { code } = await this.owner["pair.start"]({ channel: "telegram", role, assurance });
    this.api.world.say(direct(user), user, code);
    await this.until(async () => (await this.owner["pair.wait"]({ code, wait_ms: 0 })).state === "sent");
    await this.owner["pair.confirm"]({ code, yes: true });
    await this.rest();
  }

  /** Ana owns the bot, and the group may speak with it. */
  async settle(context: "off" | "everyone" = "everyone"): Promise<void> {
    await this.add();
    await this.pair(ANA, "owner", "medium");
    await this.owner["conversation.allow"]({
      conversation: String(GROUP.id),
      channel: "telegram",
      alias: "hiking",
      members_all: true,
    });
    await this.owner["conversation.context"]({ conversation: "hiking", context });
    await this.rest();
  }

  /** Everything that was sent has come in, and everything that it caused has gone out. */
  async rest(): Promise<void> {
    const { gateway, powers } = this.daemon.daemon;
    const { updates } = this.api.world;
    await this.until(async () => {
      await gateway.supervisor.idle();
      const waiting = powers.store.outbox({ channel: "telegram", states: ["pending", "sending"] }, { limit: 100 });
      const bot = powers.connectors.get("telegram");
      // Sending waits for the network's limits, and a stream that broke off for better times: by the clock.
      if (waiting.length > 0 || bot?.health().state === "backoff") this.home.clock.turn(1000);
      const isPolling = updates.polled || bot === undefined;
      return updates.pending === 0 && isPolling && powers.store.inboxCount() === 0 && waiting.length === 0;
    });
  }

  async until(isTrue: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 2000; tries += 1) {
      if (await isTrue()) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error("it never came to rest");
  }

  /** Somebody writes, with Telegram's marks for commands and mentions, and all of it comes to rest. */
  async say(chat: WireChat, user: WireUser, text: string, more: object = {}): Promise<WireMessage> {
    const message = this.api.world.say(chat, user, text, { ...marked(text), ...more });
    await this.rest();
    return message;
  }

  async press(user: WireUser, message: WireMessage, button: 0 | 1 | string): Promise<void> {
    const own = this.api.world.message(message.chat.id, message.message_id);
    const buttons = (own ?? message).reply_markup?.inline_keyboard[0] ?? message.reply_markup?.inline_keyboard[0];
    const data = typeof button === "string" ? button : (buttons?.[button]?.callback_data ?? "");
    this.api.world.press(user, message, data);
    await this.rest();
  }

  /** What the bot said in a chat, oldest first; an edited text as it is now. */
  said(chat: WireChat): readonly string[] {
    return this.api.world.said.filter((it) => it.chat.id === chat.id).map(({ text = "" }) => text);
  }

  last(chat: WireChat): WireMessage {
    const message = this.api.world.said.filter((it) => it.chat.id === chat.id).at(-1);
    if (message === undefined) throw new TypeError("nothing was said there");
    return message;
  }

  /** The daemon stops in order. */
  async down(): Promise<void> {
    await this.here?.close();
    this.here = null;
  }

  async up(): Promise<void> {
    this.here = await daemonOn(this.home, configOf(this.config), { drivers: this.drivers });
  }

  async end(): Promise<void> {
    await this.down();
    await this.api.stop();
    this.home.remove();
  }
}
