/** Telegram bots as channels of a daemon: each made from its record, one of ours for each bot. */
import { CONNECTORS, introduceBot } from "../connectors/index.ts";
import type { TelegramConnector } from "../connectors/telegram/telegram.ts";
import type { Request } from "../connectors/telegram/wire.ts";
import type { Channel } from "./core/records.ts";
import { Refusal } from "./core/refusal.ts";
import { grantPermit } from "./gateway/permit.ts";
import type { Powers } from "./gateway/powers.ts";
import { keepsMessage, promptAt } from "./gateway/prompts.ts";

export class TelegramLines {
  readonly #powers: Powers;
  readonly #request: Request;
  readonly #connectors = new Map<string, TelegramConnector>();
  /** Bots that a stream reads as now. */
  readonly #claimed = new Set<number>();

  constructor(powers: Powers, request: Request) {
    this.#powers = powers;
    this.#request = request;
  }

  async make({ id, secret, settings }: Channel): Promise<TelegramConnector> {
    const { store, clock, settings: ours } = this.#powers;
    const made = await CONNECTORS.telegram(
      { tenant: ours.tenant, channel: id },
      {
        clock,
        request: this.#request,
        ...rootOf(settings["root"]),
        withToken: (use) => {
          if (secret === null) throw new Refusal("channel.down", { hint: "The channel has no token." });
          const permit = grantPermit({ by: "gateway", why: "send" }, "secret", "channel.telegram", []);
          return store.useSecret(permit, ours.tenant, secret, use);
        },
        promptAt: (conversation, event) => promptAt(this.#powers, id, conversation, event),
        keeps: (event) => keepsMessage(this.#powers, event),
        claim: (bot) => this.#claim(bot),
      },
    );
    this.#connectors.set(id, made);
    return made;
  }

  #claim(bot: number): (() => void) | null {
    if (this.#claimed.has(bot)) return null;
    this.#claimed.add(bot);
    return () => void this.#claimed.delete(bot);
  }

  async introduce(token: string, root: string | null): Promise<{ readonly link: string }> {
    const { clock } = this.#powers;
    const bytes = new TextEncoder().encode(token);
    const powers = { clock, request: this.#request, ...rootOf(root), withToken: async <T>(use: Use<T>) => use(bytes) };
    const facts = await introduceBot(powers, new AbortController().signal);
    if ("code" in facts) {
      const hint = facts.code === "auth" ? "Telegram does not know this token." : `Telegram: ${facts.code}.`;
      throw new Refusal(facts.code === "auth" ? "input.invalid" : "channel.down", { field: "secret", hint });
    }
    if (this.#claimed.has(facts.id)) throw new Refusal("conflict", { hint: "Another channel has this bot already." });
    return { link: `https://t.me/${facts.username}` };
  }

  /** null for a channel that is no bot, and for a bot that Telegram does not tell about now. */
  async readsAll(channel: string): Promise<boolean | null> {
    const isOpen = this.#powers.connectors.has(channel);
    const facts = isOpen ? await this.#connectors.get(channel)?.facts() : null;
    return facts?.readsAll ?? null;
  }
}

type Use<T> = (bytes: Uint8Array) => T | Promise<T>;

/** A Bot API server of one's own: https, or on this machine. */
function rootOf(root: unknown): { readonly root?: string } {
  if (root === undefined || root === null) return {};
  const isFine = typeof root === "string" && (/^https:\/\/[^/?#@]+$/.test(root) || isLocal(root));
  if (!isFine)
    throw new Refusal("input.invalid", { field: "root", hint: "An address such as https://api.example.org" });
  return { root };
}

const isLocal = (root: string): boolean => /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/.test(root);
