/** What Telegram says of a bot, and what the bot says of itself: asked when a channel is added or looked at. */
import type { Api } from "grammy";
import type { Stop } from "../../src/core/ports.ts";
import { faultOf } from "./fault.ts";
import { Transport, type TransportPowers } from "./transport.ts";

export type BotFacts = {
  readonly id: number;
  readonly username: string;
  /** Privacy mode is off: in groups it is told of every message, not of those for it alone. */
  readonly readsAll: boolean;
};

/** Shown by Telegram when somebody types a slash; each is a word that the gateway or an agent answers. */
const COMMANDS = [
  { command: "summary", description: "Summarise what was said: /summary last 50" },
  { command: "todo", description: "What is to be done, by whom, until when" },
  { command: "status", description: "What I am working on for you" },
  { command: "cancel", description: "Stop what I am working on for you" },
  { command: "help", description: "What I can do" },
  { command: "privacy", description: "What I keep here, and for how long" },
  { command: "optout", description: "Keep nothing more of what I write" },
  { command: "optin", description: "Take that back" },
  { command: "forget_this", description: "In reply to a message: erase it" },
  { command: "forget_me", description: "Erase all that is kept of mine" },
];

/** Throws what the client throws. */
export async function factsBy(api: Api, stop: Stop): Promise<BotFacts> {
  const { id, username, can_read_all_group_messages } = await api.getMe(stop as never);
  return { id, username, readsAll: can_read_all_group_messages };
}

/** Without them everything still works; whoever types a slash sees less. */
export async function presentCommands(api: Api, stop: Stop): Promise<void> {
  await api.setMyCommands(COMMANDS, {}, stop as never).catch(() => null);
}

/** Facts by a token that no channel has yet, or why there are none. */
export async function introduce(powers: TransportPowers, stop: Stop): Promise<BotFacts | { readonly code: string }> {
  const { api } = new Transport(powers);
  try {
    return await factsBy(api, stop);
  } catch (error) {
    const { code } = faultOf(error);
    return { code: code === "not_found" ? "auth" : code };
  }
}
