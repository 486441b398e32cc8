/** Three segments: one until a time, one until a message, and the last word. Each says itself once, by its key. */
import type { AgentDriver } from "../../src/core/agent.ts";
import { HOUR_MS } from "../../src/core/limits.ts";

export const segmented: AgentDriver = {
  name: "butler",
  drive: async (wake, run) => {
    await run.invoke({
      capability: "chat.reply",
      input: { template: `segment ${wake.segment}` },
      justification: "the story",
      idempotency_key: `say-${wake.segment}`,
    });
    if (wake.segment === 1) return run.finish({ for: "time", until: wake.time + HOUR_MS });
    if (wake.segment === 2) return run.finish({ for: "message", until: wake.time + 24 * HOUR_MS });
    await run.finish();
  },
};
