/**
 * Proofs out of a stored ledger, as base64 hashes: that an entry is in it, that an older tree is the beginning of a
 * newer one.
 */
import { consistencyProof, inclusionProof } from "../core/merkle.ts";
import { Refusal } from "../core/refusal.ts";
import type { Statements } from "./db.ts";
import { sha256 } from "./hashing.ts";
import { type Log, StoredTree } from "./ledger-tree.ts";

const base64 = (hashes: readonly Uint8Array[]): readonly string[] =>
  hashes.map((hash) => Buffer.from(hash).toString("base64"));

/**
 * RFC 6962 section 2.1.2, from `older` to `newer` entries; nothing precedes a tree of no entries. Refuses
 * `input.invalid`.
 */
export function consistencyOf(statements: Statements, log: Log, older: number, newer: number): readonly string[] {
  if (!(older >= 0 && older <= newer)) throw new Refusal("input.invalid", { field: "size" });
  if (older === 0) return [];
  return base64(consistencyProof(sha256, new StoredTree(statements, log).nodeAt, older, newer));
}

/** C2SP tlog-proof@v1 text (c2sp.org/tlog-proof) for entry `seq`; `checkpoint` is of at least so many entries. */
export function inclusionText(statements: Statements, log: Log, seq: number, size: number, checkpoint: string): string {
  if (!(seq >= 1 && seq <= size)) throw new Refusal("not_found", { field: String(seq) });
  const path = base64(inclusionProof(sha256, new StoredTree(statements, log).nodeAt, seq - 1, size));
  return ["c2sp.org/tlog-proof@v1", `index ${seq - 1}`, ...path, "", checkpoint].join("\n");
}
