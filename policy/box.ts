/** Arithmetic of boxes: intersection, containment, what is left of one after others. Exact; no sampling anywhere. */
import { FRAGMENTS_MAX } from "./bounds.ts";
import { type Axis, type Box, fullBox, type Space } from "./compile.ts";
import type { Request } from "./request.ts";

/** The analysis needed more pieces than the limit; the pack is then refused as too tangled to reason about. */
export class TooTangled extends Error {
  override readonly name = "TooTangled";
  constructor() {
    super(`the rules overlap in more than ${FRAGMENTS_MAX} pieces`);
  }
}

export function intersect(space: Space, a: Box, b: Box): Box | undefined {
  if (!overlaps(space, a, b)) return undefined;
  return a.map((word, i) => word & (b[i] ?? 0));
}

export function overlaps(space: Space, a: Box, b: Box): boolean {
  for (const { start, size } of space.named) {
    let shared = 0;
    for (let i = start; i < start + size; i++) shared |= (a[i] ?? 0) & (b[i] ?? 0);
    if (shared === 0) return false;
  }
  return true;
}

export function isEmpty(space: Space, box: Box): boolean {
  return !overlaps(space, box, box);
}

/** Is all of `inner` in `outer`. */
export function contains(outer: Box, inner: Box): boolean {
  for (let i = 0; i < inner.length; i++) if (((inner[i] ?? 0) & ~(outer[i] ?? 0)) !== 0) return false;
  return true;
}

export function hasAtom(box: Box, axis: Axis, atom: number): boolean {
  return (((box[axis.start + (atom >>> 5)] ?? 0) >>> (atom & 31)) & 1) === 1;
}

/** The part of `box` that has `atom` in `axis`; the caller knows that it is there. */
export function slice(box: Box, axis: Axis, atom: number): Box {
  const part = box.slice();
  part.fill(0, axis.start, axis.start + axis.size);
  part[axis.start + (atom >>> 5)] = 1 << (atom & 31);
  return part;
}

export function atomsIn(box: Box, axis: Axis): number[] {
  const atoms: number[] = [];
  for (let atom = 0; atom < axis.atoms; atom++) if (hasAtom(box, axis, atom)) atoms.push(atom);
  return atoms;
}

export function isFull(box: Box, axis: Axis): boolean {
  return atomsIn(box, axis).length === axis.atoms;
}

/** On how many axes does `box` reach out of `other`; -1 when they do not meet. */
function reachesOut(space: Space, box: Box, other: Box): number {
  let axes = 0;
  for (const { start, size } of space.named) {
    let shared = 0;
    let outside = 0;
    for (let i = start; i < start + size; i++) {
      const word = box[i] ?? 0;
      const mask = other[i] ?? 0;
      shared |= word & mask;
      outside |= word & ~mask;
    }
    if (shared === 0) return -1;
    if (outside !== 0) axes++;
  }
  return axes;
}

/** What a search has left, and the boxes that it leaned on. */
type Search = { fragments: number; readonly used: Set<Box> };

/**
 * Hands the parts of `box` that none of `others` covers to `visit`, as disjoint boxes, until it says false. Splits by
 * the box that leaves the fewest pieces, so what is covered is found covered early. Throws TooTangled at the limit. The
 * box must not be empty.
 */
function carve(
  space: Space,
  box: Box,
  others: readonly Box[],
  visit: (piece: Box) => boolean,
  search: Search,
): boolean {
  const meeting: Box[] = [];
  let best: Box | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const other of others) {
    const axes = reachesOut(space, box, other);
    if (axes === 0) {
      search.used.add(other);
      return true;
    }
    if (axes < 0) continue;
    meeting.push(other);
    if (axes < fewest) {
      fewest = axes;
      best = other;
    }
  }
  if (--search.fragments < 0) throw new TooTangled();
  if (!best) return visit(box);
  search.used.add(best);
  const rest = box.slice();
  for (const { start, size } of space.named) {
    let outside = 0;
    for (let i = start; i < start + size; i++) outside |= (rest[i] ?? 0) & ~(best[i] ?? 0);
    if (outside === 0) continue;
    const piece = rest.slice();
    for (let i = start; i < start + size; i++) {
      const word = rest[i] ?? 0;
      const mask = best[i] ?? 0;
      piece[i] = word & ~mask;
      rest[i] = word & mask;
    }
    if (!carve(space, piece, meeting, visit, search)) return false;
  }
  return true;
}

/** One part of `box` that none of `others` covers, or undefined when all of it is covered. */
export function firstUncovered(space: Space, box: Box, others: readonly Box[]): Box | undefined {
  const cover = coverOf(space, box, others);
  return cover.covered ? undefined : cover.piece;
}

export type Cover =
  /** Boxes that suffice; seldom many more than are needed. */
  { readonly covered: true; readonly by: ReadonlySet<Box> } | { readonly covered: false; readonly piece: Box };

export function coverOf(space: Space, box: Box, others: readonly Box[]): Cover {
  const search: Search = { fragments: FRAGMENTS_MAX, used: new Set() };
  let piece: Box | undefined;
  const keep = (found: Box) => {
    piece = found;
    return false;
  };
  if (!isEmpty(space, box)) carve(space, box, others, keep, search);
  return piece ? { covered: false, piece } : { covered: true, by: search.used };
}

/** What `positive` boxes have together outside `negative` ones, as disjoint boxes that cannot be joined any further. */
export function remainder(space: Space, positive: readonly Box[], negative: readonly Box[]): Box[] {
  const search: Search = { fragments: FRAGMENTS_MAX, used: new Set() };
  const pieces: Box[] = [];
  const taken = [...negative];
  for (const box of positive) {
    if (isEmpty(space, box)) continue;
    const before = pieces.length;
    carve(space, box, taken, (piece) => pieces.push(piece) > 0, search);
    if (pieces.length > before) taken.push(box);
  }
  return merge(space, pieces);
}

/** Joins boxes that differ in one axis only, until none do. */
export function merge(space: Space, boxes: readonly Box[]): Box[] {
  let current = [...boxes];
  for (;;) {
    const before = current.length;
    for (const axis of space.named) current = mergeAlong(axis, current);
    if (current.length === before) return current;
  }
}

function mergeAlong(axis: Axis, boxes: readonly Box[]): Box[] {
  const groups = new Map<string, Box>();
  for (const box of boxes) {
    const end = axis.start + axis.size;
    const key = `${box.slice(0, axis.start).join()};${box.slice(end).join()}`;
    const same = groups.get(key);
    if (!same) groups.set(key, box.slice());
    else for (let i = axis.start; i < end; i++) same[i] = (same[i] ?? 0) | (box[i] ?? 0);
  }
  return [...groups.values()];
}

/** A concrete request in the box, complete; where the box leaves the choice, what a person would expect. */
export function witnessOf(space: Space, box: Box): Request {
  const witness: Record<string, string | number | undefined> = { ...space.usual };
  for (const axis of space.named) {
    const usual = axis.usual >= 0 && hasAtom(box, axis, axis.usual);
    witness[axis.dimension] = axis.examples[usual ? axis.usual : lowestAtom(box, axis)];
  }
  return witness;
}

function lowestAtom(box: Box, axis: Axis): number {
  for (let i = 0; i < axis.size; i++) {
    const word = box[axis.start + i] ?? 0;
    if (word !== 0) return i * 32 + 31 - Math.clz32(word & -word);
  }
  return 0;
}

/** All requests with one value in one dimension. */
export function everythingWith(space: Space, axis: Axis, atom: number): Box {
  return slice(fullBox(space), axis, atom);
}
