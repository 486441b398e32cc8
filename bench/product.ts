/**
 * The product, fed through a connector of its own over the same WebSocket frames as the straw-man: intake, activation,
 * sealing, ledger, control plane, events to a subscriber with a token. Forked by load.ts with a home's directory.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { WebSocketServer } from "ws";
import { startControl } from "../src/control/server.ts";
import { BACKGROUND, INTERACTIVE } from "../src/core/budget.ts";
import { DAY_MS } from "../src/core/limits.ts";
import type { InboundEvent } from "../src/core/message.ts";
import type { Connector, ConnectorBatch } from "../src/core/ports.ts";
import { bootstrap } from "../src/gateway/bootstrap.ts";
import { frontOf } from "../src/gateway/front.ts";
import { buildGateway } from "../src/gateway/gateway.ts";
import { HookOutbox } from "../src/gateway/hooks.ts";
import type { Outside } from "../src/gateway/outside.ts";
import type { Powers } from "../src/gateway/powers.ts";
import { systemRandom, wallClock } from "../src/powers.ts";
import { compilePolicy } from "../src/rules.ts";
import { hashing } from "../src/store/hashing.ts";
import { openStore } from "../src/store/open.ts";
import { TRANSFORMS } from "../transforms/index.ts";
import { Frame, ROOMS, roomName } from "./frame.ts";

const CHANNEL = "bench";
const [dir = ""] = process.argv.slice(2);
mkdirSync(join(dir, "run"), { recursive: true, mode: 0o700 });

/** Everything that waits is one batch; pulling the next one acknowledges it. */
class BenchConnector implements Connector {
  readonly channel = CHANNEL;
  readonly kind = "webhook";
  readonly abilities = {
    kinds: ["message"],
    operations: [],
    textUnitsMax: 4000,
    threads: false,
    idempotency: "none",
    limits: [],
    transport: "local",
    buttons: false,
  } as const;
  #waiting: InboundEvent[] = [];
  #wake: () => void = () => {};
  #isClosed = false;

  take(raw: string): void {
    this.#waiting.push(eventOf(Frame.parse(JSON.parse(raw))));
    this.#wake();
  }

  async *open(): AsyncGenerator<ConnectorBatch> {
    for (let n = 0; !this.#isClosed; ) {
      if (this.#waiting.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
      const events = this.#waiting;
      this.#waiting = [];
      n += events.length;
      if (events.length > 0) yield { cursor: String(n), events };
    }
  }

  async send() {
    return { is: "not-sent", code: "network", retryAfterMs: null } as never;
  }

  health() {
    return { state: "live", code: null } as const;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
  }
}

function eventOf({ id, room, sender, at, body }: Frame): InboundEvent {
  return {
    envelope: {
      tenant: "default",
      channel: CHANNEL,
      delivery_id: id,
      event_id: id,
      kind: "message",
      conversation: room,
      conversation_kind: "group",
      sender: { id: sender, kind: "person" },
      sent_at: at,
      received_at: wallClock.now(),
      addressed: { how: "none" },
      content: { bytes: body.length, media: [] },
      trust: { transport: "transport", verified: "platform", flags: [] },
    },
    content: { text: body, sender_name: sender.slice(1, 4) },
  };
}

const store = await openStore({
  dataDir: join(dir, "data"),
  keysDir: join(dir, "keys"),
  clock: wallClock,
  random: systemRandom,
  unlock: { kind: "file" },
  tenant: "default",
  create: true,
});
const powers: Powers = {
  store,
  clock: wallClock,
  random: systemRandom,
  hashing,
  transforms: {
    run: () => Promise.reject(new Error("no transform is measured here")),
    warm: () => {},
    close: async () => {},
  },
  drivers: [],
  settings: {
    tenant: "default",
    timezone: "UTC",
    language: "en",
    agent: "butler",
    ttlMs: 7 * DAY_MS,
    interactive: INTERACTIVE,
    background: BACKGROUND,
    // What is measured is how fast, not how much a day allows.
    pools: { steps: Number.MAX_SAFE_INTEGER, tokens: 0, cost_micros: 0 },
    fourEyes: false,
    keywords: [],
    linkDomains: [],
    senderEventsPerMinute: Number.MAX_SAFE_INTEGER,
  },
  log: (event, fields) => console.error(event, JSON.stringify(fields)),
  connectors: new Map(),
  bell: { ring: () => {} },
  news: new Set(),
  policy: { current: compilePolicy(["chat-mode"], []) },
};
const gateway = buildGateway(powers, TRANSFORMS);
const settings = { assurance: "low", secret: null, settings: {} } as const;
await bootstrap(powers, {
  channels: [
    { id: "console", kind: "console", ...settings },
    { id: CHANNEL, kind: "webhook", ...settings },
  ],
  people: [],
  conversations: Array.from({ length: ROOMS }, (_, n) => ({
    channel: CHANNEL,
    platform: roomName(n),
    alias: `room${n}`,
    context: "everyone" as const,
    ttlMs: null,
  })),
});
const unused = (): never => {
  throw new Error("not part of what is measured");
};
const outside: Outside = {
  version: "bench",
  home: dir,
  startedAt: wallClock.now(),
  http: () => null,
  connect: unused,
  introduce: unused,
  readsAll: unused,
  submit: unused,
  doctor: unused,
  backup: unused,
  exportLedger: unused,
  seal: unused,
  keys: { rekey: unused, recovery: unused, check: unused },
  hashPin: unused,
  checkPin: unused,
  compilePolicy: unused,
  packs: () => [],
  notes: () => [],
  stop: () => {},
};
const surface = frontOf(gateway, outside, { listen: unused, consoleChannel: "console", hookDoor: () => null });
const connector = new BenchConnector();
await gateway.supervisor.connect(connector, new HookOutbox(powers, CHANNEL));
await gateway.supervisor.recover();
const control = await startControl({
  surface,
  socketPath: join(dir, "run", "lazaret.sock"),
  port: 0,
  clock: wallClock,
  random: systemRandom,
  uid: process.getuid?.() ?? null,
  fault: (where, error) => console.error(where, error),
});
const { token } = await surface.owner["token.create"]({
  name: "bench",
  scopes: ["operator"],
  conversations: [],
  runs_on: "local",
});

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", (socket) => socket.on("message", (raw) => connector.take(String(raw))));
server.on("listening", () => {
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const after = store.ledger.size();
  process.send?.({
    feed: `ws://127.0.0.1:${port}/feed`,
    events: `ws://${control.address}/v1/events?after=${after}`,
    token,
  });
});
