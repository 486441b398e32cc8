/** A question to a human, bound to exactly what was shown and will be sent (CONTRACT section 7). Pure. */
import { type Canonical, canonical } from "./canonical.ts";
import type { ApprovalId, BlobId, CallId, ConversationId, MessageId, PrincipalId, RunId, SessionId } from "./ids.ts";
import { canonicalLabel, type Label } from "./label.ts";
import { APPROVAL_CODE_TRIES_MAX } from "./limits.ts";

export const ASSURANCE = ["low", "medium", "high"] as const;
export type Assurance = (typeof ASSURANCE)[number];
export const suffices = (given: Assurance, needed: Assurance): boolean =>
  ASSURANCE.indexOf(given) >= ASSURANCE.indexOf(needed);

export type VoidReason =
  | "edited"
  | "deleted"
  | "purged"
  | "run_ended"
  | "changed"
  | "taken_back"
  | "alarm"
  | "restarted";
export type ApprovalStatus =
  | { readonly state: "pending" }
  | { readonly state: "granted"; readonly by: PrincipalId; readonly assurance: Assurance; readonly at: number }
  | { readonly state: "denied"; readonly by: PrincipalId | null; readonly at: number }
  | { readonly state: "expired" }
  | { readonly state: "void"; readonly reason: VoidReason }
  | { readonly state: "consumed"; readonly by: PrincipalId; readonly assurance: Assurance; readonly at: number };

/** Where the question was put: an answer counts only against one of these. */
export type Surface = { readonly conversation: ConversationId; readonly message: MessageId | null };

export type Approval = {
  readonly id: ApprovalId;
  readonly tenant: string;
  readonly session: SessionId | null;
  readonly run: RunId | null;
  readonly call: CallId | null;
  /**
   * A capability, or one of `channel.connect`, `capability.enable`, `secret.insert`, `policy.load`,
   * `purge`, `budget.raise`.
   */
  readonly capability: string;
  readonly version: number;
  readonly requester: PrincipalId | null;
  readonly conversation: ConversationId | null;
  readonly destination: string;
  readonly label: Label;
  readonly assurance: Assurance;
  readonly fourEyes: boolean;
  /** Roles that may say yes or no, by the rule that asked. */
  readonly approvers: readonly string[];
  /** Hexadecimal SHA-256 of `digestText`. */
  readonly digest: string;
  /** Hexadecimal SHA-256 of the code that the prompt shows. */
  readonly codeHash: string;
  readonly wrongCodes: number;
  readonly sources: readonly MessageId[];
  readonly surfaces: readonly Surface[];
  /** The steps of a plan, in the order in which they were shown: questions of their own behind this one's prompt. */
  readonly steps?: readonly ApprovalId[];
  /** Keyed hash of its control arguments, where a standing yes may be given for the like of it. */
  readonly control?: string;
  /** The plan that this is a step of, whose code and prompt it is answered by. */
  readonly plan?: ApprovalId;
  /** The reaction that said yes: taking it back before anything happened voids. */
  readonly answer: MessageId | null;
  /** Sealed prompt as shown. */
  readonly prompt: BlobId | null;
  /** Sealed stored call that the gateway runs after the yes. */
  readonly stored: BlobId | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When people were reminded of it, once. */
  readonly remindedAt?: number;
  readonly status: ApprovalStatus;
};

export type ApprovalEvent =
  | { readonly type: "decide"; readonly yes: boolean; readonly by: PrincipalId; readonly assurance: Assurance }
  | { readonly type: "wrong_code" }
  | { readonly type: "consume"; readonly digest: string }
  | { readonly type: "void"; readonly reason: VoidReason }
  | { readonly type: "surface"; readonly surface: Surface }
  | { readonly type: "tick" };

export const isOpen = (approval: Approval): boolean => approval.status.state === "pending";
export const isLocked = (approval: Approval): boolean => approval.wrongCodes >= APPROVAL_CODE_TRIES_MAX;

/**
 * The machine: `pending → granted | denied | expired | void`, `granted → consumed | void | expired`. An event that
 * makes no sense returns the same object. `now == expiresAt` is expired. A yes below the needed assurance changes
 * nothing.
 */
export function decideStep(approval: Approval, event: ApprovalEvent, now: number): Approval {
  const to = (status: ApprovalStatus): Approval => ({ ...approval, status });
  const { status } = approval;
  if (status.state !== "pending" && status.state !== "granted") return approval;
  if (now >= approval.expiresAt) return to({ state: "expired" });
  if (event.type === "void") return to({ state: "void", reason: event.reason });
  if (event.type === "surface") return { ...approval, surfaces: [...approval.surfaces, event.surface] };
  if (status.state === "granted") {
    if (event.type !== "consume") return approval;
    if (event.digest !== approval.digest) return to({ state: "void", reason: "changed" });
    return to({ state: "consumed", by: status.by, assurance: status.assurance, at: now });
  }
  if (event.type === "wrong_code") return { ...approval, wrongCodes: approval.wrongCodes + 1 };
  if (event.type !== "decide") return approval;
  if (!event.yes) return to({ state: "denied", by: event.by, at: now });
  if (isLocked(approval) || !suffices(event.assurance, approval.assurance)) return approval;
  if (approval.fourEyes && event.by === approval.requester) return approval;
  return to({ state: "granted", by: event.by, assurance: event.assurance, at: now });
}

export type Bound = {
  readonly approval: ApprovalId;
  readonly tenant: string;
  readonly session: SessionId | null;
  readonly run: RunId | null;
  readonly call: CallId | null;
  readonly capability: string;
  readonly version: number;
  readonly input: Canonical;
  /** Hexadecimal SHA-256 of the final bytes. */
  readonly rendered: string;
  readonly destination: string;
  readonly label: Label;
  readonly sources: readonly string[];
  readonly requester: PrincipalId | null;
  /** Digest of the policy that asked. */
  readonly policy: string;
  readonly assurance: Assurance;
  readonly expires: number;
};

/** The text whose SHA-256 is the approval's digest. */
export const digestText = (bound: Bound): string =>
  `lazaret.approval.v1\u0000${canonical({
    ...bound,
    label: canonicalLabel(bound.label),
    sources: [...bound.sources],
  })}`;
