/**
 * The one check before anything leaves: categories, tenant, audience, control, then the owner's rules
 * (CONTRACT section 9).
 */
import type { Decision } from "../../policy/decide.ts";
import type { Request } from "../../policy/request.ts";
import type { CapabilityId, Effect } from "../core/capability.ts";
import { type Label, TENANT_MIXED } from "../core/label.ts";
import type { Conversation } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { type Asker, judge, requestOf } from "./asker.ts";
import { isMemberNow } from "./people.ts";
import type { Powers } from "./powers.ts";

/** Where bytes would go, in words of policy; membership is asked now, and unknown is not within. */
export type Destination = {
  readonly conversation: Conversation;
  readonly relation: "own" | "requester_direct" | "within_audience" | "other";
};

const CONTENT_CEILING = 15;
const DERIVED_CEILING = 3;

export function destinationOf(powers: Powers, asker: Asker, conversation: Conversation, label: Label): Destination {
  if (conversation.id === asker.conversation.id) return { conversation, relation: "own" };
  const isDirect = asker.principal !== null && asker.principal.direct === conversation.id;
  if (isDirect && isWithin(powers, asker, conversation, label)) return { conversation, relation: "requester_direct" };
  const isInside = label.audience === "*" || label.audience.includes(conversation.id);
  return { conversation, relation: isInside ? "within_audience" : "other" };
}

/**
 * Is the asker's direct chat within the audience:
 * is the asker a member now of every conversation the content came from?
 */
export function isWithin(powers: Powers, asker: Asker, direct: Conversation, label: Label): boolean {
  const { principal } = asker;
  if (principal === null) return false;
  if (label.audience === "*") return true;
  if (label.audience.length === 0) return false;
  return label.audience.every((atom) => {
    if (atom === direct.id || atom === asker.conversation.id) return true;
    const source = powers.store.get("conversation", atom)?.value;
    return source !== undefined && isMemberNow(powers, source, principal.id);
  });
}

/**
 * Hard edges that no rule and no yes can move: mixed tenants, secrets, an audience of nobody,
 * a ceiling without release.
 */
function checkLabel(asker: Asker, destination: Destination, label: Label, released: boolean): void {
  const { tenant } = asker.run;
  if (label.tenant === TENANT_MIXED) throw new Refusal("label.mixed");
  if (label.tenant !== "-" && label.tenant !== tenant) throw new Refusal("label.mixed");
  const ceiling = released || destination.relation === "own" ? CONTENT_CEILING : DERIVED_CEILING;
  if ((label.cats & ~ceiling) !== 0) throw new Refusal("label.flow", { field: "categories" });
  if (label.audience !== "*" && label.audience.length === 0) throw new Refusal("label.flow", { field: "audience" });
  const isOutside = label.audience !== "*" && !label.audience.includes(destination.conversation.id);
  if (destination.relation === "own" && isOutside && !released) throw new Refusal("label.flow", { field: "audience" });
}

/**
 * Does it hold what only a person's release of exactly these bytes lets out of its own conversation (section 3)? Then a
 * yes is asked for, whatever the rules allow.
 */
export const needsRelease = (destination: Destination, label: Label): boolean =>
  destination.relation !== "own" && (label.cats & ~DERIVED_CEILING & CONTENT_CEILING) !== 0;

export type Leaving = {
  readonly action: "invoke" | "egress";
  readonly capability: CapabilityId;
  readonly effect: Effect;
  readonly control: NonNullable<Request["control"]>;
  readonly released: boolean;
  readonly sends: number;
};

/** Label, destination and control arguments against policy. Deny throws; allow and ask come back with their rule. */
export function checkEgress(
  powers: Powers,
  asker: Asker,
  destination: Destination,
  label: Label,
  leaving: Leaving,
): { readonly decision: Decision; readonly request: Request } {
  checkLabel(asker, destination, label, leaving.released);
  const isWeaker = asker.conversation.encrypted && !destination.conversation.encrypted;
  const request = requestOf(
    powers,
    asker,
    {
      action: leaving.action,
      capability: leaving.capability,
      effect: leaving.effect,
      destination: destination.relation,
      control: leaving.control,
      protection: isWeaker ? "weaker" : "same",
      released: leaving.released ? "released" : "unreleased",
      sends: leaving.sends,
    },
    label,
  );
  return { decision: judge(powers, request), request };
}
