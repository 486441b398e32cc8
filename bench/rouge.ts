/**
 * ROUGE-1, ROUGE-2 and ROUGE-L F1 (Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004) over
 * lower-cased words (letters and digits), no stemming, no stop words. ROUGE-L is over the whole text as one sequence.
 */
export type Rouge = { readonly one: number; readonly two: number; readonly l: number };

export const rougeWords = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

function grams(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i += 1) {
    const gram = words.slice(i, i + n).join(" ");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

const f1 = (hits: number, candidate: number, reference: number): number =>
  hits === 0 ? 0 : (2 * hits) / (candidate + reference);

function overlap(a: readonly string[], b: readonly string[], n: number): number {
  const left = grams(a, n);
  let hits = 0;
  for (const [gram, count] of grams(b, n)) hits += Math.min(count, left.get(gram) ?? 0);
  return f1(hits, Math.max(0, a.length - n + 1), Math.max(0, b.length - n + 1));
}

function common(a: readonly string[], b: readonly string[]): number {
  let previous = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const row = [0];
    for (let j = 1; j <= b.length; j += 1) {
      row.push(word === b[j - 1] ? (previous[j - 1] ?? 0) + 1 : Math.max(previous[j] ?? 0, row[j - 1] ?? 0));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** Scores from 0 to 1 of one candidate against one reference. */
export function rouge(candidate: string, reference: string): Rouge {
  const a = rougeWords(candidate);
  const b = rougeWords(reference);
  return { one: overlap(a, b, 1), two: overlap(a, b, 2), l: f1(common(a, b), a.length, b.length) };
}

/** The scores of the reference that fits best by ROUGE-1, as is usual where several are given. */
export function bestRouge(candidate: string, references: readonly string[]): Rouge {
  let best: Rouge = { one: 0, two: 0, l: 0 };
  for (const reference of references) {
    const score = rouge(candidate, reference);
    if (score.one > best.one) best = score;
  }
  return best;
}
