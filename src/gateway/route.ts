/** Where a question may go: what an answer there proves, who may read it there, who may answer (CONTRACT section 7). */
import { type Assurance, suffices } from "../core/approval.ts";
import type { PrincipalId } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { roleIn } from "./activate.ts";
import type { AskFor, Doing } from "./call.ts";
import { isMemberNow } from "./people.ts";
import type { Powers } from "./powers.ts";

/** The best evidence an answer on this conversation's channel can be (section 7), by a button or without one. */
export function evidenceOn(powers: Powers, conversation: Conversation, byButton = true): Assurance {
  const channel = powers.store.get("channel", conversation.channel)?.value;
  if (channel === undefined) return "low";
  if (channel.kind === "console") return "medium";
  if (channel.kind === "telegram") {
    // In a direct chat there is one person to press it, and what was accepted of them at pairing bounds it.
    const [only] = conversation.kind === "direct" ? (conversation.members ?? []) : [];
    const accepted = only === undefined ? "medium" : powers.store.get("principal", only)?.value.assurance;
    return byButton && accepted !== undefined && suffices(accepted, "medium") ? "medium" : "low";
  }
  return channel.kind === "webhook" ? channel.assurance : "low";
}

export type Surface = { readonly conversation: Conversation; readonly here: boolean };

const CANDIDATES_MAX = 200;

export function samePerson(powers: Powers, id: PrincipalId, principal: Principal): boolean {
  return id === principal.id || powers.store.get("principal", id)?.value.person === principal.person;
}

/**
 * May this place read what the prompt shows? An audience of the label may, and so may the chat with one person alone
 * who is a member now of every conversation that it came from; the owner's alone may always. A place that is encrypted
 * less well never may.
 */
export function maySee(powers: Powers, place: Conversation, label: Label, origin: Conversation): boolean {
  if (origin.encrypted && !place.encrypted && place.kind !== "console") return false;
  if (label.audience === "*" || label.audience.includes(place.id)) return true;
  const [only, ...others] = place.kind === "group" ? [] : (place.members ?? []);
  const person = only === undefined || others.length > 0 ? undefined : powers.store.get("principal", only)?.value;
  if (person === undefined) return false;
  if (roleIn(place, person) === "owner") return true;
  return (
    label.audience.length > 0 &&
    label.audience.every((atom) => {
      const source = powers.store.get("conversation", atom)?.value;
      return source !== undefined && isMemberNow(powers, source, person.id);
    })
  );
}

/** May this person answer here: by role in both places, and not the one who asked when that is forbidden? */
function isAnswerer(powers: Powers, doing: Doing, ask: AskFor, place: Conversation, id: PrincipalId): boolean {
  const { conversation, principal } = doing.asker;
  const person = powers.store.get("principal", id)?.value;
  if (person === undefined || person.kind === "bot" || person.kind === "anonymous") return false;
  if (ask.fourEyes && principal !== null && samePerson(powers, principal.id, person)) return false;
  return [place, conversation].every((it) => ask.approvers.includes(roleIn(it, person)));
}

/**
 * Where the question goes: here when somebody can answer here well enough,
 * else to an approver's direct chat, else nowhere.
 */
export function routeOf(powers: Powers, doing: Doing, ask: AskFor): Surface {
  const { conversation, principal } = doing.asker;
  const maySeeIt = (place: Conversation): boolean => maySee(powers, place, ask.label, conversation);
  const isGood = (place: Conversation): boolean =>
    place.status === "allowed" && suffices(evidenceOn(powers, place), ask.assurance) && maySeeIt(place);
  const asker = principal !== null && conversation.kind !== "group" ? [principal.id] : [];
  const people = [...(conversation.members ?? []).slice(0, CANDIDATES_MAX), ...asker];
  const isAnswered = (who: AskFor): boolean => people.some((id) => isAnswerer(powers, doing, who, conversation, id));
  if (isGood(conversation) && isAnswered(ask)) return { conversation, here: true };
  for (const role of ask.approvers) {
    for (const { value } of powers.store.find("principal", "role", role, { limit: CANDIDATES_MAX })) {
      const direct = value.direct === null ? undefined : powers.store.get("conversation", value.direct)?.value;
      if (direct !== undefined && isGood(direct) && isAnswerer(powers, doing, ask, direct, value.id))
        return { conversation: direct, here: false };
    }
  }
  // High assurance is answered at the owner's command line; the prompt says so where the question came from.
  if (ask.assurance === "high" && maySeeIt(conversation) && isAnswered({ ...ask, fourEyes: false }))
    return { conversation, here: true };
  throw new Refusal("approval.no_route", { hint: "Pair an owner or approver who can answer with enough evidence." });
}
