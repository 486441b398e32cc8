/** Starts a run for a request, or queues it behind the one its session already has (CONTRACT section 8). */
import { type Amounts, capped, newBudget } from "../core/budget.ts";
import type { Canonical } from "../core/canonical.ts";
import type { Brief } from "../core/followup.ts";
import type { ConversationId, MessageId, PrincipalId, SessionId, ThreadId } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import { QUEUED_RUNS_PER_SESSION_MAX } from "../core/limits.ts";
import type { Message } from "../core/message.ts";
import type { Conversation } from "../core/people.ts";
import { isTerminal, type Predicate, type Run, type Wait } from "../core/run.ts";
import { isIdle, type Session, sessionKey } from "../core/session.ts";
import { answererFor } from "./answerer.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";

/** The open session of a requester here; an idle one is closed and a new one begun. */
export function openSession(
  powers: Powers,
  draft: Draft,
  conversation: ConversationId,
  thread: ThreadId | null,
  requester: PrincipalId,
): Session {
  const key = sessionKey(conversation, thread, requester);
  const found = powers.store.find("session", "key", key, { limit: 1 })[0]?.value;
  const known = found === undefined ? null : draft.get("session", found.id);
  if (known !== null && !isIdle(known, draft.now))
    return draft.put("session", known.id, { ...known, lastAt: draft.now });
  if (known !== null) draft.put("session", known.id, { ...known, state: "closed" });
  const id = draft.newId("SessionId");
  return draft.put("session", id, {
    id,
    tenant: draft.tenant,
    conversation,
    thread,
    requester,
    createdAt: draft.now,
    lastAt: draft.now,
    state: "open",
  });
}

export type NewRun = {
  readonly session: Session;
  readonly principal: PrincipalId;
  readonly request: MessageId | null;
  readonly brief?: Brief;
  readonly agent: string;
  readonly external: boolean;
  readonly context: Label;
  readonly budget?: Partial<Amounts>;
  readonly doneWhen?: Predicate;
  readonly parent?: Run["parent"];
  readonly background?: boolean;
};

/** A new run, not begun. */
export function runFrom({ settings }: Powers, draft: Draft, order: NewRun): Run {
  const cap = order.background === true ? settings.background : settings.interactive;
  return {
    id: draft.newId("RunId"),
    tenant: draft.tenant,
    session: order.session.id,
    conversation: order.session.conversation,
    thread: order.session.thread,
    principal: order.principal,
    agent: order.agent,
    external: order.external,
    request: order.request,
    ...(order.brief === undefined ? {} : { brief: order.brief }),
    ...(order.parent === undefined ? {} : { parent: order.parent }),
    createdAt: draft.now,
    status: { state: "active", since: draft.now },
    budget: newBudget(capped(order.budget ?? {}, cap)),
    doneWhen: order.doneWhen ?? { is: "replied" },
    facts: { replies: 0, values: {}, approved: [], childrenOpen: 0, openCalls: [] },
    context: order.context,
    revealedBits: 0,
    revealedChars: 0,
    segment: 1,
    onExhausted: settings.onExhausted ?? "fail",
  };
}

export const newRun = (powers: Powers, draft: Draft, order: NewRun): Run =>
  beginRun(draft, runFrom(powers, draft, order));

/** Its entry carries the whole first state, so that replay can begin from it. */
export function beginRun(draft: Draft, run: Run): Run {
  draft.put("run", run.id, run);
  draft.entry(
    "run.started",
    { at: draft.now, run: run as unknown as Canonical },
    { session: run.session, run: run.id, actor: run.principal },
  );
  return run;
}

export type Started =
  | { readonly is: "started"; readonly run: Run }
  /** The session's run waited for this and goes on with it. */
  | { readonly is: "woken" }
  | { readonly is: "queued"; readonly ahead: number }
  | { readonly is: "full" };

/**
 * For an addressed message of a member: a run now, a place in the queue, or neither. All in the message's own commit.
 */
export function request(powers: Powers, draft: Draft, conversation: Conversation, message: Message): Started {
  const session = openSession(powers, draft, conversation.id, message.thread, message.sender);
  const busy = activeRun(powers, session.id);
  if (busy !== null) {
    if (waitsFor(busy, "message")) {
      draft.run(busy.id).apply({ type: "wake", message: message.id });
      return { is: "woken" };
    }
    const waiting = powers.store.find("queued", "session", session.id, { limit: QUEUED_RUNS_PER_SESSION_MAX });
    if (waiting.length >= QUEUED_RUNS_PER_SESSION_MAX) return { is: "full" };
    draft.put("queued", message.id, {
      id: message.id,
      tenant: draft.tenant,
      session: session.id,
      addressed: message.addressed,
      at: draft.now,
    });
    return { is: "queued", ahead: waiting.length + 1 };
  }
  return { is: "started", run: runFor(powers, draft, conversation, session, message.id, message.sender) };
}

export function runFor(
  powers: Powers,
  draft: Draft,
  conversation: Conversation,
  session: Session,
  request: MessageId,
  principal: PrincipalId,
): Run {
  const { instead, ...answerer } = answererFor(powers, conversation);
  const run = newRun(powers, draft, { session, principal, request, ...answerer });
  if (instead !== null) say(draft, { conversation, thread: run.thread, replyTo: request }, instead, run.id);
  return run;
}

export const waitsFor = ({ status }: Run, what: Wait["for"]): boolean =>
  status.state === "paused.event" && status.wait.for === what;

/** The session's run that has not ended, if any. A child works for its parent, beside it. */
export function activeRun(powers: Powers, session: SessionId): Run | null {
  const runs = powers.store.find("run", "session", session, { limit: 20, newestFirst: true });
  return runs.find(({ value }) => !isTerminal(value) && value.parent === undefined)?.value ?? null;
}
