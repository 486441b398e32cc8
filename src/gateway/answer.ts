/** One function for every surface: who answered, with what evidence, and what follows (CONTRACT section 7). */
import { type Approval, type Assurance, decideStep, isLocked, suffices, type VoidReason } from "../core/approval.ts";
import type { Canonical } from "../core/canonical.ts";
import type { ConversationId, MessageId } from "../core/ids.ts";
import type { Trust } from "../core/message.ts";
import type { Conversation, Principal, Role } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { roleIn } from "./activate.ts";
import { BLANK, judge } from "./asker.ts";
import type { Draft } from "./draft.ts";
import { isMemberNow } from "./people.ts";
import type { Powers } from "./powers.ts";
import { codeHash } from "./question.ts";
import { maySee, samePerson, waysOn } from "./route.ts";

/** How somebody answered. `high` comes from the owner's verb at the socket alone; HTTP is low. */
export type Evidence =
  | {
      readonly by: "code";
      readonly code: string;
      readonly conversation: Conversation;
      /** What the network proves of the message that says it. */
      readonly verified: Trust["verified"];
    }
  | {
      readonly by: "prompt";
      readonly message: MessageId;
      readonly conversation: Conversation;
      /** The reaction itself, where it can be taken back. */
      readonly answer: MessageId | null;
      /** A button of ours, which nobody else can make, rather than a reaction. */
      readonly button: boolean;
      /** The question's own emoji, which the network cannot read. */
      readonly blind: boolean;
    }
  | { readonly by: "socket" }
  | { readonly by: "http" };

/**
 * What came of an answer, with the approval as it is now. A refusal says why it does not count; its record is in the
 * draft.
 */
export type Answered = {
  readonly approval: Approval;
  readonly granted: boolean;
  readonly refusal: Refusal | null;
  /** What whoever answered reads of it, where that is more than yes or no. */
  readonly told?: string;
};

/**
 * What the surface proves, never more. For a console or a webhook the owner settled that for everybody on it;
 * elsewhere it was accepted by person.
 */
function assuranceOf(powers: Powers, principal: Principal, evidence: Evidence): Assurance | null {
  if (evidence.by === "socket") return "high";
  if (evidence.by === "http") return "low";
  const kind = powers.store.get("channel", evidence.conversation.channel)?.value.kind;
  const surface = surfaceOf(powers, evidence, kind === "matrix");
  if (kind === "console" || kind === "webhook" || surface === null) return surface;
  return suffices(principal.assurance, surface) ? surface : principal.assurance;
}

type Shown = Extract<Evidence, { readonly by: "code" | "prompt" }>;

function surfaceOf(powers: Powers, evidence: Shown, isMatrix: boolean): Assurance | null {
  const ways = waysOn(powers, evidence.conversation);
  if (evidence.by === "prompt") return evidence.blind ? ways.blind : evidence.button ? ways.button : ways.nod;
  if (!isMatrix || ways.code === null) return ways.code;
  // By a device that its user signed, under the identity that we know; compared in person, it is the best there is.
  if (evidence.verified === "verified") return "high";
  return evidence.verified === "signed" ? "medium" : null;
}

/**
 * The approval that a code names in this conversation.
 * A wrong code counts against every open approval it could have meant.
 */
export function approvalByCode(
  powers: Powers,
  draft: Draft,
  conversation: ConversationId,
  code: string,
): Approval | null {
  const asked = powers.store
    .find("approval", "conversation", conversation, { limit: 200, newestFirst: true })
    .map(({ value }) => draft.get("approval", value.id))
    .filter((it): it is Approval => it !== null && it.plan === undefined);
  const hash = codeHash(powers, code);
  // The code of a question that was answered already is a repeat, not a guess.
  const found = asked.filter((approval) => sameText(approval.codeHash, hash))[0] ?? null;
  if (found !== null) return found;
  for (const approval of asked)
    if (approval.status.state === "pending") step(draft, approval, { type: "wrong_code" }, null);
  return null;
}

/** Constant time for equal lengths: both are hexadecimal hashes. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

export function step(
  draft: Draft,
  approval: Approval,
  event: Parameters<typeof decideStep>[1],
  actor: string | null,
  details: Record<string, Canonical> = {},
): Approval {
  const after = decideStep(approval, event, draft.now);
  if (after === approval) return approval;
  draft.put("approval", after.id, after);
  const body = {
    approval: after.id,
    ...details,
    at: draft.now,
    event: event as unknown as Canonical,
    state: after.status.state,
  };
  const who = {
    ...(after.session === null ? {} : { session: after.session }),
    ...(after.run === null ? {} : { run: after.run }),
  };
  draft.entry(ENTRY[after.status.state], body, actor === null ? who : { ...who, actor });
  return after;
}

const ENTRY = {
  pending: "approval.decided",
  granted: "approval.decided",
  denied: "approval.decided",
  expired: "approval.expired",
  void: "approval.voided",
  consumed: "approval.consumed",
} as const;

/** Who may not, or too late: why an answer is none, whatever it says. */
export function hindrance(
  powers: Powers,
  now: Approval,
  principal: Principal,
  evidence: Evidence,
  yes: boolean,
): Refusal | null {
  if (!mayAnswer(powers, now, principal, evidence)) return new Refusal("auth.denied", { hint: NOT_YOURS });
  const { state } = now.status;
  if (state === "expired") return new Refusal("approval.expired");
  if (state !== "pending") return new Refusal(state === "void" ? "approval.void" : "approval.decided");
  return yes && isLocked(now) ? new Refusal("approval.locked", { hint: "It can only be refused now." }) : null;
}

/** An answer that does not count is written down. */
export function denied(draft: Draft, approval: Approval, principal: Principal, refusal: Refusal): Answered {
  draft.entry("auth.denied", { what: "approval", approval: approval.id, code: refusal.code }, { actor: principal.id });
  return { approval, granted: false, refusal };
}

/**
 * Decides. A yes comes back granted and still has to be consumed, by digest. Never throws: the caller commits the draft
 * and then says what came of it.
 */
export function decide(
  powers: Powers,
  draft: Draft,
  approval: Approval,
  principal: Principal,
  evidence: Evidence,
  yes: boolean,
): Answered {
  const now = step(draft, approval, { type: "tick" }, null);
  const refuse = (refusal: Refusal): Answered => denied(draft, now, principal, refusal);
  const hindered = hindrance(powers, now, principal, evidence, yes);
  if (hindered !== null) return refuse(hindered);
  if (yes && now.fourEyes && now.requester !== null && samePerson(powers, now.requester, principal))
    return refuse(new Refusal("auth.denied", { hint: "Somebody else has to decide what you asked for." }));
  const proved = assuranceOf(powers, principal, evidence);
  if (yes && proved === null)
    return refuse(new Refusal("approval.weak", { hint: `Here an answer can only refuse. ${whereElse(now)}` }));
  const assurance = proved ?? "low";
  const after = step(draft, now, { type: "decide", yes, by: principal.id, assurance }, principal.id, { assurance });
  if (after === now) {
    const hint = `It needs ${now.assurance}; this answer counts as ${assurance}. ${whereElse(now)}`;
    return refuse(new Refusal("approval.weak", { hint }));
  }
  const granted = after.status.state === "granted";
  const answer = granted && evidence.by === "prompt" ? evidence.answer : null;
  return {
    approval: answer === null ? after : draft.put("approval", after.id, { ...after, answer }),
    granted,
    refusal: null,
  };
}

/**
 * An answer that only somebody who guesses would give: the question ends, and whoever may answer is told. Null when it
 * is nobody's who may answer, or nothing is open.
 */
export function alarm(
  powers: Powers,
  draft: Draft,
  approval: Approval,
  principal: Principal,
  evidence: Evidence,
): Approval | null {
  const now = step(draft, approval, { type: "tick" }, null);
  if (now.status.state !== "pending" || !mayAnswer(powers, now, principal, evidence)) return null;
  return step(draft, now, { type: "void", reason: "alarm" }, principal.id);
}

/** Whoever reads this hint is told nothing: a bystander's nod is not worth a message (threat B01). */
export const NOT_YOURS = "You may not decide this.";

const whereElse = (approval: Approval): string =>
  approval.assurance === "high"
    ? `On this machine: lazaret approvals approve ${approval.plan ?? approval.id}`
    : "Use `approve CODE` in the console, or the owner's command line.";

/** Role, membership and policy as they are now, not as they were when it was asked. */
export function mayAnswer(powers: Powers, approval: Approval, principal: Principal, evidence: Evidence): boolean {
  const conversation = (id: ConversationId | null): Conversation | null =>
    id === null ? null : (powers.store.get("conversation", id)?.value ?? null);
  const asked =
    approval.plan === undefined ? approval : (powers.store.get("approval", approval.plan)?.value ?? approval);
  const isInChat = evidence.by === "code" || evidence.by === "prompt";
  const place = isInChat ? evidence.conversation : conversation(approval.conversation);
  const run = approval.run === null ? null : (powers.store.get("run", approval.run)?.value ?? null);
  const origin = conversation(run?.conversation ?? null);
  if (isInChat) {
    if (place === null || !asked.surfaces.some((surface) => surface.conversation === place.id)) return false;
    if (place.status !== "allowed" || place.closed) return false;
    if (place.kind === "group" && place.members !== null && !isMemberNow(powers, place, principal.id)) return false;
    if (place.gone?.includes(principal.id) === true) return false;
    // Whoever left where it was asked decides nothing of it in a direct chat either, unless all of it is theirs.
    if (principal.role !== "owner" && origin?.gone?.includes(principal.id) === true) return false;
    if (origin !== null && !maySee(powers, place, approval.label, origin)) return false;
  }
  if (principal.kind === "bot" || principal.kind === "anonymous") return false;
  const role: Role = place === null ? principal.role : roleIn(place, principal);
  if (!approval.approvers.includes(role)) return false;
  // A role that is limited to some conversations decides nothing that began in another.
  if (origin !== null && !approval.approvers.includes(roleIn(origin, principal))) return false;
  const isRequester = approval.requester !== null && samePerson(powers, approval.requester, principal);
  const decision = judge(powers, {
    ...BLANK,
    action: "approve",
    tenant: approval.tenant,
    role,
    network: place === null ? "none" : (powers.store.get("channel", place.channel)?.value.kind ?? "none"),
    channel: place?.channel ?? "none",
    conversation: place?.kind ?? "none",
    capability: approval.capability,
    answerer: isRequester ? "requester" : "other",
    now: powers.clock.now(),
  });
  return decision.effect === "allow";
}

/** Voids everything open that rests on a message, a run or a conversation. Returns the approvals that were voided. */
export function voidWhere(
  powers: Powers,
  draft: Draft,
  index: "source" | "run" | "conversation" | "answer",
  key: string,
  reason: VoidReason,
): readonly Approval[] {
  return powers.store
    .find("approval", index, key, { limit: 1000 })
    .map(({ value }) => draft.get("approval", value.id))
    .filter((it): it is Approval => it !== null && (it.status.state === "pending" || it.status.state === "granted"))
    .map((approval) => step(draft, approval, { type: "void", reason }, null));
}
