/**
 * What a run may use. Reserved before, settled after, in the step's own transaction; 0 means nothing
 * (CONTRACT section 8).
 */
import { MIB, MINUTE_MS } from "./limits.ts";

export const UNITS = [
  "wall_clock_ms",
  "agent_wait_ms",
  "steps",
  "tokens",
  "cost_micros",
  "egress_bytes",
  "children",
] as const;
export type Unit = (typeof UNITS)[number];
export type Amounts = Readonly<Record<Unit, number>>;

export const INTERACTIVE: Amounts = {
  wall_clock_ms: MINUTE_MS,
  agent_wait_ms: 5 * MINUTE_MS,
  steps: 50,
  tokens: 100_000,
  cost_micros: 500_000,
  egress_bytes: 10 * MIB,
  children: 8,
};
export const BACKGROUND: Amounts = { ...INTERACTIVE, wall_clock_ms: 10 * MINUTE_MS };

export type Budget = { readonly limit: Amounts; readonly used: Amounts; readonly reserved: Amounts };

const ZERO: Amounts = {
  wall_clock_ms: 0,
  agent_wait_ms: 0,
  steps: 0,
  tokens: 0,
  cost_micros: 0,
  egress_bytes: 0,
  children: 0,
};

/** Limits are whole and not negative; anything else is a programmer's error. */
export function newBudget(limit: Amounts): Budget {
  for (const unit of UNITS) {
    if (!Number.isSafeInteger(limit[unit]) || limit[unit] < 0) throw new RangeError(`budget ${unit}`);
  }
  return { limit, used: ZERO, reserved: ZERO };
}

/** The smaller of two limits in every unit: a request never widens what policy allows. */
export const capped = (wanted: Partial<Amounts>, cap: Amounts): Amounts =>
  combine((u) => Math.min(wanted[u] ?? cap[u], cap[u]));

export const left = (budget: Budget): Amounts =>
  combine((u) => Math.max(0, budget.limit[u] - budget.used[u] - budget.reserved[u]));

export type Reservation = { readonly ok: true; readonly budget: Budget } | { readonly ok: false; readonly unit: Unit };

/** Sets aside what a step may cost at most. Refuses in the first unit that does not reach. */
export function reserve(budget: Budget, cost: Partial<Amounts>): Reservation {
  const free = left(budget);
  const short = UNITS.find((unit) => (cost[unit] ?? 0) > free[unit]);
  if (short !== undefined) return { ok: false, unit: short };
  return { ok: true, budget: { ...budget, reserved: combine((u) => budget.reserved[u] + (cost[u] ?? 0)) } };
}

/** Gives the reservation back and books what was used; on doubt the caller passes the whole reservation. */
export function settle(budget: Budget, reserved: Partial<Amounts>, used: Partial<Amounts>): Budget {
  return {
    limit: budget.limit,
    reserved: combine((u) => Math.max(0, budget.reserved[u] - (reserved[u] ?? 0))),
    used: combine((u) => budget.used[u] + Math.max(0, used[u] ?? 0)),
  };
}

/** The owner's yes adds once the amount that the prompt showed. */
export const raised = (budget: Budget, by: Partial<Amounts>): Budget => ({
  ...budget,
  limit: combine((u) => budget.limit[u] + (by[u] ?? 0)),
});

/** First unit that is used up beyond its limit (time is booked after the fact), or null. */
export const overdrawn = (budget: Budget): Unit | null =>
  UNITS.find((unit) => budget.used[unit] > budget.limit[unit]) ?? null;

/** Which of the marks 50 and 80 (per cent of any unit with a limit) lie between two states: each warns once. */
export function crossed(before: Budget, after: Budget): readonly { readonly unit: Unit; readonly percent: 50 | 80 }[] {
  const share = (budget: Budget, unit: Unit): number =>
    budget.limit[unit] === 0 ? 0 : (100 * budget.used[unit]) / budget.limit[unit];
  return UNITS.flatMap((unit) =>
    ([50, 80] as const)
      .filter((mark) => share(before, unit) < mark && share(after, unit) >= mark)
      .map((percent) => ({ unit, percent })),
  );
}

function combine(amount: (unit: Unit) => number): Amounts {
  return Object.fromEntries(UNITS.map((unit) => [unit, amount(unit)])) as Record<Unit, number>;
}
