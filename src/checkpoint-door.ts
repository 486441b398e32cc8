/**
 * The other side of `peer-place.ts`: a webhook channel that keeps another ledger's checkpoints. Each is a record of
 * ours and a line of our own ledger; none is ever changed, and nobody but the owner here can take the channel away.
 */
import { hookEvent } from "../connectors/webhook-body.ts";
import { outboxQuery } from "../connectors/webhook-outbox.ts";
import { checkHook, type WithSecret } from "../connectors/webhook-signature.ts";
import { BODY_BYTES_MAX, HOOK_ITEMS_MAX } from "./core/limits.ts";
import type { Connector, ConnectorBatch, HookDoor, HookHeaders, HookItem, Stop } from "./core/ports.ts";
import type { Channel } from "./core/records.ts";
import { Refusal } from "./core/refusal.ts";
import type { Powers } from "./gateway/powers.ts";
import { transact } from "./gateway/transact.ts";
import { parseCheckpoint } from "./store/checkpoint.ts";

/** Of a channel's settings, the one that makes it a keeper. */
export const keepsCheckpoints = ({ kind, settings }: Pick<Channel, "kind" | "settings">): boolean =>
  kind === "webhook" && settings["keeps"] === "checkpoints";

const KEPT_MAX = 1_000_000;
const place = (channel: string, seq: number): string => `kept/${channel}/${String(seq).padStart(9, "0")}`;
const count = (channel: string): string => `kept/${channel}`;

export class CheckpointDoor implements Connector, HookDoor {
  readonly kind = "webhook";
  readonly channel: string;
  readonly abilities: Connector["abilities"] = {
    kinds: ["message"],
    operations: [],
    textUnitsMax: 0,
    threads: false,
    idempotency: "native",
    limits: [],
    transport: "local",
    buttons: false,
  };
  readonly #powers: Powers;
  readonly #withSecret: WithSecret;
  #isOpen = false;

  constructor(channel: string, powers: Powers, withSecret: WithSecret) {
    this.channel = channel;
    this.#powers = powers;
    this.#withSecret = withSecret;
  }

  get #count(): number {
    return Number(this.#powers.store.get("setting", count(this.channel))?.value.value ?? 0);
  }

  async accept(headers: HookHeaders, bytes: Uint8Array): Promise<"committed" | "duplicate"> {
    if (bytes.length > BODY_BYTES_MAX) throw new Refusal("input.too_large");
    const { clock, settings } = this.#powers;
    await checkHook(headers, bytes, clock.now(), this.#withSecret);
    const event = hookEvent(bytes, { tenant: settings.tenant, channel: this.channel, receivedAt: clock.now() });
    const note = event.content.text ?? "";
    const parsed = parseCheckpoint(note);
    if (parsed === null) throw new Refusal("input.invalid", { field: "text", hint: "this channel takes checkpoints" });
    return transact(this.#powers, (draft) => {
      const seq = this.#count;
      if (draft.get("setting", place(this.channel, seq))?.value === note) return "duplicate";
      if (seq >= KEPT_MAX) throw new Refusal("store.full");
      const id = place(this.channel, seq + 1);
      draft.put("setting", id, { id, tenant: draft.tenant, value: note });
      const total = count(this.channel);
      draft.put("setting", total, { id: total, tenant: draft.tenant, value: seq + 1 });
      const { origin, size, root } = parsed;
      const body = { channel: this.channel, kind: "checkpoint", origin, size, root: root.toString("base64") };
      draft.entry("message.received", body, { actor: "daemon" });
      return "committed";
    });
  }

  async outbox(headers: HookHeaders, target: string): Promise<{ readonly items: readonly HookItem[] }> {
    await checkHook(headers, Buffer.from(target), this.#powers.clock.now(), this.#withSecret);
    const { after } = outboxQuery(target);
    const { store } = this.#powers;
    const last = Math.min(this.#count, after + HOOK_ITEMS_MAX);
    const items: HookItem[] = [];
    for (let seq = after + 1; seq <= last; seq += 1) {
      const text = String(store.get("setting", place(this.channel, seq))?.value.value ?? "");
      items.push({
        seq,
        id: `out_${seq.toString(16).padStart(32, "0")}` as HookItem["id"],
        conversation: "checkpoints",
        text,
      });
    }
    return { items };
  }

  /** What is kept is kept. */
  async ack(): Promise<void> {
    throw new Refusal("channel.unsupported", { hint: "this channel keeps checkpoints and gives none away" });
  }

  async *open({ stop }: { readonly stop: Stop }): AsyncIterable<ConnectorBatch> {
    this.#isOpen = true;
    if (!stop.aborted)
      await new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }));
    this.#isOpen = false;
  }

  async send(): ReturnType<Connector["send"]> {
    return { state: "not_sent", code: "unsupported", retryAfterMs: null };
  }

  health(): ReturnType<Connector["health"]> {
    return { state: this.#isOpen ? "live" : "stopped", code: null };
  }

  async close(): Promise<void> {}
}
