/** Text in pieces, cut at \n alone: node:readline also breaks at U+2028, which JSON may hold raw. */
import { Refusal } from "./refusal.ts";

/** Throws `input.invalid` with the number of a line longer than `charsMax` before it is held whole. Drops a last \r. */
export async function* linesOf(
  pieces: AsyncIterable<string> | Iterable<string>,
  charsMax: number,
): AsyncGenerator<string> {
  let number = 1;
  let rest: string[] = [];
  let held = 0;
  const line = (end: string): string => {
    const whole = rest.join("") + end;
    rest = [];
    held = 0;
    number++;
    return whole.endsWith("\r") ? whole.slice(0, -1) : whole;
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf("\n"); at >= 0; at = piece.indexOf("\n", from)) {
      held += at - from;
      if (held > charsMax) break;
      yield line(piece.slice(from, at));
      from = at + 1;
    }
    rest.push(piece.slice(from));
    held += piece.length - from;
    if (held > charsMax) {
      const hint = `line ${number}: longer than ${charsMax} characters`;
      throw new Refusal("input.invalid", { field: `line ${number}`, hint });
    }
  }
  if (held > 0) yield line("");
}
