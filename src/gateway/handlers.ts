/** What receiving an event may lead to, and the parts of the gateway that it hands some events to. */
import type { ApprovalId, RunId } from "../core/ids.ts";
import type { InboundEvent, Message } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import type { Draft } from "./draft.ts";
import type { Word } from "./words.ts";

/** Something to do after the commit: start driving a run, carry out what was granted, tell a driver to stop. */
export type Aftermath =
  | { readonly do: "drive"; readonly run: RunId }
  | { readonly do: "consume"; readonly approval: ApprovalId }
  /** Runs were cancelled: whoever drives them is told. Others had a question closed and go on. */
  | { readonly do: "stopped"; readonly goOn: readonly RunId[] }
  /** Somebody wants to be forgotten; the wish is written down. */
  | { readonly do: "forget" }
  | { readonly do: "nothing" };

/** Parts of the gateway that receive hands some events to. Each works inside the event's own draft. */
export type Handlers = {
  /** A reaction, a button or a code: an answer to an approval, or nothing. */
  readonly answer: (draft: Draft, event: InboundEvent, conversation: Conversation, principal: Principal) => Aftermath;
  readonly word: (
    draft: Draft,
    word: Word,
    event: InboundEvent,
    conversation: Conversation,
    principal: Principal,
  ) => Aftermath;
  /** A six-digit code from somebody whom nobody knows yet. True when it was one. */
  readonly pair: (draft: Draft, event: InboundEvent) => boolean;
  /** A paired owner speaks in, or invites us to, a conversation that nobody allowed. */
  readonly unknown: (draft: Draft, event: InboundEvent, principal: Principal) => void;
  /** Runs, approvals and values that a changed or deleted message takes with it. Returns runs that go on. */
  readonly changed: (draft: Draft, message: Message, how: "edited" | "deleted") => readonly RunId[];
  /** A reaction was deleted; `id` is ours for it. Returns runs that go on. */
  readonly takenBack: (draft: Draft, id: string) => readonly RunId[];
};
