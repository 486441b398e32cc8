/** Homes with many messages, made once a run: rooms in turn, a kilobyte each, one ledger entry each. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Batch } from "../src/core/batch.ts";
import { type BlobId, type ConversationId, newId } from "../src/core/ids.ts";
import type { Label } from "../src/core/label.ts";
import { DAY_MS } from "../src/core/limits.ts";
import type { Message } from "../src/core/message.ts";
import { mintPermit } from "../src/core/permit.ts";
import { systemRandom, wallClock } from "../src/powers.ts";
import { openStore, type StoreOptions } from "../src/store/open.ts";
import type { HomeStore } from "../src/store/store.ts";
import type { Place } from "./case.ts";

/** What a frame of one KiB holds. */
export const BODY_BYTES = 960;
const BATCH = 500;
const id = <K extends Parameters<typeof newId>[0]>(kind: K) => newId<K>(kind, systemRandom.bytes(16));

/** As a home lies below `--home`. */
export const openAt = (dir: string, more: Partial<StoreOptions> = {}): Promise<HomeStore> =>
  openStore({
    dataDir: dir,
    keysDir: join(dir, "keys"),
    clock: wallClock,
    random: systemRandom,
    unlock: { kind: "file" },
    tenant: "default",
    create: true,
    ...more,
  });

/** `count` messages for the rooms in turn, as one batch. */
export function batchOf(rooms: readonly ConversationId[], first: number, count: number): Batch {
  const at = wallClock.now();
  const parts = Array.from({ length: count }, (_, i) => {
    const conversation = rooms[(first + i) % rooms.length] as ConversationId;
    const label: Label = { v: 1, cats: 4, integrity: 2, tenant: "default", audience: [conversation] };
    const [blob, message] = [id("BlobId"), id("MessageId")];
    const bytes = Buffer.alloc(BODY_BYTES, 97 + (i % 26));
    const about = { tenant: "default", channel: "bench", conversation } as const;
    return {
      ref: { kind: "event", ...about, platform: `$${first + i}`, id: message, at } as const,
      seal: {
        id: blob,
        ...about,
        kind: "message",
        schema: "text.v1",
        label,
        created: at,
        expires: at + 7 * DAY_MS,
        bytes,
      } as const,
      message: {
        id: message,
        ...about,
        thread: null,
        sender: SENDER,
        senderKind: "person",
        sentAt: at + first + i,
        receivedAt: at,
        replyTo: null,
        addressed: "none",
        trust: { transport: "transport", verified: "platform", flags: [] },
        media: [],
        label,
        blob,
        attachments: [],
        revision: 1,
        bytes: BODY_BYTES,
        expiresAt: at + 7 * DAY_MS,
        own: false,
      } satisfies Message,
      entry: {
        type: "message.received",
        tenant: "default",
        actor: SENDER,
        body: { conversation, message, addressed: "none", integrity: 2, bytes: BODY_BYTES },
        commits: [{ name: "content", blob, bytes }],
      } as const,
    };
  });
  return {
    seal: parts.map(({ seal }) => seal),
    messages: parts.map(({ message }) => ({ expect: null, value: message })),
    refs: parts.map(({ ref }) => ref),
    entries: parts.map(({ entry }) => entry),
  };
}

const SENDER = id("PrincipalId");

export async function fill(store: HomeStore, rooms: readonly ConversationId[], messages: number): Promise<void> {
  for (let n = 0; n < messages; n += BATCH) await store.commit(batchOf(rooms, n, Math.min(BATCH, messages - n)));
}

export const newRooms = (count: number): ConversationId[] => Array.from({ length: count }, () => id("ConversationId"));

export type BigHome = { readonly dir: string; readonly rooms: readonly ConversationId[] };
const made = new Map<string, Promise<BigHome>>();

/** A home with so many messages in 200 rooms. */
export function bigHome(place: Place, messages: number): Promise<BigHome> {
  const dir = join(place.dir, `home-${messages}`);
  const known = made.get(dir);
  if (known !== undefined && existsSync(dir)) return known;
  const making = make(dir, messages);
  made.set(dir, making);
  return making;
}

async function make(dir: string, messages: number): Promise<BigHome> {
  const rooms = newRooms(200);
  const store = await openAt(dir);
  await fill(store, rooms, messages);
  await store.close();
  return { dir, rooms };
}

/** The newest so many of a room with their content, as a transform would get them. */
export function readLast(store: HomeStore, conversation: ConversationId, last: number): Promise<number> {
  const blobs: BlobId[] = store.messages({ conversation, last }).map(({ blob }) => blob);
  const about = { run: null, call: null, blobs: new Set(blobs), capability: "bench" };
  return store.open(mintPermit("transform", about), blobs, (opened) => opened.length);
}
