/**
 * What a benchmark is: rounds of figures, each held against bounds. All cases run in every round, so that a noisy
 * neighbour hurts all alike.
 */

/** One round's figures by name: ratios, and beside them the figures they come from. */
export type Round = Readonly<Record<string, number>>;

export type Bound = {
  /** Name of the ratio in a round. */
  readonly ratio: string;
  /** `most`: smaller is better; `least`: greater is. */
  readonly at: "most" | "least";
  /** Beyond it the run fails. Null where there is only a goal. */
  readonly gate: number | null;
  /** What a release claims. */
  readonly goal: number;
};

export type Place = {
  /** On the disk that is measured. */
  readonly dir: string;
  /** Small and short: for gates, not for claims. */
  readonly smoke: boolean;
};

export type Running = {
  round(): Promise<Round>;
  end(): Promise<void>;
};

export type Case = {
  readonly name: string;
  readonly bounds: readonly Bound[];
  begin(place: Place): Promise<Running>;
};

export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
export const median = (values: readonly number[]): number => ascending(values)[values.length >> 1] ?? Number.NaN;

/** The value that a fraction of all lie below. NaN for no values. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = ascending(values);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

export const isBeyond = ({ at }: Pick<Bound, "at">, value: number, limit: number): boolean =>
  !(at === "most" ? value <= limit : value >= limit);

const MOST_ROUNDS = 0.8;

export type Verdict = {
  readonly bound: Bound;
  readonly median: number;
  readonly isGoalMet: boolean;
  /** The median and at least four of five rounds are beyond the gate. */
  readonly isFailed: boolean;
};

/** `slack` moves the gate away by so many times. */
export function verdict(bound: Bound, rounds: readonly Round[], slack = 1): Verdict {
  const values = rounds.map((round) => round[bound.ratio] ?? Number.NaN);
  const middle = median(values);
  const gate = bound.gate === null ? null : bound.at === "most" ? bound.gate * slack : bound.gate / slack;
  const beyond = gate === null ? 0 : values.filter((value) => isBeyond(bound, value, gate)).length;
  const isFailed = gate !== null && isBeyond(bound, middle, gate) && beyond >= Math.ceil(MOST_ROUNDS * values.length);
  return { bound, median: middle, isGoalMet: !isBeyond(bound, middle, bound.goal), isFailed };
}

/** Milliseconds that a piece of work takes, once. */
export async function msOf(work: () => unknown): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
