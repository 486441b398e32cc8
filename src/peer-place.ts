/**
 * Checkpoints with another Lazaret, through a webhook channel there that keeps them (`keeps: checkpoints`): posted
 * signed, read back from the channel's outbox, which is never emptied.
 */
import { type Request, readBytes } from "../connectors/telegram/wire.ts";
import { hookSignature, SIGNATURE_HEADER, TIMESTAMP_HEADER } from "../connectors/webhook-signature.ts";
import type { CheckpointPlace } from "./checkpoint-places.ts";
import { HOOK_ITEMS_MAX, SECOND_MS } from "./core/limits.ts";
import type { Clock } from "./core/ports.ts";
import { sha256Hex } from "./sigv4.ts";

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const ANSWER_MS_MAX = 30 * SECOND_MS;
const PAGES_MAX = 2000;

export type PeerSettings = { readonly url: string; readonly channel: string };
export type PeerPowers = {
  readonly clock: Clock;
  readonly request: Request;
  /** The channel's secret, wiped after. */
  readonly withSecret: <T>(use: (secret: Uint8Array) => T | Promise<T>) => Promise<T>;
};

/** Why the peer does not answer as it should, as a code and never with an address. */
class PeerFault extends Error {
  override readonly name = "PeerFault";
}

async function ask(settings: PeerSettings, powers: PeerPowers, path: string, body?: string) {
  const { clock, request, withSecret } = powers;
  const timestamp = String(Math.floor(clock.now() / SECOND_MS));
  const signature = await withSecret((secret) => hookSignature(secret, timestamp, Buffer.from(body ?? path)));
  const late = new AbortController();
  const forget = clock.at(clock.now() + ANSWER_MS_MAX, () => late.abort());
  try {
    const answer = await request(settings.url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { "content-type": "application/json", [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: signature },
      ...(body === undefined ? {} : { body }),
      signal: late.signal,
      redirect: "error",
    });
    const text = new TextDecoder().decode(await readBytes(answer, ANSWER_BYTES_MAX));
    if (answer.status !== 200 && answer.status !== 202) throw new PeerFault(`status ${answer.status}`);
    return text;
  } catch (error) {
    if (error instanceof PeerFault) throw error;
    throw new PeerFault("unreachable");
  } finally {
    forget();
  }
}

type Item = { readonly seq: number; readonly text: string };

function itemsIn(text: string): readonly Item[] {
  const answer: unknown = JSON.parse(text);
  const items = typeof answer === "object" && answer !== null && "items" in answer ? answer.items : null;
  if (!Array.isArray(items)) throw new PeerFault("no items");
  return items.filter((item): item is Item => typeof item?.seq === "number" && typeof item?.text === "string");
}

export function peerPlace(settings: PeerSettings, powers: PeerPowers): CheckpointPlace {
  const path = `/hooks/${settings.channel}`;
  return {
    name: `the channel ${settings.channel} of another Lazaret`,
    read: async () => {
      const notes: string[] = [];
      let after = 0;
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const items = itemsIn(await ask(settings, powers, `${path}/outbox?after=${after}`));
        notes.push(...items.map(({ text }) => text));
        after = items.at(-1)?.seq ?? after;
        if (items.length < HOOK_ITEMS_MAX) return notes;
      }
      throw new PeerFault("too many checkpoints");
    },
    add: async (note) => {
      const body = { id: sha256Hex(note), conversation: "checkpoints", sender: "ledger", text: note };
      await ask(settings, powers, path, JSON.stringify(body));
    },
  };
}
