import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TOP } from "../src/core/label.ts";
import type { OutboxRow } from "../src/core/outbox.ts";
import type { HomeStore } from "../src/store/store.ts";
import { draft, event, id, permit, START, say, type TestHome, testHome, textOf } from "./store-home.ts";

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

const path = (): string => join(home.dataDir, "lazaret.db");

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
