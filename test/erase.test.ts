import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ErasePlan } from "../src/core/batch.ts";
import { type BlobId, hex } from "../src/core/ids.ts";
import { DAY_MS } from "../src/core/limits.ts";
import { unwrapKey } from "../src/store/blob.ts";
import { conversationKeyContext } from "../src/store/keys.ts";
import type { HomeStore } from "../src/store/store.ts";
import { homeDerived } from "../src/store/unlock.ts";
import { draft, event, id, permit, random, START, say, type TestHome, testHome, textOf } from "./store-home.ts";

let home: TestHome;
let store: HomeStore;
beforeEach(async () => {
  home = testHome();
  store = await home.open();
});
afterEach(async () => {
  await store.close();
  home.remove();
});

const plan = (more: Partial<ErasePlan>): ErasePlan => ({
  tenant: "default",
  conversations: [],
  messages: [],
  blobs: [],
  drop: [],
  put: [],
  refs: [],
  entries: [],
  ...more,
});
const word = (): string => `canary ${hex(random.bytes(12))}`;
const path = (): string => join(home.dataDir, "lazaret.db");
const filesIn = (dir: string): Buffer => Buffer.concat(readdirSync(dir).map((name) => readFileSync(join(dir, name))));
const isGone = (blob: BlobId) => expect(textOf(store, blob)).rejects.toMatchObject({ code: "not_found" });

/** Everything on the disk that belongs to one blob: its ciphertext and its wrapped key, as pieces to look for. */
function piecesOf(blob: BlobId): Buffer[] {
  const db = new Database(path(), { readonly: true });
  const row = db
    .prepare("SELECT b.sealed, k.wrapped FROM blob b JOIN blob_key k ON k.n = b.n WHERE b.id = ?")
    .get(Buffer.from(blob.slice(5), "hex")) as { sealed: Buffer; wrapped: Buffer };
  db.close();
  const { sealed, wrapped } = row;
  return [wrapped, ...[0, 60, sealed.length >> 1, sealed.length - 48].map((at) => sealed.subarray(at, at + 48))];
}

test("an erased conversation leaves no key, ciphertext or text in any file, and nothing else is touched", async () => {
  const [lost, kept] = [id("ConversationId"), id("ConversationId")];
  const text = word();
  const said: Awaited<ReturnType<typeof say>>[] = [];
  for (let i = 0; i < 250; i++) said.push(await say(store, lost, `${text} ${i} ${"x".repeat(i * 40)}`));
  const other = await say(store, kept, "stays");
  const attachment = draft(lost, "", { kind: "attachment", bytes: Buffer.alloc(200_000, 7) });
  await store.commit({ seal: [attachment] });
  const mac = store.mac("pseudonym", lost, Buffer.from("ana"));
  const pieces = [said[0], said[120], said[249]].flatMap((s) => piecesOf(s?.blob ?? other.blob));
  pieces.push(...piecesOf(attachment.id));
  const before = filesIn(home.dataDir);
  expect(pieces.every((piece) => before.includes(piece))).toBe(true);
  const size = statSync(path()).size;

  const erased = await store.erase(plan({ conversations: [lost] }));
  expect(erased).toEqual({ blobs: 251, messages: 250, records: 0, references: 250, epoch: [1, 2], journalClean: true });
  const after = filesIn(home.dataDir);
  expect(pieces.filter((piece) => after.includes(piece)).length).toBe(0);
  expect(after.includes(text)).toBe(false);
  expect(statSync(path()).size).toBeLessThan(size);
  for (const { blob, message, platform } of [said[0], said[249]].filter((s) => s !== undefined)) {
    await isGone(blob);
    expect([store.message(message), store.platformOf("event", message)]).toEqual([null, null]);
    expect(store.ref("event", "default", "home", platform)).toBe("erased");
  }
  expect(store.messages({ conversation: lost, last: 9 })).toEqual([]);
  expect(store.mac("pseudonym", lost, Buffer.from("ana"))).not.toBe(mac);
  expect(await textOf(store, other.blob)).toBe("stays");
  expect(store.platformOf("event", other.message)).toBe(other.platform);
  expect(store.counts()).toMatchObject({ messages: 1, blobs: 1, entries: 253 });
  const db = new Database(path(), { readonly: true });
  const left = db.prepare(
    "SELECT (SELECT count(*) FROM blob_key), (SELECT count(*) FROM ref), (SELECT count(*) FROM conversation_key)",
  );
  expect(left.raw().get()).toEqual([1, 1, 1]);
  db.close();
  expect((await store.ledger.verify(null)).ok).toBe(true);
});

test("an erased message takes its blob, platform id and conversation key with it; neighbours live on", async () => {
  const conversation = id("ConversationId");
  const [lost, kept] = [await say(store, conversation, word()), await say(store, conversation, "stays")];
  const keptKey = piecesOf(kept.blob)[0] as Buffer;
  const pieces = piecesOf(lost.blob);
  const erased = await store.erase(plan({ messages: [lost.message] }));
  expect(erased).toMatchObject({ blobs: 1, messages: 1, epoch: [1, 2], journalClean: true });
  const disk = filesIn(home.dataDir);
  expect([...pieces, keptKey].filter((piece) => disk.includes(piece)).length).toBe(0);
  await isGone(lost.blob);
  expect(store.ref("event", "default", "home", lost.platform)).toBe("erased");
  expect(await textOf(store, kept.blob)).toBe("stays");
  expect(store.platformOf("event", kept.message)).toBe(kept.platform);
  await store.close();
  store = await home.open();
  expect(await textOf(store, kept.blob)).toBe("stays");
});

test("what waits in the inbox, cursors, secrets and display names survive an epoch", async () => {
  const ana = id("PrincipalId");
  await store.commit({
    inbox: { tenant: "default", channel: "home", cursor: "c1", events: [event(1, "a")] },
    secrets: [{ tenant: "default", name: "hook", bytes: Buffer.from("s") }],
    refs: [
      {
        kind: "principal",
        tenant: "default",
        channel: "home",
        platform: "@ana",
        id: ana,
        conversation: "-",
        at: 1,
        name: "Ana",
      },
    ],
  });
  const ben = id("PrincipalId");
  await store.commit({
    refs: [
      {
        kind: "principal",
        tenant: "default",
        channel: "home",
        platform: "@ben",
        id: ben,
        conversation: "-",
        at: 1,
        name: "Ben",
      },
    ],
  });
  expect(await store.erase(plan({ refs: [ben] }))).toMatchObject({ references: 1, epoch: [1, 2] });
  expect(store.inbox(9)).toMatchObject([{ event: event(1, "a") }]);
  expect(store.cursor("home")).toBe("c1");
  expect(await store.useSecret(permit([], "secret"), "default", "hook", (b) => Buffer.from(b).toString())).toBe("s");
  expect([...store.names(permit([], "names"), [ana, ben])]).toEqual([[ana, "Ana"]]);
  expect([store.platformOf("principal", ana), store.platformOf("principal", ben)]).toEqual(["@ana", null]);
  expect(store.ref("principal", "default", "home", "@ben")).toBeNull();
});

test("a plan that conflicts erases nothing and keeps the epoch", async () => {
  const conversation = id("ConversationId");
  const said = await say(store, conversation, "stays");
  const value = { id: "a", tenant: "default", value: 1 };
  const bad = plan({ conversations: [conversation], put: [{ kind: "setting", id: "a", expect: 3, value }] });
  await expect(store.erase(bad)).rejects.toMatchObject({ code: "conflict" });
  expect(readdirSync(home.keysDir).filter((name) => name.startsWith("epoch"))).toEqual(["epoch-1.key"]);
  expect(await textOf(store, said.blob)).toBe("stays");
  expect(await store.erase(plan({ conversations: [conversation] }))).toMatchObject({ epoch: [1, 2], messages: 1 });
});

test("an erasure that was cut off is finished at the next start, and all that went is counted once", async () => {
  const [first, second] = [id("ConversationId"), id("ConversationId")];
  for (let i = 0; i < 120; i++) await say(store, i % 3 === 0 ? first : second, word());
  await store.close();
  let isCut = false;
  const probe = (step: string): void => {
    if (step !== "erase.swept" || isCut) return;
    isCut = true;
    throw new Error("cut off");
  };
  store = await home.open({ probe });
  await expect(store.erase(plan({ conversations: [first, second] }))).rejects.toThrow("cut off");
  expect(store.counts().messages).toBeGreaterThan(0);
  await store.close();
  store = await home.open();
  expect(store.counts()).toMatchObject({ messages: 0, blobs: 0 });
  const swept = store.ledger.entries(0, 999).filter(({ type }) => type === "retention.swept");
  expect(swept.map(({ body }) => body)).toEqual([{ epoch: 2, messages: 120, blobs: 120, records: 0, references: 120 }]);
});

test("records and entries of a plan are part of the same commit, and the epoch is in the ledger", async () => {
  const value = { id: "a", tenant: "default", value: 1 };
  await store.commit({ put: [{ kind: "setting", id: "a", expect: null, value }] });
  const entries = [{ type: "purge.started" as const, tenant: "default", body: { scope: "x" } }];
  const erased = await store.erase(plan({ entries, drop: [{ kind: "setting", id: "a" }] }));
  expect(erased.records).toBe(1);
  expect(store.get("setting", "a")).toBeNull();
  expect(store.ledger.entries(0, 9)).toMatchObject([
    { type: "purge.started" },
    { type: "key.rotated", body: { from: 1, to: 2 } },
    { type: "retention.swept", body: { epoch: 2, messages: 0, blobs: 0, records: 1, references: 0 } },
  ]);
});

test("an open reader keeps the journal from being clean, and the answer says so", async () => {
  const conversation = id("ConversationId");
  await say(store, conversation, word());
  const reader = new Database(path(), { readonly: true });
  const rows = reader.prepare("SELECT id FROM blob").iterate();
  rows.next();
  expect((await store.erase(plan({ conversations: [conversation] }))).journalClean).toBe(false);
  expect(store.clean()).toBe(false);
  rows.return?.();
  reader.close();
  expect(store.clean()).toBe(true);
});

test("deliveries are remembered for thirty days and forgotten with an epoch after", async () => {
  const ref = { kind: "delivery", tenant: "default", channel: "home", platform: "d1", id: "", at: START } as const;
  await store.commit({ refs: [{ ...ref, conversation: "-" }] });
  home.clock.turn(30 * DAY_MS);
  await store.erase(plan({}));
  expect(store.ref("delivery", "default", "home", "d1")).toBe("");
  home.clock.turn(1);
  await store.erase(plan({}));
  expect(store.ref("delivery", "default", "home", "d1")).toBeNull();
});

test("two erasures at once are done one after the other", async () => {
  const [a, b] = [id("ConversationId"), id("ConversationId")];
  await say(store, a, "a");
  await say(store, b, "b");
  const both = await Promise.all([
    store.erase(plan({ conversations: [a] })),
    store.erase(plan({ conversations: [b] })),
  ]);
  expect(both.map(({ epoch, messages }) => [...epoch, messages])).toEqual([
    [1, 2, 1],
    [2, 3, 1],
  ]);
});

test("no key of the living home opens an erased row of an older copy", async () => {
  const [whole, part] = [id("ConversationId"), id("ConversationId")];
  const gone = [await say(store, whole, "a"), await say(store, part, "b"), await say(store, part, "edited away")];
  await say(store, part, "stays");
  await store.commit({ dropMessages: [gone[2]?.message ?? never()] });
  await store.commit({ seal: [draft(part, "x")] });
  const keysBefore = wrappedKeys();
  await store.erase(plan({ conversations: [whole], messages: [gone[1]?.message ?? never()] }));
  const living = unwrapped();
  // Each wrapped key of the older copy against each living key: those of the erased open under none.
  const opens = (wrapped: Buffer, of: { id: string; parent: string; epoch: number }): boolean =>
    living.some((key) => {
      try {
        unwrapKey(key, of, wrapped);
        return true;
      } catch {
        return false;
      }
    });
  for (const { wrapped, of } of keysBefore) expect(opens(wrapped, of)).toBe(false);
  expect(keysBefore.length).toBeGreaterThan(3);
  // The instrument itself: living rows do open.
  expect(wrappedKeys().every(({ wrapped, of }) => opens(wrapped, of))).toBe(true);

  function wrappedKeys() {
    const db = new Database(path(), { readonly: true });
    const rows = db
      .prepare(
        `SELECT b.id, k.wrapped, c.tenant, c.conversation, c.drawn FROM blob_key k JOIN blob b ON b.n = k.n
         JOIN conversation_key c ON c.n = b.conv`,
      )
      .all() as { id: Buffer; wrapped: Buffer; tenant: string; conversation: string; drawn: number }[];
    db.close();
    return rows.map(({ id: blob, wrapped, tenant, conversation, drawn }) => ({
      wrapped,
      of: { id: `blob_${blob.toString("hex")}`, parent: `${tenant}/${conversation}`, epoch: drawn },
    }));
  }

  /** The keys of every living conversation, made from the files as a thief of the whole home would. */
  function unwrapped(): Uint8Array[] {
    const db = new Database(path(), { readonly: true });
    const [homeId, epoch] = ["home", "epoch"].map((name) =>
      db.prepare("SELECT value FROM meta WHERE name = ?").pluck().get(name),
    ) as [string, number];
    const rows = db.prepare("SELECT tenant, conversation, wrapped FROM conversation_key").all();
    db.close();
    const material = ["unlock.key", `epoch-${epoch}.key`].map((name) => readFileSync(join(home.keysDir, name)));
    const kek = homeDerived(material, homeId, `lazaret.kek.v1/${epoch}`);
    return (rows as { tenant: string; conversation: string; wrapped: Buffer }[]).map(
      ({ tenant, conversation, wrapped }) =>
        unwrapKey(kek, conversationKeyContext(tenant, conversation, epoch), wrapped),
    );
  }
});

const never = (): never => {
  throw new Error("it was said");
};
