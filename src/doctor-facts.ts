/** What `doctor` looks at: the files of a home, its daemon, its ledger. Collected here, judged in doctor.ts. */
import { lstatSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "./daemon.ts";
import type { DoctorFacts } from "./doctor.ts";
import type { Place } from "./doctor-home.ts";
import type { Sandbox } from "./edge/sandbox-probe.ts";
import type { HomePaths } from "./home-paths.ts";
import { nodeVersion, ownUser, wallClock } from "./powers.ts";
import type { HomeStore } from "./store/store.ts";

function placeOf(path: string, role: Place["role"]): Place {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { path, role, found: "missing", mode: null, isOurs: true, links: 1 };
  const kind = found.isSymbolicLink()
    ? "link"
    : found.isDirectory()
      ? "directory"
      : found.isFile()
        ? "file"
        : found.isSocket()
          ? "socket"
          : "other";
  return {
    path,
    role,
    found: kind,
    mode: found.mode,
    isOurs: found.uid === (ownUser ?? found.uid),
    links: found.nlink,
  };
}

const OURS = new RegExp(
  String.raw`^(?:lazaret\.db(?:-wal|-shm)?|daemon\.lock(?:-journal)?|config\.yaml|keys|matrix` +
    String.raw`|state|lazaret\.sock|wall-[\w-]{13})$`,
);

export async function factsOf(
  daemon: Daemon,
  store: HomeStore,
  paths: HomePaths,
  { http, sandbox }: { readonly http: string | null; readonly sandbox: Sandbox },
  residue: boolean,
): Promise<DoctorFacts> {
  const { owner } = daemon.surface;
  const status = await owner.status({});
  const { tokens } = await owner["token.list"]({});
  const agents = tokens.filter(
    ({ scopes, revoked, expires_at }) => scopes.includes("agent") && !revoked && expires_at > wallClock.now(),
  );
  const disk = statfsSync(paths.dataDir);
  const last = store.ledger.entries(Math.max(0, store.ledger.size() - 1), 1)[0]?.time ?? null;
  const backups = (await owner["ledger.entries"]({ after: 0, type: "backup.made", limit: 1000 })).entries;
  return {
    now: wallClock.now(),
    nodeVersion: nodeVersion,
    dataDir: paths.dataDir,
    keysDir: paths.keysDir,
    places: [
      placeOf(paths.dataDir, "directory"),
      placeOf(paths.keysDir, "directory"),
      ...readdirSync(paths.keysDir).map((name) => placeOf(join(paths.keysDir, name), "file")),
      placeOf(join(paths.dataDir, "lazaret.db"), "file"),
      placeOf(paths.configFile, "configuration"),
      placeOf(paths.socketPath, "socket"),
    ],
    freeBytes: disk.bavail * disk.bsize,
    pragmas: store.pragmas(),
    ledger: await store.ledger.verify(null),
    outside: { places: daemon.watch.places, alarms: daemon.watch.outside, dangling: daemon.watch.dangling },
    clock: { lastCommittedAt: last, deletionWaits: store.get("setting", "clock/leap")?.value.value === true },
    agents: {
      tokens: agents.length,
      sameUser: agents.length === 0 ? false : null,
      pinSet: store.get("setting", "pin") !== null,
    },
    channels: status.channels,
    accounts: await accountsOf(daemon, status.channels),
    privacy: await privacyOf(daemon, status.channels),
    policy: { packs: status.policy.packs, rules: status.policy.rules, fault: daemon.policyFault() },
    listen: http === null ? [] : [http],
    models: (await owner["model.list"]({})).models.map(({ name, where, host, blocked }) => ({
      name,
      found: `${where === "loopback" ? "on this machine" : "elsewhere"}, at ${host}`,
      blocked,
    })),
    backup: { lastAt: backups.at(-1)?.time ?? null, messages: status.store.messages },
    sandbox: {
      ...(sandbox.walls === null
        ? { program: null, why: sandbox.why, remedy: sandbox.remedy }
        : { program: sandbox.walls.name }),
      needed: store.get("setting", "capability/attachment.extract_text")?.value.value === true,
    },
    residue: residue
      ? {
          journalClean: store.clean(),
          strangers: readdirSync(paths.dataDir).filter((name) => !OURS.test(name)),
          ...leftOver(store, paths.keysDir),
        }
      : null,
  };
}

/** Accounts that are devices of their own; those that do not run have a check of their own. */
async function accountsOf(
  { surface: { owner } }: Daemon,
  channels: NonNullable<DoctorFacts["channels"]>,
): Promise<NonNullable<DoctorFacts["accounts"]>> {
  const live = channels.filter(({ kind, state }) => kind === "matrix" && state === "live");
  const found = await Promise.all(live.map(({ name }) => owner["channel.verify"]({ name }).catch(() => null)));
  return live.map(({ name }, at) => ({ name, checks: found[at]?.checks ?? [] }));
}

/** What an erasure that is done leaves nothing of. */
function leftOver(store: HomeStore, keysDir: string) {
  const waiting = store
    .all("setting", { limit: SETTINGS_MAX })
    .filter(({ value }) => /^(?:purge|forget)\//.test(value.id));
  const { deadKeys, blobsWithoutKey, keysWithoutBlob, freePages } = store.residue();
  const epochs = readdirSync(keysDir).filter((name) => /^epoch-\d+\.key/.test(name));
  return {
    pending: waiting.length,
    rows: deadKeys + blobsWithoutKey + keysWithoutBlob,
    freePages,
    epochs: epochs.length,
  };
}
const SETTINGS_MAX = 1_000_000;

/** Bots that answer at this moment; those that do not have a check of their own. */
async function privacyOf(
  { surface: { owner }, readsAll }: Daemon,
  channels: NonNullable<DoctorFacts["channels"]>,
): Promise<NonNullable<DoctorFacts["privacy"]>> {
  const { conversations } = await owner["conversation.list"]({});
  const isRead = (it: (typeof conversations)[number]): boolean =>
    it.kind === "group" && it.status === "allowed" && it.context !== "off";
  const found = await Promise.all(
    channels.map(async ({ name }) => {
      const all = await readsAll(name);
      const groups = conversations.filter((it) => it.channel === name && isRead(it)).length;
      return all === null ? [] : [{ name, readsAll: all, groups }];
    }),
  );
  return found.flat();
}
