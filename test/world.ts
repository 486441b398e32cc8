/**
 * A whole Lazaret in a temporary home: real SQLite, real sodium, real worker threads, the console,
 * and a clock turned by hand.
 */
import { readFileSync } from "node:fs";
import { ConsoleConnector } from "../connectors/console.ts";
import { loadPolicy } from "../policy/load.ts";
import type { AgentDriver } from "../src/core/agent.ts";
import type { AttachmentReader } from "../src/core/attachment.ts";
import { BACKGROUND, INTERACTIVE } from "../src/core/budget.ts";
import type { HttpPort } from "../src/core/http.ts";
import { TTL_DEFAULT_MS } from "../src/core/limits.ts";
import type { ModelPort } from "../src/core/model.ts";
import type { Operation } from "../src/core/outbox.ts";
import type { Clock, TransformRunner } from "../src/core/ports.ts";
import type { WallPort } from "../src/core/wall.ts";
import { nextByCron } from "../src/edge/cron.ts";
import { WorkerRunner } from "../src/edge/worker-runner.ts";
import { bootstrap } from "../src/gateway/bootstrap.ts";
import { buildGateway, type Gateway } from "../src/gateway/gateway.ts";
import { HookOutbox } from "../src/gateway/hooks.ts";
import type { Powers, Settings } from "../src/gateway/powers.ts";
import { hashing } from "../src/store/hashing.ts";
import type { HomeStore } from "../src/store/store.ts";
import { TRANSFORMS } from "../transforms/index.ts";
import { random, type TestHome, testHome } from "./store-home.ts";

const packs = (...names: readonly string[]) =>
  names.map((name) => ({
    name: `${name}.yaml`,
    text: readFileSync(new URL(`../policy/packs/${name}.yaml`, import.meta.url), "utf8"),
  }));

/** Shipped packs by name, and others as they are. */
export function policyOf(...named: readonly (string | { readonly name: string; readonly text: string })[]) {
  const shipped = named.filter((it) => typeof it === "string");
  const own = named.filter((it) => typeof it !== "string");
  const loading = loadPolicy([...packs("base", ...shipped), ...own]);
  if (!loading.ok) throw new Error(JSON.stringify(loading.errors));
  return loading.policy;
}

const SETTINGS: Settings = {
  tenant: "default",
  timezone: "Europe/Vienna",
  language: "en",
  agent: "butler",
  ttlMs: TTL_DEFAULT_MS,
  interactive: INTERACTIVE,
  background: BACKGROUND,
  fourEyes: false,
  keywords: [],
  linkDomains: [],
  senderEventsPerMinute: 120,
};

/** Deadlines of threads need time that passes by itself; everything else goes by the clock that the test turns. */
export const WALL: Clock = {
  now: () => Date.now(),
  at: (at, wake) => {
    const timer = setTimeout(wake, Math.max(0, at - Date.now()));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
let shared: WorkerRunner | null = null;
/** Threads take a while to start, so the tests of one file share them. */
export const threads = (): WorkerRunner => {
  shared ??= new WorkerRunner({ entry: new URL("../src/worker.ts", import.meta.url), clock: WALL });
  return shared;
};

export type World = {
  readonly home: TestHome;
  readonly store: HomeStore;
  readonly gateway: Gateway;
  readonly powers: Powers;
  readonly console: ConsoleConnector;
  /** What the console showed. */
  readonly said: string[];
  readonly shown: Operation[];
  /** Types a line and waits until everything it caused has come to rest. */
  type(line: string): Promise<void>;
  rest(): Promise<void>;
  close(): Promise<void>;
};

export type WorldOptions = {
  readonly home?: TestHome;
  readonly drivers: readonly AgentDriver[];
  readonly settings?: Partial<Settings>;
  readonly packs?: readonly string[];
  readonly transforms?: TransformRunner;
  readonly http?: HttpPort;
  readonly wall?: WallPort;
  readonly models?: ModelPort;
  readonly files?: AttachmentReader;
};

/** Waits, turn by turn of the event loop, until something is so. The test's own timeout ends it. */
export async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise<void>((resolve) => setImmediate(resolve));
}

export async function world(options: WorldOptions): Promise<World> {
  const home = options.home ?? testHome();
  const store = await home.open();
  const { clock } = home;
  const powers: Powers = {
    store,
    clock,
    random,
    hashing,
    transforms: options.transforms ?? threads(),
    drivers: options.drivers,
    nextLocal: nextByCron,
    ...(options.http === undefined ? {} : { http: options.http }),
    ...(options.wall === undefined ? {} : { wall: options.wall }),
    ...(options.models === undefined ? {} : { models: options.models }),
    ...(options.files === undefined ? {} : { files: options.files }),
    settings: { ...SETTINGS, ...options.settings },
    log: () => {},
    connectors: new Map(),
    bell: { ring: () => {} },
    news: new Set(),
    policy: { current: policyOf(...(options.packs ?? ["chat-mode"])) },
  };
  const gateway = buildGateway(powers, TRANSFORMS);
  const console = { id: "console", kind: "console", assurance: "medium", secret: null, settings: {} } as const;
  await bootstrap(powers, { channels: [console], people: [], conversations: [] });
  const connector = new ConsoleConnector({ tenant: "default", channel: "console" }, { clock, random });
  const shown: Operation[] = [];
  const said: string[] = [];
  connector.attach((operation) => {
    shown.push(operation);
    if ("text" in operation) said.push(operation.text);
  });
  await gateway.supervisor.connect(connector, new HookOutbox(powers, "console"));
  await gateway.supervisor.recover();
  const rest = (): Promise<void> => gateway.supervisor.idle();
  return {
    home,
    store,
    gateway,
    powers,
    console: connector,
    said,
    shown,
    rest,
    type: async (line) => {
      await connector.submit(line);
      await rest();
    },
    close: async () => {
      await gateway.drives.close({ aborted: false, addEventListener: () => {}, removeEventListener: () => {} });
      await gateway.supervisor.close();
      await store.close();
    },
  };
}
