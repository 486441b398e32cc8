/** Where a question goes: to people who may answer it, where they can prove it, and where what it shows may be seen. */
import { type Assurance, suffices } from "../core/approval.ts";
import type { PrincipalId } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { roleIn } from "./activate.ts";
import type { AskFor, Doing } from "./call.ts";
import { isMemberNow } from "./people.ts";
import type { Powers } from "./powers.ts";

/**
 * What an answer can prove here, by the way it is given (section 7); null: it can only refuse. `blind`: a reaction with
 * the question's own emoji, which the network cannot read.
 */
export type Ways = {
  readonly code: Assurance | null;
  readonly nod: Assurance | null;
  readonly button: Assurance | null;
  readonly blind: Assurance | null;
};

export function waysOn(powers: Powers, conversation: Conversation): Ways {
  const channel = powers.store.get("channel", conversation.channel)?.value;
  const alike = (level: Assurance): Ways => ({ code: level, nod: level, button: level, blind: null });
  const accepted = acceptedOf(powers, conversation);
  switch (channel?.kind) {
    case "console":
      return alike("medium");
    case "webhook":
      return alike(channel.assurance);
    case "telegram":
      return { ...alike("low"), button: suffices(accepted ?? "medium", "medium") ? "medium" : "low" };
    case "matrix": {
      if (!conversation.encrypted) return { code: null, nod: null, button: null, blind: null };
      const isAlone = conversation.kind === "direct" && conversation.members?.length === 1;
      const blind = isAlone && accepted !== null && suffices(accepted, "medium") ? "medium" : null;
      return { code: accepted ?? "medium", nod: "low", button: null, blind };
    }
    default:
      return alike("low");
  }
}

/** In a direct chat there is one person to answer, and what was accepted of them at pairing bounds it. */
function acceptedOf(powers: Powers, { kind, members }: Conversation): Assurance | null {
  const [only] = kind === "direct" ? (members ?? []) : [];
  return only === undefined ? null : (powers.store.get("principal", only)?.value.assurance ?? null);
}

/** The best evidence that an answer in this conversation can be; null where every answer can only refuse. */
export function evidenceOn(powers: Powers, conversation: Conversation): Assurance | null {
  const { code, nod, button, blind } = waysOn(powers, conversation);
  return [code, nod, button, blind].reduce((best, way) => (isEnough(best, way ?? "low") ? best : (way ?? best)), null);
}

export const isEnough = (given: Assurance | null, needed: Assurance): boolean =>
  given !== null && suffices(given, needed);

export type Surface = { readonly conversation: Conversation; readonly here: boolean };

const CANDIDATES_MAX = 200;

export function samePerson(powers: Powers, id: PrincipalId, principal: Principal): boolean {
  return id === principal.id || powers.store.get("principal", id)?.value.person === principal.person;
}

/**
 * May this place read what the prompt shows? Its own conversation, an audience of the label, or the chat with one
 * person alone who is a
 * member now of every conversation that it came from; the owner's alone may always. Never a place that is encrypted
 * less well.
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

/** Everybody of a role, those on the network where it was asked before the others: there they are at this moment. */
function nearestFirst(powers: Powers, { channel }: Conversation, role: string): readonly Principal[] {
  const all = powers.store.find("principal", "role", role, { limit: CANDIDATES_MAX }).map(({ value }) => value);
  return [...all.filter((one) => one.channel === channel), ...all.filter((one) => one.channel !== channel)];
}

/** Is this a place where what is asked may be seen and can be answered well enough? */
function isGood(powers: Powers, doing: Doing, ask: AskFor, place: Conversation): boolean {
  const isSeen = maySee(powers, place, ask.label, doing.asker.conversation);
  return place.status === "allowed" && isEnough(evidenceOn(powers, place), ask.assurance) && isSeen;
}

/** Is there anybody in the conversation it came from who may answer? */
function isAnswered(powers: Powers, doing: Doing, ask: AskFor): boolean {
  const { conversation, principal } = doing.asker;
  const asker = principal !== null && conversation.kind !== "group" ? [principal.id] : [];
  const people = [...(conversation.members ?? []).slice(0, CANDIDATES_MAX), ...asker];
  return people.some((id) => isAnswerer(powers, doing, ask, conversation, id));
}

/** The direct chat of somebody who may answer, of one channel where that is asked; null when there is none. */
function directFor(powers: Powers, doing: Doing, ask: AskFor, channel?: string): Conversation | null {
  for (const role of ask.approvers)
    for (const value of nearestFirst(powers, doing.asker.conversation, role)) {
      const direct = value.direct === null ? undefined : powers.store.get("conversation", value.direct)?.value;
      const isThere = direct !== undefined && (channel === undefined || direct.channel === channel);
      if (isThere && isGood(powers, doing, ask, direct) && isAnswerer(powers, doing, ask, direct, value.id))
        return direct;
    }
  return null;
}

/**
 * Where the question goes when no rule says so: here when somebody can answer here well enough, else to an approver's
 * direct chat, else nowhere.
 */
function bestOf(powers: Powers, doing: Doing, ask: AskFor): Surface {
  const { conversation } = doing.asker;
  const isHere = isGood(powers, doing, ask, conversation) && isAnswered(powers, doing, ask);
  // In a group, answering by a code alone is for those who have no chat with us alone.
  const isBest = isEnough(waysOn(powers, conversation).nod, ask.assurance) || conversation.kind !== "group";
  const hasButton = isEnough(waysOn(powers, conversation).button, ask.assurance);
  if (isHere && (isBest || hasButton)) return { conversation, here: true };
  const direct = directFor(powers, doing, ask);
  if (direct !== null) return { conversation: direct, here: false };
  if (isHere) return { conversation, here: true };
  // High assurance is answered at the owner's command line; the prompt says so where the question came from.
  const isSeen = maySee(powers, conversation, ask.label, conversation);
  if (ask.assurance === "high" && isSeen && isAnswered(powers, doing, { ...ask, fourEyes: false }))
    return { conversation, here: true };
  throw NO_ROUTE();
}
const NO_ROUTE = (): Refusal =>
  new Refusal("approval.no_route", { hint: "Pair an owner or approver who can answer with enough evidence." });

/**
 * Every place where a question is put. As the rules say: `here`, an approver's `direct` chat, that of a channel by its
 * name, `cli`. None where it is answered at the owner's command line alone; never one that may not see it.
 */
export function routesOf(powers: Powers, doing: Doing, ask: AskFor): readonly Surface[] {
  if (ask.route === undefined) return [bestOf(powers, doing, ask)];
  const { conversation } = doing.asker;
  const isHere = isGood(powers, doing, ask, conversation) && isAnswered(powers, doing, ask);
  const places = ask.route.flatMap((name): readonly Conversation[] => {
    if (name === "cli") return [];
    if (name === "here") return isHere ? [conversation] : [];
    const direct = directFor(powers, doing, ask, name === "direct" ? undefined : name);
    return direct === null ? [] : [direct];
  });
  if (places.length === 0 && !ask.route.includes("cli")) throw NO_ROUTE();
  const unique = [...new Map(places.map((place) => [place.id, place])).values()];
  return unique.map((place) => ({ conversation: place, here: place.id === conversation.id }));
}
