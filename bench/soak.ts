/**
 * `node bench/soak.ts --minutes 30`: the shipped program under mixed work for a long time. A webhook channel brings
 * material, edits, deletes and questions; answers are fetched and acknowledged; conversations are purged; the daemon is
 * restarted. Prints resident memory by the minute and its slope; ends with 1 when something is lost, doubled or left
 * open, or when memory still grows by more than its own noise.
 */
import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Daemon } from "../src/cli/client.ts";
import { ended, freePort, rssOf, startMs } from "./process.ts";
import { envIn } from "./program.ts";

const LAUNCHER = fileURLToPath(new URL("../src/launch.cjs", import.meta.url));
const CHANNEL = "soak";
const ROOMS = 8;
/** Enough of them that none meets the limit of events a minute. */
const SENDERS = 200;
const PAUSE_MS = 10;
const SAMPLE_MS = 1000;
const ASK_EVERY = 40;
const PURGE_EVERY = 400;

export type Sample = { readonly minutes: number; readonly mb: number };
export type Soaked = {
  readonly samples: readonly Sample[];
  /** Messages that got a 202. */
  readonly sent: number;
  /** Messages that the ledger says were received. */
  readonly kept: number;
  /** Intents without an outcome. */
  readonly dangling: number;
  readonly restarted: number;
};

/** Least squares over the second half, where start-up is over. `noise` is the standard error of the slope, twice. */
export function slopeOf(samples: readonly Sample[]): { readonly perMinute: number; readonly noise: number } {
  const half = samples.slice(samples.length >> 1);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(half.map(({ minutes }) => minutes)), mean(half.map(({ mb }) => mb))];
  const spread = half.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0);
  const slope = half.reduce((sum, { minutes, mb }) => sum + (minutes - x) * (mb - y), 0) / spread;
  const rest = half.reduce((sum, { minutes, mb }) => sum + (mb - y - slope * (minutes - x)) ** 2, 0);
  const noise = 2 * Math.sqrt(rest / Math.max(1, half.length - 2) / spread);
  // As a share of what the process holds, so that a limit means the same for every machine.
  return { perMinute: slope / y, noise: noise / y };
}

class Network {
  readonly #url: string;
  readonly #secret: string;
  #count = 0;
  accepted = 0;

  constructor(port: number, secret: string) {
    this.#url = `http://127.0.0.1:${port}/hooks/${CHANNEL}`;
    this.#secret = secret;
  }

  #signed(text: string): Record<string, string> {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const mac = createHmac("sha256", this.#secret).update(`${timestamp}.${text}`).digest("hex");
    return { "x-lazaret-timestamp": timestamp, "x-lazaret-signature": `v1=${mac}`, "content-type": "application/json" };
  }

  /** Delivers until it is answered: what the network did not see committed it sends again, under the same id. */
  async #deliver(event: Readonly<Record<string, unknown>>): Promise<number> {
    const body = JSON.stringify(event);
    for (;;) {
      try {
        const response = await fetch(this.#url, { method: "POST", headers: this.#signed(body), body });
        await response.body?.cancel();
        if (response.status < 500 && response.status !== 429) return response.status;
      } catch {
        // The daemon is being restarted.
      }
      await sleep(50);
    }
  }

  async message(text: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const n = this.#count++;
    const id = `m${n}`;
    const status = await this.#deliver({
      id,
      conversation: `room${n % ROOMS}`,
      sender: `u${n % SENDERS}`,
      text,
      ...more,
    });
    if (status === 202 || status === 200) this.accepted++;
    return id;
  }

  async change(kind: "edit" | "delete", target: string, conversation: string, sender: string): Promise<void> {
    const id = `c${this.#count++}`;
    await this.#deliver({ id, kind, target, conversation, sender, ...(kind === "edit" ? { text: "changed" } : {}) });
  }

  /** Fetches and acknowledges what is on its way out. */
  async drain(): Promise<void> {
    const path = `/hooks/${CHANNEL}/outbox?after=0&wait=0`;
    const origin = new URL(this.#url).origin;
    try {
      const response = await fetch(origin + path, { headers: this.#signed(path) });
      const { items = [] } = (await response.json()) as { readonly items?: readonly { readonly seq: number }[] };
      const last = items.at(-1);
      if (last === undefined) return;
      const body = JSON.stringify({ upto: last.seq });
      const ack = await fetch(`${origin}/hooks/${CHANNEL}/outbox/ack`, {
        method: "POST",
        headers: this.#signed(body),
        body,
      });
      await ack.body?.cancel();
    } catch {
      // The daemon is being restarted; what was not acknowledged comes again.
    }
  }
}

const WORDS = "the tent is in the red box and someone has to bring the cake on saturday please".split(" ");
const wordsFor = (n: number): string =>
  Array.from({ length: 8 + (n % 40) }, (_, i) => WORDS[(n + i * 7) % WORDS.length]).join(" ");

function configFor(port: number): string {
  const rooms = Array.from(
    { length: ROOMS },
    (_, n) => `  - { alias: room${n}, channel: ${CHANNEL}, room: "room${n}", context: everyone }`,
  );
  return [
    `listen: { port: ${port} }`,
    "timezone: Europe/Vienna",
    "channels:",
    "  - { name: console, kind: console }",
    `  - { name: ${CHANNEL}, kind: webhook, secret: soak-hook }`,
    "conversations:",
    ...rooms,
    "people:",
    `  - { role: member, id: "${CHANNEL}:u1" }`,
    "",
  ].join("\n");
}

/** One round of work: mostly material, now and then a question, a change or a purge. */
async function work(network: Network, daemon: Daemon, n: number): Promise<void> {
  const asks = n % ASK_EVERY === 0;
  const id = asks
    ? await network.message("what did I miss?", { sender: "u1", addressed: true })
    : await network.message(wordsFor(n));
  const [room, sender] = [`room${n % ROOMS}`, `u${n % SENDERS}`];
  if (n % 25 === 5) await network.change("edit", id, room, sender);
  if (n % 25 === 15) await network.change("delete", id, room, sender);
  if (n % 10 === 0) await network.drain();
  if (n % PURGE_EVERY === PURGE_EVERY - 1) {
    const before = Date.now() - 60_000;
    await daemon.ask("purge", { scope: { by: "before", time: before } });
  }
}

/** Until no request is open and everything that was said has been fetched. */
async function rest(daemon: Daemon, network: Network): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    await sleep(SAMPLE_MS);
    await network.drain();
    const { runs, store } = await daemon.ask("status", {});
    if (runs.active + runs.queued + store.inbox === 0) break;
  }
  await network.drain();
}

async function evidence(daemon: Daemon): Promise<{ readonly kept: number; readonly dangling: number }> {
  let kept = 0;
  for (let after = 0; ; ) {
    const { entries } = await daemon.ask("ledger.entries", { after, type: "message.received", limit: 1000 });
    const last = entries.at(-1);
    if (last === undefined) break;
    kept += entries.filter(({ body }) => JSON.stringify(body).includes("conv_")).length;
    after = last.seq;
  }
  const report = await daemon.ask("ledger.verify", {});
  return { kept, dangling: report.dangling.length };
}

export type Plan = {
  readonly seconds: number;
  readonly restarts: number;
  /** What the compiler and the collector may hold: with little room memory comes to rest in less than a minute. */
  readonly heapMb?: number;
};

export async function soak(plan: Plan): Promise<Soaked> {
  const dir = mkdtempSync(join(tmpdir(), "lazaret-soak-"));
  const home = join(dir, "home");
  const port = await freePort();
  const secret = randomBytes(32).toString("hex");
  const command = [process.execPath, LAUNCHER, "--home", home, "up"] as const;
  const daemon = new Daemon(join(home, "lazaret.sock"));
  const flags = plan.heapMb === undefined ? "" : `--max-old-space-size=${plan.heapMb} --max-semi-space-size=2`;
  const begin = async () => (await startMs(command, { ...envIn(dir), NODE_OPTIONS: flags }, "is up")).child;
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "config.yaml"), configFor(port), { mode: 0o600 });
  let child = await begin();
  try {
    await daemon.ask("secrets.set", { name: "soak-hook", value: secret });
    await ended(child);
    child = await begin();
    const network = new Network(port, secret);
    const samples: Sample[] = [];
    const from = performance.now();
    let [sampled, restarted] = [0, 0];
    for (let n = 0; performance.now() - from < plan.seconds * 1000; n++) {
      await work(network, daemon, n);
      await sleep(PAUSE_MS);
      const elapsed = performance.now() - from;
      if (elapsed - sampled >= SAMPLE_MS) {
        sampled = elapsed;
        samples.push({ minutes: elapsed / 60_000, mb: rssOf(child.pid ?? 0) });
      }
      // Early, so that the second half is one life of the process.
      if (elapsed > ((restarted + 1) * plan.seconds * 250) / (plan.restarts + 1) && restarted < plan.restarts) {
        await ended(child);
        child = await begin();
        restarted++;
      }
    }
    await rest(daemon, network);
    return { samples, sent: network.accepted, ...(await evidence(daemon)), restarted };
  } finally {
    await ended(child);
    rmSync(dir, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: "string", default: "30" } } });
  const { samples, ...counts } = await soak({ seconds: Number(values.minutes) * 60, restarts: 3 });
  for (let at = 0; at < samples.length; at += 60) {
    const sample = samples[at];
    if (sample !== undefined) console.log(`${sample.minutes.toFixed(1).padStart(6)} min  ${sample.mb.toFixed(1)} MB`);
  }
  const { perMinute, noise } = slopeOf(samples);
  console.log(`slope ${(perMinute * 100).toFixed(3)} % a minute, noise ${(noise * 100).toFixed(3)} %`, counts);
  const isWhole = counts.sent === counts.kept && counts.dangling === 0;
  process.exitCode = isWhole && perMinute <= noise ? 0 : 1;
}

if (import.meta.main) await main();
