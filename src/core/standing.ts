/** A standing yes: the owner's answer to all questions of one kind, for a while (CONTRACT section 7). Pure. */
import type { ApprovalId, ConversationId, GrantId, PrincipalId, SessionId } from "./ids.ts";
import { flows, type Label } from "./label.ts";

/** What is about to be done: everything by which one question is like another. */
export type Matter = {
  readonly capability: string;
  readonly version: number;
  /** Keyed hash of the control arguments: where exactly it goes. */
  readonly control: string;
  readonly label: Label;
  readonly session: SessionId;
  readonly agent: string;
  /** Digest of the policy in force. */
  readonly policy: string;
};

/** What the owner said yes to; its label is the ceiling. Never changed after. */
export type Terms = Matter & {
  readonly id: GrantId;
  readonly tenant: string;
  readonly conversation: ConversationId;
  /** Who suggested it. */
  readonly by: PrincipalId;
  /** The destination as people read it. */
  readonly destination: string;
  readonly usesMax: number;
  readonly expiresAt: number;
};

export type Grant = {
  readonly id: GrantId;
  readonly tenant: string;
  readonly terms: Terms;
  /** Keyed hash of the terms: a row that was edited fits it no more. */
  readonly seal: string;
  /** The owner's yes. */
  readonly approval: ApprovalId;
  readonly uses: number;
  readonly revokedAt: number | null;
  readonly createdAt: number;
};

export type GrantState = "active" | "revoked" | "expired" | "used_up" | "changed";

/** `now == expiresAt` is expired. Another policy or version than at the yes ends it for good. */
export function stateOf({ terms, uses, revokedAt }: Grant, now: Pick<Matter, "policy">, at: number): GrantState {
  if (revokedAt !== null) return "revoked";
  if (at >= terms.expiresAt) return "expired";
  if (uses >= terms.usesMax) return "used_up";
  return now.policy === terms.policy ? "active" : "changed";
}

const SAME = ["capability", "version", "control", "session", "agent", "policy"] as const;

/** Is this what the owner said yes to, now? The same in every respect, and labelled no higher. */
export const covers = (grant: Grant, matter: Matter, at: number): boolean =>
  stateOf(grant, matter, at) === "active" &&
  SAME.every((key) => grant.terms[key] === matter[key]) &&
  flows(matter.label, grant.terms.label);
