/** One running Lazaret: builds every room from its powers, and takes it down again in order. */
import { readFileSync } from "node:fs";
import { ConsoleConnector } from "../connectors/console.ts";
import { CONNECTORS } from "../connectors/index.ts";
import type { WebhookConnector } from "../connectors/webhook.ts";
import type { Policy } from "../policy/compile.ts";
import { loadPolicy } from "../policy/load.ts";
import { TRANSFORMS } from "../transforms/index.ts";
import { butler } from "./agents/butler.ts";
import { type Config, configuredOf, settingsOf } from "./config.ts";
import { SHUTDOWN_MS_MAX } from "./core/limits.ts";
import type { Clock, Connector, HookDoor, Random, TransformRunner } from "./core/ports.ts";
import { isRefusal, Refusal } from "./core/refusal.ts";
import type { CheckView } from "./core/verbs/care.ts";
import { WorkerRunner } from "./edge/worker-runner.ts";
import { bootstrap } from "./gateway/bootstrap.ts";
import { frontOf } from "./gateway/front.ts";
import { buildGateway, type Gateway } from "./gateway/gateway.ts";
import { HookOutbox } from "./gateway/hooks.ts";
import { Housekeeping } from "./gateway/housekeeping.ts";
import type { Outside } from "./gateway/outside.ts";
import { LOADED_PACKS } from "./gateway/owner-care.ts";
import { grantPermit } from "./gateway/permit.ts";
import type { Log, Powers } from "./gateway/powers.ts";
import type { Surface } from "./gateway/surface.ts";
import { transact } from "./gateway/transact.ts";
import { hashing } from "./store/hashing.ts";
import type { HomeStore } from "./store/store.ts";

export type DaemonPowers = {
  readonly store: HomeStore;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly worker: URL;
  /** Threads that outlive this daemon; it makes its own when there are none. Whoever made them ends them. */
  readonly transforms?: TransformRunner;
  readonly version: string;
  readonly home: string;
  readonly hashPin: Outside["hashPin"];
  readonly checkPin: Outside["checkPin"];
  readonly doctor: (daemon: Daemon, residue: boolean) => Promise<readonly CheckView[]>;
  readonly exportLedger: Outside["exportLedger"];
  readonly http: () => string | null;
  readonly stop: () => void;
};

const PACK_NAMES = ["base", "chat-mode", "strict", "team"] as const;
const PACKS: Readonly<Record<(typeof PACK_NAMES)[number], URL>> = {
  base: new URL("../policy/packs/base.yaml", import.meta.url),
  "chat-mode": new URL("../policy/packs/chat-mode.yaml", import.meta.url),
  strict: new URL("../policy/packs/strict.yaml", import.meta.url),
  team: new URL("../policy/packs/team.yaml", import.meta.url),
};

export const shippedPacks = (): readonly { readonly name: string; readonly text: string }[] =>
  PACK_NAMES.map((name) => ({ name: `${name}.yaml`, text: readFileSync(PACKS[name], "utf8") }));

/**
 * The named packs, compiled with base under them. Throws `policy.invalid` with file,
 * line and column of the first error.
 */
export function compilePolicy(
  packs: readonly string[],
  more: readonly { readonly name: string; readonly text: string }[],
): Policy {
  const loading = loadPolicy([...shippedPacks(), ...more], { packs });
  if (loading.ok) return loading.policy;
  const [first] = loading.errors;
  const hint =
    first === undefined ? "The pack cannot be read." : `${first.file}:${first.line}:${first.column}: ${first.message}`;
  throw new Refusal("policy.invalid", { hint });
}

/** The configured packs, with those that the owner loaded by a verb on top. */
function policyOf(store: HomeStore, config: Config): Policy {
  const loaded = store.get("setting", LOADED_PACKS)?.value.value;
  const more = Array.isArray(loaded) ? (loaded as readonly { readonly name: string; readonly text: string }[]) : [];
  return compilePolicy([...config.packs, ...more.map(({ name }) => name)], more);
}

export type Daemon = {
  readonly gateway: Gateway;
  readonly surface: Surface;
  readonly powers: Powers;
  close(): Promise<void>;
};

export async function startDaemon(given: DaemonPowers): Promise<Daemon> {
  const { store, config, clock, random, log } = given;
  const transforms = given.transforms ?? ownThreads(given);
  const powers: Powers = {
    store,
    clock,
    random,
    hashing,
    transforms,
    drivers: [butler],
    settings: settingsOf(config),
    log,
    connectors: new Map(),
    bell: { ring: () => {} },
    news: new Set(),
    policy: { current: policyOf(store, config) },
  };
  const gateway = buildGateway(powers, TRANSFORMS);
  const configured = configuredOf(config);
  const isBuilt = ({ kind }: { readonly kind: string }): boolean => Object.hasOwn(CONNECTORS, kind);
  await bootstrap(powers, { ...configured, channels: configured.channels.filter(isBuilt) });
  const lines = new Lines(powers, gateway);
  const house = new Housekeeping(powers, gateway.drives, gateway.rejections);
  const outside: Outside = {
    version: given.version,
    home: given.home,
    startedAt: clock.now(),
    http: given.http,
    connect: (channel) => lines.connect(channel),
    submit: (text, place) => lines.say(text, place),
    doctor: (residue) => given.doctor(daemon, residue),
    backup: async (file) => ({ bytes: (await store.backup(file)).bytes, verified: true }),
    exportLedger: given.exportLedger,
    hashPin: given.hashPin,
    checkPin: given.checkPin,
    compilePolicy: (packs) => compilePolicy([...config.packs, ...packs.map(({ name }) => name)], packs),
    packs: () => config.packs,
    notes: () => config.notes,
    stop: given.stop,
  };
  const surface = frontOf(gateway, outside, {
    listen: (listener) => lines.console.attach(listener),
    consoleChannel: lines.console.channel,
    hookDoor: (channel) => lines.hooks.get(channel) ?? null,
  });
  const daemon: Daemon = { gateway, surface, powers, close: () => close(gateway, house, given, powers) };
  await transact(powers, (draft) =>
    draft.entry("daemon.started", { version: given.version, policy: config.packs.join(",") }, { actor: "daemon" }),
  );
  for (const { value } of store.all("channel", { limit: 1000 })) await lines.connect(value.id);
  await gateway.supervisor.recover();
  house.start();
  return daemon;
}

function ownThreads({ worker, clock }: DaemonPowers): WorkerRunner {
  const transforms = new WorkerRunner({ entry: worker, clock });
  transforms.warm();
  return transforms;
}

async function close(gateway: Gateway, house: Housekeeping, given: DaemonPowers, powers: Powers): Promise<void> {
  await house.stop();
  const hurry = new AbortController();
  const forget = powers.clock.at(powers.clock.now() + SHUTDOWN_MS_MAX, () => hurry.abort());
  await gateway.drives.close(hurry.signal);
  await gateway.supervisor.close();
  forget();
  if (given.transforms === undefined) await powers.transforms.close();
  try {
    await transact(powers, (draft) => draft.entry("daemon.stopped", {}, { actor: "daemon" }));
  } catch (error) {
    // On a full disk the last entry is missing, which verify does not mind; the home is given back all the same.
    if (!isRefusal(error) || error.code !== "store.full") throw error;
    powers.log("daemon", { code: error.code });
  } finally {
    await powers.store.close();
  }
}

/** Connectors by channel, each made from its record. */
class Lines {
  readonly hooks = new Map<string, HookDoor>();
  readonly #powers: Powers;
  readonly #gateway: Gateway;
  #console: ConsoleConnector | null = null;

  constructor(powers: Powers, gateway: Gateway) {
    this.#powers = powers;
    this.#gateway = gateway;
    const channel = powers.store.all("channel", { limit: 1000 }).find(({ value }) => value.kind === "console");
    if (channel !== undefined) this.#console = new ConsoleConnector(this.#place(channel.value.id), powers);
  }

  get console(): ConsoleConnector {
    if (this.#console === null) throw new Refusal("channel.unknown", { hint: "No console channel is configured." });
    return this.#console;
  }

  #place(channel: string): { readonly tenant: string; readonly channel: string } {
    return { tenant: this.#powers.settings.tenant, channel };
  }

  async say(text: string, place: string | null): Promise<void> {
    await this.console.submit(text, place === null ? {} : { conversation: place });
  }

  async connect(channel: string): Promise<void> {
    const record = this.#powers.store.get("channel", channel)?.value;
    if (record === undefined) throw new Refusal("channel.unknown", { field: channel });
    const outbox = new HookOutbox(this.#powers, channel);
    const connector: Connector =
      record.kind === "console" ? this.console : await this.#webhook(channel, record.secret, outbox);
    await this.#gateway.supervisor.connect(connector, outbox);
  }

  async #webhook(channel: string, secret: string | null, rows: HookOutbox): Promise<WebhookConnector> {
    const { store, clock, random, settings } = this.#powers;
    const made = await CONNECTORS.webhook(this.#place(channel), {
      clock,
      random,
      rows,
      seen: (delivery) => store.ref("delivery", settings.tenant, channel, delivery) !== null,
      withSecret: (use) => {
        if (secret === null) throw new Refusal("channel.down", { hint: "The channel has no secret." });
        const permit = grantPermit({ by: "gateway", why: "send" }, "secret", "channel.hook", []);
        return store.useSecret(permit, settings.tenant, secret, use);
      },
    });
    this.hooks.set(channel, made);
    return made;
  }
}
