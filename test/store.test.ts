import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TOP } from "../src/core/label.ts";
import { DAY_MS, MINUTE_MS } from "../src/core/limits.ts";
import type { OutboxRow } from "../src/core/outbox.ts";
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

test("records are found by their keys, which follow their changes", async () => {
  const hold = (name: string, target: string) => ({
    kind: "hold" as const,
    id: name,
    value: { id: name as never, tenant: "default", scope: "conversation" as const, target, at: 1 },
  });
  await store.commit({
    put: [
      { ...hold("h1", "x"), expect: null },
      { ...hold("h2", "x"), expect: null },
    ],
  });
  const at = (key: string, newestFirst = false) =>
    store.find("hold", "target", key, { limit: 9, newestFirst }).map(({ value }) => value.id);
  expect([at("x"), at("x", true)]).toEqual([
    ["h1", "h2"],
    ["h2", "h1"],
  ]);
  await store.commit({ put: [{ ...hold("h1", "y"), expect: 1 }] });
  expect([at("x"), at("y")]).toEqual([["h2"], ["h1"]]);
  await store.commit({ drop: [{ kind: "hold", id: "h2" }] });
  expect(at("x")).toEqual([]);
  expect(store.all("hold", { limit: 9 }).map(({ value }) => value.id)).toEqual(["h1"]);
  expect(store.all("hold", { limit: 9, after: "h1" })).toEqual([]);
});

test("a range is the newest so many, oldest first, and ties keep the order of arrival", async () => {
  const conversation = id("ConversationId");
  const thread = id("ThreadId");
  const sender = id("PrincipalId");
  const said: Awaited<ReturnType<typeof say>>[] = [];
  for (let i = 0; i < 8; i++) {
    said.push(
      await say(store, conversation, String(i), {
        sentAt: START + (i > 3 ? 1 : 0),
        thread: i % 2 ? thread : null,
        ...(i === 5 ? { sender } : {}),
      }),
    );
  }
  await say(store, conversation, "gone", { sentAt: START + 9, expiresAt: START });
  const at = (range: object) =>
    store
      .messages({ conversation, last: 20, ...range })
      .map((m) => said.findIndex(({ message: known }) => known === m.id))
      .join("");
  expect(at({})).toBe("01234567");
  expect(at({ last: 3 })).toBe("567");
  expect(at({ thread })).toBe("1357");
  expect(at({ thread: null })).toBe("0246");
  expect(at({ sender })).toBe("5");
  expect(at({ since: START + 1 })).toBe("4567");
  expect(at({ conversation: id("ConversationId") })).toBe("");
  const page = { limit: 3 };
  expect(store.messageIds({ conversation }, page)).toEqual(said.slice(0, 3).map((s) => s.message));
  expect(store.messageIds({ sender }, page)).toEqual([said[5]?.message]);
  expect(store.messageIds({ channel: "home" }, { limit: 99 }).length).toBe(9);
  expect(store.messageIds({ sentBefore: START + 1 }, { limit: 99 }).length).toBe(4);
  expect(store.messageIds({ expiredAt: START }, page).length).toBe(1);
});

test("an edit keeps its place and needs the revision it changes", async () => {
  const conversation = id("ConversationId");
  const [first, second] = [await say(store, conversation, "one"), await say(store, conversation, "two")];
  const kept = store.message(first.message);
  if (kept === null) throw new Error("the message is there");
  const next = draft(conversation, "ONE");
  const value = { ...kept, blob: next.id, revision: 2 };
  const edit = { seal: [next], messages: [{ expect: 1, value }], dropBlobs: [first.blob] };
  await store.commit(edit);
  await expect(store.commit({ messages: [{ expect: 1, value }] })).rejects.toMatchObject({ code: "conflict" });
  await expect(store.commit({ messages: [{ expect: null, value }] })).rejects.toMatchObject({ code: "conflict" });
  expect(store.messages({ conversation, last: 9 }).map((m) => m.id)).toEqual([first.message, second.message]);
  expect(store.platformOf("event", first.message)).toBe(first.platform);
  expect(await textOf(store, next.id)).toBe("ONE");
  await expect(textOf(store, first.blob)).rejects.toMatchObject({ code: "not_found" });
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

test("the inbox gives events back oldest first until they are taken, with the last cursor", async () => {
  const arrive = (n: number) =>
    store.commit({
      inbox: { tenant: "default", channel: "home", cursor: `c${n}`, events: [event(n, "a"), event(n + 1, "b")] },
    });
  await Promise.all([arrive(1), arrive(3)]);
  await store.close();
  store = await home.open();
  expect(store.cursor("home")).toBe("c3");
  expect(store.cursor("other")).toBeNull();
  const waiting = store.inbox(9);
  expect(waiting.map((row) => row.event)).toEqual([event(1, "a"), event(2, "b"), event(3, "a"), event(4, "b")]);
  await store.commit({ taken: waiting.slice(0, 3).map(({ seq }) => seq) });
  expect(store.inbox(9).map(({ seq }) => seq)).toEqual([waiting[3]?.seq]);
  expect(store.inboxCount()).toBe(1);
});

test("an event whose row was altered is named, not delivered", async () => {
  await store.commit({ inbox: { tenant: "default", channel: "home", cursor: null, events: [event(1, "a")] } });
  const db = new Database(path());
  db.exec("UPDATE inbox SET channel = 'elsewhere'");
  db.close();
  expect(store.inbox(9)).toMatchObject([{ event: "altered" }]);
});

test("a delivery is taken once, and a platform id belongs to one id of ours", async () => {
  const ref = (kind: "delivery" | "event" | "principal", platform: string, ours: string, name?: string) => ({
    refs: [
      {
        kind,
        tenant: "default",
        channel: "home",
        platform,
        id: ours,
        conversation: "-" as const,
        at: START,
        ...(name ? { name } : {}),
      },
    ],
  });
  const [ana, ben] = [id("PrincipalId"), id("PrincipalId")];
  expect(store.ref("delivery", "default", "home", "d1")).toBeNull();
  await store.commit(ref("delivery", "d1", ""));
  expect(store.ref("delivery", "default", "home", "d1")).toBe("");
  expect(store.ref("delivery", "default", "work", "d1")).toBeNull();
  await expect(store.commit(ref("delivery", "d1", ""))).rejects.toMatchObject({ code: "conflict" });
  await store.commit(ref("principal", "@ana", ana, "Ana"));
  await store.commit(ref("principal", "@ana", ana, "Ana Lu"));
  await expect(store.commit(ref("principal", "@ana", ben))).rejects.toMatchObject({ code: "conflict" });
  await store.commit(ref("principal", "@ben", ben));
  expect([...store.names(permit([], "names"), [ana, ben])]).toEqual([[ana, "Ana Lu"]]);
  expect(store.platformOf("principal", ben)).toBe("@ben");
  expect(store.platformOf("conversation", ben)).toBeNull();
});

test("outbox rows have growing numbers and move by compare and set", async () => {
  const row = (more: Partial<OutboxRow> = {}): OutboxRow => ({
    id: id("OutboxId"),
    seq: 0,
    tenant: "default",
    channel: "home",
    conversation: id("ConversationId"),
    thread: null,
    op: "text",
    blob: null,
    label: TOP,
    replyTo: null,
    target: null,
    run: null,
    call: null,
    approval: null,
    message: null,
    state: "pending",
    code: null,
    attempts: 0,
    dueAt: 0,
    createdAt: 0,
    ...more,
  });
  const [one, two] = [row(), row()];
  await store.commit({ outbox: [one, two] });
  const list = (states: OutboxRow["state"][], after = 0) =>
    store.outbox({ channel: "home", states, after }, { limit: 9 }).map(({ id: found }) => found);
  expect(list(["pending"])).toEqual([one.id, two.id]);
  expect(list(["pending"], store.outboxRow(one.id)?.seq)).toEqual([two.id]);
  const moved = { ...one, state: "sending" as const };
  await store.commit({ outboxMoves: [{ expect: "pending", row: moved }] });
  const again = store.commit({ outboxMoves: [{ expect: "pending", row: moved }] });
  await expect(again).rejects.toMatchObject({ code: "conflict" });
  expect([list(["pending"]), list(["sending", "sent"])]).toEqual([[two.id], [one.id]]);
  await store.commit({ dropOutbox: [one.id] });
  expect(store.outboxRow(one.id)).toBeNull();
  expect(store.counts().outbox).toBe(1);
});

test("a secret is used inside a callback and wiped after", async () => {
  const bytes = Buffer.from("hunter2");
  await store.commit({ secrets: [{ tenant: "default", name: "hook", bytes }] });
  expect(store.secretNames("default")).toEqual(["hook"]);
  const seen: Uint8Array[] = [];
  const use = (given: Uint8Array): string => {
    seen.push(given);
    return Buffer.from(given).toString();
  };
  expect(await store.useSecret(permit([], "secret"), "default", "hook", use)).toBe("hunter2");
  expect(seen[0]?.every((byte) => byte === 0)).toBe(true);
  await expect(store.useSecret(permit([], "local"), "default", "hook", use)).rejects.toThrow(TypeError);
  await expect(store.useSecret(permit([], "secret"), "other", "hook", use)).rejects.toMatchObject({
    code: "not_found",
  });
  await store.commit({ secrets: [{ tenant: "default", name: "hook", bytes: null }] });
  expect(store.secretNames("default")).toEqual([]);
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
