/**
 * The ceiling: the least work a message that still means "published is encrypted and durable". Validate, seal under a
 * fresh wrapped key, ONE transaction for message and hash-chained audit row (WAL, FULL, secure_delete), publish after
 * it. No policy, labels, inbox, duplicates, budgets, erasure: who comes near it has forgotten something.
 *
 * Forked by load.ts with the database file; tells its port.
 */
import { hash, randomBytes, randomFillSync } from "node:crypto";
import Database from "better-sqlite3";
import sodium from "libsodium-wrappers";
import { type WebSocket, WebSocketServer } from "ws";
import { Frame } from "./frame.ts";

const GROUP_MAX = 128;
const POOL_BYTES = 16_384;
const [file = ":memory:"] = process.argv.slice(2);
await sodium.ready;

const db = new Database(file);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  CREATE TABLE message (
    id INTEGER PRIMARY KEY, event TEXT NOT NULL UNIQUE, room TEXT NOT NULL, at INTEGER NOT NULL, sender TEXT NOT NULL,
    key BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
  CREATE INDEX message_by_room ON message (room, at);
  CREATE TABLE audit (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL, hash BLOB NOT NULL) STRICT;`);
const insertMessage = db.prepare("INSERT INTO message VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)");
const insertAudit = db.prepare("INSERT INTO audit VALUES (?, ?, ?)");
const begin = db.prepare("BEGIN IMMEDIATE");
const commit = db.prepare("COMMIT");

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;
function random(count: number): Buffer {
  if (used + count > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const out = Buffer.from(pool.subarray(used, used + count));
  pool.fill(0, used, used + count);
  used += count;
  return out;
}

const root = randomBytes(32);
const encrypt = (plain: string | Uint8Array, about: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array =>
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, about, null, nonce, key);

type Prepared = {
  readonly frame: Frame;
  readonly sealed: Uint8Array;
  readonly nonce: Buffer;
  readonly wrapped: Buffer;
};

function prepare(raw: string): Prepared {
  const frame = Frame.parse(JSON.parse(raw));
  const key = random(32);
  const nonce = random(24);
  const keyNonce = random(24);
  const about = Buffer.from(frame.id);
  const sealed = encrypt(frame.body, about, nonce, key);
  const wrapped = Buffer.concat([keyNonce, encrypt(key, about, keyNonce, root)]);
  key.fill(0);
  return { frame, sealed, nonce, wrapped };
}

let seq = 0;
let head = Buffer.alloc(32);
function write({ frame, sealed, nonce, wrapped }: Prepared): void {
  seq++;
  const { id, room, at, sender } = frame;
  insertMessage.run(id, room, at, sender, wrapped, nonce, sealed);
  const entry =
    `{"act":"ingest","at":${at},"cls":"chat.message","dec":"allow","id":${JSON.stringify(id)},` +
    `"room":${JSON.stringify(room)},"seq":${seq}}`;
  head = hash("sha256", Buffer.concat([head, Buffer.from(entry)]), "buffer");
  insertAudit.run(seq, entry, head);
}

const subscribers = new Set<WebSocket>();
let queue: Prepared[] = [];
let isScheduled = false;
/** One transaction a turn of the event loop; publishing comes after COMMIT has returned. */
function flush(): void {
  isScheduled = false;
  const batch = queue;
  queue = [];
  if (batch.length === 0) return;
  begin.run();
  for (const prepared of batch) write(prepared);
  commit.run();
  for (const { frame } of batch) {
    const { id, room, body } = frame;
    const event = JSON.stringify({ type: "message.received", conversation: room, body: { id, bytes: body.length } });
    for (const subscriber of subscribers) subscriber.send(event);
  }
}

function receive(raw: string): void {
  queue.push(prepare(raw));
  if (queue.length >= GROUP_MAX) flush();
  else if (!isScheduled) {
    isScheduled = true;
    setImmediate(flush);
  }
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket, request) => {
  if (request.url === "/events") subscribers.add(socket);
  else socket.on("message", (raw) => receive(String(raw)));
});
server.on("listening", () => {
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  process.send?.({ feed: `ws://127.0.0.1:${port}/feed`, events: `ws://127.0.0.1:${port}/events`, token: null });
});
