/**
 * A child of store-kill.slow.test.ts: everything that is durable, told as it is acknowledged; dies at a numbered point.
 */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { join } from "node:path";
import { type ConversationId, type MessageId, newId } from "../../src/core/ids.ts";
import { openStore } from "../../src/store/open.ts";
import { restoreHome } from "../../src/store/restore.ts";
import { event, HandClock, say } from "../store-home.ts";

const [dir = "", killAt = "0"] = process.argv.slice(2);
const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
const id = <K extends Parameters<typeof newId>[0]>(kind: K) => newId<K>(kind, random.bytes(16));
const tell = (what: object): void => {
  writeSync(1, `${JSON.stringify(what)}\n`);
};

let points = 0;
const probe = (point: string): void => {
  if (++points !== Number(killAt)) return;
  tell({ point });
  process.kill(process.pid, "SIGKILL");
};

const home = { dataDir: join(dir, "data"), keysDir: join(dir, "keys") };
const options = {
  ...home,
  clock: new HandClock(),
  random,
  unlock: { kind: "file" },
  tenant: "default",
  probe,
} as const;
const [a, b] = [id("ConversationId"), id("ConversationId")];
const plan = {
  tenant: "default",
  conversations: [],
  messages: [],
  blobs: [],
  drop: [],
  put: [],
  refs: [],
  entries: [],
};

let store = await openStore({ ...options, create: true });
async function speak(conversation: ConversationId, text: string): Promise<MessageId> {
  const said = await say(store, conversation, text);
  tell({ said: text, ...said });
  return said.message;
}
const erase = async (more: { conversations?: ConversationId[]; messages?: MessageId[] }): Promise<void> => {
  await store.erase({ ...plan, ...more });
  tell({ erased: more });
};

const first = await speak(a, "first");
await speak(a, "second");
await speak(b, "third");
await store.commit({ inbox: { tenant: "default", channel: "home", cursor: "c1", events: [event(1, "in")] } });
tell({ cursor: "c1" });
await store.commit({
  put: [{ kind: "setting", id: "x", expect: null, value: { id: "x", tenant: "default", value: 1 } }],
});
tell({ setting: 1 });
tell({ checkpoint: await store.ledger.checkpoint() });
tell({ erasing: { messages: [first] } });
await erase({ messages: [first] });
await speak(a, "fourth");
// Another key file in place of the first, which is what a change of passphrase is too.
await store.rekey(null);
tell({ rekeyed: true });
await store.backup(join(dir, "backup"));
tell({ backup: true });
tell({ erasing: { conversations: [b] } });
await erase({ conversations: [b] });
tell({ checkpoint: await store.ledger.checkpoint() });
await store.close();
tell({ closed: true });
store = (await restoreHome({ ...options, backupDir: join(dir, "backup") })).store;
tell({ restored: true });
await speak(a, "fifth");
await store.close();
tell({ points });
