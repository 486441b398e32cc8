/** A token for one run alone, which its agent gives to the program that works on that run (CONTRACT section 8). */
import { hex, type RunId } from "../core/ids.ts";
import { RUN_AGE_MS_MAX } from "../core/limits.ts";
import type { Store } from "../core/ports.ts";
import type { Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal, type Run } from "../core/run.ts";
import { TOKEN_PREFIX } from "../core/token-text.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

const TOKENS_LOOKED_AT_MAX = 1000;

/** A token for one run opens nothing but that run. */
export const opensRun = (token: Token, run: RunId): boolean => token.run === undefined || token.run === run;

/** It is worth nothing once the run is over, or the token that it was made with. */
export function isAlive(store: Store, token: Token, now: number): boolean {
  if (token.revokedAt !== null || token.expiresAt <= now) return false;
  if (token.run === undefined) return true;
  const run = store.get("run", token.run)?.value;
  const parent = token.parent === undefined ? undefined : store.get("token", token.parent)?.value;
  return run !== undefined && !isTerminal(run) && parent !== undefined && isAlive(store, parent, now);
}

/** Narrower than the agent's own in everything, and shown this once. Those of runs that are over go. */
export async function issueRunToken(
  powers: Powers,
  parent: Token,
  run: Run,
): Promise<{ readonly token: string; readonly expires_at: number }> {
  if (parent.run !== undefined) throw new Refusal("auth.denied", { hint: "A token for one run makes no other." });
  if (isTerminal(run)) throw new Refusal("run.ended");
  const secret = TOKEN_PREFIX + hex(powers.random.bytes(32));
  const hash = hex(powers.hashing.sha256(powers.hashing.utf8(secret)));
  const { name, scopes, runsOn, accepts } = parent;
  const expiresAt = await transact(powers, (draft) => {
    const id = draft.newId("TokenId");
    const until = Math.min(parent.expiresAt, draft.now + RUN_AGE_MS_MAX);
    const times = { createdAt: draft.now, expiresAt: until, revokedAt: null };
    const narrow = { conversations: [run.conversation], run: run.id, parent: parent.id };
    const { context } = draft.need("token", parent.id);
    draft.put("token", id, {
      id,
      tenant: draft.tenant,
      name,
      scopes,
      hash,
      runsOn,
      accepts,
      context,
      ...times,
      ...narrow,
    });
    for (const { value } of powers.store.find("token", "name", name, { limit: TOKENS_LOOKED_AT_MAX }))
      if (value.run !== undefined && !isAlive(powers.store, value, draft.now)) draft.drop("token", value.id);
    const who = { session: run.session, run: run.id, actor: run.agent };
    draft.entry("token.created", { token: id, name, scopes, runs_on: runsOn, accepts, parent: parent.id }, who);
    return until;
  });
  return { token: secret, expires_at: expiresAt };
}
