/**
 * Writes into a crypto store until it is killed at its n-th commit. `node indexeddb-story.ts FILE HOW AT
 * before|after`
 */

import type { IDBDatabase } from "../../connectors/matrix/indexeddb/database.ts";
import type { IDBFactory } from "../../connectors/matrix/indexeddb/factory.ts";
import { installIndexedDb } from "../../connectors/matrix/indexeddb/install.ts";
import { openDatabase } from "../../connectors/matrix/sqlite.ts";

const [, , file = "", how = "", at = "0", side = ""] = process.argv;
const SHARES = 12;
const ROUNDS = 12;
const say = (what: object): void => {
  process.stdout.write(`${JSON.stringify(what)}\n`);
};

/** Every connection of this process commits through here. */
let commits = 0;
const connection = openDatabase(":memory:");
const prototype = Object.getPrototypeOf(connection) as { exec(sql: string): unknown };
const exec = prototype.exec;
prototype.exec = function (this: unknown, sql: string) {
  const isCommit = sql === "COMMIT" && ++commits === Number(at);
  if (isCommit && side === "before") process.kill(process.pid, "SIGKILL");
  const answer = exec.call(this, sql);
  if (isCommit) process.kill(process.pid, "SIGKILL");
  return answer;
};
connection.close();

const opened = installIndexedDb({
  file,
  onFault: (error) => {
    throw error;
  },
});
if (how === "own") await own(opened.factory);
else await sdk();
say({ commits });
opened.close();

async function own(factory: IDBFactory): Promise<void> {
  const request = factory.open("x", 1);
  request.onupgradeneeded = () => {
    const upgraded = request.result as IDBDatabase;
    upgraded.createObjectStore("a").createIndex("n", "n", { unique: true });
    upgraded.createObjectStore("b");
  };
  const database = await new Promise<IDBDatabase>((resolve) => {
    request.onsuccess = () => resolve(request.result as IDBDatabase);
  });
  for (let round = 0; round < ROUNDS; round++) {
    const transaction = database.transaction(["a", "b"], "readwrite");
    transaction.objectStore("a").put({ n: round }, round);
    transaction.objectStore("b").put(round, "latest");
    if (round > 2) transaction.objectStore("a").delete(round - 3);
    await new Promise((resolve) => {
      transaction.oncomplete = resolve;
    });
    say({ round });
  }
}

async function sdk(): Promise<void> {
  const wasm = await import("@matrix-org/matrix-sdk-crypto-wasm");
  await wasm.initAsync();
  const store = await wasm.StoreHandle.openWithKey("x", new Uint8Array(32).fill(7));
  const machine = await wasm.OlmMachine.initFromStore(
    new wasm.UserId("@bot:hs.test"),
    new wasm.DeviceId("DEVICE"),
    store,
  );
  say({ identity: machine.identityKeys.ed25519.toBase64() });
  await machine.outgoingRequests();
  for (let share = 0; share < SHARES; share++) {
    const room = new wasm.RoomId(`!room-${share}:hs.test`);
    await machine.shareRoomKey(room, [], new wasm.EncryptionSettings());
    const sealed = JSON.parse(await machine.encryptRoomEvent(room, "m.room.message", '{"body":"x"}')) as {
      session_id: string;
    };
    say({ share, session: sealed.session_id });
  }
  const exported = JSON.parse(await machine.exportRoomKeys(() => true)) as { session_id: string }[];
  say({ sessions: exported.map(({ session_id }) => session_id) });
  machine.close();
}
