/** Verifies a bundle of `ledger export`: no home, no key of ours. docs/ledger-format.md, "Bundle". */
import { z } from "zod";
import { ENTRY_BYTES_MAX } from "../core/limits.ts";
import { Frontier, sameHash, verifyConsistency } from "../core/merkle.ts";
import type { LedgerReport } from "../core/ports.ts";
import { BUNDLE_FORMAT } from "./bundle.ts";
import { byteLines } from "./byte-lines.ts";
import { type Checkpoint, isSigned, parseCheckpoint, verifierKey } from "./checkpoint.ts";
import { Effects } from "./effects.ts";
import { sha256 } from "./hashing.ts";

const HASH_CHARS = 44;
/** In `origin+id+key`: two signs and eight hexadecimal digits before the key. */
const KEY_HEAD_CHARS = 10;
const LINE_BYTES_MAX = 2 * ENTRY_BYTES_MAX;
const COUNT_MAX = 2 ** 40;
const Count = z.number().int().min(0).max(COUNT_MAX);
const Hash = z.string().length(HASH_CHARS);
const Begin = z.strictObject({ bundle: z.literal(BUNDLE_FORMAT) });
const Head = z.strictObject({
  log: z.strictObject({
    checkpoints: Count,
    entries: Count,
    key: z.string().max(512),
    origin: z.string().min(1).max(255),
  }),
});
const Note = z.strictObject({ checkpoint: z.string().max(16_384), consistency: z.array(Hash).max(64) });
const End = z.strictObject({ end: z.strictObject({ entries: Count, logs: Count }) });

const NOT_EXCLUDED = "internally consistent; rollback and truncation not excluded";

class Fault extends Error {
  readonly seq: number | null;
  constructor(seq: number | null, reason: string) {
    super(reason);
    this.seq = seq;
  }
}

type Section = {
  readonly origin: string;
  readonly publicKey: Buffer;
  readonly entries: number;
  readonly signed: readonly Checkpoint[];
  readonly tree: Frontier;
  readonly effects: Effects;
  time: number;
};

/** `against` is the text of a checkpoint kept outside. Throws what reading the file throws, and nothing else. */
export async function verifyBundle(file: string, against: string | null): Promise<LedgerReport> {
  const reading = new Reading(byteLines(file, LINE_BYTES_MAX), against);
  let fault: Fault | null = null;
  try {
    await reading.run();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    fault = error;
  }
  const { last } = reading;
  return {
    ok: fault === null,
    entries: reading.entries,
    badSeq: fault?.seq ?? null,
    reason: fault?.message ?? null,
    dangling: last?.effects.dangling() ?? [],
    checkpoints: reading.checkpoints,
    notExcluded: against === null ? NOT_EXCLUDED : null,
    root: Buffer.from((last?.tree ?? new Frontier(sha256)).root()).toString("base64"),
  };
}

class Reading {
  entries = 0;
  checkpoints = 0;
  last: Section | null = null;
  readonly #lines: AsyncIterator<Buffer>;
  readonly #outsideText: string | null;
  readonly #outside: Checkpoint | null;
  #line = 0;
  #isOutsideMet = false;

  constructor(lines: AsyncIterable<Buffer>, against: string | null) {
    this.#lines = lines[Symbol.asyncIterator]();
    this.#outsideText = against;
    this.#outside = against === null ? null : parseCheckpoint(against);
  }

  async run(): Promise<void> {
    this.#parsed(Begin, await this.#next());
    let logs = 0;
    let line = await this.#next();
    while (!line.toString("utf8", 0, 7).startsWith('{"end":')) {
      await this.#section(this.#parsed(Head, line).log);
      logs++;
      line = await this.#next();
    }
    const { end } = this.#parsed(End, line);
    if (end.entries !== this.entries || end.logs !== logs || logs === 0 || !(await this.#isOver()))
      throw new Fault(null, "the bundle does not end as it says");
    this.#assertSignedToItsEnd();
    this.#assertOutside();
  }

  async #section({ origin, key, entries, checkpoints }: z.infer<typeof Head>["log"]): Promise<void> {
    const publicKey = Buffer.from(key.slice(origin.length + KEY_HEAD_CHARS), "base64").subarray(1);
    if (publicKey.length !== 32 || verifierKey(origin, publicKey) !== key)
      throw new Fault(null, `the key of ${origin} is not a verifier key`);
    const before = this.last;
    const signed: Checkpoint[] = [];
    const effects = new Effects();
    const section: Section = { origin, publicKey, entries, signed, tree: new Frontier(sha256), effects, time: 0 };
    for (let n = 0; n < checkpoints; n++) signed.push(this.#note(section, signed.at(-1), await this.#next()));
    this.last = section;
    this.#assertOutsideSigned(section);
    this.#roots(section);
    for (let seq = 1; seq <= entries; seq++) {
      const entry = this.#entry(section, seq, await this.#next());
      if (seq === 1 && before !== null) assertContinues(before, entry);
      this.#roots(section);
    }
    const most = signed.at(-1)?.size ?? 0;
    if (most > entries) throw new Fault(entries + 1, `${most} entries were signed, ${entries} are here`);
  }

  #note({ origin, publicKey }: Section, before: Checkpoint | undefined, line: Buffer): Checkpoint {
    const { checkpoint, consistency } = this.#parsed(Note, line);
    const note = parseCheckpoint(checkpoint);
    if (note === null || note.origin !== origin || !isSigned(checkpoint, origin, publicKey))
      throw new Fault(null, `the checkpoint at ${note?.size ?? "?"} is not signed by this ledger's key`);
    const older = before ?? { size: 0, root: Buffer.from(new Frontier(sha256).root()) };
    const path = consistency.map((hash) => Buffer.from(hash, "base64"));
    if (!verifyConsistency(sha256, older, note, path))
      throw new Fault(null, `the checkpoint at ${note.size} does not continue the one at ${older.size}`);
    this.checkpoints++;
    return note;
  }

  #entry(section: Section, seq: number, line: Buffer): { readonly type: unknown; readonly body: unknown } {
    const stored = line.toString("latin1", 0, HASH_CHARS);
    const leaf = Buffer.concat([Buffer.of(0), line.subarray(HASH_CHARS + 1)]);
    const hash = sha256(leaf);
    if (line[HASH_CHARS] !== 0x20) throw new Fault(seq, `entry ${seq} is missing`);
    if (hash.toString("base64") !== stored) throw new Fault(seq, `entry ${seq} was altered`);
    const entry = entryOf(leaf);
    if (entry === null) throw new Fault(seq, `entry ${seq} cannot be read`);
    // An entry that was put in pushes the one with its number back: the earlier of the two places is where it begins.
    const first = Math.min(entry.seq, seq);
    if (entry.seq !== seq) throw new Fault(first, `entry ${first} is not where it was`);
    if (entry.time < section.time) throw new Fault(seq, `entry ${seq} is older than the one before it`);
    section.time = entry.time;
    section.tree.add(hash);
    section.effects.follow(leaf, seq);
    this.entries++;
    return entry;
  }

  /** Every checkpoint of the present size is over this root. */
  #roots({ signed, tree, origin }: Section): void {
    const at = signed.findIndex(({ size }) => size === tree.size);
    const note = signed[at];
    if (note !== undefined && !sameHash(note.root, tree.root())) {
      const from = (signed[at - 1]?.size ?? 0) + 1;
      throw new Fault(from, `an entry from ${from} to ${note.size} does not fit the checkpoint at ${note.size}`);
    }
    const outside = this.#outside;
    if (outside === null || outside.origin !== origin || outside.size !== tree.size) return;
    if (!sameHash(outside.root, tree.root()))
      throw new Fault(null, `the first ${outside.size} entries are not those of the outside checkpoint`);
    this.#isOutsideMet = true;
  }

  #assertOutsideSigned({ origin, publicKey }: Section): void {
    if (this.#outside?.origin !== origin || this.#outsideText === null) return;
    if (!isSigned(this.#outsideText, origin, publicKey))
      throw new Fault(null, "the outside checkpoint is not signed by this ledger's key");
  }

  #assertSignedToItsEnd(): void {
    const { signed, entries } = this.last ?? { signed: [], entries: 0 };
    const most = signed.at(-1)?.size ?? 0;
    if (most < entries) throw new Fault(most + 1, `${most} entries were signed, ${entries} are here`);
  }

  #assertOutside(): void {
    if (this.#outsideText === null || this.#isOutsideMet) return;
    if (this.#outside === null) throw new Fault(null, "the outside checkpoint cannot be read");
    if (this.#outside.origin !== this.last?.origin)
      throw new Fault(null, "the outside checkpoint is of another ledger");
    const here = this.last.entries;
    throw new Fault(here + 1, `${this.#outside.size} entries were signed, ${here} are here`);
  }

  #parsed<T extends z.ZodType>(schema: T, line: Buffer): z.infer<T> {
    const parsed = schema.safeParse(jsonOf(line));
    if (parsed.success) return parsed.data;
    throw new Fault(null, `line ${this.#line} of the bundle is not what belongs there`);
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#lines.next();
    this.#line++;
    if (done === true) throw new Fault(null, "the bundle ends before its end");
    return value;
  }

  async #isOver(): Promise<boolean> {
    return (await this.#lines.next()).done === true;
  }
}

/** After a restore, or when a signing key was lost, the next ledger begins with an entry that names the one before. */
function assertContinues(before: Section, { type, body }: { readonly type: unknown; readonly body: unknown }): void {
  const named = body as { readonly origin?: unknown; readonly entries?: unknown; readonly root?: unknown };
  const root = Buffer.from(before.tree.root()).toString("base64");
  const fits =
    (type === "backup.restored" || type === "key.rotated") &&
    named.origin === before.origin &&
    named.entries === before.entries &&
    (named.root === undefined || named.root === root);
  if (!fits) throw new Fault(1, `the ledger does not say that it goes on from ${before.origin}`);
}

type Read = { readonly seq: number; readonly time: number; readonly type: unknown; readonly body: unknown };

function entryOf(leaf: Buffer): Read | null {
  const read = jsonOf(leaf.subarray(1)) as Partial<Read> | null;
  if (typeof read?.seq !== "number" || typeof read.time !== "number" || typeof read.body !== "object") return null;
  return { seq: read.seq, time: read.time, type: read.type, body: read.body };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    // What is not JSON is not a line of a bundle; the caller says which.
    return null;
  }
}
