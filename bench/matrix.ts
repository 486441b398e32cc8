/**
 * `node bench/matrix.ts [--messages N] [--rooms N] [--sessions N]`: an account on a real Synapse, beside whom nothing
 * else should run. Prints one JSON object: milliseconds, and resident memory of the account's process in MB.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { until } from "../test/matrix/person.ts";
import { SoakTown } from "../test/matrix/soak-town.ts";
import { RealHome } from "../test/real-lazaret.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "20" },
    rooms: { type: "string", default: "0" },
    sessions: { type: "string", default: "1000" },
  },
});
const [messages, rooms, sessions] = [values.messages, values.rooms, values.sessions].map(Number) as [
  number,
  number,
  number,
];

const sorted = (all: readonly number[]): readonly number[] => [...all].sort((a, b) => a - b);
const at = (all: readonly number[], part: number): number =>
  Math.round(sorted(all)[Math.min(all.length - 1, Math.floor(all.length * part))] ?? 0);

/** Resident memory of a process, MB (Linux). */
function memory(pid: number): number {
  const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  return Math.round(kib / 1024);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return Math.round(performance.now() - begun);
}

/** So many encrypted sessions made, and a process that opens them again. */
const STORE = `
const { installIndexedDb } = await import(process.argv[1]);
const opened = installIndexedDb({ file: process.argv[2], onFault: (error) => { throw error; } });
const wasm = await import(process.argv[3]);
await wasm.initAsync();
const begun = performance.now();
const store = await wasm.StoreHandle.openWithKey("x", new Uint8Array(32).fill(7));
const [user, device] = [new wasm.UserId("@bot:hs.test"), new wasm.DeviceId("DEVICE")];
const machine = await wasm.OlmMachine.initFromStore(user, device, store);
const openMs = Math.round(performance.now() - begun);
const count = Number(process.argv[4]);
const from = performance.now();
for (let at = 0; at < count; at++)
  await machine.shareRoomKey(new wasm.RoomId("!room-" + at + ":hs.test"), [], new wasm.EncryptionSettings());
const msEach = count === 0 ? 0 : Math.round((performance.now() - from) / count * 10) / 10;
console.log(JSON.stringify({ openMs, msEach, rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20) }));
machine.close();
opened.close();
`;

function cryptoStore(): object {
  const dir = mkdtempSync(join(tmpdir(), "lazaret-bench-"));
  const paths = [
    "../connectors/matrix/indexeddb/install.ts",
    "../node_modules/@matrix-org/matrix-sdk-crypto-wasm/node.mjs",
  ];
  const [install = "", wasm = ""] = paths.map((path) => new URL(path, import.meta.url).href);
  const run = (count: number): { openMs: number; msEach: number; rssMb: number } => {
    const args = ["--input-type=module", "-e", STORE, install, join(dir, "crypto.db"), wasm, String(count)];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as ReturnType<typeof run>;
  };
  const filled = run(sessions);
  const again = run(0);
  rmSync(dir, { recursive: true });
  return {
    sessions,
    firstOpenMs: filled.openMs,
    newSessionMs: filled.msEach,
    openMs: again.openMs,
    rssMb: again.rssMb,
  };
}

/** Rooms to which the bot is invited, ten at a time; done when it is in all of them. */
async function fill({ server, bot }: SoakTown["town"], token: string): Promise<void> {
  const v3 = "/_matrix/client/v3";
  const made: string[] = [];
  for (let one = 0; one < rooms; one += 10) {
    const some = Array.from({ length: Math.min(10, rooms - one) }, (_, at) =>
      server.api<{ room_id: string }>(
        "POST",
        `${v3}/createRoom`,
        { preset: "private_chat", invite: [bot.user], name: `room ${one + at}` },
        token,
      ),
    );
    made.push(...(await Promise.all(some)).map(({ room_id }) => room_id));
  }
  for (const room of made)
    await until(async () => {
      const path = `${v3}/rooms/${encodeURIComponent(room)}/joined_members`;
      return bot.user in (await server.api<{ joined: object }>("GET", path, undefined, token)).joined;
    });
}

/** What a daemon without Matrix has of it: processes, and files of the SDK in its memory. */
async function unused(): Promise<object> {
  using home = new RealHome();
  await using daemon = await home.up();
  const { pid } = daemon;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const open = readFileSync(`/proc/${pid}/maps`, "utf8").match(/matrix/g) ?? [];
  return { processes: children === "" ? 0 : children.split(" ").length, mapped: open.length, rssMb: memory(pid) };
}

const store = cryptoStore();
const notConfigured = await unused();
const soak = await SoakTown.found();
try {
  const { town, alice } = soak;
  const rss = (): number => Math.max(...soak.accounts().map(memory));
  const replies: number[] = [];
  for (let one = 0; one < messages; one++) {
    await soak.ask();
    replies.push(await timed(() => soak.answered()));
  }
  const inboundToReply = { messages, p50Ms: at(replies, 0.5), p95Ms: at(replies, 0.95) };
  const before = rss();
  await fill(town, alice.client.getAccessToken() ?? "");
  const restart = await timed(async () => {
    await town.restart();
    await town.live();
  });
  const account = { rssMb: before, rooms: rooms + 2, afterRestartRssMb: rss(), restartToLiveMs: restart };
  console.log(JSON.stringify({ notConfigured, cryptoStore: store, inboundToReply, account }, null, 2));
} finally {
  await soak[Symbol.asyncDispose]();
}
