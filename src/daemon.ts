/** One running Lazaret: builds every room from its powers, and takes it down again in order. */
import { ConsoleConnector } from "../connectors/console.ts";
import { CONNECTORS } from "../connectors/index.ts";
import type { WebhookConnector } from "../connectors/webhook.ts";
import { TRANSFORMS } from "../transforms/index.ts";
import { butler } from "./agents/butler.ts";
import { type Config, configuredOf, settingsOf } from "./config.ts";
import { SHUTDOWN_MS_MAX } from "./core/limits.ts";
import type { Clock, Connector, HookDoor, Random, TransformRunner } from "./core/ports.ts";
import { Refusal } from "./core/refusal.ts";
import type { CheckView } from "./core/verbs/care.ts";
import { WorkerRunner } from "./edge/worker-runner.ts";
import { policyDigest } from "./gateway/ask.ts";
import { bootstrap } from "./gateway/bootstrap.ts";
import { frontOf } from "./gateway/front.ts";
import { buildGateway, type Gateway } from "./gateway/gateway.ts";
import { HookOutbox } from "./gateway/hooks.ts";
import { Housekeeping } from "./gateway/housekeeping.ts";
import type { Outside } from "./gateway/outside.ts";
import { grantPermit } from "./gateway/permit.ts";
import type { Log, Powers } from "./gateway/powers.ts";
import { endRestored } from "./gateway/restored.ts";
import type { Surface } from "./gateway/surface.ts";
import { transact } from "./gateway/transact.ts";
import { compilePolicy, loadedNames, rulesInForce } from "./rules.ts";
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

export type Daemon = {
  readonly gateway: Gateway;
  readonly surface: Surface;
  readonly powers: Powers;
  readonly policyFault: () => string | null;
  close(): Promise<void>;
};

export async function startDaemon(given: DaemonPowers): Promise<Daemon> {
  const { store, config, clock, random, log } = given;
  const transforms = given.transforms ?? ownThreads(given);
  const rules = rulesInForce(store, config.packs);
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
    policy: { current: rules.policy },
  };
  const gateway = buildGateway(powers, TRANSFORMS);
  const configured = configuredOf(config);
  const isBuilt = ({ kind }: { readonly kind: string }): boolean => Object.hasOwn(CONNECTORS, kind);
  await bootstrap(powers, { ...configured, channels: configured.channels.filter(isBuilt) });
  const lines = new Lines(powers, gateway);
  const house = new Housekeeping(powers, gateway.drives, gateway.rejections);
  // Until something else is loaded: then what was stored and did not compile is gone.
  const policyFault = (): string | null => (powers.policy.current === rules.policy ? rules.fault : null);
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
    compilePolicy: (packs) => compilePolicy(config.packs, packs),
    packs: () => (policyFault() === null ? [...config.packs, ...loadedNames(store)] : config.packs),
    notes: () => [...config.notes, ...faultNotes(policyFault())],
    stop: given.stop,
  };
  const surface = frontOf(gateway, outside, {
    listen: (listener) => lines.console.attach(listener),
    consoleChannel: lines.console.channel,
    hookDoor: (channel) => lines.hooks.get(channel) ?? null,
  });
  const daemon: Daemon = {
    gateway,
    surface,
    powers,
    policyFault,
    close: () => close(gateway, house, given, powers),
  };
  await endRestored(powers);
  await transact(powers, (draft) =>
    draft.entry(
      "daemon.started",
      {
        version: given.version,
        policy: outside.packs().join(","),
        digest: policyDigest(powers),
        ...(rules.fault === null ? {} : { fallback: true }),
      },
      { actor: "daemon" },
    ),
  );
  for (const { value } of store.all("channel", { limit: 1000 })) await lines.connect(value.id);
  await gateway.supervisor.recover();
  house.start();
  return daemon;
}

const faultNotes = (fault: string | null): readonly string[] =>
  fault === null ? [] : [`What you loaded with policy load is not in force, the configured packs are: ${fault}`];

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
  await transact(powers, (draft) => draft.entry("daemon.stopped", {}, { actor: "daemon" }));
  await powers.store.close();
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
