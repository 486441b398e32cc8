/** The owner's verbs about standing yes. Ending one needs no proof: it gives nothing. */
import { Refusal } from "../core/refusal.ts";
import { stateOf } from "../core/standing.ts";
import type { Owner } from "../core/verbs/all.ts";
import type { GRANT_VERBS } from "../core/verbs/grants.ts";
import { policyDigest } from "./ask.ts";
import { labelWords } from "./call.ts";
import type { Gateway } from "./gateway.ts";
import { localOwner } from "./owned.ts";
import { transact } from "./transact.ts";

const LISTED_MAX = 1000;

export function grantVerbs({ powers }: Gateway): Pick<Owner, keyof typeof GRANT_VERBS> {
  const { store, clock } = powers;
  return {
    "grants.list": async () => ({
      grants: store.all("grant", { limit: LISTED_MAX, newestFirst: true }).map(({ value: grant }) => {
        const { id, terms, uses, approval } = grant;
        const { capability, destination, label, agent, usesMax, expiresAt } = terms;
        return {
          id,
          state: stateOf(grant, { policy: policyDigest(powers) }, clock.now()),
          capability,
          destination,
          label: labelWords(label),
          alias: store.get("conversation", terms.conversation)?.value.alias ?? null,
          agent,
          uses,
          uses_max: usesMax,
          expires_at: expiresAt,
          approval,
        };
      }),
    }),
    "grants.revoke": async ({ grant: id }) => {
      await transact(powers, (draft) => {
        const grant = draft.get("grant", id);
        if (grant === null) throw new Refusal("not_found", { field: id });
        if (grant.revokedAt !== null) return;
        draft.put("grant", id, { ...grant, revokedAt: draft.now });
        draft.entry("approval.voided", { grant: id, reason: "revoked" }, { actor: localOwner(powers).id });
      });
      return { done: true };
    },
  };
}
