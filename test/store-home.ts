/** A home in a temporary directory, with a clock turned by hand; every test file that needs a store begins here. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StageClock } from "../src/attack/clock.ts";
import type { SealDraft } from "../src/core/batch.ts";
import { type BlobId, type ConversationId, type MessageId, newId } from "../src/core/ids.ts";
import type { Label } from "../src/core/label.ts";
import { DAY_MS } from "../src/core/limits.ts";
import type { InboundEvent, Message } from "../src/core/message.ts";
import { mintPermit, type Permit, type PermitUse } from "../src/core/permit.ts";
import type { Random } from "../src/core/ports.ts";
import { openStore, type StoreOptions } from "../src/store/open.ts";
import type { HomeStore } from "../src/store/store.ts";

export const START = Date.UTC(2026, 0, 2, 3, 4, 5);
/** What the daemon hands in: Buffers, as the platform gives them. */
export const random: Random = { bytes: (count) => randomBytes(count) };
export const id = <K extends Parameters<typeof newId>[0]>(kind: K) => newId<K>(kind, random.bytes(16));

/** The clock of a stage, from the same moment in every test. */
export class HandClock extends StageClock {
  constructor(now = START) {
    super(now);
  }
}

export type TestHome = {
  readonly dir: string;
  readonly dataDir: string;
  readonly keysDir: string;
  readonly clock: HandClock;
  open(more?: Partial<StoreOptions>): Promise<HomeStore>;
  remove(): void;
};

export function testHome(): TestHome {
  const dir = mkdtempSync(join(tmpdir(), "lazaret-store-"));
  const [dataDir, keysDir] = [join(dir, "data"), join(dir, "keys")];
  const clock = new HandClock();
  const options: StoreOptions = {
    dataDir,
    keysDir,
    clock,
    random,
    unlock: { kind: "file" },
    tenant: "default",
    create: true,
    // Tests look at the rows behind an open store; the story of the kill sweep runs alone, as the daemon does.
    shared: true,
  };
  return {
    dir,
    dataDir,
    keysDir,
    clock,
    open: (more = {}) => openStore({ ...options, ...more }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Tests mint their own permits: what the gateway's rules say is not what is tested here. */
export function permit(blobs: readonly BlobId[], use: PermitUse = "transform"): Permit {
  return mintPermit(use, { run: null, call: null, blobs: new Set(blobs), capability: "test" });
}

const labelFor = (conversation: ConversationId): Label => ({
  v: 1,
  cats: 4,
  integrity: 2,
  tenant: "default",
  audience: [conversation],
});

export function draft(conversation: ConversationId, text: string, more: Partial<SealDraft> = {}): SealDraft {
  return {
    id: id("BlobId"),
    tenant: "default",
    conversation,
    kind: "message",
    schema: "content.v1",
    label: labelFor(conversation),
    created: START,
    expires: START + 7 * DAY_MS,
    bytes: Buffer.from(text),
    ...more,
  };
}

export function message(conversation: ConversationId, blob: BlobId, more: Partial<Message> = {}): Message {
  return {
    id: id("MessageId"),
    tenant: "default",
    channel: "home",
    conversation,
    thread: null,
    sender: id("PrincipalId"),
    senderKind: "person",
    sentAt: START,
    receivedAt: START,
    replyTo: null,
    addressed: "none",
    trust: { transport: "e2ee", verified: "signed", flags: [] },
    media: [],
    label: labelFor(conversation),
    blob,
    attachments: [],
    revision: 1,
    bytes: 256,
    expiresAt: START + 7 * DAY_MS,
    own: false,
    ...more,
  };
}

export function event(n: number, text: string): InboundEvent {
  return {
    envelope: {
      tenant: "default",
      channel: "home",
      delivery_id: `delivery-${n}`,
      event_id: `$event-${n}`,
      kind: "message",
      conversation: "!room:example.org",
      conversation_kind: "group",
      sender: { id: "@ana:example.org", kind: "person" },
      sent_at: START,
      received_at: START,
      addressed: { how: "none" },
      content: { bytes: text.length, media: [] },
      trust: { transport: "e2ee", verified: "signed", flags: [] },
    },
    content: { text, sender_name: "Ana" },
  };
}

/** One message with its content and its platform id, committed. */
export async function say(
  store: HomeStore,
  conversation: ConversationId,
  text: string,
  more: Partial<Message> = {},
): Promise<{ readonly blob: BlobId; readonly message: MessageId; readonly platform: string }> {
  const sealed = draft(conversation, text);
  const kept = message(conversation, sealed.id, more);
  const platform = `$${kept.id}:example.org`;
  const { tenant, channel } = kept;
  await store.commit({
    seal: [sealed],
    messages: [{ expect: null, value: kept }],
    refs: [{ kind: "event", tenant, channel, platform, id: kept.id, conversation, at: START }],
    entries: [
      {
        type: "message.received",
        tenant,
        body: { message: kept.id },
        commits: [{ name: "content", blob: sealed.id, bytes: sealed.bytes }],
      },
    ],
  });
  return { blob: sealed.id, message: kept.id, platform };
}

export const textOf = (store: HomeStore, blob: BlobId): Promise<string> =>
  store.open(permit([blob]), [blob], ([opened]) => Buffer.from(opened?.bytes ?? []).toString());
