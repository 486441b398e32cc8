/**
 * What a conversation, and the tenant five times as much, may use in a day: drawn in the commit that uses it, so that
 * no number of runs at once uses more (CONTRACT section 8).
 */
import type { Amounts } from "../core/budget.ts";
import type { ConversationId } from "../core/ids.ts";
import {
  DAY_MS,
  POOL_DAY_COST_MICROS_MAX,
  POOL_DAY_STEPS_MAX,
  POOL_DAY_TOKENS_MAX,
  POOL_TENANT_TIMES,
} from "../core/limits.ts";
import type { Pool } from "../core/records.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";

export type PoolAmounts = Pick<Amounts, "steps" | "tokens" | "cost_micros">;
type Unit = keyof PoolAmounts;
const UNITS: readonly Unit[] = ["steps", "tokens", "cost_micros"];

const POOL_DAY: PoolAmounts = {
  steps: POOL_DAY_STEPS_MAX,
  tokens: POOL_DAY_TOKENS_MAX,
  cost_micros: POOL_DAY_COST_MICROS_MAX,
};

/** A day's pool of a conversation, or of the tenant. */
export function poolOf(draft: Draft, owner: string): Pool {
  const day = Math.floor(draft.now / DAY_MS);
  const id = `${owner}/${day}`;
  const empty = { id, tenant: draft.tenant, used: {}, bits: 0, chars: 0, proactive: 0, day };
  return draft.get("pool", id) ?? empty;
}

const after = ({ used }: Pool, by: Partial<Amounts>): Record<Unit, number> => {
  const of = (unit: Unit): number => Math.max(0, (used[unit] ?? 0) + (by[unit] ?? 0));
  return { steps: of("steps"), tokens: of("tokens"), cost_micros: of("cost_micros") };
};

/** Draws from both, or from neither: the unit that one of them lacks, or null. */
export function drawDay(
  powers: Powers,
  draft: Draft,
  conversation: ConversationId,
  cost: Partial<Amounts>,
): Unit | null {
  const limit = powers.settings.pools ?? POOL_DAY;
  const pools = [poolOf(draft, conversation), poolOf(draft, draft.tenant)] as const;
  for (const [at, pool] of pools.entries()) {
    const used = after(pool, cost);
    const times = at === 0 ? 1 : POOL_TENANT_TIMES;
    const short = UNITS.find((unit) => (cost[unit] ?? 0) > 0 && used[unit] > times * limit[unit]);
    if (short !== undefined) return short;
  }
  book(draft, pools, cost);
  return null;
}

/** Gives back what was set aside and not used; what was used beyond it is booked all the same. */
export function settleDay(draft: Draft, conversation: ConversationId, by: Partial<Amounts>): void {
  book(draft, [poolOf(draft, conversation), poolOf(draft, draft.tenant)], by);
}

function book(draft: Draft, pools: readonly Pool[], by: Partial<Amounts>): void {
  for (const pool of pools) draft.put("pool", pool.id, { ...pool, used: { ...pool.used, ...after(pool, by) } });
}
