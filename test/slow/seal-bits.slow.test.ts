import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BlobId } from "../../src/core/ids.ts";
import type { HomeStore } from "../../src/store/store.ts";
import { draft, id, permit, say, type TestHome, testHome, textOf } from "../store-home.ts";

let home: TestHome;
let store: HomeStore;
let db: Database.Database;
beforeEach(async () => {
  home = testHome();
  store = await home.open();
  db = new Database(join(home.dataDir, "lazaret.db"));
});
afterEach(async () => {
  db.close();
  await store.close();
  home.remove();
});

const key = (blob: BlobId): Buffer => Buffer.from(blob.slice(5), "hex");
const rowOf = (blob: BlobId) =>
  db
    .prepare("SELECT b.n, b.conv, b.sealed, k.wrapped FROM blob b JOIN blob_key k ON k.n = b.n WHERE b.id = ?")
    .get(key(blob)) as { n: number; conv: number; sealed: Buffer; wrapped: Buffer };
const setSealed = (blob: BlobId, sealed: Buffer): void => {
  db.prepare("UPDATE blob SET sealed = ? WHERE id = ?").run(sealed, key(blob));
};
const setWrapped = (n: number, wrapped: Buffer): void => {
  db.prepare("UPDATE blob_key SET wrapped = ? WHERE n = ?").run(wrapped, n);
};

/** Refused, and the newest entry of the ledger says which blob and why. */
async function isRefused(blob: BlobId): Promise<string> {
  const size = store.ledger.size();
  const outcome = await store
    .open(permit([blob]), [blob], () => "opened")
    .catch((error: { code?: string }) => error.code);
  expect(outcome).toBe("quarantine.integrity");
  const [entry] = store.ledger.entries(size, 1);
  expect(entry).toMatchObject({ type: "quarantine.integrity_failed", body: { blob } });
  return String(entry?.body["check"]);
}

function* flips(bytes: Buffer): Iterable<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const bent = Buffer.from(bytes);
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield bent;
  }
}

test("every flipped bit of a blob and of its wrapped key is refused and named", { timeout: 600_000 }, async () => {
  const { blob } = await say(store, id("ConversationId"), "the harbour is closed");
  const { n, sealed, wrapped } = rowOf(blob);
  let count = 0;
  for (const bent of flips(sealed)) {
    setSealed(blob, bent);
    await isRefused(blob);
    count++;
  }
  setSealed(blob, sealed);
  for (const bent of flips(wrapped)) {
    setWrapped(n, bent);
    await isRefused(blob);
    count++;
  }
  setWrapped(n, wrapped);
  expect(count).toBe((256 + 73 + 105) * 8);
  expect(await textOf(store, blob)).toBe("the harbour is closed");
  expect((await store.ledger.verify(null)).ok).toBe(true);
});

test("every truncation and a byte too many are refused and named", { timeout: 300_000 }, async () => {
  const { blob } = await say(store, id("ConversationId"), "the harbour is closed");
  const { n, sealed, wrapped } = rowOf(blob);
  for (let length = 0; length < sealed.length; length++) {
    setSealed(blob, sealed.subarray(0, length));
    await isRefused(blob);
  }
  setSealed(blob, Buffer.concat([sealed, Buffer.of(0)]));
  await isRefused(blob);
  setSealed(blob, sealed);
  for (let length = 0; length < wrapped.length; length++) {
    setWrapped(n, wrapped.subarray(0, length));
    await isRefused(blob);
  }
  setWrapped(n, wrapped);
  expect(await textOf(store, blob)).toBe("the harbour is closed");
});

test("attachments: one flipped bit in every byte of the frame, every cut at and around a chunk", {
  timeout: 300_000,
}, async () => {
  const long = draft(id("ConversationId"), "", { kind: "attachment", bytes: Buffer.alloc(140_000, 3) });
  await store.commit({ seal: [long] });
  const { sealed } = rowOf(long.id);
  const chunk = 65_536 + 17;
  const edges = [0, 1, 25, 57, 61, 85, 85 + chunk, 85 + 2 * chunk, sealed.length - 1];
  const places = [...Array(85).keys(), ...edges, ...edges.map((at) => Math.max(0, at - 1))];
  for (const at of new Set(places)) {
    const bent = Buffer.from(sealed);
    bent[at] = (bent[at] ?? 0) ^ 0x10;
    setSealed(long.id, bent);
    await isRefused(long.id);
    setSealed(long.id, sealed.subarray(0, at));
    await isRefused(long.id);
  }
  setSealed(long.id, sealed);
  expect((await textOf(store, long.id)).length).toBe(140_000);
});

test("content, keys and contexts that changed places are refused and named", { timeout: 300_000 }, async () => {
  const [here, there] = [id("ConversationId"), id("ConversationId")];
  const [one, two, far] = [
    await say(store, here, "one"),
    await say(store, here, "two"),
    await say(store, there, "far"),
  ];
  const strange = draft(here, "other", { tenant: "other" });
  await store.commit({ seal: [strange] });
  const rows = new Map([one.blob, two.blob, far.blob, strange.id].map((blob) => [blob, rowOf(blob)]));
  for (const [blob, row] of rows) {
    for (const [other, theirs] of rows) {
      if (other === blob) continue;
      setSealed(blob, theirs.sealed);
      expect(await isRefused(blob)).toBe("commitment");
      setWrapped(row.n, theirs.wrapped);
      expect(await isRefused(blob)).toBe("commitment");
      setSealed(blob, row.sealed);
      expect(await isRefused(blob)).toBe("commitment");
      setWrapped(row.n, row.wrapped);
    }
  }
  const context = {
    kind: "value",
    schema: "other.v1",
    label: '{"audience":"*","cats":0,"integrity":0,"tenant":"-","v":1}',
    created: 1,
  };
  for (const [column, value] of Object.entries(context)) {
    const sql = `UPDATE blob SET ${column} = ? WHERE id = ?`;
    const before = db.prepare(`SELECT ${column} FROM blob WHERE id = ?`).pluck().get(key(one.blob));
    db.prepare(sql).run(value, key(one.blob));
    expect(await isRefused(one.blob)).toBe("commitment");
    db.prepare(sql).run(before, key(one.blob));
  }
  // The row moved into another conversation of the same tenant, and of another tenant.
  for (const target of [far.blob, strange.id]) {
    const { conv } = rowOf(target);
    const { n, conv: own } = rowOf(one.blob);
    db.prepare("UPDATE blob SET conv = ? WHERE n = ?").run(conv, n);
    expect(await isRefused(one.blob)).toBe("commitment");
    db.prepare("UPDATE blob SET conv = ? WHERE n = ?").run(own, n);
  }
  expect(await Promise.all([one, two, far].map(({ blob }) => textOf(store, blob)))).toEqual(["one", "two", "far"]);
});

test("conversation keys that changed places, tenants or epochs open nothing", { timeout: 300_000 }, async () => {
  const [one, two] = [await say(store, id("ConversationId"), "one"), await say(store, id("ConversationId"), "two")];
  const keys = db.prepare("SELECT n, tenant, drawn, wrapped FROM conversation_key ORDER BY n").all() as {
    n: number;
    tenant: string;
    drawn: number;
    wrapped: Buffer;
  }[];
  const changes: ((n: number) => void)[] = [
    (n) =>
      db.prepare("UPDATE conversation_key SET wrapped = ? WHERE n = ?").run(keys.find((k) => k.n !== n)?.wrapped, n),
    (n) => db.prepare("UPDATE conversation_key SET tenant = 'other' WHERE n = ?").run(n),
    (n) => db.prepare("UPDATE conversation_key SET drawn = 7 WHERE n = ?").run(n),
  ];
  for (const change of changes) {
    for (const [at, { blob }] of [one, two].entries()) {
      const own = keys[at];
      if (own === undefined) throw new Error("each conversation has a key");
      change(own.n);
      // Unwrapped keys are remembered, so the home is opened again.
      await store.close();
      store = await home.open();
      expect(await isRefused(blob)).toBe("commitment");
      db.prepare("UPDATE conversation_key SET tenant = ?, drawn = ?, wrapped = ? WHERE n = ?").run(
        own.tenant,
        own.drawn,
        own.wrapped,
        own.n,
      );
    }
  }
  await store.close();
  store = await home.open();
  expect(await textOf(store, one.blob)).toBe("one");
});
