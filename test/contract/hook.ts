/**
 * The far end of a webhook channel: signs with code of its own, so that a wrong signature rule cannot agree with
 * itself.
 */
import { createHmac } from "node:crypto";
import { WebhookConnector } from "../../connectors/webhook.ts";
import type { Operation } from "../../src/core/outbox.ts";
import type { HookHeaders, HookRows } from "../../src/core/ports.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { random } from "../store-home.ts";
import { TurnedClock } from "./turned-clock.ts";

export const HOOK_SECRET = new TextEncoder().encode("hook-s3cret-for-tests-0123456789-abcdef");

/** Headers for these bytes; `timestamp` in whole unix seconds. */
export function signed(bytes: Uint8Array, timestamp: number, secret: Uint8Array = HOOK_SECRET): HookHeaders {
  const all = Buffer.concat([Buffer.from(`${timestamp}.`), bytes]);
  return {
    "x-lazaret-timestamp": String(timestamp),
    "x-lazaret-signature": `v1=${createHmac("sha256", secret).update(all).digest("hex")}`,
  };
}

/** Outbox rows in memory, with the promises that HookRows makes. */
class ShelfRows implements HookRows {
  readonly #clock: TurnedClock;
  readonly #waiting = new Set<() => void>();
  shelf: { readonly seq: number; readonly operation: Operation }[] = [];
  acked = 0;

  constructor(clock: TurnedClock) {
    this.#clock = clock;
  }

  put(operation: Operation): number {
    const seq = (this.shelf.at(-1)?.seq ?? this.acked) + 1;
    this.shelf.push({ seq, operation });
    for (const wake of [...this.#waiting]) wake();
    return seq;
  }

  async rows(after: number, limit: number) {
    return this.shelf.filter(({ seq }) => seq > after).slice(0, limit);
  }

  async ack(upto: number): Promise<void> {
    this.acked = Math.max(this.acked, upto);
    this.shelf = this.shelf.filter(({ seq }) => seq > upto);
  }

  wait(after: number, ms: number): Promise<void> {
    if (this.shelf.some(({ seq }) => seq > after)) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        forget();
        resolve();
      };
      const forget = this.#clock.at(this.#clock.now() + ms, wake);
      this.#waiting.add(wake);
    });
  }

  get polls(): number {
    return this.#waiting.size;
  }
}

/** One webhook channel with a vault, a store's memory and an outbox around it. */
export class HookBench {
  readonly clock = new TurnedClock();
  readonly rows = new ShelfRows(this.clock);
  /** Delivery ids that the store knows. */
  readonly stored = new Set<string>();
  secret: Uint8Array | null = HOOK_SECRET;
  connector: WebhookConnector = this.make();

  make(): WebhookConnector {
    return new WebhookConnector(
      { tenant: "default", channel: "alerts" },
      {
        clock: this.clock,
        random,
        withSecret: async (use) => {
          if (this.secret === null) throw new Refusal("not_found", { hint: "hook-alerts" });
          return use(this.secret.slice());
        },
        seen: (delivery) => this.stored.has(delivery),
        rows: this.rows,
      },
    );
  }

  get seconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  /** Posts a body, signed properly. */
  post(body: unknown): Promise<"committed" | "duplicate"> {
    return this.postBytes(Buffer.from(JSON.stringify(body)));
  }

  postBytes(bytes: Uint8Array): Promise<"committed" | "duplicate"> {
    return this.connector.accept(signed(bytes, this.seconds), bytes);
  }

  fetch(query: string) {
    const target = `/hooks/alerts/outbox${query}`;
    return this.connector.outbox(signed(Buffer.from(target), this.seconds), target);
  }

  ack(body: unknown): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(body));
    return this.connector.ack(signed(bytes, this.seconds), bytes);
  }
}
