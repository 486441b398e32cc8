/** The webhook channel's harness; a test may put something between the channel and its examination. */
import type { Connector } from "../../src/core/ports.ts";
import type { ConnectorHarness, Deed, Traits } from "./harness.ts";
import { HOOK_SECRET, HookBench, signed } from "./hook.ts";

export const WEBHOOK_TRAITS: Traits = {
  delivery: "told",
  outward: "pull",
  kinds: ["message", "edit", "delete", "reaction", "action", "membership"],
  ids: "sender",
  senders: ["person"],
  names: false,
  clocks: true,
  files: true,
  faults: [],
};

function bodyOf(deed: Deed, id: string): object {
  const files = deed.files?.map(({ name, mime, bytes }) => ({
    name,
    mime,
    data: Buffer.from(bytes).toString("base64"),
  }));
  return {
    id,
    conversation: deed.conversation ?? "ops",
    sender: deed.sender?.id ?? "ana",
    kind: deed.kind,
    text: deed.text,
    key: deed.key,
    target: deed.target,
    members: deed.members,
    thread: deed.thread,
    reply_to: deed.replyTo,
    sent_at: deed.sentAt === undefined ? undefined : new Date(deed.sentAt).toISOString(),
    attachments: files,
  };
}

export function webhookHarness(between: (sound: Connector) => Connector = (sound) => sound): ConnectorHarness {
  const bench = new HookBench();
  const connector = between(bench.connector);
  let deeds = 0;
  const quietly = (told: Promise<unknown>): Promise<unknown> => {
    told.catch(() => null);
    return told;
  };
  const raw = (body: string): Promise<unknown> => quietly(bench.postBytes(Buffer.from(body)));
  const forged = Buffer.from(JSON.stringify(bodyOf({ text: "c4nary-text" }, "forged")));
  return {
    connector,
    tenant: "default",
    now: () => bench.clock.now(),
    restart: () => {
      bench.connector = bench.make();
      return between(bench.connector);
    },
    act: (deed) => {
      deeds += 1;
      const event = deed.id ?? `deed-${deeds}`;
      return { event, told: quietly(bench.post(bodyOf(deed, event))) };
    },
    garble: () => [
      quietly(bench.connector.accept(signed(forged, bench.seconds, Buffer.alloc(32, 9)), forged)),
      quietly(bench.connector.accept(signed(forged, bench.seconds - 301), forged)),
      quietly(bench.connector.accept({}, forged)),
      raw("{c4nary-text"),
      raw('{"id":"g1","conversation":"ops","sender":"ana","text":"c4nary-text","role":"owner"}'),
      raw('{"id":"g2","conversation":"ops","sender":"ana","text":"c4nary-text","__proto__":{"kind":"edit"}}'),
      raw('{"id":"g3","conversation":"ops","sender":"ana","kind":"gap","text":"c4nary-text"}'),
      raw('{"id":"g4","conversation":"ops","sender":"ana","text":"c4nary-text","sent_at":"yesterday"}'),
    ],
    // The wire outward is the far end's: whatever a send did to it would show as a row that was not there before.
    wire: {
      attempts: () => bench.rows.shelf.length + bench.rows.acked,
      landed: () => [],
      fault: () => {},
    },
    secrets: (["utf8", "hex", "base64"] as const).map((form) => Buffer.from(HOOK_SECRET).toString(form)),
    conversation: "ops",
    end: () => bench.connector.close(),
  };
}
