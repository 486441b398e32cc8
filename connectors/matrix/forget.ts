/** What an account alone keeps of a room: sessions, cached events, what waits; gone for good. */
import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { call } from "./http.ts";
import type { RawEvent } from "./inbox.ts";
import type { IDBDatabase } from "./indexeddb/database.ts";
import { IDBKeyRange } from "./indexeddb/key-range.ts";
import type { IDBOpenDBRequest } from "./indexeddb/request.ts";
import type { Stores, SyncInbox } from "./session.ts";

type Forgetting = {
  readonly client: MatrixClient;
  readonly machine: CryptoApi & CryptoBackend;
  readonly store: SyncInbox;
  readonly keys: Stores["keys"];
  readonly makeEvent: (event: RawEvent) => MatrixEvent;
};

/** Stores of the machine library whose keys are hash(room) ‖ U+001D ‖ hash(session). */
const BY_ROOM = ["inbound_group_sessions3", "withheld_sessions"] as const;
/** Whose key is hash(room). */
const OF_ROOM = "outbound_group_sessions";
const DATABASE = "lazaret::matrix-sdk-crypto";
const DELETE_MS_MAX = 30_000;

/** Rejects when the homeserver cannot be told: its backup has the sessions still, and it is to be asked again. */
export async function forgetRoom(forgetting: Forgetting, room: string): Promise<null> {
  const { client, machine, store, keys } = forgetting;
  store.forget(room);
  await dropSessions(forgetting, room);
  await keys.clean();
  const version = await machine.getActiveSessionBackupVersion();
  if (version === null) return null;
  const path = `/room_keys/keys/${encodeURIComponent(room)}`;
  await call(client, { method: "DELETE", path, query: { version }, timeoutMs: DELETE_MS_MAX });
  return null;
}

/**
 * The library has no way to forget a room, and hashes every key under a secret of its own: so it is asked for sessions
 * that nobody has, and where it looks for those is where the room's others are.
 */
async function dropSessions(forgetting: Forgetting, room: string): Promise<void> {
  const { machine, keys } = forgetting;
  const looks = [await lookFor(forgetting, room, 0), await lookFor(forgetting, room, 1)] as const;
  const again = await lookFor(forgetting, room, 0);
  const discarded = await keys.keysOf(() => machine.forceDiscardSession(room));
  const database = await opened(keys.factory.open(DATABASE));
  try {
    for (const name of BY_ROOM) {
      if (!database.objectStoreNames.contains(name)) continue;
      for (const room of roomIn(looks[0].get(name), looks[1].get(name), again.get(name)))
        await removed(database, name, IDBKeyRange.bound(`${room}\u001d`, `${room}\u001e`));
    }
    for (const key of discarded.get(OF_ROOM) ?? []) await removed(database, OF_ROOM, IDBKeyRange.only(key));
  } finally {
    database.close();
  }
}

const lookFor = ({ machine, keys, makeEvent }: Forgetting, room: string, session: number): Promise<Looked> =>
  // It is not found, which is what was wanted.
  keys.keysOf(() => machine.decryptEvent(makeEvent(unheardOf(room, session))).catch(() => null));

type Looked = ReadonlyMap<string, readonly unknown[]>;

/**
 * The hash of the room. Others may be read meanwhile: it is the one under which one session was looked for in the first
 * and the third look alone, and another in the second alone.
 */
export function roomIn(first: Keys, second: Keys, third: Keys): readonly string[] {
  const [one, two, three] = [first, second, third].map((keys) => new Set((keys ?? []).map(String)));
  const roomOf = (key: string): string => key.slice(0, key.indexOf("\u001d"));
  const odd = [...(one ?? [])].filter((key) => three?.has(key) === true && two?.has(key) !== true).map(roomOf);
  const even = [...(two ?? [])].filter((key) => one?.has(key) !== true && three?.has(key) !== true).map(roomOf);
  return [...new Set(odd)].filter((room) => room !== "" && even.includes(room));
}
type Keys = readonly unknown[] | undefined;

/** A well-formed message of a session that there is not (Megolm, version 3: index 0, 16 bytes, MAC, signature). */
function unheardOf(room: string, session: number): RawEvent {
  const message = Buffer.concat([Buffer.from([3, 8, 0, 0x12, 16]), Buffer.alloc(16 + 8 + 64)]);
  const content = {
    algorithm: "m.megolm.v1.aes-sha2",
    session_id: Buffer.alloc(32, session).toString("base64").replace(/=+$/, ""),
    ciphertext: message.toString("base64").replace(/=+$/, ""),
  };
  const about = { event_id: "$none", sender: "@nobody:invalid", origin_server_ts: 0, room_id: room };
  return { type: "m.room.encrypted", content, ...about };
}

function opened(request: IDBOpenDBRequest): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as IDBDatabase);
    request.onerror = () => reject(request.error);
  });
}

function removed(database: IDBDatabase, name: string, range: IDBKeyRange): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, "readwrite");
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.objectStore(name).delete(range);
  });
}
