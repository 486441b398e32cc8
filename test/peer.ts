/** Another Lazaret that keeps checkpoints, and the way to it without a port: its door is asked in this process. */

import { hookSignature } from "../connectors/webhook-signature.ts";
import type { CheckpointPlace } from "../src/checkpoint-places.ts";
import type { Clock } from "../src/core/ports.ts";
import { peerPlace } from "../src/peer-place.ts";
import { type DaemonWorld, daemonOn } from "./daemon-world.ts";
import { type TestHome, testHome } from "./store-home.ts";

const SECRET = "peer-secret-0123456789-0123456789-abcdef";
const CHANNEL = "vienna";

export type Peer = AsyncDisposable & {
  readonly home: TestHome;
  readonly owner: DaemonWorld["owner"];
  place(secret?: string): CheckpointPlace;
  /** Posts a body of one's own, rightly signed, and gives what came of it. */
  refused(body: object, below?: string): Promise<string>;
};

export async function peerOf(clock: Clock): Promise<Peer> {
  const home = testHome();
  const there = await daemonOn(home, undefined, { clock });
  await there.owner["channel.add"]({
    name: CHANNEL,
    kind: "webhook",
    secret: SECRET,
    settings: { keeps: "checkpoints" },
  });
  const { surface } = there.daemon;
  const request: Parameters<typeof peerPlace>[1]["request"] = async (url, { method, headers, body, signal }) => {
    const path = url.slice("http://peer".length);
    const raw = new TextEncoder().encode(body ?? "");
    const answer = await surface.hook(CHANNEL, method as "GET", path, headers, raw, signal);
    const text = new TextEncoder().encode(JSON.stringify(answer.body));
    return { status: answer.status, body: new Response(text).body };
  };
  const place = (secret = SECRET): CheckpointPlace =>
    peerPlace(
      { url: "http://peer", channel: CHANNEL },
      { clock, request, withSecret: async (use) => use(Buffer.from(secret)) },
    );
  return {
    home,
    owner: there.owner,
    place,
    refused: async (body, below = "") => {
      const text = JSON.stringify(body);
      const at = String(Math.floor(clock.now() / 1000));
      const headers = {
        "x-lazaret-timestamp": at,
        "x-lazaret-signature": hookSignature(Buffer.from(SECRET), at, Buffer.from(text)),
      };
      const signal = new AbortController().signal;
      const raw = Buffer.from(text);
      const { status } = await surface.hook(CHANNEL, "POST", `/hooks/${CHANNEL}${below}`, headers, raw, signal);
      return `PeerFault: status ${status}`;
    },
    async [Symbol.asyncDispose]() {
      await there.close();
      home.remove();
    },
  };
}
