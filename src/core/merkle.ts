/** RFC 6962 Merkle trees: pure arithmetic over hashes. The hash function and the stored nodes are handed in. */

export type Hash = (bytes: Uint8Array) => Uint8Array;
/** Hash of the complete subtree of 2^level leaves that begins at leaf `index * 2^level`. */
export type NodeAt = (level: number, index: number) => Uint8Array;

const LEAF_PREFIX = 0;
const NODE_PREFIX = 1;
const HASH_BYTES = 32;

/** Hash of one entry: SHA-256(0x00 ‖ bytes), RFC 6962 section 2.1. */
export function leafHash(hash: Hash, bytes: Uint8Array): Uint8Array {
  const input = new Uint8Array(bytes.length + 1);
  input[0] = LEAF_PREFIX;
  input.set(bytes, 1);
  return hash(input);
}

const nodeInput = (): Uint8Array => new Uint8Array(1 + 2 * HASH_BYTES);

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). `input`: room for these bytes, for whoever makes many. */
export function nodeHash(hash: Hash, left: Uint8Array, right: Uint8Array, input = nodeInput()): Uint8Array {
  input[0] = NODE_PREFIX;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return hash(input);
}

/** Root of the tree without leaves: the hash of nothing. */
export const emptyRoot = (hash: Hash): Uint8Array => hash(new Uint8Array(0));

/** The right edge of a growing tree: one hash for every binary digit of its size, the largest subtree first. */
export class Frontier {
  readonly #hash: Hash;
  readonly #edge: Uint8Array[];
  readonly #input = nodeInput();
  #size: number;

  /** `node` gives the complete subtrees of a tree of `size` leaves that exists already. */
  constructor(hash: Hash, size = 0, node?: NodeAt) {
    this.#hash = hash;
    this.#size = size;
    this.#edge = node === undefined ? [] : subtreesOf(0, size).map(({ level, index }) => node(level, index));
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a leaf; `grown` hears of every inner node that becomes complete with it. */
  add(leaf: Uint8Array, grown?: (level: number, index: number, hash: Uint8Array) => void): void {
    let node = leaf;
    let index = this.#size;
    for (let level = 1; index % 2 === 1; level++) {
      const left = this.#edge.pop();
      if (left === undefined) throw new TypeError("a frontier has a hash for every digit of its size");
      node = nodeHash(this.#hash, left, node, this.#input);
      index = (index - 1) / 2;
      grown?.(level, index, node);
    }
    this.#edge.push(node);
    this.#size++;
  }

  root(): Uint8Array {
    return folded(this.#hash, this.#edge);
  }
}

/** Joins neighbouring subtrees from the right, which is how RFC 6962 builds an unbalanced tree. */
function folded(hash: Hash, edge: readonly Uint8Array[]): Uint8Array {
  let root = edge.at(-1);
  if (root === undefined) return emptyRoot(hash);
  for (let i = edge.length - 2; i >= 0; i--) root = nodeHash(hash, edge[i] as Uint8Array, root);
  return root;
}

type Subtree = { readonly level: number; readonly index: number };

/**
 * The complete subtrees that cover `count` leaves from `first` on; `first` is where a subtree of that size may begin.
 */
function subtreesOf(first: number, count: number): readonly Subtree[] {
  const found: Subtree[] = [];
  let at = first;
  let left = count;
  while (left > 0) {
    const level = Math.floor(Math.log2(left));
    found.push({ level, index: at / 2 ** level });
    at += 2 ** level;
    left -= 2 ** level;
  }
  return found;
}

/** Root of `count` leaves from `first` on, as a subtree of RFC 6962's recursion. */
function rangeRoot(hash: Hash, node: NodeAt, first: number, count: number): Uint8Array {
  return folded(
    hash,
    subtreesOf(first, count).map(({ level, index }) => node(level, index)),
  );
}

/** Root of the first `size` leaves. */
export const rootAt = (hash: Hash, node: NodeAt, size: number): Uint8Array => rangeRoot(hash, node, 0, size);

/** Largest power of two below n (n ≥ 2). */
const split = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));

/** Audit path of leaf `index` in a tree of `size` leaves, RFC 6962 section 2.1.1. */
export function inclusionProof(hash: Hash, node: NodeAt, index: number, size: number): readonly Uint8Array[] {
  if (!(index >= 0 && index < size)) throw new RangeError("the leaf is not in the tree");
  const path: Uint8Array[] = [];
  let [first, count, at] = [0, size, index];
  while (count > 1) {
    const k = split(count);
    if (at < k) {
      path.push(rangeRoot(hash, node, first + k, count - k));
      count = k;
    } else {
      path.push(rangeRoot(hash, node, first, k));
      [first, count, at] = [first + k, count - k, at - k];
    }
  }
  return path.reverse();
}

/** Proof that the tree of `older` leaves is a prefix of the tree of `newer`, RFC 6962 section 2.1.2. */
export function consistencyProof(hash: Hash, node: NodeAt, older: number, newer: number): readonly Uint8Array[] {
  if (!(older > 0 && older <= newer)) throw new RangeError("the older tree is not within the newer one");
  const path: Uint8Array[] = [];
  let [first, count, m, isWhole] = [0, newer, older, true];
  while (m !== count) {
    const k = split(count);
    if (m <= k) {
      path.push(rangeRoot(hash, node, first + k, count - k));
      count = k;
    } else {
      path.push(rangeRoot(hash, node, first, k));
      [first, count, m, isWhole] = [first + k, count - k, m - k, false];
    }
  }
  if (!isWhole) path.push(rangeRoot(hash, node, first, count));
  return path.reverse();
}

const isEven = (n: number): boolean => n % 2 === 0;
const half = (n: number): number => Math.floor(n / 2);

/** Does the path lead from the leaf to the root? RFC 9162 section 2.1.3.2. */
export function verifyInclusion(
  hash: Hash,
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false;
  let [fn, sn, node] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (sn === 0) return false;
    if (!isEven(fn) || fn === sn) {
      node = nodeHash(hash, sibling, node);
      while (isEven(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      node = nodeHash(hash, node, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && sameHash(node, root);
}

/** Is the older tree a prefix of the newer one? RFC 9162 section 2.1.4.2. */
export function verifyConsistency(
  hash: Hash,
  older: { readonly size: number; readonly root: Uint8Array },
  newer: { readonly size: number; readonly root: Uint8Array },
  path: readonly Uint8Array[],
): boolean {
  if (older.size > newer.size || older.size < 0) return false;
  if (older.size === newer.size) return path.length === 0 && sameHash(older.root, newer.root);
  if (older.size === 0) return path.length === 0 && sameHash(older.root, emptyRoot(hash));
  const isPower = 2 ** Math.floor(Math.log2(older.size)) === older.size;
  const [start, ...rest] = isPower ? [older.root, ...path] : path;
  if (start === undefined) return false;
  let [fn, sn, oldNode, newNode] = [older.size - 1, newer.size - 1, start, start];
  while (!isEven(fn)) [fn, sn] = [half(fn), half(sn)];
  for (const sibling of rest) {
    if (sn === 0) return false;
    if (!isEven(fn) || fn === sn) {
      oldNode = nodeHash(hash, sibling, oldNode);
      newNode = nodeHash(hash, sibling, newNode);
      while (isEven(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      newNode = nodeHash(hash, newNode, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && sameHash(oldNode, older.root) && sameHash(newNode, newer.root);
}

/** Roots are public: no constant time needed. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
