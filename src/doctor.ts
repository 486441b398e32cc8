/** `lazaret doctor`: what is known about home and daemon, to checks with stable ids and remedies. Pure. */

import { CLOCK_LEAP_MS, CLOCK_STEP_MS } from "./core/limits.ts";
import type { LedgerReport } from "./core/ports.ts";
import type { VerbOutput } from "./core/verbs/all.ts";
import type { CheckView } from "./core/verbs/care.ts";
import {
  backupAge,
  diskSpace,
  durable,
  keysApart,
  ledgerDangling,
  ledgerOutside,
  ledgerVerifies,
  type Place,
  type Pragmas,
  permissions,
  type Residue,
  residue,
} from "./doctor-home.ts";

type ChannelView = VerbOutput<"channel.list">["channels"][number];

/** Collected by main. What is null is not known, for instance because no daemon runs; its check is left out. */
export type DoctorFacts = {
  readonly now: number;
  readonly nodeVersion: string;
  readonly dataDir: string;
  readonly keysDir: string;
  readonly places: readonly Place[];
  readonly freeBytes: number | null;
  readonly pragmas: Pragmas | null;
  readonly ledger: LedgerReport | null;
  /**
   * Where checkpoints are kept besides the home, what does not fit them, and intents whose outcome nobody wrote down.
   */
  readonly outside: {
    readonly places: readonly string[];
    readonly alarms: readonly string[];
    readonly dangling: readonly number[];
  } | null;
  readonly clock: { readonly lastCommittedAt: number | null; readonly deletionWaits: boolean } | null;
  readonly agents: {
    /** Tokens of scope `agent` that are neither expired nor revoked. */
    readonly tokens: number;
    /** Does an agent run as the daemon's own user? null: nobody can tell. */
    readonly sameUser: boolean | null;
    readonly pinSet: boolean;
  } | null;
  readonly channels: readonly ChannelView[] | null;
  /** Bots, whether their network tells them of every message in a group, and in how many groups that is wanted. */
  readonly privacy: readonly { readonly name: string; readonly readsAll: boolean; readonly groups: number }[] | null;
  /** Accounts that are devices of their own: signed, backed up, with keys for others. */
  readonly accounts:
    | readonly {
        readonly name: string;
        readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly found: string }[];
      }[]
    | null;
  /** `fault`: why what the owner loaded is not in force. */
  readonly policy:
    | { readonly packs: readonly string[]; readonly rules: number; readonly fault?: string | null }
    | "none"
    | null;
  /** Bound TCP addresses, as `127.0.0.1:7717`. */
  readonly listen: readonly string[] | null;
  /** Models of the configuration that cannot be asked, and why. */
  readonly models: readonly { readonly name: string; readonly found: string; readonly blocked: string | null }[] | null;
  readonly backup: { readonly lastAt: number | null; readonly messages: number } | null;
  /**
   * What holds the readers of attachments, or why nothing does and what would help; `needed` when the capability that
   * reads them is enabled.
   */
  readonly sandbox: {
    readonly program: string | null;
    readonly why?: string;
    readonly remedy?: string;
    readonly needed: boolean;
  };
  /** With `--residue` only. */
  readonly residue: Residue | null;
};

const NODE_MAJOR_MIN = 24;
/** The first day on which this program could have run. */
const BEGINNING_MS = Date.UTC(2026, 0, 1);

const ok = (id: string, found: string): CheckView => ({ id, state: "ok", found, remedy: null });
const warn = (id: string, found: string, remedy: string): CheckView => ({ id, state: "warn", found, remedy });
const fail = (id: string, found: string, remedy: string): CheckView => ({ id, state: "fail", found, remedy });

function nodeVersion(version: string): CheckView {
  const major = Number.parseInt(version.replace(/^v/, ""), 10);
  if (major >= NODE_MAJOR_MIN) return ok("node.version", version);
  return fail("node.version", version, `Node ${NODE_MAJOR_MIN} or newer; npm ci installs one beside lazaret`);
}

function clock(now: number, { lastCommittedAt, deletionWaits }: NonNullable<DoctorFacts["clock"]>): CheckView {
  const id = "clock.sane";
  const remedy = "set the machine's clock (timedatectl set-ntp true) and restart the daemon";
  if (now < BEGINNING_MS) return fail(id, `it says ${new Date(now).toISOString()}`, remedy);
  if (lastCommittedAt !== null && lastCommittedAt - now > CLOCK_STEP_MS)
    return fail(id, `the ledger is ${Math.round((lastCommittedAt - now) / 1000)} s ahead of it`, remedy);
  if (!deletionWaits) return ok(id, new Date(now).toISOString());
  const hours = Math.round(CLOCK_LEAP_MS / 3_600_000);
  const wayOut = "check the time; if it is right: lazaret doctor --clock-is-right";
  return warn(id, `it leapt more than ${hours} hours and deletion waits`, wayOut);
}

/** Whoever runs as the daemon's user reads its memory and its files: outside the promise (CONTRACT section 0). */
function sameUser({ tokens, sameUser }: NonNullable<DoctorFacts["agents"]>): CheckView {
  const id = "agent.same-user";
  if (tokens === 0) return ok(id, "no agent has a token");
  if (sameUser === false) return ok(id, "agents run as other users");
  const remedy = "run the agent as another user or in a sandbox; lazaret cannot hold back its own user";
  if (sameUser === null) return warn(id, `${tokens} with a token; nobody can tell whose user they run as`, remedy);
  return fail(id, "an agent with a token runs as the daemon's own user", remedy);
}

function pin({ tokens, pinSet }: NonNullable<DoctorFacts["agents"]>): CheckView {
  if (pinSet) return ok("pin.set", "the owner's verbs ask for it");
  if (tokens === 0) return ok("pin.set", "none, and no agent has a token");
  return fail("pin.set", "an agent has a token and the owner's verbs ask for nothing", "lazaret pin set");
}

/** What waiting does not mend, by what the account says of itself. */
const MATRIX_REMEDIES: Readonly<Record<string, string>> = {
  auth: "lazaret channel add matrix NAME; where there was an account, lazaret channel remove NAME first",
  device: "lazaret channel remove NAME, then add it anew: the token is another device's than the keys",
  identity: "lazaret channel remove NAME, then channel add matrix NAME --recovery-key",
  store: "stop whatever else uses this home; else remove the channel and add it anew",
};

function channel({ name, kind, state, code }: ChannelView): CheckView {
  const id = `channels.${name}`;
  const found = `${kind}, ${state}${code === null ? "" : ` (${code})`}`;
  if (state === "live") return ok(id, found);
  const remedy = kind === "matrix" ? MATRIX_REMEDIES[code ?? ""] : undefined;
  if (state === "failed") return fail(id, found, remedy ?? `lazaret verify ${name}; see docs/refusals.md for the code`);
  return warn(id, found, state === "stopped" ? "lazaret up" : `wait a moment, then lazaret verify ${name}`);
}

/** What has to be so before modern clients share their keys with us. */
function account({ name, checks }: NonNullable<DoctorFacts["accounts"]>[number]): readonly CheckView[] {
  return checks.map((it) => {
    const id = `channels.${name}.${it.name.replace(/\s/g, "-")}`;
    if (it.ok) return ok(id, it.found);
    if (it.name === "undecryptable") return warn(id, it.found, "wait a moment; who wrote them may send them again");
    const again = `restart the daemon, which goes on where it was cut off, then lazaret verify ${name}`;
    return fail(id, it.found, again);
  });
}

/** Context is wanted and does not come, or comes and is dropped. */
function privacy({ name, readsAll, groups }: NonNullable<DoctorFacts["privacy"]>[number]): CheckView {
  const id = `channels.${name}.privacy`;
  if (groups > 0 && !readsAll) {
    const remedy = `@BotFather: /setprivacy, Disable, then add the bot anew; or make it an administrator of each group`;
    return warn(id, `privacy mode is on, and ${groups} with context on read nothing unaddressed`, remedy);
  }
  if (groups === 0 && readsAll)
    return warn(id, "privacy mode is off, and no group has context on", "@BotFather: /setprivacy, Enable");
  return ok(id, readsAll ? `privacy mode is off, ${groups} with context on` : "privacy mode is on");
}

function policy(loaded: NonNullable<DoctorFacts["policy"]>): CheckView {
  const id = "policy.loaded";
  if (loaded === "none")
    return fail(id, "none: everything is denied", "lazaret policy check, then lazaret policy load");
  const found = `${loaded.packs.join(", ")}: ${loaded.rules} rules`;
  if (loaded.fault === undefined || loaded.fault === null) return ok(id, found);
  return fail(
    id,
    `${found}; what was loaded is not in force: ${loaded.fault}`,
    "mend the pack, then lazaret policy load",
  );
}

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]):\d{1,5}$/;

function listen(addresses: readonly string[]): CheckView {
  const id = "listen.loopback";
  const foreign = addresses.filter((address) => !LOOPBACK.test(address));
  if (foreign.length > 0)
    return fail(id, `bound to ${foreign.join(", ")}`, "stop the daemon; take listen out of the configuration");
  return ok(id, addresses.length === 0 ? "no TCP port is open" : addresses.join(", "));
}

function sandbox({ program, why, remedy, needed }: DoctorFacts["sandbox"]): CheckView {
  if (program !== null) return ok("sandbox", `${program}, its walls were tried and hold`);
  const reason = why === undefined ? "absent" : `absent: ${why}`;
  if (!needed) return ok("sandbox", `${reason}; attachments are kept sealed and not read`);
  const found = `${reason}; attachment.extract_text is enabled and not there`;
  return fail("sandbox", found, remedy ?? "lazaret capability disable attachment.extract_text");
}

function model({ name, found, blocked }: NonNullable<DoctorFacts["models"]>[number]): CheckView {
  const id = `models.${name}`;
  return blocked === null ? ok(id, found) : warn(id, blocked, `mend it, then lazaret model test ${name}`);
}

const asked = <T>(fact: T | null, check: (fact: T) => readonly CheckView[]): readonly CheckView[] =>
  fact === null ? [] : check(fact);

/** All checks, in the order in which a person should mend them. */
export function doctor(facts: DoctorFacts): readonly CheckView[] {
  const { now } = facts;
  return [
    nodeVersion(facts.nodeVersion),
    permissions(facts.places),
    keysApart(facts.dataDir, facts.keysDir),
    diskSpace(facts.freeBytes),
    ...asked(facts.clock, (it) => [clock(now, it)]),
    ...asked(facts.pragmas, (it) => [durable(it)]),
    ...asked(facts.ledger, (it) => [ledgerVerifies(it)]),
    ...asked(facts.outside, (it) => [ledgerOutside(it), ledgerDangling(it)]),
    ...asked(facts.policy, (it) => [policy(it)]),
    ...asked(facts.listen, (it) => [listen(it)]),
    ...asked(facts.agents, (it) => [sameUser(it), pin(it)]),
    ...asked(facts.channels, (it) => it.map(channel)),
    ...asked(facts.accounts, (it) => it.flatMap(account)),
    ...asked(facts.privacy, (it) => it.map(privacy)),
    ...asked(facts.models, (it) => it.map(model)),
    ...asked(facts.backup, ({ lastAt, messages }) => [backupAge(lastAt, now, messages)]),
    sandbox(facts.sandbox),
    ...asked(facts.residue, residue),
  ];
}
