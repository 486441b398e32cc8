/** The last stop: an outbox row becomes one wire attempt, and what came of it is written down (CONTRACT section 9). */
import { MINUTE_MS, SECOND_MS } from "../core/limits.ts";
import type { Operation, OutboxRow, Outcome } from "../core/outbox.ts";
import type { Connector, Stop } from "../core/ports.ts";
import { isRefusal } from "../core/refusal.ts";
import { Buckets } from "./buckets.ts";
import type { Draft } from "./draft.ts";
import { eventOf, keyOf } from "./keep.ts";
import { findPrincipal, newPrincipal } from "./people.ts";
import { grantPermit } from "./permit.ts";
import { split } from "./plain-text.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

const PAGE_ROWS = 64;
const BACKOFF_MS_MAX = 5 * MINUTE_MS;
const ATTEMPTS_MAX = 50;

type Body = {
  readonly op: OutboxRow["op"];
  readonly text?: string;
  readonly key?: string;
  /** Platform ids of what is taken back: by then nothing else knows them. */
  readonly target?: string;
  readonly conversation?: string;
  readonly approval?: { readonly id: string; readonly code: string; readonly expiresAt: number };
};

/** The row as a wire operation, platform ids filled in. Null when what it would say or where it would go is gone. */
export async function operationOf(powers: Powers, row: OutboxRow): Promise<Operation | null> {
  if (row.blob === null) return null;
  const body = await bodyOf(powers, row.blob);
  const conversation = body?.conversation ?? powers.store.platformOf("conversation", row.conversation);
  if (body === null || conversation === null) return null;
  const event = (id: string | null): string | undefined => {
    const key = id === null ? null : powers.store.platformOf("event", id);
    return key === null ? undefined : eventOf(key);
  };
  const thread = row.thread === null ? null : powers.store.platformOf("thread", row.thread);
  const where = { id: row.id, conversation, ...(thread === null ? {} : { thread: eventOf(thread) }) };
  const target = body.target ?? event(row.target);
  const replyTo = event(row.replyTo);
  switch (row.op) {
    case "text": {
      const approval = body.approval === undefined ? {} : { approval: body.approval as never };
      return {
        ...where,
        op: "text",
        text: body.text ?? "",
        ...(replyTo === undefined ? {} : { replyTo }),
        ...approval,
      };
    }
    case "edit":
      return target === undefined
        ? null
        : {
            ...where,
            op: "edit",
            target,
            text: body.text ?? "",
            ...(body.approval === undefined ? {} : { approval: body.approval as never }),
          };
    case "redact":
      return target === undefined ? null : { ...where, op: "redact", target };
    case "react":
      return target === undefined ? null : { ...where, op: "react", target, key: body.key ?? "" };
    case "typing":
      return { ...where, op: "typing" };
  }
}

async function bodyOf(powers: Powers, blob: NonNullable<OutboxRow["blob"]>): Promise<Body | null> {
  const permit = grantPermit({ by: "gateway", why: "send" }, "send", "outbox", [blob]);
  try {
    return await powers.store.open(
      permit,
      [blob],
      ([opened]) => JSON.parse(powers.hashing.text(opened?.bytes ?? new Uint8Array())) as Body,
    );
  } catch (error) {
    // Erased or altered since it was written: there is nothing left that may be said.
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** Sends what is due on one channel, oldest first; rows of one conversation never overtake each other. */
export class Delivery {
  readonly #powers: Powers;
  readonly #connector: Connector;
  readonly #buckets: Buckets;
  #running: Promise<void> | null = null;
  #again = false;
  #forget: () => void = () => {};

  constructor(powers: Powers, connector: Connector) {
    this.#powers = powers;
    this.#connector = connector;
    this.#buckets = new Buckets(connector.abilities.limits);
  }

  /** Something may be due now. Never throws; failures are in the log and tried again. */
  kick(stop: Stop): void {
    this.#again = true;
    this.#running ??= this.#run(stop).finally(() => {
      this.#running = null;
      if (this.#again && !stop.aborted) this.kick(stop);
    });
  }

  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(stop: Stop): Promise<void> {
    const { store, clock, log } = this.#powers;
    this.#forget();
    while (this.#again && !stop.aborted) {
      this.#again = false;
      const rows = store.outbox({ channel: this.#connector.channel, states: ["pending"] }, { limit: PAGE_ROWS });
      const blocked = new Set<string>();
      let next = Number.POSITIVE_INFINITY;
      for (const row of rows) {
        if (stop.aborted) return;
        const due = Math.max(row.dueAt, this.#buckets.readyAt(row.conversation, clock.now()));
        if (blocked.has(row.conversation) || due > clock.now()) {
          blocked.add(row.conversation);
          next = Math.min(next, due);
          continue;
        }
        try {
          const after = await this.#attempt(row, stop);
          if (after === "sent") this.#again = true;
          else blocked.add(row.conversation);
        } catch (error) {
          blocked.add(row.conversation);
          log("store", { what: "outbox", code: isRefusal(error) ? error.code : "internal" });
        }
      }
      if (Number.isFinite(next) && next > clock.now()) this.#forget = clock.at(next, () => this.kick(stop));
    }
  }

  async #attempt(row: OutboxRow, stop: Stop): Promise<"sent" | "later"> {
    const { clock } = this.#powers;
    const operation = await operationOf(this.#powers, row);
    if (operation === null) {
      await transact(this.#powers, (draft) =>
        this.#move(draft, "pending", { ...row, state: "failed", code: "not_found" }),
      );
      return "sent";
    }
    const sending: OutboxRow = { ...row, state: "sending", attempts: row.attempts + 1 };
    // The intent is durable before the wire is touched: after a crash it is known that this may have gone out.
    await transact(this.#powers, (draft) => draft.moveOutbox("pending", sending));
    this.#buckets.take(row.conversation, clock.now());
    const outcome = await this.#send(operation, stop);
    return transact(this.#powers, (draft) => this.#settle(draft, sending, outcome));
  }

  /** One operation; a text beyond the network's limit goes as several, and the first that fails decides. */
  async #send(operation: Operation, stop: Stop): Promise<Outcome> {
    const { abilities } = this.#connector;
    if (!abilities.operations.includes(operation.op))
      return { state: "not_sent", code: "unsupported", retryAfterMs: null };
    if (operation.op !== "text" || operation.text.length <= abilities.textUnitsMax)
      return this.#connector.send(operation, stop);
    const parts = split(operation.text, abilities.textUnitsMax);
    const eventIds: string[] = [];
    for (const [index, text] of parts.entries()) {
      const { approval, ...bare } = operation;
      const isLast = index === parts.length - 1;
      const part: Operation = { ...bare, part: index, text, ...(approval !== undefined && isLast ? { approval } : {}) };
      const outcome = await this.#connector.send(part, stop);
      if (outcome.state !== "sent") return index === 0 ? outcome : { state: "unknown", code: outcome.code };
      eventIds.push(...outcome.eventIds);
    }
    return { state: "sent", eventIds };
  }

  #settle(draft: Draft, row: OutboxRow, outcome: Outcome): "sent" | "later" {
    if (outcome.state === "sent") {
      // Of a question in several parts the last one is answered: it has the buttons.
      remember(this.#powers, draft, row, outcome.eventIds.at(row.approval === null ? 0 : -1));
      this.#move(draft, "sending", { ...row, state: "sent", code: null });
      return "sent";
    }
    const isNative = this.#connector.abilities.idempotency === "native";
    // Where the network drops repeats, asking again is how it is known.
    if (outcome.state === "unknown" && !(isNative && row.attempts < ATTEMPTS_MAX)) {
      this.#move(draft, "sending", { ...row, state: "unknown", code: outcome.code });
      return "sent";
    }
    const isFinal = (outcome.state === "not_sent" && FINAL.has(outcome.code)) || row.attempts >= ATTEMPTS_MAX;
    if (isFinal) {
      this.#move(draft, "sending", { ...row, state: "failed", code: outcome.code });
      return "sent";
    }
    // Nobody listening is no failure of the network: the row waits until somebody attaches.
    const backoff =
      outcome.code === "nobody_listens"
        ? MINUTE_MS
        : Math.min(BACKOFF_MS_MAX, SECOND_MS * 2 ** Math.min(row.attempts, 9));
    const dueAt = draft.now + ((outcome.state === "not_sent" ? outcome.retryAfterMs : null) ?? backoff);
    const attempts = outcome.code === "nobody_listens" ? 0 : row.attempts;
    draft.moveOutbox("sending", { ...row, state: "pending", code: outcome.code, dueAt, attempts });
    return "later";
  }

  #move(draft: Draft, expect: OutboxRow["state"], row: OutboxRow): void {
    draft.moveOutbox(expect, row);
    const type = row.state === "sent" ? "effect.done" : row.state === "unknown" ? "effect.unknown" : "effect.failed";
    const body = {
      effect: row.message ?? row.id,
      outbox: row.id,
      call: row.call ?? undefined,
      conversation: row.conversation,
      code: row.code ?? undefined,
    };
    draft.entry(type, body, row.run === null ? {} : { run: row.run });
  }
}

const FINAL: ReadonlySet<string> = new Set(["unsupported", "too_long", "bad_request", "forbidden", "not_found"]);

/**
 * What we said becomes a message of ours, so that replies, reactions and erasure can point at it.
 * Saying it twice changes nothing.
 */
export function remember(powers: Powers, draft: Draft, row: OutboxRow, event: string | undefined): void {
  const platform = powers.store.platformOf("conversation", row.conversation);
  const conversation = draft.get("conversation", row.conversation);
  if (row.op !== "text" || row.message === null || row.blob === null || event === undefined) return;
  if (platform === null || conversation === null) return;
  const key = keyOf({ conversation: platform }, event);
  if (draft.ref("event", row.channel, key) !== null) return;
  draft.addRef("event", row.channel, key, row.message, row.conversation);
  const ours = findPrincipal(draft, row.channel, SELF) ?? newPrincipal(draft, row.channel, SELF, "bot", "stranger");
  draft.message(null, {
    id: row.message,
    tenant: row.tenant,
    channel: row.channel,
    conversation: row.conversation,
    thread: row.thread,
    sender: ours.id,
    senderKind: "bot",
    sentAt: draft.now,
    receivedAt: draft.now,
    replyTo: row.replyTo,
    addressed: "none",
    trust: { transport: "local", verified: "none", flags: [] },
    media: [],
    label: row.label,
    blob: row.blob,
    attachments: [],
    revision: 1,
    bytes: 0,
    expiresAt: draft.now + conversation.ttlMs,
    own: true,
  });
}

/** Nobody's platform id: ours among the principals of a channel. */
export const SELF = "\u0000self";

/**
 * After a crash: a row that was on the wire is sent again only where the network drops repeats;
 * elsewhere it is unknown.
 */
export async function recoverOutbox(powers: Powers, connector: Connector): Promise<void> {
  const rows = powers.store.outbox({ channel: connector.channel, states: ["sending"] }, { limit: 10_000 });
  const isNative = connector.abilities.idempotency === "native";
  for (const row of rows) {
    await transact(powers, (draft) => {
      const after: OutboxRow = isNative ? { ...row, state: "pending" } : { ...row, state: "unknown", code: "aborted" };
      draft.moveOutbox("sending", after);
      if (isNative) return;
      draft.entry(
        "effect.unknown",
        {
          effect: row.message ?? row.id,
          outbox: row.id,
          call: row.call ?? undefined,
          conversation: row.conversation,
          code: "aborted",
        },
        row.run === null ? {} : { run: row.run },
      );
    });
  }
}
