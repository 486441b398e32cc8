/**
 * A standing yes (CONTRACT section 7): `approve CODE always` prepares it, the owner's own word at this machine makes
 * it, and what it covers is done without a question, counted, and written down with it.
 */
import { type Approval, digestText } from "../core/approval.ts";
import { type Canonical, canonical } from "../core/canonical.ts";
import { hex } from "../core/ids.ts";
import { canonicalLabel, type Label } from "../core/label.ts";
import { APPROVAL_BACKGROUND_MS, DAY_MS, GRANT_MS_MAX, GRANT_USES_MAX } from "../core/limits.ts";
import type { Principal } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { covers, type Grant, type Matter, type Terms } from "../core/standing.ts";
import { controlOf, policyDigest } from "./ask.ts";
import { type Doing, labelWords } from "./call.ts";
import type { Draft } from "./draft.ts";
import { judgeOwner, ownersQuestion } from "./owned.ts";
import type { Powers } from "./powers.ts";

const STANDING = "standing.yes";

/** What the gateway does after the owner's yes. */
export type StandingCall = { readonly kind: "standing"; readonly terms: Terms; readonly text: string };

const sealOf = (powers: Powers, terms: Terms): string =>
  powers.store.mac(
    "idempotency",
    terms.id,
    powers.hashing.utf8(canonical({ ...terms, label: canonicalLabel(terms.label) } as unknown as Canonical)),
  );

export function matterOf(powers: Powers, { asker, manifest }: Doing, control: Canonical, label: Label): Matter {
  const { session, agent } = asker.run;
  return {
    capability: manifest.id,
    version: manifest.version,
    control: controlOf(powers, session, control),
    label,
    session,
    agent,
    policy: policyDigest(powers),
  };
}

const GRANTS_MAX = 1000;
const isGood = (powers: Powers, grant: Grant | null, matter: Matter, at: number): grant is Grant =>
  grant !== null && sealOf(powers, grant.terms) === grant.seal && covers(grant, matter, at);

/** A standing yes for this; null when there is none, and then people are asked. */
export function standingFor(powers: Powers, matter: Matter): Grant | null {
  const all = powers.store.find("grant", "session", matter.session, { limit: GRANTS_MAX }).map(({ value }) => value);
  return all.find((grant) => isGood(powers, grant, matter, powers.clock.now())) ?? null;
}

/** In the commit that does it: looked at again, counted, and named in the ledger. */
export function useStanding(powers: Powers, draft: Draft, doing: Doing, found: Grant, matter: Matter): void {
  const grant = draft.get("grant", found.id);
  if (!isGood(powers, grant, matter, draft.now))
    throw new Refusal("conflict", { hint: "The standing yes for this has just ended; ask again." });
  const uses = grant.uses + 1;
  draft.put("grant", grant.id, { ...grant, uses });
  draft.run(doing.asker.run.id).note("decision.made", {
    call: doing.call,
    action: "egress",
    capability: matter.capability,
    effect: "allow",
    grant: grant.id,
    use: uses,
    approval: grant.approval,
  });
}

/** After a yes with `always`: what the owner has to say at this machine, or why it cannot stand. */
export function prepareStanding(powers: Powers, draft: Draft, given: Approval, by: Principal): string {
  const { control, session, run: id, conversation, fourEyes } = given;
  const run = id === null ? null : draft.run(id).run;
  if (
    control === undefined ||
    session === null ||
    run === null ||
    fourEyes ||
    judgeOwner(powers, draft.tenant, STANDING).effect === "deny"
  )
    return "This once. It is asked each time, so it cannot be allowed for good.";
  const terms: Terms = {
    id: draft.newId("GrantId"),
    tenant: draft.tenant,
    capability: given.capability,
    version: given.version,
    control,
    label: given.label,
    session,
    agent: run.agent,
    policy: policyDigest(powers),
    conversation: run.conversation,
    by: by.id,
    destination: given.destination,
    usesMax: GRANT_USES_MAX,
    expiresAt: draft.now + GRANT_MS_MAX,
  };
  const place = draft.get("conversation", run.conversation);
  const asked = askOwner(powers, draft, terms, place?.alias ?? "a direct chat", conversation);
  return (
    "This once. For the same without a question from now on, the owner types on this machine: " +
    `lazaret approvals approve ${asked}`
  );
}

const textOf = (
  { capability, destination, agent, label, usesMax, expiresAt }: Terms,
  from: string,
  now: number,
): string =>
  [
    "May this be done without a question from now on?",
    "",
    `${capability} to ${destination}, by ${agent}, for the same person's requests in ${from}.`,
    `At most: ${labelWords(label)}. ${usesMax} times, or ${Math.round((expiresAt - now) / DAY_MS)} days.`,
    "Another destination, another person or anything labelled higher is still asked. Other rules end it.",
    "What may go wrong: whatever an agent is talked into saying goes there unread.",
    "To end it: lazaret grants revoke",
  ].join("\n");

function askOwner(
  powers: Powers,
  draft: Draft,
  terms: Terms,
  from: string,
  conversation: Approval["conversation"],
): Approval["id"] {
  const id = draft.newId("ApprovalId");
  const text = textOf(terms, from, draft.now);
  const expires = draft.now + APPROVAL_BACKGROUND_MS;
  const bound = {
    approval: id,
    tenant: draft.tenant,
    session: terms.session,
    run: null,
    call: null,
    capability: STANDING,
    version: 1,
    input: { ...terms, label: canonicalLabel(terms.label) } as unknown as Canonical,
    rendered: hex(powers.hashing.sha256(powers.hashing.utf8(text))),
    destination: terms.destination,
    label: terms.label,
    sources: [],
    requester: terms.by,
    policy: terms.policy,
    assurance: "high",
    expires,
  } as const;
  const call: StandingCall = { kind: "standing", terms, text };
  const place = conversation ?? terms.conversation;
  const sealed = (value: unknown) => draft.sealJson("prompt", "approval.v1", place, terms.label, value, expires);
  const digest = hex(powers.hashing.sha256(powers.hashing.utf8(digestText(bound))));
  const { by: requester, destination, label, session } = terms;
  draft.put("approval", id, {
    ...ownersQuestion(draft, { id, capability: STANDING, requester, destination, label, digest, expiresAt: expires }),
    session,
    prompt: sealed({ text }),
    stored: sealed({ call, bound }),
  });
  const body = { approval: id, capability: STANDING, digest, assurance: "high", requester: terms.by, expires };
  draft.entry("approval.requested", body, { session: terms.session });
  return id;
}

/** The owner's yes: exactly what was shown, from this moment. */
export function performStanding(powers: Powers, draft: Draft, approval: Approval, { terms }: StandingCall): void {
  const seal = sealOf(powers, terms);
  const state = { uses: 0, revokedAt: null, createdAt: draft.now };
  draft.put("grant", terms.id, { id: terms.id, tenant: terms.tenant, terms, seal, approval: approval.id, ...state });
}
