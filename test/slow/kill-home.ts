/** One home and the whole daemon on it, in this process: for stories that are cut off anywhere and taken up again. */
import { createHmac } from "node:crypto";
import { chmodSync, cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConsoleConnector } from "../../connectors/console.ts";
import type { AgentDriver } from "../../src/core/agent.ts";
import type { Operation } from "../../src/core/outbox.ts";
import type { TransformRunner } from "../../src/core/ports.ts";
import { type Daemon, startDaemon } from "../../src/daemon.ts";
import type { HookReply } from "../../src/gateway/surface.ts";
import type { Probe } from "../../src/store/db.ts";
import { openStore } from "../../src/store/open.ts";
import type { HomeStore } from "../../src/store/store.ts";
import { runTransform } from "../../transforms/harness.ts";
import { lexiconFrom } from "../../transforms/text/lexicon.ts";
import { configOf } from "../config-reading.ts";
import { signed } from "../contract/hook.ts";
import { type HandClock, random } from "../store-home.ts";

export const SECRET = "hook-secret-of-the-story-0123456789abcdef";
const CONFIG = `timezone: Europe/Vienna
channels:
  - { name: alerts, kind: webhook, secret: hook-alerts, assurance: medium }
conversations:
  - { alias: ops, channel: alerts, room: "room-1", context: everyone }
people:
  - { role: member, id: "alerts:ana" }
`;

const WORDS = "a and book bring by call can could for great i is it of on please some the to we will with you";
const LEXICON = lexiconFrom({ words: WORDS.replaceAll(" ", "\n"), names: "ana\nben\nzoe" });
const hmac = (key: Uint8Array, text: string): string => createHmac("sha256", key).update(text, "utf8").digest("hex");

/** The built-in transforms on this thread: what is swept here is what is durable, not how threads start. */
const here: TransformRunner = {
  run: async (call) => runTransform(call, LEXICON, hmac),
  warm: () => {},
  close: async () => {},
};

export type Lazaret = {
  readonly store: HomeStore;
  readonly daemon: Daemon;
  post(body: Record<string, unknown>): Promise<HookReply>;
  /** What waits for the webhook's reader, and its acknowledgement. */
  fetch(): Promise<readonly { readonly seq: number; readonly id: string; readonly text: string }[]>;
  ack(upto: number): Promise<void>;
  /** Sits down at the console: every operation that is shown there is handed to `hear`. */
  attach(hear: (operation: Operation) => void): void;
  rest(): Promise<void>;
};

const pathsIn = (dir: string) => ({ dataDir: join(dir, "data"), keysDir: join(dir, "keys") });

export const optionsFor = (dir: string, clock: HandClock, probe?: Probe) => ({
  ...pathsIn(dir),
  clock,
  random,
  unlock: { kind: "file" } as const,
  tenant: "default",
  ...(probe === undefined ? {} : { probe }),
});

/** Starts the daemon on an open store, as `serve` does. */
export async function lazaretOn(
  store: HomeStore,
  dir: string,
  clock: HandClock,
  drivers?: readonly AgentDriver[],
): Promise<Lazaret> {
  const daemon = await startDaemon({
    store,
    config: configOf(CONFIG),
    clock,
    random,
    log: () => {},
    worker: new URL("../../src/worker.ts", import.meta.url),
    transforms: here,
    ...(drivers === undefined ? {} : { drivers }),
    version: "0",
    home: dir,
    hashPin: async (pin) => `pin ${pin}`,
    checkPin: async (pin, hash) => hash === `pin ${pin}`,
    doctor: async () => [],
    exportLedger: async (file) => {
      writeFileSync(file, "");
      return { entries: 0, bytes: 0 };
    },
    http: () => null,
    request: () => Promise.reject(new Error("no network here")),
    stop: () => {},
  });
  const { surface, gateway } = daemon;
  const stop = { aborted: false, addEventListener: () => {}, removeEventListener: () => {} };
  const seconds = (): number => Math.floor(clock.now() / 1000);
  const secret = Buffer.from(SECRET);
  const hook = (method: "POST" | "GET", path: string, raw: Buffer): Promise<HookReply> => {
    const signature = signed(method === "POST" ? raw : Buffer.from(path), seconds(), secret);
    return surface.hook("alerts", method, path, signature as Record<string, string>, raw, stop);
  };
  return {
    store,
    daemon,
    post: (body) =>
      hook("POST", "/hooks/alerts", Buffer.from(JSON.stringify({ conversation: "room-1", sender: "ana", ...body }))),
    fetch: async () => {
      const { body } = await hook("GET", "/hooks/alerts/outbox?after=0", Buffer.alloc(0));
      return (body as { items: { seq: number; id: string; text: string }[] }).items;
    },
    ack: async (upto) => {
      await hook("POST", "/hooks/alerts/outbox/ack", Buffer.from(JSON.stringify({ upto })));
    },
    attach: (hear) => {
      const line = daemon.powers.connectors.get("console");
      if (!(line instanceof ConsoleConnector)) throw new Error("no console");
      line.attach(hear);
      gateway.supervisor.attached("console");
    },
    rest: () => gateway.supervisor.idle(),
  };
}

export async function openLazaret(
  dir: string,
  clock: HandClock,
  probe?: Probe,
  drivers?: readonly AgentDriver[],
): Promise<Lazaret> {
  return lazaretOn(await openStore({ ...optionsFor(dir, clock, probe), create: true }), dir, clock, drivers);
}

/** What of an installation is there, closed to others as it was. */
export function copyHome(from: string, to: string, parts: readonly string[]): void {
  for (const part of parts.filter((it) => existsSync(join(from, it)))) {
    cpSync(join(from, part), join(to, part), { recursive: true });
    chmodSync(join(to, part), 0o700);
  }
}
