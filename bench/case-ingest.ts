/** Messages in, events out: at full speed, and at a steady pace. */
import type { Case, Round } from "./case.ts";
import { type Measured, measure } from "./load.ts";

const figures = (name: string, it: Measured): Round => ({
  [`${name} per second`]: it.perSecond,
  [`${name} CPU µs`]: it.cpuUs,
  [`${name} p50 ms`]: it.p50,
  [`${name} p99 ms`]: it.p99,
  [`${name} RSS MB`]: it.rssMb,
});

function lossless(it: Measured): Measured {
  if (it.lost > 0) throw new Error(`${it.lost} messages had no event`);
  return it;
}

export const ingest: Case = {
  name: "ingest",
  bounds: [{ ratio: "product / straw-man", at: "least", gate: 0.25, goal: 0.5 }],
  begin: async ({ dir, smoke }) => ({
    round: async () => {
      const pace = { rate: "max", warmUp: smoke ? 4000 : 16_000, frames: smoke ? 4000 : 16_000 } as const;
      const ceiling = lossless(await measure("strawman", dir, pace));
      const product = lossless(await measure("product", dir, pace));
      return {
        "product / straw-man": product.perSecond / ceiling.perSecond,
        "CPU: straw-man / product": ceiling.cpuUs / product.cpuUs,
        ...figures("straw-man", ceiling),
        ...figures("product", product),
      };
    },
    end: async () => {},
  }),
};

/** Short runs go slower: a machine that others use too would measure its own queue. */
const RATE = 1000;
const RATE_SMOKE = 200;

export const latency: Case = {
  name: "latency",
  bounds: [
    { ratio: "p50", at: "most", gate: 3, goal: 2 },
    { ratio: "p99", at: "most", gate: 3, goal: 3 },
  ],
  begin: async ({ dir, smoke }) => ({
    round: async () => {
      const rate = smoke ? RATE_SMOKE : RATE;
      const pace = { rate, warmUp: smoke ? 4000 : 16_000, frames: rate * (smoke ? 2 : 4) };
      const ceiling = lossless(await measure("strawman", dir, pace));
      const product = lossless(await measure("product", dir, pace));
      return {
        p50: product.p50 / ceiling.p50,
        p99: product.p99 / ceiling.p99,
        ...figures("straw-man", ceiling),
        ...figures("product", product),
      };
    },
    end: async () => {},
  }),
};
