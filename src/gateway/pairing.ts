/**
 * Pairing by a code that only the owner's terminal shows (CONTRACT section 1).
 * Codes live in memory and are never stored.
 */
import type { Assurance } from "../core/approval.ts";
import type { ConversationId, PrincipalId } from "../core/ids.ts";
import { PAIRING_MS, PAIRING_TRIES_MAX } from "../core/limits.ts";
import type { InboundEvent } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import type { Draft } from "./draft.ts";
import { findConversation, findPrincipal, newConversation, newPrincipal } from "./people.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";
import { transact } from "./transact.ts";

export type PairRole = "owner" | "approver" | "member";
export type Offer = {
  readonly channel: string;
  readonly role: PairRole;
  /** Limits the role to one conversation; such an offer makes members only, and may be used by many. */
  readonly only: ConversationId | null;
  readonly assurance: Assurance;
  readonly expiresAt: number;
  uses: number;
  wrong: number;
  claim: { readonly event: InboundEvent } | null;
  used: boolean;
};

const CODES_MAX = 20;
const SIX_DIGITS = /^\s*(\d{6})\s*$/;

export class Pairing {
  readonly #powers: Powers;
  readonly #offers = new Map<string, Offer>();

  constructor(powers: Powers) {
    this.#powers = powers;
  }

  /** A fresh code for one channel. Refuses roles that `--conversation` may not make. */
  offer(order: {
    readonly channel: string;
    readonly role: PairRole;
    readonly only: ConversationId | null;
    readonly uses: number;
    readonly assurance: Assurance;
    readonly expiresMs: number | null;
  }): { readonly code: string; readonly expiresAt: number } {
    this.#forget();
    if (order.only !== null && order.role !== "member")
      throw new Refusal("input.invalid", { field: "role", hint: "With --conversation a code makes members only." });
    if (this.#offers.size >= CODES_MAX) throw new Refusal("rate.limited", { hint: "Too many pairing codes are open." });
    const code = this.#newCode();
    const expiresAt = this.#powers.clock.now() + (order.only === null ? PAIRING_MS : (order.expiresMs ?? PAIRING_MS));
    this.#offers.set(code, {
      ...order,
      expiresAt,
      uses: order.only === null ? 1 : order.uses,
      wrong: 0,
      claim: null,
      used: false,
    });
    return { code, expiresAt };
  }

  #newCode(): string {
    for (;;) {
      const [a = 0, b = 0, c = 0, d = 0] = this.#powers.random.bytes(4);
      const number = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
      // The largest multiple of a million below 2^32: above it the draw would favour small codes.
      const code = String(number % 1_000_000).padStart(6, "0");
      if (number < 4_294_000_000 && !this.#offers.has(code)) return code;
    }
  }

  #forget(): void {
    const now = this.#powers.clock.now();
    for (const [code, offer] of this.#offers)
      if (offer.expiresAt <= now || offer.wrong >= PAIRING_TRIES_MAX) this.#offers.delete(code);
  }

  state(code: string): Offer | null {
    this.#forget();
    return this.#offers.get(code) ?? null;
  }

  /** A six-digit message in a direct chat that nobody knows. The event itself is shredded whatever happens. */
  claim(draft: Draft, event: InboundEvent): boolean {
    const { envelope, content } = event;
    const digits = SIX_DIGITS.exec(content.text ?? "")?.[1];
    if (envelope.kind !== "message" || envelope.conversation_kind !== "direct" || digits === undefined) return false;
    if (envelope.sender.kind !== "person" && envelope.sender.kind !== "service") return false;
    if (envelope.trust.flags.some((flag) => flag === "forwarded" || flag === "imported" || flag === "backfill"))
      return false;
    if (!provesSender(this.#powers, envelope)) return false;
    this.#forget();
    const offer = this.#offers.get(digits);
    // The same event again: its batch met a conflict and is built anew.
    if (offer?.claim?.event.envelope.delivery_id === envelope.delivery_id) return true;
    if (offer === undefined || offer.channel !== envelope.channel || offer.claim !== null) {
      // A wrong guess counts against every open code of the channel that could have been meant.
      for (const open of this.#offers.values()) if (open.channel === envelope.channel) open.wrong += 1;
      return true;
    }
    if (offer.only === null) offer.claim = { event };
    else this.#admit(draft, offer, event, digits);
    return true;
  }

  /** Many members at once: the owner said so beforehand, for one conversation. */
  #admit(draft: Draft, offer: Offer, event: InboundEvent, code: string): void {
    this.#seat(draft, offer, event);
    offer.uses -= 1;
    if (offer.uses <= 0) this.#offers.delete(code);
  }

  /** The owner saw the full id on the terminal and said y, or did not. */
  async confirm(code: string, yes: boolean): Promise<PrincipalId | null> {
    const offer = this.state(code);
    if (offer?.claim == null) throw new Refusal("pairing.failed");
    const { event } = offer.claim;
    this.#offers.delete(code);
    if (!yes) return null;
    return transact(this.#powers, (draft) => this.#seat(draft, offer, event).id);
  }

  #seat(draft: Draft, offer: Offer, { envelope, content }: InboundEvent): Principal {
    const known = findPrincipal(draft, envelope.channel, envelope.sender.id);
    const principal =
      known ??
      newPrincipal(
        draft,
        envelope.channel,
        envelope.sender.id,
        envelope.sender.kind,
        "participant",
        content.sender_name,
      );
    const place = findConversation(draft, envelope.channel, envelope.conversation);
    const direct = this.#direct(draft, place, principal.id, envelope);
    const role = strongest(principal.role, offer.role);
    const only = offer.only === null ? null : [...new Set([...(principal.only ?? []), offer.only, direct.id])];
    const seated = draft.put("principal", principal.id, {
      ...principal,
      role,
      only,
      direct: direct.id,
      pairedAt: draft.now,
      assurance: offer.assurance,
    });
    draft.entry("principal.paired", {
      principal: seated.id,
      channel: envelope.channel,
      role,
      conversation: offer.only ?? undefined,
    });
    say(draft, { conversation: direct, thread: null }, "We are connected. Say help to see what I can do.");
    return seated;
  }

  #direct(
    draft: Draft,
    known: Conversation | null,
    person: PrincipalId,
    envelope: InboundEvent["envelope"],
  ): Conversation {
    const set = { status: "allowed", members: [person] } as const;
    if (known !== null) return draft.put("conversation", known.id, { ...known, ...set });
    const place = {
      channel: envelope.channel,
      platform: envelope.conversation,
      kind: "direct",
      encrypted: envelope.trust.transport === "e2ee",
    } as const;
    const made = newConversation(this.#powers, draft, place, set);
    draft.entry("conversation.allowed", { conversation: made.id, channel: envelope.channel, kind: "direct" });
    return made;
  }

  /** A paired owner addressed us where nobody allowed us: silent there, a question in the owner's direct chat, once. */
  askOwner(draft: Draft, event: InboundEvent, owner: Principal): void {
    const { envelope } = event;
    const direct = owner.direct === null ? null : draft.get("conversation", owner.direct);
    if (direct === null || findConversation(draft, envelope.channel, envelope.conversation) !== null) return;
    const place = {
      channel: envelope.channel,
      platform: envelope.conversation,
      kind: envelope.conversation_kind,
      encrypted: envelope.trust.transport === "e2ee",
    } as const;
    const made = newConversation(this.#powers, draft, place);
    say(
      draft,
      { conversation: direct, thread: null },
      "You spoke to me in a conversation I do not know. To allow it, type on this machine: " +
        `lazaret conversation allow ${made.id} --alias NAME`,
    );
  }
}

/** On Matrix the homeserver's word is not enough: encrypted, and by a device that its user signed (section 1). */
function provesSender({ store }: Powers, { channel, trust }: InboundEvent["envelope"]): boolean {
  const { transport, verified } = trust;
  if (store.get("channel", channel)?.value.kind !== "matrix") return transport !== "transport" || verified !== "none";
  return transport === "e2ee" && (verified === "signed" || verified === "verified");
}

const RANK: readonly Principal["role"][] = ["stranger", "auditor", "participant", "member", "approver", "owner"];
const strongest = (a: Principal["role"], b: Principal["role"]): Principal["role"] =>
  RANK.indexOf(a) >= RANK.indexOf(b) ? a : b;
