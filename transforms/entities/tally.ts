/** Counts by key, remembers how each was written first, bounded. */

const KEYS_MAX = 2000;

export class Tally {
  readonly #counts = new Map<string, { readonly text: string; count: number }>();

  add(key: string, text: string): void {
    const entry = this.#counts.get(key);
    if (entry !== undefined) entry.count += 1;
    else if (this.#counts.size < KEYS_MAX && text.trim() !== "") this.#counts.set(key, { text, count: 1 });
  }

  /** The most frequent, in order of appearance among equals; texts that became equal are added up. */
  top(many: number, countMax: number): { text: string; count: number }[] {
    const byText = new Map<string, number>();
    for (const { text, count } of this.#counts.values()) byText.set(text, (byText.get(text) ?? 0) + count);
    return [...byText]
      .sort((a, b) => b[1] - a[1])
      .slice(0, many)
      .map(([text, count]) => ({ text, count: Math.min(count, countMax) }));
  }
}
