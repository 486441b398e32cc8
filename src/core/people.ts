/** Who is who: principals, what they may do, and the tokens that stand for them (CONTRACT sections 1 and 5). */

import type { Assurance } from "./approval.ts";
import type { BlobId, ConversationId, PrincipalId } from "./ids.ts";
import type { MaskKind } from "./transform.ts";

export const ROLES = ["owner", "approver", "member", "participant", "stranger", "auditor", "agent"] as const;
export type Role = (typeof ROLES)[number];

/** A person or agent as the platform identifies it. The platform's id and the display name are sealed elsewhere. */
export type Principal = {
  readonly id: PrincipalId;
  readonly tenant: string;
  readonly channel: string;
  readonly kind: "person" | "bot" | "anonymous" | "service";
  readonly role: Exclude<Role, "agent">;
  /** Conversations a member's role is limited to; null means every allowed one. */
  readonly only: readonly ConversationId[] | null;
  /** Principals that the owner declared one person share this. */
  readonly person: PrincipalId;
  readonly pairedAt: number | null;
  /** The best evidence this principal's answers may count as. */
  readonly assurance: Assurance;
  readonly timezone: string | null;
  readonly language: string | null;
  readonly optedOut: boolean;
  /** The conversation with this person alone, once the bot has one. */
  readonly direct: ConversationId | null;
};

/** A token such as `PERSON_7f3a`, unique in its conversation. What it stands for is sealed. */
export type Pseudonym = {
  /** `${conversation}/${token}` */
  readonly id: string;
  readonly tenant: string;
  readonly conversation: ConversationId;
  readonly token: string;
  readonly kind: MaskKind;
  /** Hexadecimal keyed hash of what it stands for. */
  readonly mac: string;
  /** The principal it stands for, when it is one. */
  readonly principal: PrincipalId | null;
  /** Sealed original when it was found in text; null when the principal's name is looked up instead. */
  readonly blob: BlobId | null;
};

/** A room on a channel; what the owner allows, names and sets context for. */
export type Conversation = {
  readonly id: ConversationId;
  readonly tenant: string;
  readonly channel: string;
  readonly kind: "direct" | "group" | "console";
  readonly alias: string | null;
  readonly status: "unknown" | "allowed" | "blocked";
  readonly context: "off" | "members" | "everyone";
  readonly ttlMs: number;
  readonly timezone: string | null;
  readonly language: string | null;
  /** Who answers here: `butler`, `model`, a token's name; null is the default agent. */
  readonly agent: string | null;
  /** Who answers when that one does not; absent: as configured. */
  readonly fallback?: "butler" | "none";
  /** Everybody who joined is a member here, and only here. */
  readonly membersAll: boolean;
  /** Who is in it as far as the connector has said; null when it never did. */
  readonly members: readonly PrincipalId[] | null;
  /** Where the network never states everybody: who left or was banned, until they are seen there again. */
  readonly gone?: readonly PrincipalId[];
  readonly encrypted: boolean;
  /** Sealed bytes kept, for the quota. */
  readonly bytes: number;
  readonly closed: boolean;
  /** When the network last said that something may be missing; null when it never did. */
  readonly gapAt: number | null;
};
