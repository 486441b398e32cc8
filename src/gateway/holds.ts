/** A hold keeps content from erasure and closes it to agents (CONTRACT section 12). */
import type { Powers } from "./powers.ts";

/** Is this conversation, principal or session under a hold? */
export const isHeld = (powers: Powers, target: string): boolean =>
  powers.store.find("hold", "target", target, { limit: 1 }).length > 0;
