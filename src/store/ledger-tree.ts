/**
 * The Merkle tree beside the entries: leaf hashes with the entries, roots of subtrees at every eighth level in a table.
 */
import { emptyRoot, Frontier, nodeHash } from "../core/merkle.ts";
import { Refusal } from "../core/refusal.ts";
import type { Statements } from "./db.ts";
import { sha256 } from "./hashing.ts";

/** Levels between stored nodes: one row for 256 entries; a missing node costs at most 255 hashes. */
export const TILE_LEVELS = 8;
export const TILE_LEAVES = 2 ** TILE_LEVELS;

/** One ledger: entry n = base + seq, where seq begins with 1 and leaf index is seq − 1. */
export type Log = {
  readonly n: number;
  readonly origin: string;
  readonly base: number;
  readonly public: Uint8Array;
  readonly at: number;
};

/** Reads complete subtrees of a stored log. Throws `ledger.broken` where rows are missing. */
export class StoredTree {
  readonly #statements: Statements;
  readonly #log: Log;

  constructor(statements: Statements, log: Log) {
    this.#statements = statements;
    this.#log = log;
  }

  readonly nodeAt = (level: number, index: number): Uint8Array => {
    if (level === 0) return this.#hashes(index, 1)[0] as Uint8Array;
    if (level % TILE_LEVELS === 0) return this.#stored(level, index);
    const below = level - (level % TILE_LEVELS);
    const count = 2 ** (level - below);
    if (below === 0) return rootOf(this.#hashes(index * count, count));
    return rootOf(Array.from({ length: count }, (_, i) => this.#stored(below, index * count + i)));
  };

  #hashes(first: number, count: number): readonly Uint8Array[] {
    const from = this.#log.base + 1 + first;
    const sql = "SELECT hash FROM entry WHERE n >= ? AND n < ? ORDER BY n";
    const rows = this.#statements
      .of(sql)
      .pluck()
      .all(from, from + count) as Uint8Array[];
    if (rows.length !== count) throw new Refusal("ledger.broken", { hint: `Entries after ${first} are missing.` });
    return rows;
  }

  #stored(level: number, index: number): Uint8Array {
    const sql = "SELECT hash FROM node WHERE log = ? AND level = ? AND idx = ?";
    const hash = this.#statements.of(sql).pluck().get(this.#log.n, level, index) as Uint8Array | undefined;
    if (hash === undefined) throw new Refusal("ledger.broken", { hint: `Tree node ${level}/${index} is missing.` });
    return hash;
  }
}

/** Root of a power of two of hashes. */
function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  let level = hashes;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      above.push(nodeHash(sha256, level[i] as Uint8Array, level[i + 1] as Uint8Array));
    }
    level = above;
  }
  return level[0] ?? emptyRoot(sha256);
}

/** Adds a leaf and stores the nodes that are kept. Inside a transaction. */
export function growTree(statements: Statements, log: Log, frontier: Frontier, leaf: Uint8Array): void {
  frontier.add(leaf, (level, index, hash) => {
    if (level % TILE_LEVELS === 0) {
      statements.of("INSERT INTO node VALUES (?, ?, ?, ?)").run(log.n, level, index, hash);
    }
  });
}

export const newFrontier = (statements: Statements, log: Log, size: number): Frontier =>
  new Frontier(sha256, size, new StoredTree(statements, log).nodeAt);
