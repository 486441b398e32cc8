/** One running Lazaret: builds every room from its powers, and takes it down again in order. */
import { CONNECTORS } from "../connectors/index.ts";
import type { OpenPipe } from "../connectors/matrix/wire.ts";
import type { Request } from "../connectors/telegram/wire.ts";
import { TRANSFORMS } from "../transforms/index.ts";
import type { CheckpointPlace } from "./checkpoint-places.ts";
import { type Config, configuredOf, settingsOf } from "./config.ts";
import type { AgentDriver } from "./core/agent.ts";
import type { AttachmentReader } from "./core/attachment.ts";
import { SHUTDOWN_MS_MAX } from "./core/limits.ts";
import type { Clock, Random, TransformRunner } from "./core/ports.ts";
import { isRefusal, Refusal } from "./core/refusal.ts";
import type { CheckView } from "./core/verbs/care.ts";
import type { WallPort } from "./core/wall.ts";
import { nextByCron } from "./edge/cron.ts";
import { CheckedHttp } from "./edge/http.ts";
import { WorkerRunner } from "./edge/worker-runner.ts";
import { policyDigest } from "./gateway/ask.ts";
import { bootstrap } from "./gateway/bootstrap.ts";
import { noteCapabilities } from "./gateway/capability-changes.ts";
import { frontOf } from "./gateway/front.ts";
import { buildGateway, type Gateway } from "./gateway/gateway.ts";
import { Housekeeping } from "./gateway/housekeeping.ts";
import type { Outside } from "./gateway/outside.ts";
import type { Log, Powers } from "./gateway/powers.ts";
import { offerAgain } from "./gateway/prompts.ts";
import { endRestored } from "./gateway/restored.ts";
import { scrubbedLog } from "./gateway/scrubbed.ts";
import type { Surface } from "./gateway/surface.ts";
import { transact } from "./gateway/transact.ts";
import { Lines } from "./lines.ts";
import { MatrixLines } from "./matrix-lines.ts";
import { driversOf, modelsOf } from "./model-lines.ts";
import { compilePolicy, loadedNames, rulesInForce } from "./rules.ts";
import { hashing } from "./store/hashing.ts";
import type { HomeStore } from "./store/store.ts";
import { TelegramLines } from "./telegram-lines.ts";
import { Watch } from "./watch.ts";

export type DaemonPowers = {
  readonly store: HomeStore;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly worker: URL;
  /** Threads that outlive this daemon; it makes its own when there are none. Whoever made them ends them. */
  readonly transforms?: TransformRunner;
  /** What can drive a run; the butler when absent. */
  readonly drivers?: readonly AgentDriver[];
  readonly version: string;
  readonly home: string;
  readonly hashPin: Outside["hashPin"];
  readonly checkPin: Outside["checkPin"];
  readonly doctor: (daemon: Daemon, residue: boolean) => Promise<readonly CheckView[]>;
  readonly exportLedger: Outside["exportLedger"];
  /** Keys that are kept elsewhere change elsewhere. */
  readonly keys?: Outside["keys"];
  readonly http: () => string | null;
  readonly wall?: WallPort;
  /** Asks a server on the network. */
  readonly request: Request;
  /** Starts the process of a Matrix account; without it there are none. */
  readonly openPipe?: OpenPipe;
  readonly stop: () => void;
  /** Reads attachments behind walls that were proved; none is read when absent. */
  readonly files?: AttachmentReader;
  /** Where checkpoints are kept besides the home; nowhere when absent. */
  readonly places?: readonly CheckpointPlace[];
};

export type Daemon = {
  readonly gateway: Gateway;
  readonly surface: Surface;
  readonly powers: Powers;
  readonly policyFault: () => string | null;
  readonly readsAll: Outside["readsAll"];
  readonly watch: Watch;
  /** What can wait until people reach it: whether an upgrade changed a capability. Once, and before `close`. */
  settle(): Promise<void>;
  close(): Promise<void>;
};

function powersOf(given: DaemonPowers, transforms: TransformRunner, policy: Powers["policy"]["current"]): Powers {
  const { store, config, clock, random, log } = given;
  const http = new CheckedHttp({ clock });
  const settings = settingsOf(config);
  return {
    store,
    clock,
    random,
    hashing,
    transforms,
    drivers: given.drivers ?? driversOf(config),
    nextLocal: nextByCron,
    settings,
    http,
    ...(given.wall === undefined ? {} : { wall: given.wall }),
    models: modelsOf(config.models, store, http),
    ...(given.files === undefined ? {} : { files: given.files }),
    log: scrubbedLog({ store, hashing, settings }, log),
    connectors: new Map(),
    bell: { ring: () => {} },
    news: new Set(),
    policy: { current: policy },
  };
}

export async function startDaemon(given: DaemonPowers): Promise<Daemon> {
  const { store, config, clock, log } = given;
  const transforms = given.transforms ?? new WorkerRunner({ entry: given.worker, clock });
  const rules = rulesInForce(store, config.packs);
  const powers = powersOf(given, transforms, rules.policy);
  const watch = new Watch({ store, clock, log, places: given.places ?? [] });
  await watch.begin();
  const gateway = buildGateway(powers, TRANSFORMS);
  const configured = configuredOf(config);
  const isBuilt = ({ kind }: { readonly kind: string }): boolean => Object.hasOwn(CONNECTORS, kind);
  await bootstrap(powers, { ...configured, channels: configured.channels.filter(isBuilt) });
  let changed: readonly string[] = [];
  let settled: Promise<void> = Promise.resolve();
  const note = async (): Promise<void> => {
    changed = await noteCapabilities(powers, gateway.catalogue);
  };
  const bots = new TelegramLines(powers, given.request);
  const accounts = new MatrixLines(powers, given);
  const lines = new Lines(powers, gateway, bots, accounts);
  const house = new Housekeeping(powers, gateway.drives, gateway.rejections, () => gateway.supervisor.forget());
  // Until something else is loaded: then what was stored and did not compile is gone.
  const policyFault = (): string | null => (powers.policy.current === rules.policy ? rules.fault : null);
  const outside: Outside = {
    version: given.version,
    home: given.home,
    startedAt: clock.now(),
    http: given.http,
    connect: (channel) => lines.connect(channel),
    introduce: (token, root) => bots.introduce(token, root),
    accounts,
    readsAll: (channel) => bots.readsAll(channel),
    submit: (text, place) => lines.say(text, place),
    doctor: (residue) => given.doctor(daemon, residue),
    backup: async (file) => ({ bytes: (await store.backup(file)).bytes, verified: true }),
    exportLedger: given.exportLedger,
    keys: given.keys ?? { rekey: noKeys, recovery: noKeys, check: noKeys },
    seal: async (...of) => (await import("./sealed-file.ts")).writeSealed(...of),
    hashPin: given.hashPin,
    checkPin: given.checkPin,
    compilePolicy: (packs) => compilePolicy(config.packs, packs),
    packs: () => (policyFault() === null ? [...config.packs, ...loadedNames(store)] : config.packs),
    notes: () => [...watch.notes(), ...config.notes, ...changed, ...faultNotes(policyFault())],
    stop: given.stop,
  };
  const surface = frontOf(gateway, outside, doorsOf(lines));
  const settle = (): Promise<void> => (settled = note());
  const end = (): Promise<void> => settled.then(() => close(gateway, house, watch, given, powers));
  const readsAll = outside.readsAll;
  const daemon: Daemon = { gateway, surface, powers, policyFault, watch, readsAll, settle, close: end };
  await endRestored(powers);
  const lastAt = store.ledger.entries(Math.max(0, store.ledger.size() - 1), 1)[0]?.time ?? null;
  await begun(powers, { version: given.version, packs: outside.packs(), fallback: rules.fault !== null });
  for (const { value } of store.all("channel", { limit: 1000 })) await lines.connect(value.id);
  await offerAgain(powers, lastAt);
  await gateway.supervisor.recover();
  await watch.start();
  house.start();
  return daemon;
}

function begun(
  powers: Powers,
  { version, packs, fallback }: { version: string; packs: readonly string[]; fallback: boolean },
): Promise<void> {
  const body = { version, policy: packs.join(","), digest: policyDigest(powers), ...(fallback ? { fallback } : {}) };
  return transact(powers, (draft) => draft.entry("daemon.started", body, { actor: "daemon" }));
}

const doorsOf = (lines: Lines): Parameters<typeof frontOf>[2] => ({
  listen: (listener) => lines.console.attach(listener),
  consoleChannel: lines.console.channel,
  hookDoor: (channel) => lines.hooks.get(channel) ?? null,
});

const noKeys = async (): Promise<never> => {
  throw new Refusal("home.unlock", { hint: "The keys of this home are not on this machine." });
};

const faultNotes = (fault: string | null): readonly string[] =>
  fault === null ? [] : [`What you loaded with policy load is not in force, the configured packs are: ${fault}`];

async function close(
  gateway: Gateway,
  house: Housekeeping,
  watch: Watch,
  given: DaemonPowers,
  powers: Powers,
): Promise<void> {
  await house.stop();
  await gateway.walls.close();
  const hurry = new AbortController();
  const forget = powers.clock.at(powers.clock.now() + SHUTDOWN_MS_MAX, () => hurry.abort());
  await gateway.drives.close(hurry.signal);
  await gateway.supervisor.close();
  forget();
  if (given.transforms === undefined) await powers.transforms.close();
  await powers.files?.close();
  try {
    await transact(powers, (draft) => draft.entry("daemon.stopped", {}, { actor: "daemon" }));
    await watch.stop();
  } catch (error) {
    // On a full disk the last entry is missing, which verify does not mind; the home is given back all the same.
    if (!isRefusal(error) || error.code !== "store.full") throw error;
    powers.log("daemon", { code: error.code });
  } finally {
    await powers.store.close();
  }
}
