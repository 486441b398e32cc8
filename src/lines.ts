/** The connectors of a daemon by channel, each made from its record, the console's from the start. */
import { ConsoleConnector } from "../connectors/console.ts";
import { CONNECTORS } from "../connectors/index.ts";
import type { WebhookConnector } from "../connectors/webhook.ts";
import type { WithSecret } from "../connectors/webhook-signature.ts";
import { CheckpointDoor, keepsCheckpoints } from "./checkpoint-door.ts";
import type { Connector, HookDoor } from "./core/ports.ts";
import type { Channel } from "./core/records.ts";
import { Refusal } from "./core/refusal.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { HookOutbox } from "./gateway/hooks.ts";
import { grantPermit } from "./gateway/permit.ts";
import type { Powers } from "./gateway/powers.ts";
import type { MatrixLines } from "./matrix-lines.ts";
import type { TelegramLines } from "./telegram-lines.ts";

export class Lines {
  readonly hooks = new Map<string, HookDoor>();
  readonly #powers: Powers;
  readonly #gateway: Gateway;
  readonly #bots: TelegramLines;
  readonly #accounts: MatrixLines;
  #console: ConsoleConnector | null = null;

  constructor(powers: Powers, gateway: Gateway, bots: TelegramLines, accounts: MatrixLines) {
    this.#powers = powers;
    this.#accounts = accounts;
    this.#bots = bots;
    this.#gateway = gateway;
    const channel = powers.store.all("channel", { limit: 1000 }).find(({ value }) => value.kind === "console");
    if (channel !== undefined) this.#console = new ConsoleConnector(this.#place(channel.value.id), powers);
  }

  get console(): ConsoleConnector {
    if (this.#console === null) throw new Refusal("channel.unknown", { hint: "No console channel is configured." });
    return this.#console;
  }

  #place(channel: string): { readonly tenant: string; readonly channel: string } {
    return { tenant: this.#powers.settings.tenant, channel };
  }

  async say(text: string, place: string | null): Promise<void> {
    await this.console.submit(text, place === null ? {} : { conversation: place });
  }

  async connect(channel: string): Promise<void> {
    const record = this.#powers.store.get("channel", channel)?.value;
    if (record === undefined) throw new Refusal("channel.unknown", { field: channel });
    const outbox = new HookOutbox(this.#powers, channel);
    await this.#gateway.supervisor.connect(await this.#make(record, outbox), outbox);
  }

  async #make(record: Channel, outbox: HookOutbox): Promise<Connector> {
    switch (record.kind) {
      case "console":
        return this.console;
      case "webhook":
        return this.#webhook(record, outbox);
      case "telegram":
        return this.#bots.make(record);
      case "matrix":
        return this.#accounts.make(record);
    }
  }

  async #webhook(record: Channel, rows: HookOutbox): Promise<WebhookConnector | CheckpointDoor> {
    const { store, clock, random, settings } = this.#powers;
    const { id: channel, secret } = record;
    const withSecret: WithSecret = (use) => {
      if (secret === null) throw new Refusal("channel.down", { hint: "The channel has no secret." });
      const permit = grantPermit({ by: "gateway", why: "send" }, "secret", "channel.hook", []);
      return store.useSecret(permit, settings.tenant, secret, use);
    };
    if (keepsCheckpoints(record)) {
      const keeper = new CheckpointDoor(channel, this.#powers, withSecret);
      this.hooks.set(channel, keeper);
      return keeper;
    }
    const made = await CONNECTORS.webhook(this.#place(channel), {
      clock,
      random,
      rows,
      seen: (delivery) => store.ref("delivery", settings.tenant, channel, delivery) !== null,
      withSecret,
    });
    this.hooks.set(channel, made);
    return made;
  }
}
