/**
 * What the owner does by a verb: asked, answered and carried out in one commit,
 * so that it stands in the ledger like any other yes.
 */
import type { Decision } from "../../policy/decide.ts";
import { type Approval, digestText } from "../core/approval.ts";
import type { Canonical } from "../core/canonical.ts";
import { hex, type PrincipalId } from "../core/ids.ts";
import { BOTTOM } from "../core/label.ts";
import { APPROVAL_INTERACTIVE_MS } from "../core/limits.ts";
import type { Principal } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { policyDigest } from "./ask.ts";
import { BLANK, judge } from "./asker.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";

const OWNERS_MAX = 1000;

/** The owner at this machine: the one at its console, whoever else is an owner elsewhere. */
export function localOwner(powers: Powers): Principal {
  const owner = powers.store
    .find("principal", "role", "owner", { limit: OWNERS_MAX })
    .find(({ value }) => powers.store.get("channel", value.channel)?.value.kind === "console")?.value;
  if (owner === undefined)
    throw new Refusal("auth.denied", { hint: "This home has no owner yet; start it with `lazaret up`." });
  return owner;
}

/**
 * Refuses what the rules deny even to the owner. Typing the verb is the answer: `ask` is answered by the verb itself.
 */
export function owned(
  powers: Powers,
  draft: Draft,
  capability: string,
  destination: string,
  input: Canonical,
): Approval {
  const owner = localOwner(powers);
  assertAllowed(powers, draft, capability);
  const id = draft.newId("ApprovalId");
  const expires = draft.now + APPROVAL_INTERACTIVE_MS;
  const rendered = hex(powers.hashing.sha256(powers.hashing.utf8(`${capability} ${destination}`)));
  const bound = {
    approval: id,
    tenant: draft.tenant,
    session: null,
    run: null,
    call: null,
    capability,
    version: 1,
    input,
    rendered,
    destination,
    label: BOTTOM,
    sources: [],
    requester: owner.id,
    policy: policyDigest(powers),
    assurance: "high",
    expires,
  } as const;
  const digest = hex(powers.hashing.sha256(powers.hashing.utf8(digestText(bound))));
  const about = { id, capability, requester: owner.id, destination, label: BOTTOM, digest, expiresAt: expires };
  const approval: Approval = {
    ...ownersQuestion(draft, about),
    status: { state: "consumed", by: owner.id, assurance: "high", at: draft.now },
  };
  draft.put("approval", id, approval);
  const who: { readonly actor: PrincipalId } = { actor: owner.id };
  draft.entry(
    "approval.requested",
    { approval: id, capability, digest, assurance: "high", at: draft.now, snapshot: "verb" },
    who,
  );
  draft.entry("approval.decided", { approval: id, state: "granted", assurance: "high", by: "verb" }, who);
  draft.entry("approval.consumed", { approval: id, state: "consumed" }, who);
  return approval;
}

/** A question that only the owner answers, at this machine, about what no run does. */
export const ownersQuestion = (
  draft: Draft,
  about: Pick<Approval, "id" | "capability" | "requester" | "destination" | "label" | "digest" | "expiresAt">,
): Approval => ({
  ...about,
  tenant: draft.tenant,
  session: null,
  run: null,
  call: null,
  version: 1,
  conversation: null,
  assurance: "high",
  fourEyes: false,
  approvers: ["owner"],
  codeHash: "",
  wrongCodes: 0,
  sources: [],
  surfaces: [],
  answer: null,
  prompt: null,
  stored: null,
  createdAt: draft.now,
  status: { state: "pending" },
});

/** What the rules say of the owner who does this at the machine. */
export const judgeOwner = (powers: Powers, tenant: string, capability: string): Decision =>
  judge(powers, {
    ...BLANK,
    action: "admin",
    tenant,
    role: "owner",
    network: "console",
    channel: "console",
    conversation: "console",
    capability,
    effect: "once",
    control: "given",
    transport: "local",
    verified: "verified",
    answerer: "requester",
    now: powers.clock.now(),
  });

function assertAllowed(powers: Powers, draft: Draft, capability: string): void {
  const decision = judgeOwner(powers, draft.tenant, capability);
  draft.entry("decision.made", { action: "admin", capability, effect: decision.effect, rule: decision.rule });
  if (decision.effect === "deny") throw new Refusal("policy.denied", { rule: decision.rule, hint: decision.because });
}
