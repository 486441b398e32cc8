import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  consistencyProof,
  emptyRoot,
  Frontier,
  inclusionProof,
  leafHash,
  nodeHash,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from "../src/core/merkle.ts";

const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

type Vectors = {
  leaves: string[];
  empty: string;
  roots: string[];
  inclusion: { index: number; size: number; path: string[] }[];
  consistency: { older: number; newer: number; path: string[] }[];
};
const vectors = JSON.parse(readFileSync(new URL("vectors/merkle.json", import.meta.url), "utf8")) as Vectors;

/** Every complete subtree over the leaves, the slow and obvious way. */
function nodesOf(leaves: readonly Uint8Array[]) {
  const node = (level: number, index: number): Uint8Array =>
    level === 0
      ? (leaves[index] as Uint8Array)
      : nodeHash(hash, node(level - 1, index * 2), node(level - 1, index * 2 + 1));
  return node;
}
/** RFC 6962 section 2.1 as it is written. */
function definedRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot(hash);
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(hash, definedRoot(leaves.slice(0, k)), definedRoot(leaves.slice(k)));
}
const leavesOf = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, i) => leafHash(hash, Buffer.from(`entry ${i}`)));

const known = vectors.leaves.map((leaf) => leafHash(hash, Buffer.from(leaf, "hex")));
const node = nodesOf(known);

test("the roots are those of the RFC 6962 vectors", () => {
  const frontier = new Frontier(hash);
  expect(hexOf(frontier.root())).toBe(vectors.empty);
  for (const [at, root] of vectors.roots.entries()) {
    frontier.add(known[at] as Uint8Array);
    expect(hexOf(frontier.root())).toBe(root);
    expect(hexOf(rootAt(hash, node, at + 1))).toBe(root);
  }
});

test("the proofs are those of the RFC 6962 vectors", () => {
  for (const { index, size, path } of vectors.inclusion) {
    expect(inclusionProof(hash, node, index, size).map(hexOf)).toEqual(path);
  }
  for (const { older, newer, path } of vectors.consistency) {
    expect(consistencyProof(hash, node, older, newer).map(hexOf)).toEqual(path);
  }
});

test("a frontier that goes on from stored nodes gives the root of the whole", () => {
  const leaves = leavesOf(70);
  for (const size of [0, 1, 2, 3, 7, 8, 31, 64, 69]) {
    const frontier = new Frontier(hash, size, nodesOf(leaves));
    for (const leaf of leaves.slice(size)) frontier.add(leaf);
    expect(hexOf(frontier.root())).toBe(hexOf(definedRoot(leaves)));
  }
});

test("every inner node is told once, when it is complete", () => {
  const leaves = leavesOf(13);
  const told: string[] = [];
  const frontier = new Frontier(hash);
  for (const leaf of leaves) {
    frontier.add(leaf, (level, index, made) => {
      expect(hexOf(made)).toBe(hexOf(nodesOf(leaves)(level, index)));
      told.push(`${level}/${index}`);
    });
  }
  expect(told).toEqual(["1/0", "1/1", "2/0", "1/2", "1/3", "2/1", "3/0", "1/4", "1/5", "2/2"]);
});

test("every leaf is proved, and nothing else is proved in its place", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(), (size, a, b) => {
      const leaves = leavesOf(size);
      const [index, other] = [a % size, b % size];
      const root = definedRoot(leaves);
      const path = inclusionProof(hash, nodesOf(leaves), index, size);
      const leaf = leaves[index] as Uint8Array;
      expect(verifyInclusion(hash, leaf, index, size, path, root)).toBe(true);
      if (other !== index) {
        expect(verifyInclusion(hash, leaves[other] as Uint8Array, index, size, path, root)).toBe(false);
        expect(verifyInclusion(hash, leaf, other, size, path, root)).toBe(false);
      }
      expect(verifyInclusion(hash, leaf, index, size, [...path, leaf], root)).toBe(false);
      if (path.length > 0) expect(verifyInclusion(hash, leaf, index, size, path.slice(1), root)).toBe(false);
      expect(verifyInclusion(hash, leaf, size, size, path, root)).toBe(false);
    }),
  );
});

test("every prefix is proved, and no other tree is taken for one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (size, a) => {
      const leaves = leavesOf(size);
      const m = (a % size) + 1;
      const older = { size: m, root: definedRoot(leaves.slice(0, m)) };
      const newer = { size, root: definedRoot(leaves) };
      const path = consistencyProof(hash, nodesOf(leaves), m, size);
      expect(verifyConsistency(hash, older, newer, path)).toBe(true);
      const forged = { size: m, root: definedRoot([...leaves.slice(0, m - 1), leafHash(hash, Buffer.from("x"))]) };
      expect(verifyConsistency(hash, forged, newer, path)).toBe(false);
      if (m < size) {
        expect(verifyConsistency(hash, older, { size, root: older.root }, path)).toBe(false);
        expect(verifyConsistency(hash, older, newer, [...path, older.root])).toBe(false);
        expect(verifyConsistency(hash, newer, older, path)).toBe(false);
      }
    }),
  );
});

test("a proof of what is not there is a programmer's error", () => {
  expect(() => inclusionProof(hash, node, 8, 8)).toThrow(RangeError);
  expect(() => consistencyProof(hash, node, 9, 8)).toThrow(RangeError);
  expect(() => consistencyProof(hash, node, 0, 8)).toThrow(RangeError);
});
