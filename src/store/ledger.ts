/** The ledger: entries with their place in a Merkle tree, written in the transaction of the facts they are about. */
import { assert } from "../core/assert.ts";
import { canonical } from "../core/canonical.ts";
import type { Entry, EntryDraft } from "../core/entry.ts";
import { CHECKPOINT_ENTRIES, CHECKPOINT_INTERVAL_MS, ENTRY_BYTES_MAX } from "../core/limits.ts";
import { type Frontier, rootAt, sameHash } from "../core/merkle.ts";
import type { Clock } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import { type CheckpointSigner, isAttestedBy, isSigned, parseCheckpoint, verifierKey } from "./checkpoint.ts";
import type { Probe, Statements } from "./db.ts";
import { sha256 } from "./hashing.ts";
import { growTree, type Log, newFrontier, StoredTree } from "./ledger-tree.ts";

/** Commitments of a draft's content, in hexadecimal, by their name in the body. */
export type LedgerSigner = Pick<CheckpointSigner, "sign" | "attest">;

export type Committed = ReadonlyMap<string, string>;

const LEAF_PREFIX = "\u0000";

export class Ledger {
  readonly #statements: Statements;
  readonly #clock: Clock;
  readonly #signer: LedgerSigner;
  readonly #probe: Probe;
  #log: Log;
  #tree: Frontier;
  #lastTime: number;
  #signedSize: number;
  #signedAt: number;

  constructor(statements: Statements, clock: Clock, signer: LedgerSigner, log: Log, probe: Probe) {
    this.#statements = statements;
    this.#clock = clock;
    this.#signer = signer;
    this.#probe = probe;
    this.#log = log;
    this.#tree = newFrontier(statements, log, 0);
    this.#lastTime = 0;
    this.#signedSize = 0;
    this.#signedAt = clock.now();
    this.reload();
  }

  get log(): Log {
    return this.#log;
  }

  size(): number {
    return this.#tree.size;
  }

  root(): Uint8Array {
    return this.#tree.root();
  }

  /** Time of the newest entry: what was committed is never in the future of what is written next. */
  get lastTime(): number {
    return this.#lastTime;
  }

  /** What an outsider needs to check our signatures. */
  verifierKey(): string {
    return verifierKey(this.#log.origin, this.#log.public);
  }

  /** Back to what is stored, after a transaction that was rolled back. */
  reload(): void {
    const { base } = this.#log;
    const last = this.#statements.of("SELECT n, leaf FROM entry ORDER BY n DESC LIMIT 1").get() as
      | { readonly n: number; readonly leaf: Uint8Array }
      | undefined;
    const size = Math.max(0, (last?.n ?? base) - base);
    this.#tree = newFrontier(this.#statements, this.#log, size);
    this.#lastTime = last === undefined ? 0 : timeOf(last.leaf);
    const signed = this.#statements.of("SELECT max(size) FROM checkpoint WHERE log = ?").pluck().get(this.#log.n);
    this.#signedSize = typeof signed === "number" ? signed : 0;
  }

  /**
   * Start-up: the tree as stored must continue the last signed checkpoint, and what came after must be what was hashed.
   * Throws `ledger.broken`. A log never signs two histories.
   */
  assertContinues(): void {
    const { n, origin, base } = this.#log;
    const sql = "SELECT text FROM checkpoint WHERE log = ? ORDER BY size DESC, n DESC LIMIT 1";
    const text = this.#statements.of(sql).pluck().get(n);
    const broken = (hint: string): Refusal => new Refusal("ledger.broken", { hint });
    let from = 0;
    if (typeof text === "string") {
      const signed = parseCheckpoint(text);
      if (signed === null || !isSigned(text, origin, this.#log.public)) {
        throw broken("The last checkpoint is not signed by this ledger's key.");
      }
      if (signed.size > this.size())
        throw broken(`The last checkpoint has ${signed.size} entries, ${this.size()} are here.`);
      const root = rootAt(sha256, new StoredTree(this.#statements, this.#log).nodeAt, signed.size);
      if (!sameHash(root, signed.root))
        throw broken(`The first ${signed.size} entries are not those that were signed.`);
      from = signed.size;
    }
    const rows = this.#statements.of("SELECT n, hash, leaf FROM entry WHERE n > ? ORDER BY n");
    let expected = base + from + 1;
    for (const row of rows.iterate(base + from) as Iterable<{ n: number; hash: Buffer; leaf: Buffer }>) {
      if (row.n !== expected || !sha256(row.leaf).equals(row.hash))
        throw broken(`Entry ${expected - base} was altered.`);
      expected++;
    }
  }

  /** Inside a transaction, last in its batch: numbers and times are given here. Throws `input.too_large`. */
  append(drafts: readonly EntryDraft[], committed: (draft: EntryDraft) => Committed): void {
    let seq = this.#tree.size;
    const time = Math.max(this.#clock.now(), this.#lastTime);
    const leaves = drafts.map((draft) => leafOf(draft, ++seq, time, committed(draft)));
    const insert = this.#statements.of("INSERT INTO entry VALUES (?, ?, ?)");
    for (const leaf of leaves) {
      const hash = sha256(leaf);
      insert.run(this.#log.base + this.#tree.size + 1, hash, leaf);
      growTree(this.#statements, this.#log, this.#tree, hash);
    }
    if (drafts.length > 0) this.#lastTime = time;
  }

  /** Inside a transaction: signs when a thousand entries or ten minutes with changes have passed. */
  checkpointWhenDue(): void {
    const grown = this.size() - this.#signedSize;
    const isDue = grown > 0 && this.#clock.now() - this.#signedAt >= CHECKPOINT_INTERVAL_MS;
    if (grown >= CHECKPOINT_ENTRIES || isDue) this.sign();
  }

  get isCheckpointOwed(): boolean {
    return this.size() > this.#signedSize;
  }

  /** Inside a transaction: signs the tree as it stands and keeps the note. */
  sign(): string {
    const size = this.size();
    const root = Buffer.from(this.root());
    const text = this.#signer.sign({ origin: this.#log.origin, size, root });
    const at = this.#clock.now();
    if (size > this.#signedSize || size === 0) {
      this.#statements
        .of("INSERT INTO checkpoint (log, size, at, text) VALUES (?, ?, ?, ?)")
        .run(this.#log.n, size, at, text);
    }
    this.#signedSize = size;
    this.#signedAt = at;
    this.#probe("checkpoint.signed");
    return text;
  }

  attest(statement: string): string {
    return this.#signer.attest(statement);
  }

  isAttested(statement: string, { key, signature }: { readonly key: string; readonly signature: string }): boolean {
    const logs = this.#statements.of("SELECT * FROM log").all() as Log[];
    const log = logs.find((it) => verifierKey(it.origin, it.public) === key);
    return log !== undefined && isAttestedBy(statement, signature, log.public);
  }

  /** The notes of this log, the smallest first. */
  checkpoints(): readonly { readonly size: number; readonly at: number; readonly text: string }[] {
    const sql = "SELECT size, at, text FROM checkpoint WHERE log = ? ORDER BY size, n";
    return this.#statements.of(sql).all(this.#log.n) as ReturnType<Ledger["checkpoints"]>[number][];
  }

  /** Entries with a number above `after`, oldest first. The first has number 1. */
  entries(after: number, limit: number): readonly Entry[] {
    const { base } = this.#log;
    const sql = "SELECT leaf FROM entry WHERE n > ? ORDER BY n LIMIT ?";
    const leaves = this.#statements
      .of(sql)
      .pluck()
      .all(base + Math.max(0, after), limit) as Buffer[];
    return leaves.map((leaf) => JSON.parse(leaf.toString("utf8", 1)) as Entry);
  }
}

/** 0x00 ‖ RFC 8785 text of the entry. The keys stand in code unit order by construction. */
function leafOf(draft: EntryDraft, seq: number, time: number, committed: Committed): Buffer {
  const { type, tenant, session, run, actor } = draft;
  const body = committed.size === 0 ? draft.body : { ...draft.body, ...Object.fromEntries(committed) };
  const optional = (name: string, value: string | undefined): string =>
    value === undefined ? "" : `"${name}":${canonical(value)},`;
  const text =
    `${LEAF_PREFIX}{${optional("actor", actor)}"body":${canonical(body)},${optional("run", run)}"seq":${seq},` +
    `${optional("session", session)}"tenant":${canonical(tenant)},"time":${time},"type":"${type}"}`;
  const leaf = Buffer.from(text, "utf8");
  if (leaf.length > ENTRY_BYTES_MAX) throw new Refusal("input.too_large", { field: `entry ${type}` });
  return leaf;
}

function timeOf(leaf: Uint8Array): number {
  const entry = JSON.parse(Buffer.from(leaf).toString("utf8", 1)) as { readonly time?: unknown };
  assert(typeof entry.time === "number", "an entry has a time");
  return entry.time;
}

/** The newest log of a home. */
export function newestLog(statements: Statements): Log | null {
  return (statements.of("SELECT * FROM log ORDER BY n DESC LIMIT 1").get() as Log | undefined) ?? null;
}

/** Inside a transaction: begins a ledger after everything that is there. */
export function beginLog(statements: Statements, origin: string, publicKey: Uint8Array, at: number): Log {
  const base = Number(statements.of("SELECT coalesce(max(n), 0) FROM entry").pluck().get());
  statements.of("INSERT INTO log (origin, base, public, at) VALUES (?, ?, ?, ?)").run(origin, base, publicKey, at);
  const log = newestLog(statements);
  assert(log !== null, "a log was begun");
  return log;
}
