/** The short form of the soak: the whole program under mixed work. The long form is bench/soak.ts. */
import { expect, test } from "vitest";
import { slopeOf, soak } from "../../bench/soak.ts";

const SECONDS = 45;

test("memory comes to rest under mixed work, and nothing is lost, doubled or left open", async () => {
  const { samples, sent, kept, dangling, restarted } = await soak({ seconds: SECONDS, restarts: 1 });
  expect({ lost: sent - kept, dangling, restarted }).toEqual({ lost: 0, dangling: 0, restarted: 1 });
  expect(sent).toBeGreaterThan(500);
  const { perMinute, noise } = slopeOf(samples);
  // In a minute the compiler and the cache still grow: what counts is that the growth ends, not that there was none.
  expect(perMinute).toBeLessThan(Math.max(noise, 0.25));
});
