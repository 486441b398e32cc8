/**
 * A diff told in few lines: regions that reach over what is refused anyway, so that only what matters is left to say.
 */
import { contains, firstUncovered, hasAtom, isFull, overlaps, slice } from "./box.ts";
import { type Axis, type Box, fullBox } from "./compile.ts";
import type { Change, Diff } from "./diff.ts";
import type { Dimension } from "./request.ts";
import { changeSentence } from "./words.ts";

/** Dimensions in which single values are worth joining into one line. */
const JOINED: readonly Dimension[] = ["action", "role", "destination", "tier"];

export type Outline = {
  /** One of the changes that this line tells; its witness is an example of the line. */
  readonly change: Change;
  /** Everything in it changes like `change`, or is refused before and after. */
  readonly box: Box;
  readonly sentence: string;
};

/** Every change is in a line, and no line says more than changes. Widening changes first. */
export function outlines(diff: Diff): Outline[] {
  const lines: Outline[] = [];
  for (const change of diff.changes) {
    if (lines.some((line) => isAlike(line.change, change) && contains(line.box, change.box))) continue;
    const box = reachOver(diff, change);
    lines.push({ change, box, sentence: changeSentence(diff.space, change, box) });
  }
  return lines;
}

function isAlike(a: Change, b: Change): boolean {
  return a.from === b.from && a.to === b.to && a.demand === b.demand;
}

/** Widens one axis after the other, as long as nothing comes in that does not change alike. */
function reachOver({ space, changes, deniedInBoth }: Diff, change: Change): Box {
  const alike = changes.filter((other) => isAlike(other, change)).map((other) => other.box);
  const told = [...alike, ...deniedInBoth];
  const everything = fullBox(space);
  let box = change.box;
  const tryWith = (axis: Axis, from: Box): boolean => {
    const wider = box.slice();
    for (let i = axis.start; i < axis.start + axis.size; i++) wider[i] = (wider[i] ?? 0) | (from[i] ?? 0);
    if (firstUncovered(space, wider, told)) return false;
    box = wider;
    return true;
  };
  // A single value is named only when something changes for it, not because it is refused anyway.
  const isTold = (axis: Axis, atom: number): boolean => {
    const part = slice(everything, axis, atom);
    for (const other of space.axes)
      if (other !== axis) for (let i = other.start; i < other.start + other.size; i++) part[i] = box[i] ?? 0;
    return alike.some((piece) => overlaps(space, piece, part));
  };
  // The last axes are the ones that matter least to a reader, so they go first.
  for (const axis of [...space.axes].reverse()) {
    if (isFull(box, axis) || tryWith(axis, everything) || !JOINED.includes(axis.dimension)) continue;
    for (let atom = 0; atom < axis.atoms; atom++)
      if (!hasAtom(box, axis, atom) && isTold(axis, atom)) tryWith(axis, slice(everything, axis, atom));
  }
  return box;
}
