/** Verification of a stored ledger: every entry is hashed, the tree rebuilt, and compared with what was signed. */
import { Frontier, sameHash } from "../core/merkle.ts";
import type { LedgerReport } from "../core/ports.ts";
import { type Checkpoint, isSigned, parseCheckpoint } from "./checkpoint.ts";
import type { Statements } from "./db.ts";
import { Effects } from "./effects.ts";
import { sha256 } from "./hashing.ts";
import { type Log, TILE_LEAVES, TILE_LEVELS } from "./ledger-tree.ts";

const PAGE_ENTRIES = 4096;

type Row = readonly [n: number, hash: Buffer, leaf: Buffer];
type Signed = { readonly size: number; readonly text: string };
type Fault = { readonly seq: number | null; readonly reason: string };

/** What cannot be known from inside. Said wherever a ledger is verified without an outside checkpoint. */
const NOT_EXCLUDED = "internally consistent; rollback and truncation not excluded";

/** Checks one log from its first entry. `against` is a checkpoint that was kept outside the machine. */
export async function verifyLog(statements: Statements, log: Log, against: string | null): Promise<LedgerReport> {
  const run = new Verification(statements, log, against);
  while (run.page()) await new Promise<void>((resume) => setImmediate(resume));
  return run.report();
}

class Verification {
  readonly #statements: Statements;
  readonly #log: Log;
  readonly #against: string | null;
  readonly #tree = new Frontier(sha256);
  readonly #signed: readonly Signed[];
  readonly #effects = new Effects();
  readonly #outside: Checkpoint | null;
  readonly #end: number;
  #nextSigned = 0;
  #fault: Fault | null = null;
  #outsideFault: Fault | null = null;

  constructor(statements: Statements, log: Log, against: string | null) {
    this.#statements = statements;
    this.#log = log;
    this.#against = against;
    const sql = "SELECT size, text FROM checkpoint WHERE log = ? ORDER BY size, n";
    this.#signed = statements.of(sql).all(log.n) as Signed[];
    const next = statements.of("SELECT min(base) FROM log WHERE n > ?").pluck().get(log.n);
    this.#end = typeof next === "number" ? next : Number.MAX_SAFE_INTEGER;
    this.#outside = this.#readOutside();
    this.#checkSigned();
  }

  /** Hashes the next page of entries. False when it was the last or a fault was found. */
  page(): boolean {
    const from = this.#log.base + this.#tree.size;
    const sql = "SELECT n, hash, leaf FROM entry WHERE n > ? AND n <= ? ORDER BY n LIMIT ?";
    const rows = this.#statements.of(sql).raw().all(from, this.#end, PAGE_ENTRIES) as Row[];
    for (const row of rows) {
      this.#add(row);
      if (this.#fault !== null) return false;
    }
    return rows.length === PAGE_ENTRIES;
  }

  report(): LedgerReport {
    this.#fault ??= this.#missingAtTheEnd();
    const fault = this.#fault ?? this.#outsideFault;
    return {
      ok: fault === null,
      entries: this.#tree.size,
      badSeq: fault?.seq ?? null,
      reason: fault?.reason ?? null,
      dangling: this.#effects.dangling(),
      checkpoints: this.#signed.length,
      notExcluded: this.#against === null ? NOT_EXCLUDED : null,
      root: Buffer.from(this.#tree.root()).toString("base64"),
    };
  }

  #add([n, stored, leaf]: Row): void {
    const seq = this.#tree.size + 1;
    if (n !== this.#log.base + seq) {
      this.#fault = { seq, reason: `entry ${seq} is missing` };
      return;
    }
    const hash = sha256(leaf);
    if (!hash.equals(stored)) {
      this.#fault = { seq, reason: `entry ${seq} was altered` };
      return;
    }
    this.#tree.add(hash, (level, index, node) => {
      if (level === TILE_LEVELS) this.#checkTile(index, node);
    });
    if (this.#signed[this.#nextSigned]?.size === seq) this.#checkSigned();
    if (this.#outside?.size === seq) this.#checkOutside(this.#outside);
    this.#effects.follow(leaf, seq);
  }

  #checkTile(index: number, node: Uint8Array): void {
    const sql = "SELECT hash FROM node WHERE log = ? AND level = ? AND idx = ?";
    const stored = this.#statements.of(sql).pluck().get(this.#log.n, TILE_LEVELS, index) as Uint8Array | undefined;
    if (stored !== undefined && sameHash(stored, node)) return;
    this.#fault = this.#named(index * TILE_LEAVES + 1, (index + 1) * TILE_LEAVES, "the tree");
  }

  /** Every checkpoint of the present size: signed by the log's key, over this root. */
  #checkSigned(): void {
    for (; this.#signed[this.#nextSigned]?.size === this.#tree.size; this.#nextSigned++) {
      const { size, text } = this.#signed[this.#nextSigned] as Signed;
      const note = parseCheckpoint(text);
      const { origin, public: key } = this.#log;
      if (note === null || note.size !== size || note.origin !== origin || !isSigned(text, origin, key)) {
        this.#fault ??= { seq: null, reason: `the checkpoint at ${size} is not signed by this ledger's key` };
      } else if (!sameHash(note.root, this.#tree.root())) {
        const before = this.#signed[this.#nextSigned - 1]?.size ?? 0;
        this.#fault ??= this.#named(before + 1, size, `the checkpoint at ${size}`);
      }
    }
  }

  /** Entries are read only here, after something did not fit: the first whose own number is not its place. */
  #named(first: number, last: number, against: string): Fault {
    const { base } = this.#log;
    const sql = "SELECT n, leaf FROM entry WHERE n >= ? AND n <= ? ORDER BY n";
    // One more than the range: an entry put in at its end shows only in the one that follows.
    const until = Math.min(base + last + 1, this.#end);
    for (const [n, leaf] of this.#statements
      .of(sql)
      .raw()
      .all(base + first, until) as [number, Buffer][]) {
      const place = n - base;
      const own = numberOf(leaf);
      // An entry that was put in pushes the one with its number back: the earlier of the two places is where it begins.
      if (own !== place) {
        const seq = Math.min(own ?? place, place);
        return { seq, reason: `entry ${seq} does not fit ${against}` };
      }
    }
    return { seq: first, reason: `an entry from ${first} to ${last} does not fit ${against}` };
  }

  #missingAtTheEnd(): Fault | null {
    const { size } = this.#tree;
    const signed = this.#signed.at(-1);
    const outside = this.#outside;
    const most = Math.max(signed?.size ?? 0, outside?.size ?? 0);
    if (most <= size) return null;
    return { seq: size + 1, reason: `${most} entries were signed, ${size} are here` };
  }

  #readOutside(): Checkpoint | null {
    if (this.#against === null) return null;
    const note = parseCheckpoint(this.#against);
    const { origin, public: key } = this.#log;
    if (note === null) this.#outsideFault = { seq: null, reason: "the outside checkpoint cannot be read" };
    else if (note.origin !== origin)
      this.#outsideFault = { seq: null, reason: "the outside checkpoint is of another ledger" };
    else if (!isSigned(this.#against, origin, key)) {
      this.#outsideFault = { seq: null, reason: "the outside checkpoint is not signed by this ledger's key" };
    } else {
      if (note.size === 0) this.#checkOutside(note);
      return note;
    }
    return null;
  }

  #checkOutside({ size, root }: Checkpoint): void {
    if (sameHash(this.#tree.root(), root)) return;
    this.#outsideFault = { seq: null, reason: `the first ${size} entries are not those of the outside checkpoint` };
  }
}

function numberOf(leaf: Buffer): number | null {
  try {
    const { seq } = JSON.parse(leaf.toString("utf8", 1)) as { readonly seq?: unknown };
    return typeof seq === "number" ? seq : null;
  } catch {
    // An entry that is not JSON has no number; that it does not fit is known already.
    return null;
  }
}
