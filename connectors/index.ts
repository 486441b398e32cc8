/**
 * Every kind of channel that exists, and how one is made. A network that needs a large library imports it in here,
 * when asked.
 */
import type { Stop } from "../src/core/ports.ts";
import { ConsoleConnector, type ConsolePowers } from "./console.ts";
import type { MatrixPowers } from "./matrix/matrix.ts";
import type { Ask } from "./matrix/media.ts";
import type { TelegramPowers } from "./telegram/telegram.ts";
import type { TransportPowers } from "./telegram/transport.ts";
import { WebhookConnector, type WebhookPowers } from "./webhook.ts";

/** A channel by the owner's name for it, in its tenant. */
export type ChannelPlace = { readonly tenant: string; readonly channel: string };

export const CONNECTORS = {
  console: async (place: ChannelPlace, powers: ConsolePowers) => new ConsoleConnector(place, powers),
  matrix: async (place: ChannelPlace, powers: MatrixPowers) => {
    const { MatrixConnector } = await import("./matrix/matrix.ts");
    return new MatrixConnector(place, powers);
  },
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

/** An account by its password or, where `isToken`, a token made elsewhere; or why not. */
export async function signIn(
  request: Ask,
  order: {
    readonly homeserver: string;
    readonly user: string;
    readonly secret: string;
    readonly isToken: boolean;
    readonly recovery: string | null;
  },
) {
  const { HomeserverDoor } = await import("./matrix/login.ts");
  const { decodeRecoveryKey, encodeRecoveryKey } = await import("./matrix/recovery-key.ts");
  const recovery = order.recovery === null ? null : decodeRecoveryKey(order.recovery);
  if (recovery === null && order.recovery !== null) return { fault: "recovery" as const };
  const door = new HomeserverDoor(request, order.homeserver, new AbortController().signal);
  const found = await (order.isToken ? door.byToken(order.secret) : door.byPassword(order.user, order.secret));
  if ("fault" in found) return found;
  const localpart = /^@([^:]+):/.exec(found.user)?.[1];
  const isNamed = order.user === "" || order.user === found.user || order.user.replace(/^@/, "") === localpart;
  if (!isNamed) {
    if (!order.isToken) await door.logout(found.token);
    return { fault: "user" as const };
  }
  return { login: found, password: order.isToken ? null : order.secret, recovery, encode: encodeRecoveryKey };
}

/** Ends a device at its homeserver; that it cannot be reached is no reason to keep it here. */
export async function signOut(request: Ask, homeserver: string, token: string): Promise<void> {
  const { HomeserverDoor } = await import("./matrix/login.ts");
  await new HomeserverDoor(request, homeserver, new AbortController().signal).logout(token);
}
