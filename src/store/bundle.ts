/** A ledger in one file that anybody can verify without us: docs/ledger-format.md, "Bundle". */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { Refusal } from "../core/refusal.ts";
import { verifierKey } from "./checkpoint.ts";
import { codeOf, type Statements } from "./db.ts";
import type { Log } from "./ledger-tree.ts";
import { consistencyOf } from "./proof.ts";

export const BUNDLE_FORMAT = "lazaret.ledger-bundle.v1";
const PAGE_ENTRIES = 4096;
const FILE_MODE = 0o600;

type Row = readonly [hash: Buffer, leaf: Buffer];
type Signed = { readonly size: number; readonly text: string };
export type BundleMade = { readonly entries: number; readonly bytes: number };

/**
 * Writes every log of the home to a new 0600 file, the newest up to `size`, which was signed. Others work between
 * pages; what
 * they add is not in it. Leaves no file behind when it fails.
 */
export async function writeBundle(statements: Statements, size: number, file: string): Promise<BundleMade> {
  const out = new Out(newFile(file));
  try {
    const logs = statements.of("SELECT * FROM log ORDER BY n").all() as Log[];
    let entries = 0;
    out.line(JSON.stringify({ bundle: BUNDLE_FORMAT }));
    for (const [at, log] of logs.entries()) {
      const next = logs[at + 1];
      const length = next === undefined ? size : next.base - log.base;
      writeHead(statements, log, length, out);
      await writeEntries(statements, log, length, out);
      entries += length;
    }
    out.line(JSON.stringify({ end: { entries, logs: logs.length } }));
    out.close();
    return { entries, bytes: out.bytes };
  } catch (error) {
    out.close();
    rmSync(file, { force: true });
    throw error;
  }
}

function newFile(file: string): number {
  try {
    return openSync(file, "wx", FILE_MODE);
  } catch (error) {
    const isTaken = codeOf(error) === "EEXIST";
    const hint = isTaken ? "There is a file of that name; name a new one." : `It cannot be made: ${codeOf(error)}.`;
    throw new Refusal("input.invalid", { field: file, hint });
  }
}

function writeHead(statements: Statements, log: Log, length: number, out: Out): void {
  const sql = "SELECT size, text FROM checkpoint WHERE log = ? AND size <= ? ORDER BY size, n";
  const signed = statements.of(sql).all(log.n, length) as Signed[];
  const { origin } = log;
  const key = verifierKey(origin, log.public);
  out.line(JSON.stringify({ log: { checkpoints: signed.length, entries: length, key, origin } }));
  let before = 0;
  for (const { size, text } of signed) {
    const consistency = consistencyOf(statements, log, before, size);
    out.line(JSON.stringify({ checkpoint: text, consistency }));
    before = size;
  }
}

async function writeEntries(statements: Statements, log: Log, length: number, out: Out): Promise<void> {
  const sql = "SELECT hash, leaf FROM entry WHERE n > ? AND n <= ? ORDER BY n LIMIT ?";
  for (let done = 0; done < length; ) {
    const rows = statements
      .of(sql)
      .raw()
      .all(log.base + done, log.base + length, PAGE_ENTRIES) as Row[];
    if (rows.length === 0) break;
    // The entry as it is hashed, without the byte 0 in front; canonical JSON holds no line feed.
    out.write(Buffer.concat(rows.flatMap(([hash, leaf]) => [hashText(hash), leaf.subarray(1), LINE_FEED])));
    done += rows.length;
    await new Promise<void>((resume) => setImmediate(resume));
  }
}

const LINE_FEED = Buffer.from("\n");
const hashText = (hash: Buffer): Buffer => Buffer.from(`${hash.toString("base64")} `);

class Out {
  bytes = 0;
  #file: number | null;

  constructor(file: number) {
    this.#file = file;
  }

  line(text: string): void {
    this.write(Buffer.from(`${text}\n`));
  }

  write(bytes: Buffer): void {
    if (this.#file === null) return;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.bytes += bytes.length;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
