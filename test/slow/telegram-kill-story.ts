/** A child of telegram-kill.slow.test.ts: a daemon's store and gateway behind a Telegram bot, until it is killed. */
import { join } from "node:path";
import { butler } from "../../src/agents/butler.ts";
import { startDaemon } from "../../src/daemon.ts";
import { systemRandom, systemRequest, wallClock } from "../../src/powers.ts";
import { openStore } from "../../src/store/open.ts";
import { configOf } from "../config-reading.ts";

const [dir = "", root = "", token = ""] = process.argv.slice(2);
const store = await openStore({
  dataDir: join(dir, "data"),
  keysDir: join(dir, "keys"),
  clock: wallClock,
  random: systemRandom,
  unlock: { kind: "file" },
  tenant: "default",
  create: true,
});
const daemon = await startDaemon({
  store,
  config: configOf("limits: { sender_events_per_minute: 100000 }"),
  clock: wallClock,
  random: systemRandom,
  request: systemRequest,
  log: () => {},
  worker: new URL("../../src/worker.ts", import.meta.url),
  drivers: [butler],
  version: "test",
  home: join(dir, "data"),
  hashPin: async (pin) => pin,
  checkPin: async () => true,
  doctor: async () => [],
  exportLedger: (file) => store.exportLedger(file),
  http: () => null,
  stop: () => {},
});
const { owner } = daemon.surface;
const known = (await owner["channel.list"]({})).channels.some(({ name }) => name === "telegram");
if (!known) await owner["channel.add"]({ name: "telegram", kind: "telegram", secret: token, settings: { root } });
const group = { conversation: "-1001", channel: "telegram", alias: "hiking", members_all: true } as const;
if (!(await owner["conversation.list"]({})).conversations.some(({ alias }) => alias === "hiking")) {
  await owner["conversation.allow"](group);
  await owner["conversation.context"]({ conversation: "hiking", context: "everyone" });
}
// Whoever reads knows that the home is set up, and kills when it likes.
process.stdout.write("up\n");
