/**
 * Every kind of channel that exists, and how one is made. A network that needs a large library imports it in here,
 * when asked.
 */
import type { Stop } from "../src/core/ports.ts";
import { ConsoleConnector, type ConsolePowers } from "./console.ts";
import type { TelegramPowers } from "./telegram/telegram.ts";
import type { TransportPowers } from "./telegram/transport.ts";
import { WebhookConnector, type WebhookPowers } from "./webhook.ts";

/** A channel by the owner's name for it, in its tenant. */
export type ChannelPlace = { readonly tenant: string; readonly channel: string };

export const CONNECTORS = {
  console: async (place: ChannelPlace, powers: ConsolePowers) => new ConsoleConnector(place, powers),
  telegram: async (place: ChannelPlace, powers: TelegramPowers) => {
    const { TelegramConnector } = await import("./telegram/telegram.ts");
    return new TelegramConnector(place, powers);
  },
  webhook: async (place: ChannelPlace, powers: WebhookPowers) => new WebhookConnector(place, powers),
} as const;

/** What a network says of an account before there is a channel for it. */
export async function introduceBot(powers: TransportPowers, stop: Stop) {
  const { introduce } = await import("./telegram/introduce.ts");
  return introduce(powers, stop);
}
