/**
 * The most valuable set of statements within a number of characters and a number of statements (0/1 knapsack, exact).
 */

export type Item = { readonly value: number; readonly chars: number };

/**
 * Indexes of the chosen items, ascending. Time and room: items × charsMax × itemsMax; callers keep the product below
 * some millions.
 */
export function pack(items: readonly Item[], charsMax: number, itemsMax: number): number[] {
  const width = charsMax + 1;
  const best = new Float64Array((itemsMax + 1) * width);
  const taken: Uint8Array[] = [];
  for (const { value, chars } of items) {
    const took = new Uint8Array((itemsMax + 1) * width);
    for (let many = itemsMax; many >= 1; many -= 1) {
      for (let room = charsMax; room >= chars; room -= 1) {
        const candidate = (best[(many - 1) * width + room - chars] ?? 0) + value;
        if (candidate <= (best[many * width + room] ?? 0)) continue;
        best[many * width + room] = candidate;
        took[many * width + room] = 1;
      }
    }
    taken.push(took);
  }
  const chosen: number[] = [];
  let many = itemsMax;
  let room = charsMax;
  for (let i = items.length - 1; i >= 0; i -= 1) {
    if (taken[i]?.[many * width + room] !== 1) continue;
    chosen.push(i);
    room -= items[i]?.chars ?? 0;
    many -= 1;
  }
  return chosen.reverse();
}
