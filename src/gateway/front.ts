/** The gateway's front: everything the doors may ask, put together (CONTRACT section 13). */
import type { Operation } from "../core/outbox.ts";
import type { HookDoor, Stop } from "../core/ports.ts";
import type { Token } from "../core/records.ts";
import { isRefusal, REFUSALS, Refusal } from "../core/refusal.ts";
import { doorOf } from "./door.ts";
import { Draft } from "./draft.ts";
import type { Gateway } from "./gateway.ts";
import { metricsOf } from "./metrics.ts";
import type { Outside } from "./outside.ts";
import { ownerOf } from "./owner.ts";
import { findConversation } from "./people.ts";
import { isAlive } from "./run-token.ts";
import { scrubbedDoor } from "./scrubbed.ts";
import type { ConsoleLine, HookReply, Surface } from "./surface.ts";
import { transact } from "./transact.ts";

/** What the doors need of connectors that are more than a connector. */
export type Doors = {
  /** Shows what is said on the console until the returned function is called. */
  readonly listen: (listener: (operation: Operation) => void) => () => void;
  readonly consoleChannel: string;
  /** The door of a webhook channel; null when there is no such channel. */
  readonly hookDoor: (channel: string) => HookDoor | null;
};

export function frontOf(gateway: Gateway, outside: Outside, doors: Doors): Surface {
  const { powers } = gateway;
  const denials = new Denials(gateway);
  return {
    owner: scrubbedDoor(powers, ownerOf(gateway, outside)),
    door: scrubbedDoor(powers, doorOf(gateway)),
    tokenByHash: (hash) => tokenBy(gateway, hash),
    denied: (route, reason) => denials.count(route, reason),
    console: (stop) => consoleLines(gateway, doors, stop),
    hook: (channel, method, path, headers, raw, stop) => hook(doors, channel, method, path, headers, raw, stop),
    ready: () => powers.connectors.size > 0,
    metrics: () => metricsOf(powers),
  };
}

function tokenBy({ powers }: Gateway, hash: string): Token | null {
  const found = powers.store.find("token", "hash", hash, { limit: 1 })[0]?.value;
  return found !== undefined && isAlive(powers.store, found, powers.clock.now()) ? found : null;
}

/** Wrong knocks, one entry a route and reason in a minute: a flood of them must not flood the ledger. */
class Denials {
  readonly #gateway: Gateway;
  readonly #counts = new Map<string, { readonly route: string; readonly reason: string; count: number }>();
  #isDue = false;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  count(route: string, reason: string): void {
    const key = `${route}/${reason}`;
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += 1;
    else this.#counts.set(key, { route, reason, count: 1 });
    if (this.#isDue) return;
    this.#isDue = true;
    const { clock } = this.#gateway.powers;
    clock.at(clock.now() + DENIALS_MS, () => void this.#flush());
  }

  async #flush(): Promise<void> {
    this.#isDue = false;
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    await transact(this.#gateway.powers, (draft) => {
      for (const { route, reason, count } of counts) draft.entry("auth.denied", { route, reason, count });
    }).catch(() => this.#gateway.powers.log("store", { what: "auth.denied", lost: counts.length }));
  }
}

const DENIALS_MS = 1000;
const LINES_MAX = 1000;

/** Lines as they are shown, until `stop`. A reader that falls a thousand lines behind misses the oldest of them. */
async function* consoleLines(gateway: Gateway, doors: Doors, stop: Stop): AsyncIterable<ConsoleLine> {
  const lines: ConsoleLine[] = [];
  let wake = (): void => {};
  const detach = doors.listen((operation) => {
    const line = lineOf(gateway, doors, operation);
    if (line !== null) lines.push(line);
    if (lines.length > LINES_MAX) lines.shift();
    wake();
  });
  const stopped = (): void => wake();
  stop.addEventListener("abort", stopped, { once: true });
  gateway.supervisor.attached(doors.consoleChannel);
  try {
    while (!stop.aborted) {
      const line = lines.shift();
      if (line !== undefined) yield line;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    detach();
    stop.removeEventListener("abort", stopped);
  }
}

function lineOf({ powers }: Gateway, { consoleChannel }: Doors, operation: Operation): ConsoleLine | null {
  const place = findConversation(new Draft(powers), consoleChannel, operation.conversation);
  const conversation = place?.alias ?? "console";
  switch (operation.op) {
    case "text": {
      const { approval, text } = operation;
      const question =
        approval === undefined
          ? {}
          : { approval: { id: approval.id, code: approval.code, expires_at: approval.expiresAt } };
      return { conversation, kind: "text", text, ...question };
    }
    case "edit":
      return { conversation, kind: "edit", text: operation.text };
    case "typing":
      return { conversation, kind: "typing", text: "" };
    default:
      return null;
  }
}

/** Bytes to the channel's own door. Its refusals become a status and a code, never a word of what came in. */
async function hook(
  doors: Doors,
  channel: string,
  method: "POST" | "GET",
  path: string,
  headers: Readonly<Record<string, string | undefined>>,
  raw: Uint8Array,
  stop: Stop,
): Promise<HookReply> {
  const door = doors.hookDoor(channel);
  try {
    if (door === null || stop.aborted) throw new Refusal("not_found");
    if (method === "GET") return { status: 200, body: { items: (await door.outbox(headers, path)).items.map(itemOf) } };
    if (/\/outbox\/ack(?:\?|$)/.test(path)) {
      await door.ack(headers, raw);
      return { status: 200, body: { ok: true } };
    }
    const state = await door.accept(headers, raw);
    return { status: state === "committed" ? 202 : 200, body: { state } };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { status, retryable } = REFUSALS[error.code];
    return { status, body: { code: error.code, title: error.message, hint: error.hint ?? null, retryable } };
  }
}

const itemOf = (item: Awaited<ReturnType<HookDoor["outbox"]>>["items"][number]): unknown => item;
