/** What an inbound message is to us: an instruction, material, or nothing (CONTRACT section 2, default deny). Pure. */
import { ENDORSED, type Integrity, UNTRUSTED } from "../core/label.ts";
import type { Addressed, Envelope } from "../core/message.ts";
import type { Conversation, Principal, Role } from "../core/people.ts";

export type Rejection =
  | "unknown_conversation"
  | "blocked_conversation"
  | "bot"
  | "anonymous"
  | "stranger"
  | "context_off"
  | "opted_out"
  | "rate"
  | "replayed"
  | "quota"
  | "erased"
  | "malformed"
  | "undecryptable";

export type Activation =
  | { readonly is: "instruction"; readonly addressed: Addressed; readonly role: Role; readonly integrity: Integrity }
  | { readonly is: "material"; readonly role: Role; readonly integrity: Integrity }
  | { readonly is: "rejected"; readonly reason: Rejection };

const MAY_TALK: readonly Role[] = ["owner", "approver", "member"];

/**
 * The role a principal has in this conversation. Empty limits mean nobody; nobody is better than a stranger by default.
 */
export function roleIn(conversation: Conversation, principal: Principal | null): Role {
  if (principal === null) return conversation.membersAll ? "member" : "stranger";
  const isLimited = principal.only !== null && !principal.only.includes(conversation.id);
  const role: Role = isLimited ? "participant" : principal.role;
  const isLow = role === "participant" || role === "stranger";
  return isLow && conversation.membersAll ? "member" : role;
}

type Question = {
  readonly conversation: Conversation | null;
  readonly principal: Principal | null;
  readonly envelope: Envelope;
  readonly text: string;
  readonly keywords: readonly string[];
  /** The message this one replies to is one of ours. */
  readonly repliesToUs: boolean;
};

/** How the message addresses the bot, by wire evidence or a configured whole first word; never by a substring. */
export function addressedHow(question: Question): Addressed {
  const { envelope, conversation, repliesToUs } = question;
  const { flags } = envelope.trust;
  // What somebody forwards, imports or replays from a backlog is material, whoever wrote it.
  if (flags.some((flag) => flag === "forwarded" || flag === "imported" || flag === "backfill")) return "none";
  if (conversation !== null && conversation.kind !== "group") return "direct";
  const { how } = envelope.addressed;
  if (how === "reply") return repliesToUs ? "reply" : "none";
  if (how === "mention" || how === "command") return how;
  // The owner at this machine's console speaks to the bot in every conversation of the console.
  if (how === "direct" && envelope.trust.transport === "local" && envelope.trust.verified === "verified") return how;
  const first = /^[^\s,:]{1,64}/.exec(question.text)?.[0]?.toLowerCase();
  return first !== undefined && question.keywords.includes(first) ? "keyword" : "none";
}

export function isVerified(conversation: Conversation, envelope: Envelope): boolean {
  const { verified, transport, flags } = envelope.trust;
  if (!conversation.encrypted) return verified !== "none";
  // Once encrypted, a conversation never takes an instruction that was not (threat B13).
  if (transport !== "e2ee" || flags.includes("room_unencrypted")) return false;
  return verified === "signed" || verified === "verified";
}

export function activate(question: Question): Activation {
  const { conversation, principal, envelope } = question;
  const reject = (reason: Rejection): Activation => ({ is: "rejected", reason });
  if (envelope.sender.kind === "bot") return reject("bot");
  if (conversation === null) return reject("unknown_conversation");
  if (conversation.closed || conversation.status === "blocked") return reject("blocked_conversation");
  if (conversation.status !== "allowed") return reject("unknown_conversation");
  const isNobody = envelope.sender.kind === "anonymous";
  const role = isNobody ? "stranger" : roleIn(conversation, principal);
  const mayTalk = MAY_TALK.includes(role);
  const addressed = addressedHow(question);
  if (addressed !== "none" && mayTalk && isVerified(conversation, envelope)) {
    return { is: "instruction", addressed, role, integrity: ENDORSED };
  }
  if (conversation.context === "off") return reject(mayTalk ? "context_off" : isNobody ? "anonymous" : "stranger");
  if (principal?.optedOut === true) return reject("opted_out");
  if (conversation.context === "members" && !mayTalk) return reject("stranger");
  return { is: "material", role: role === "stranger" ? "participant" : role, integrity: UNTRUSTED };
}
