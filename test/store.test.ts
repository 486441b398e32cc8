import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DAY_MS, MINUTE_MS } from "../src/core/limits.ts";
import { assertSettings, openDatabase } from "../src/store/db.ts";
import { hashing, Mac } from "../src/store/hashing.ts";
import { MIGRATIONS } from "../src/store/schema.ts";
import type { HomeStore } from "../src/store/store.ts";
import {
  draft,
  event,
  id,
  message,
  permit,
  random,
  START,
  say,
  type TestHome,
  testHome,
  textOf,
} from "./store-home.ts";

let home: TestHome;
let store: HomeStore;
let isFull = false;
beforeEach(async () => {
  home = testHome();
  isFull = false;
  const probe = (point: string): void => {
    if (isFull && point === "commit.before") throw Object.assign(new Error("full"), { code: "SQLITE_FULL" });
  };
  store = await home.open({ probe });
});
afterEach(async () => {
  isFull = false;
  await store.close();
  home.remove();
});

const path = (): string => join(home.dataDir, "lazaret.db");
const setting = (name: string, value: string) => ({ id: name, tenant: "default", value });
const bytesOnDisk = (): Buffer =>
  Buffer.concat(readdirSync(home.dataDir).map((name) => readFileSync(join(home.dataDir, name))));

test("the settings that durability and erasure rest on are read back", async () => {
  await store.close();
  const db = openDatabase(path());
  assertSettings(db);
  for (const [name, value] of [
    ["synchronous", "NORMAL"],
    ["secure_delete", "FAST"],
    ["temp_store", "FILE"],
  ] as const) {
    const before = db.pragma(name, { simple: true });
    db.pragma(`${name} = ${value}`);
    expect(() => assertSettings(db)).toThrow(TypeError);
    db.pragma(`${name} = ${before}`);
  }
  db.close();
  store = await home.open();
});

test("a home in use lets no other connection in", async () => {
  await store.close();
  store = await home.open({ shared: false });
  const said = await say(store, id("ConversationId"), "alone");
  const other = new Database(path(), { readonly: true, timeout: 0 });
  expect(() => other.prepare("SELECT count(*) FROM blob").get()).toThrow(/locked/);
  other.close();
  expect(await textOf(store, said.blob)).toBe("alone");
  expect(store.clean()).toBe(true);
  await store.close();
  store = await home.open();
  expect(await textOf(store, said.blob)).toBe("alone");
});

test("every table is strict", () => {
  const db = new Database(path(), { readonly: true });
  const loose = db.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0").pluck().all();
  expect(loose).toEqual(["sqlite_sequence", "sqlite_schema"]);
  db.close();
});

test("a home of a newer version is refused and left alone", async () => {
  await store.close();
  const db = new Database(path());
  db.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  db.close();
  await expect(home.open()).rejects.toMatchObject({ code: "home.newer" });
  const again = new Database(path());
  expect(again.pragma("user_version", { simple: true })).toBe(MIGRATIONS.length + 1);
  again.pragma(`user_version = ${MIGRATIONS.length}`);
  again.close();
  store = await home.open();
});

test("what was committed is there after the home was opened again", async () => {
  const conversation = id("ConversationId");
  const said = await say(store, conversation, "the harbour is closed");
  await store.close();
  store = await home.open();
  expect(await textOf(store, said.blob)).toBe("the harbour is closed");
  expect(store.messages({ conversation, last: 20 }).map((m) => m.id)).toEqual([said.message]);
  expect(store.platformOf("event", said.message)).toBe(said.platform);
  expect(store.ref("event", "default", "home", said.platform)).toBe(said.message);
  expect(store.counts()).toMatchObject({ messages: 1, blobs: 1, entries: 1 });
});

test("a message comes back as it was given", async () => {
  const kept = message(id("ConversationId"), id("BlobId"), {
    thread: id("ThreadId"),
    replyTo: id("MessageId"),
    media: [{ kind: "image", mime: "image/png", bytes: 3 }],
    attachments: [id("BlobId")],
    trust: { transport: "local", verified: "none", flags: ["imported"] },
    own: true,
  });
  await store.commit({ messages: [{ expect: null, value: kept }] });
  expect(store.message(kept.id)).toEqual(kept);
});

test("a conflict fails its own batch and no other of the group", async () => {
  await store.commit({ put: [{ kind: "setting", id: "a", expect: null, value: setting("a", "1") }] });
  const size = store.ledger.size();
  const entries = [{ type: "clock.stepped" as const, tenant: "default", body: {} }];
  const outcomes = await Promise.allSettled([
    store.commit({ entries, put: [{ kind: "setting", id: "b", expect: null, value: setting("b", "1") }] }),
    store.commit({
      entries,
      seal: [draft(id("ConversationId"), "lost")],
      put: [
        { kind: "setting", id: "c", expect: null, value: setting("c", "1") },
        { kind: "setting", id: "a", expect: 7, value: setting("a", "2") },
      ],
    }),
    store.commit({ entries, put: [{ kind: "setting", id: "a", expect: 1, value: setting("a", "3") }] }),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: { code: "conflict" } });
  expect(store.get("setting", "a")).toEqual({ version: 2, value: setting("a", "3") });
  expect([store.get("setting", "b")?.version, store.get("setting", "c")]).toEqual([1, null]);
  expect(store.ledger.size()).toBe(size + 2);
  expect(store.counts().blobs).toBe(0);
  expect((await store.ledger.verify(null)).ok).toBe(true);
});

test("of many that expect the same version exactly one is committed", async () => {
  await store.commit({ put: [{ kind: "setting", id: "a", expect: null, value: setting("a", "0") }] });
  const tries = Array.from({ length: 20 }, (_, i) =>
    store.commit({ put: [{ kind: "setting", id: "a", expect: 1, value: setting("a", String(i)) }] }),
  );
  const outcomes = await Promise.allSettled(tries);
  expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(1);
  expect(store.get("setting", "a")?.version).toBe(2);
});

test("a full disk fails all, stops intake, and lets it go on when there is room", async () => {
  const conversation = id("ConversationId");
  await say(store, conversation, "before");
  isFull = true;
  const outcomes = await Promise.allSettled([say(store, conversation, "a"), say(store, conversation, "b")]);
  expect(outcomes.map((o) => (o.status === "rejected" ? o.reason.code : "kept"))).toEqual(["store.full", "store.full"]);
  await expect(say(store, conversation, "c")).rejects.toMatchObject({ code: "store.full" });
  expect(store.counts()).toMatchObject({ messages: 1, blobs: 1, entries: 1 });
  isFull = false;
  const said = await say(store, conversation, "after");
  expect(await textOf(store, said.blob)).toBe("after");
  expect(store.messages({ conversation, last: 9 }).length).toBe(2);
  expect((await store.ledger.verify(null)).ok).toBe(true);
});

test("nothing sealed opens without a permit for exactly that, and a permit is spent once", async () => {
  const conversation = id("ConversationId");
  const [one, two] = [await say(store, conversation, "one"), await say(store, conversation, "two")];
  const spent = permit([one.blob]);
  const opened = await store.open(spent, [one.blob], ([blob]) => blob?.bytes ?? new Uint8Array(1));
  expect(opened.every((byte) => byte === 0)).toBe(true);
  await expect(store.open(spent, [one.blob], () => 1)).rejects.toThrow(TypeError);
  await expect(store.open(permit([one.blob]), [two.blob], () => 1)).rejects.toMatchObject({ code: "not_found" });
  await expect(store.open(permit([one.blob], "names"), [one.blob], () => 1)).rejects.toThrow(TypeError);
  await expect(store.open(permit([one.blob], "secret"), [one.blob], () => 1)).rejects.toThrow(TypeError);
  const absent = id("BlobId");
  await expect(store.open(permit([absent]), [absent], () => 1)).rejects.toMatchObject({ code: "not_found" });
  expect(() => store.names(permit([]), [])).toThrow(TypeError);
  home.clock.turn(7 * DAY_MS);
  await expect(textOf(store, one.blob)).rejects.toMatchObject({ code: "not_found" });
});

test("content, names and platform ids never lie on the disk in clear", async () => {
  const canary = (what: string): string => `${what}${Buffer.from(random.bytes(9)).toString("hex")}`;
  const words = Object.fromEntries(
    ["body", "sender", "room", "event", "delivery", "name", "cursor", "secret"].map((what) => [what, canary(what)]),
  ) as Record<string, string>;
  const raw = event(1, words["body"] ?? "");
  const envelope = { ...raw.envelope, delivery_id: words["delivery"] ?? "", event_id: words["event"] ?? "" };
  const conversation = id("ConversationId");
  const sealed = draft(conversation, words["body"] ?? "");
  const kept = message(conversation, sealed.id);
  const base = { tenant: "default", channel: "home", conversation, at: START };
  await store.commit({
    inbox: { tenant: "default", channel: "home", cursor: words["cursor"] ?? "", events: [{ ...raw, envelope }] },
    secrets: [{ tenant: "default", name: "hook", bytes: Buffer.from(words["secret"] ?? "") }],
  });
  await store.commit({
    seal: [sealed],
    messages: [{ expect: null, value: kept }],
    refs: [
      { ...base, kind: "event", platform: words["event"] ?? "", id: kept.id },
      { ...base, kind: "delivery", platform: words["delivery"] ?? "", id: "" },
      { ...base, kind: "conversation", platform: words["room"] ?? "", id: conversation, name: words["name"] ?? "" },
      { ...base, kind: "principal", platform: words["sender"] ?? "", id: kept.sender, name: words["name"] ?? "" },
    ],
    entries: [
      {
        type: "message.received",
        tenant: "default",
        body: { message: kept.id },
        commits: [{ name: "content", blob: sealed.id, bytes: sealed.bytes }],
      },
    ],
  });
  const whileOpen = bytesOnDisk();
  await store.close();
  const disk = Buffer.concat([whileOpen, bytesOnDisk()]);
  expect(disk.includes(kept.id.slice(4)) || disk.includes(Buffer.from(kept.id.slice(4), "hex"))).toBe(true);
  expect(Object.values(words).filter((word) => disk.includes(word))).toEqual([]);
  store = await home.open();
  expect(store.platformOf("conversation", conversation)).toBe(words["room"]);
});

test("keyed hashes differ by scope, id and home, and stay the same over a restart", async () => {
  const bytes = Buffer.from("ana");
  const [a, b] = [id("ConversationId"), id("ConversationId")];
  const macs = [store.mac("pseudonym", a, bytes), store.mac("pseudonym", b, bytes), store.mac("idempotency", a, bytes)];
  expect(new Set(macs).size).toBe(3);
  expect(macs[0]).toMatch(/^[0-9a-f]{64}$/);
  await store.close();
  store = await home.open();
  expect(store.mac("pseudonym", a, bytes)).toBe(macs[0]);
  expect(store.mac("idempotency", a, bytes)).toBe(macs[2]);
});

test("our HMAC is HMAC-SHA256", () => {
  // RFC 4231, test cases 2 and 6.
  expect(new Mac(Buffer.from("Jefe")).of("what do ya want for nothing?").toString("hex")).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  const long = new Mac(Buffer.alloc(131, 0xaa));
  expect(long.of("Test Using Larger Than Block-Size Key - Hash Key First").toString("hex")).toBe(
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  );
});

test("offsets of zones follow summer time, and an unknown zone has none", () => {
  const [winter, summer] = [Date.UTC(2026, 0, 15), Date.UTC(2026, 6, 15)];
  expect(hashing.offsetMinutes("Europe/Vienna", winter)).toBe(60);
  expect(hashing.offsetMinutes("Europe/Vienna", summer)).toBe(120);
  expect(hashing.offsetMinutes("America/St_Johns", winter)).toBe(-210);
  expect(hashing.offsetMinutes("Asia/Kathmandu", winter)).toBe(345);
  expect(hashing.offsetMinutes("UTC", winter)).toBe(0);
  expect(hashing.offsetMinutes("Moon/Tranquility", winter)).toBeNull();
});

test("counts are those of the rows, whatever was put in and taken out", async () => {
  const conversation = id("ConversationId");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 6 }), async (moves) => {
      const kept: Awaited<ReturnType<typeof say>>[] = [];
      for (const isNew of moves) {
        if (isNew) kept.push(await say(store, conversation, "x"));
        else await store.commit({ dropMessages: kept.splice(0, 1).map((said) => said.message) });
      }
      const db = new Database(path(), { readonly: true });
      const sql =
        "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM blob), (SELECT sum(length(sealed)) FROM blob)";
      const [messages, blobs, bytes] = db.prepare(sql).raw().get() as (number | null)[];
      db.close();
      expect(store.counts()).toMatchObject({ messages, blobs, blobBytes: bytes ?? 0 });
      home.clock.turn(MINUTE_MS);
    }),
    { numRuns: 10 },
  );
});
