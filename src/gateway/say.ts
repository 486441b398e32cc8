/**
 * The gateway's own words: what it tells people about itself, never about content.
 * They leave through the outbox like anything else.
 */
import type { ApprovalId, CallId, ConversationId, MessageId, RunId, ThreadId } from "../core/ids.ts";
import { BOTTOM, type Label } from "../core/label.ts";
import type { Conversation } from "../core/people.ts";
import type { Draft } from "./draft.ts";

export type Where = {
  readonly conversation: Conversation;
  readonly thread: ThreadId | null;
  readonly replyTo?: MessageId | null;
};

export const publicLabel = (tenant: string, conversation: ConversationId): Label => ({
  ...BOTTOM,
  tenant,
  audience: [conversation],
});

/** Puts one text into the outbox, in the draft's own commit. Returns the id that the message will have. */
export function say(draft: Draft, where: Where, text: string, run: RunId | null = null): MessageId {
  return post(draft, where, { op: "text", text }, publicLabel(draft.tenant, where.conversation.id), run);
}

export type Posted =
  | {
      readonly op: "text";
      readonly text: string;
      readonly approval?: {
        readonly id: string;
        readonly code: string;
        readonly expiresAt: number;
        readonly denyOnly?: boolean;
        readonly steps?: readonly number[];
      };
    }
  | {
      readonly op: "edit";
      readonly text: string;
      readonly approval?: { readonly id: string; readonly steps: readonly number[] };
    }
  | { readonly op: "edit" | "redact" | "react" | "typing"; readonly text?: string; readonly key?: string };

export function post(
  draft: Draft,
  where: Where,
  body: Posted,
  label: Label,
  run: RunId | null,
  more: {
    readonly call?: CallId | null;
    readonly approval?: ApprovalId | null;
    readonly target?: MessageId | null;
  } = {},
): MessageId {
  const { conversation, thread } = where;
  const message = draft.newId("MessageId");
  const expires = draft.now + conversation.ttlMs;
  draft.outbox({
    id: draft.newId("OutboxId"),
    seq: 0,
    tenant: draft.tenant,
    channel: conversation.channel,
    conversation: conversation.id,
    thread,
    op: body.op,
    blob: draft.sealJson("outbox", "operation.v1", conversation.id, label, body, expires),
    label,
    replyTo: where.replyTo ?? null,
    target: more.target ?? null,
    run,
    call: more.call ?? null,
    approval: more.approval ?? null,
    message,
    state: "pending",
    code: null,
    attempts: 0,
    dueAt: draft.now,
    createdAt: draft.now,
  });
  draft.entry(
    "effect.intended",
    {
      effect: message,
      op: body.op,
      conversation: conversation.id,
      call: more.call ?? undefined,
      approval: more.approval ?? undefined,
    },
    run === null ? {} : { run },
  );
  return message;
}
