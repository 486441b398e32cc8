/**
 * Load for the straw-man and the product: frames over one WebSocket in, events over another one out. The process that
 * stamps a frame is the one that sees its event, and never the one that is measured.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { quantile } from "./case.ts";
import { frameOf, ROOMS, roomName } from "./frame.ts";
import { cpuMsOf, rssOf } from "./process.ts";

/** Frames under way in closed loop. */
const WINDOW = 256;
/** Frames under way in open loop before the sender waits all the same: the server has collapsed. */
const BACKLOG_MAX = 5000;
const SETTLE_MS = 10_000;
const PUMP_MS_MAX = 120_000;

export type Server = "strawman" | "product";
export type Measured = {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Frames without an event, five seconds after the last one. */
  readonly lost: number;
  readonly rssMb: number;
  /** Processor time of the server for one frame, microseconds. */
  readonly cpuUs: number;
};
type Doors = { readonly feed: string; readonly events: string; readonly token: string | null };
type Pace = {
  /** Frames a second whatever comes back, or as many as a window of frames under way allows. */
  readonly rate: number | "max";
  /** Frames at full speed before anything counts: the compiler needs thousands. */
  readonly warmUp: number;
  readonly frames: number;
};

async function opened(address: string, token: string | null = null): Promise<WebSocket> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(address, { headers, perMessageDeflate: false });
  await once(socket, "open");
  return socket;
}

/**
 * Events name the conversation and not the frame, so each room's events belong to its frames in their order. Which
 * conversation a room is shows in the first round, where one frame at a time is under way.
 */
class Latencies {
  readonly ms: number[] = [];
  readonly #sent = new Map<string, number[]>();
  readonly #rooms = new Map<string, string>();
  #first: string | null = null;
  received = 0;
  underWay = 0;

  sent(room: string, isFirst: boolean): void {
    if (isFirst) this.#first = room;
    const stamps = this.#sent.get(room) ?? [];
    stamps.push(performance.now());
    this.#sent.set(room, stamps);
    this.underWay++;
  }

  came(conversation: string): void {
    const room = this.#rooms.get(conversation) ?? this.#first;
    if (room === null) return;
    this.#rooms.set(conversation, room);
    const stamp = this.#sent.get(room)?.shift();
    if (stamp === undefined) return;
    this.underWay--;
    this.received++;
    this.ms.push(performance.now() - stamp);
  }
}

let frames = 0;

/** Sends so many frames and waits for the events of all. Answers how many a second came back. */
async function pump(feeder: WebSocket, latencies: Latencies, rate: Pace["rate"], count: number): Promise<number> {
  const from = performance.now();
  const elapsed = (): number => performance.now() - from;
  const most = rate === "max" ? WINDOW : BACKLOG_MAX;
  for (let sent = 0; sent < count && elapsed() < PUMP_MS_MAX; ) {
    const due = rate === "max" ? count : Math.min(count, (elapsed() * rate) / 1000);
    for (; sent < due && latencies.underWay < most; sent++) {
      const n = frames++;
      latencies.sent(roomName(n), false);
      feeder.send(frameOf(n, Date.now()));
    }
    await (rate === "max" || rate > 900 ? nextTurn() : sleep(1));
  }
  const before = latencies.received;
  const left = latencies.underWay;
  await settled(latencies);
  return ((count - left + latencies.received - before) / elapsed()) * 1000;
}

/** One after the other, so that each conversation shows which room it is. */
async function meet(feeder: WebSocket, latencies: Latencies): Promise<void> {
  for (let i = 0; i < ROOMS; i++) {
    const n = frames++;
    latencies.sent(roomName(n), true);
    feeder.send(frameOf(n, Date.now()));
    await settled(latencies);
  }
}

async function settled(latencies: Latencies): Promise<void> {
  for (const from = performance.now(); latencies.underWay > 0 && performance.now() - from < SETTLE_MS; ) await sleep(1);
}

/** One server, warmed up, at one pace. */
export async function measure(server: Server, dir: string, pace: Pace): Promise<Measured> {
  const home = mkdtempSync(join(dir, `${server}-`));
  const child: ChildProcess = fork(
    new URL(`./${server}.ts`, import.meta.url),
    [server === "strawman" ? join(home, "ceiling.db") : home],
    { stdio: ["ignore", "inherit", "inherit", "ipc"] },
  );
  try {
    const [doors] = (await once(child, "message")) as [Doors];
    const [subscriber, feeder] = [await opened(doors.events, doors.token), await opened(doors.feed)];
    const latencies = new Latencies();
    subscriber.on("message", (raw) => {
      const text = String(raw);
      if (!text.includes('"message.received"')) return;
      latencies.came((JSON.parse(text) as { readonly conversation: string }).conversation);
    });
    await meet(feeder, latencies);
    await pump(feeder, latencies, "max", pace.warmUp);
    latencies.ms.length = 0;
    const pid = child.pid ?? 0;
    const cpu = cpuMsOf(pid);
    const perSecond = await pump(feeder, latencies, pace.rate, pace.frames);
    const cpuUs = ((cpuMsOf(pid) - cpu) / pace.frames) * 1000;
    const rssMb = rssOf(pid);
    subscriber.terminate();
    feeder.terminate();
    const { ms, underWay } = latencies;
    return { perSecond, p50: quantile(ms, 0.5), p99: quantile(ms, 0.99), lost: underWay, rssMb, cpuUs };
  } finally {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    rmSync(home, { recursive: true, force: true });
  }
}
