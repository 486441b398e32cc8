import { describe, expect, test } from "vitest";
import { DAY_MS, GIB, MIB, MINUTE_MS } from "../src/core/limits.ts";
import { CheckView } from "../src/core/verbs/care.ts";
import { type DoctorFacts, doctor } from "../src/doctor.ts";
import type { Place } from "../src/doctor-home.ts";

const NOW = Date.UTC(2026, 10, 24, 6);
const place = (role: Place["role"], mode: number, other: Partial<Place> = {}): Place => ({
  path: `/home/ana/${role}`,
  role,
  found: role === "configuration" ? "file" : role,
  mode,
  isOurs: true,
  links: 1,
  ...other,
});
const channel = (state: "live" | "failed" | "backoff" | "stopped" | "connecting", code: string | null = null) =>
  ({ name: "alerts", kind: "webhook", from: "file", state, code, assurance: "low", waiting: 0 }) as const;

const NOTHING_LEFT = { pending: 0, rows: 0, freePages: 0, epochs: 1 };
const WELL: DoctorFacts = {
  now: NOW,
  nodeVersion: "v24.21.0",
  dataDir: "/home/ana/.local/share/lazaret",
  keysDir: "/home/ana/.config/lazaret/keys",
  places: [place("directory", 0o700), place("file", 0o600), place("socket", 0o600), place("configuration", 0o600)],
  freeBytes: 20 * GIB,
  pragmas: { journal_mode: "wal", synchronous: 2, secure_delete: 1, auto_vacuum: 2, temp_store: 2, mmap_size: 0 },
  outside: { places: [], alarms: [], dangling: [] },
  ledger: {
    ok: true,
    entries: 12,
    badSeq: null,
    reason: null,
    dangling: [],
    checkpoints: 1,
    notExcluded: "internally consistent; rollback and truncation not excluded",
    root: "00",
  },
  clock: { lastCommittedAt: NOW - MINUTE_MS, deletionWaits: false },
  agents: { tokens: 0, sameUser: null, pinSet: false },
  channels: [channel("live")],
  accounts: [
    {
      name: "home",
      checks: [
        { name: "device", ok: true, found: "ABCDEF, fingerprint x" },
        { name: "cross-signing", ok: true, found: "signed by its own identity" },
        { name: "undecryptable", ok: true, found: "0 wait for their keys" },
      ],
    },
  ],
  privacy: [
    { name: "family", readsAll: true, groups: 2 },
    { name: "quiet", readsAll: false, groups: 0 },
  ],
  policy: { packs: ["base", "chat-mode"], rules: 40 },
  listen: ["127.0.0.1:7717", "[::1]:7717"],
  models: [{ name: "local", found: "on this machine, at 127.0.0.1:11434", blocked: null }],
  backup: { lastAt: NOW - DAY_MS, messages: 5 },
  sandbox: { program: null, needed: false },
  residue: { journalClean: true, strangers: [], ...NOTHING_LEFT },
};

const checkOf = (facts: Partial<DoctorFacts>, id: string): CheckView => {
  const found = doctor({ ...WELL, ...facts }).find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
};

test("a home that is well passes every check, under ids that stay", () => {
  const checks = doctor(WELL);
  expect(checks.map(({ id }) => id)).toEqual([
    "node.version",
    "home.permissions",
    "home.keys-apart",
    "disk.space",
    "clock.sane",
    "store.durable",
    "ledger.verifies",
    "ledger.outside",
    "ledger.dangling",
    "policy.loaded",
    "listen.loopback",
    "agent.same-user",
    "pin.set",
    "channels.alerts",
    "channels.home.device",
    "channels.home.cross-signing",
    "channels.home.undecryptable",
    "channels.family.privacy",
    "channels.quiet.privacy",
    "models.local",
    "backup.age",
    "sandbox",
    "residue.journal",
    "residue.files",
    "residue.rows",
    "residue.epochs",
    "residue.pending",
  ]);
  expect(checks.filter(({ state }) => state !== "ok")).toEqual([]);
});

test("what is not known is left out, not passed", () => {
  const bare = {
    pragmas: null,
    ledger: null,
    outside: null,
    clock: null,
    agents: null,
    channels: null,
    accounts: null,
    privacy: null,
    policy: null,
    listen: null,
    models: null,
  };
  const ids = doctor({ ...WELL, ...bare, backup: null, residue: null }).map(({ id }) => id);
  expect(ids).toEqual(["node.version", "home.permissions", "home.keys-apart", "disk.space", "sandbox"]);
});

const SICK: readonly (readonly [string, "warn" | "fail", string, Partial<DoctorFacts>])[] = [
  ["an old Node", "fail", "node.version", { nodeVersion: "v20.20.2" }],
  ["a directory that others may enter", "fail", "home.permissions", { places: [place("directory", 0o750)] }],
  ["a key that others may read", "fail", "home.permissions", { places: [place("file", 0o644)] }],
  ["a socket that others may use", "fail", "home.permissions", { places: [place("socket", 0o666)] }],
  ["a link in the place of a file", "fail", "home.permissions", { places: [place("file", 0o600, { found: "link" })] }],
  ["a second name of a file", "fail", "home.permissions", { places: [place("file", 0o600, { links: 2 })] }],
  ["another's file", "fail", "home.permissions", { places: [place("file", 0o600, { isOurs: false })] }],
  ["a missing directory", "fail", "home.permissions", { places: [place("directory", 0, { found: "missing" })] }],
  ["a file for a socket", "fail", "home.permissions", { places: [place("socket", 0o600, { found: "file" })] }],
  ["a configuration that others may write", "fail", "home.permissions", { places: [place("configuration", 0o620)] }],
  ["a configuration that others may read", "warn", "home.permissions", { places: [place("configuration", 0o644)] }],
  ["keys beside the data", "warn", "home.keys-apart", { dataDir: "/h", keysDir: "/h/keys" }],
  ["keys in the data", "warn", "home.keys-apart", { dataDir: "/h", keysDir: "/h" }],
  ["a full disk", "fail", "disk.space", { freeBytes: 63 * MIB }],
  ["a disk that fills", "warn", "disk.space", { freeBytes: GIB - 1 }],
  ["a disk that says nothing", "warn", "disk.space", { freeBytes: null }],
  [
    "a clock before the ledger",
    "fail",
    "clock.sane",
    { clock: { lastCommittedAt: NOW + DAY_MS, deletionWaits: false } },
  ],
  ["a clock of 1970", "fail", "clock.sane", { now: 5 }],
  ["a clock that leapt", "warn", "clock.sane", { clock: { lastCommittedAt: NOW, deletionWaits: true } }],
  ["no policy", "fail", "policy.loaded", { policy: "none" }],
  ["a port for everybody", "fail", "listen.loopback", { listen: ["127.0.0.1:7717", "0.0.0.0:7717"] }],
  ["a port in the local network", "fail", "listen.loopback", { listen: ["[fe80::1]:7717"] }],
  ["an agent of our user", "fail", "agent.same-user", { agents: { tokens: 1, sameUser: true, pinSet: true } }],
  ["an agent of who knows", "warn", "agent.same-user", { agents: { tokens: 1, sameUser: null, pinSet: true } }],
  ["a token without a PIN", "fail", "pin.set", { agents: { tokens: 1, sameUser: false, pinSet: false } }],
  ["a channel that failed", "fail", "channels.alerts", { channels: [channel("failed", "auth.denied")] }],
  [
    "context on and privacy mode on",
    "warn",
    "channels.family.privacy",
    { privacy: [{ name: "family", readsAll: false, groups: 1 }] },
  ],
  [
    "context off and privacy mode off",
    "warn",
    "channels.family.privacy",
    { privacy: [{ name: "family", readsAll: true, groups: 0 }] },
  ],
  ["a channel that waits", "warn", "channels.alerts", { channels: [channel("backoff")] }],
  [
    "a model without a price",
    "warn",
    "models.far",
    { models: [{ name: "far", found: "elsewhere", blocked: "It is elsewhere and has no price." }] },
  ],
  ["no backup", "warn", "backup.age", { backup: { lastAt: null, messages: 1 } }],
  ["an old backup", "warn", "backup.age", { backup: { lastAt: NOW - 31 * DAY_MS, messages: 1 } }],
  ["readers without a sandbox", "fail", "sandbox", { sandbox: { program: null, needed: true } }],
  ["an old journal", "warn", "residue.journal", { residue: { journalClean: false, strangers: [], ...NOTHING_LEFT } }],
  ["a copy", "warn", "residue.files", { residue: { journalClean: true, strangers: ["lazaret.db~"], ...NOTHING_LEFT } }],
  [
    "half an erasure",
    "warn",
    "residue.pending",
    { residue: { journalClean: true, strangers: [], ...NOTHING_LEFT, pending: 1 } },
  ],
  [
    "rows that were not swept",
    "warn",
    "residue.rows",
    { residue: { journalClean: true, strangers: [], ...NOTHING_LEFT, rows: 2 } },
  ],
  [
    "an older epoch key",
    "warn",
    "residue.epochs",
    { residue: { journalClean: true, strangers: [], ...NOTHING_LEFT, epochs: 2 } },
  ],
];

describe("a finding has its state and a remedy", () => {
  test.each(SICK)("%s: %s", (_, state, id, facts) => {
    const check = checkOf(facts, id);
    expect(check.state).toBe(state);
    expect(check.remedy).toMatch(/\w/);
    expect(CheckView.safeParse(check).success).toBe(true);
    const others = doctor({ ...WELL, ...facts }).filter((other) => other.id !== id && other.state !== "ok");
    expect(facts.now === undefined ? others : []).toEqual([]);
  });

  test.each(["journal_mode", "synchronous", "secure_delete", "auto_vacuum", "temp_store", "mmap_size"] as const)(
    "%s that is not what it must be",
    (key) => {
      const pragmas = { ...WELL.pragmas, [key]: key === "journal_mode" ? "delete" : 7 } as DoctorFacts["pragmas"];
      expect(checkOf({ pragmas }, "store.durable")).toMatchObject({
        state: "fail",
        found: expect.stringContaining(key),
      });
    },
  );

  test("a ledger that does not verify is named with its entry, one that does with what it cannot exclude", () => {
    expect(checkOf({}, "ledger.verifies").found).toContain("rollback and truncation not excluded");
    const { ledger } = WELL;
    if (ledger === null) throw new Error("no ledger");
    const broken = checkOf({ ledger: { ...ledger, ok: false, badSeq: 7, reason: "root" } }, "ledger.verifies");
    expect(broken).toMatchObject({ state: "fail", found: "the ledger does not verify at entry 7: root" });
  });
});
