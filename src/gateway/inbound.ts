/** What the gateway itself does with words, answers, edits and deletes; each works inside the event's own draft. */

import type { RunId } from "../core/ids.ts";
import type { InboundEvent, Message } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { isTerminal, type Run } from "../core/run.ts";
import { sessionKey } from "../core/session.ts";
import { voidWhere } from "./answer.ts";
import { answerByCode } from "./answers.ts";
import { cancelRun } from "./cancel.ts";
import { conclude } from "./conclude.ts";
import type { Draft } from "./draft.ts";
import type { Aftermath } from "./handlers.ts";
import { messageBy, threadOf } from "./keep.ts";
import { dropLater } from "./later.ts";
import { openQuestions } from "./open-questions.ts";
import type { Powers } from "./powers.ts";
import { say, type Where } from "./say.ts";
import type { Word } from "./words.ts";

const NOTHING: Aftermath = { do: "nothing" };

/** status, cancel, help, approve and deny: answered here, before any run. */
export function answerWord(
  powers: Powers,
  draft: Draft,
  word: Word,
  event: InboundEvent,
  conversation: Conversation,
  principal: Principal,
): Aftermath {
  const { envelope } = event;
  const where = {
    conversation,
    thread: threadOf(draft, envelope, conversation),
    replyTo: messageBy(draft, envelope, envelope.reply_to)?.id ?? null,
  };
  switch (word.word) {
    case "help":
      say(draft, where, HELP);
      return NOTHING;
    case "approvals":
      say(draft, where, openQuestions(powers, conversation, principal));
      return NOTHING;
    case "status":
      say(draft, where, statusText(powers, where, principal));
      return NOTHING;
    case "cancel":
      say(draft, where, cancelAll(powers, draft, conversation, principal));
      return { do: "stopped", goOn: [] };
    case "approve":
    case "deny":
      return answerByCode(powers, draft, word, { conversation, principal, verified: envelope.trust.verified }, where);
  }
}

const HELP = [
  "I work with this chat without reading it: a checked transform tells me what it says. " +
    "I act elsewhere only after a yes.",
  "Ask for example:",
  "• summarise the last 20 messages",
  "• what did I miss since yesterday?",
  "• make a to-do list from this thread",
  "• who brings the tent?",
  "• remind me tomorrow at 9 to call Ben",
  "Words I answer at once: status, cancel, help, approvals, approve CODE, deny CODE.",
].join("\n");

function runsOf(powers: Powers, conversation: Conversation, principal: Principal): readonly Run[] {
  return powers.store
    .find("run", "conversation", conversation.id, { limit: 200, newestFirst: true })
    .map(({ value }) => value)
    .filter((run) => !isTerminal(run) && run.principal === principal.id);
}

const STATES: Readonly<Record<string, string>> = {
  active: "working on it",
  "paused.approval": "waiting for a yes",
  "paused.event": "waiting",
};

function statusText(powers: Powers, { conversation, thread }: Where, principal: Principal): string {
  const runs = runsOf(powers, conversation, principal);
  const key = sessionKey(conversation.id, thread, principal.id);
  const session = powers.store.find("session", "key", key, { limit: 1 })[0]?.value;
  const queued = session === undefined ? 0 : powers.store.find("queued", "session", session.id, { limit: 20 }).length;
  const lines = runs.map((run) => {
    const { steps } = run.budget.used;
    return `• ${STATES[run.status.state] ?? run.status.state}, ${steps} of ${run.budget.limit.steps} steps used`;
  });
  if (lines.length === 0 && queued === 0) return "Nothing of yours is running here.";
  return [...lines, ...(queued > 0 ? [`• ${queued} more in line`] : [])].join("\n");
}

/** Cancels what this person has running or waiting here. */
function cancelAll(powers: Powers, draft: Draft, conversation: Conversation, principal: Principal): string {
  const runs = runsOf(powers, conversation, principal);
  for (const run of runs) cancelRun(powers, draft, run, "asked");
  const sessions = powers.store.find("session", "requester", principal.id, { limit: 200 }).map(({ value }) => value);
  const here = sessions.filter((session) => session.conversation === conversation.id && session.state === "open");
  const queued = here.flatMap((session) => powers.store.find("queued", "session", session.id, { limit: 20 }));
  for (const { value } of queued) draft.drop("queued", value.id);
  const count = runs.length + queued.length;
  return count === 0
    ? "Nothing of yours is running here."
    : `Stopped: ${count === 1 ? "one request" : `${count} requests`}.`;
}

/**
 * An edited or deleted message takes its request's run, its open questions and what was derived from it along.
 * Returns runs that go on.
 */
export function changed(powers: Powers, draft: Draft, message: Message, how: "edited" | "deleted"): readonly RunId[] {
  const goOn = new Set<RunId>();
  for (const approval of voidWhere(powers, draft, "source", message.id, how)) {
    if (approval.run === null || isTerminal(draft.run(approval.run).run)) continue;
    conclude(draft, approval);
    goOn.add(approval.run);
  }
  for (const { value } of powers.store.find("run", "request", message.id, { limit: 10 })) {
    if (isTerminal(draft.run(value.id).run)) continue;
    goOn.delete(value.id);
    cancelRun(powers, draft, draft.run(value.id).run, how);
    const conversation = draft.get("conversation", value.conversation);
    if (conversation !== null && how === "edited") {
      say(
        draft,
        { conversation, thread: value.thread },
        "You changed your request, so I dropped it. Send it again to ask anew.",
      );
    }
  }
  if (draft.get("queued", message.id) !== null) draft.drop("queued", message.id);
  dropLater(powers, draft, message, how);
  dropDerived(powers, draft, message, how);
  return [...goOn];
}

/** What was made from a message: values, the answers that told them, and what was asked about them. */
function dropDerived(powers: Powers, draft: Draft, message: Message, how: "edited" | "deleted"): void {
  for (const { value } of powers.store.find("value", "source", message.id, { limit: 1000 })) {
    const run = powers.store.get("run", value.run)?.value;
    // What an open run still wants to say is made anew from the edited text when it is said.
    if (how === "edited" && run !== undefined && !isTerminal(run)) continue;
    draft.drop("value", value.handle);
    draft.dropBlob(value.blob);
    for (const { value: call } of powers.store.find("call", "run", value.run, { limit: 1000 })) {
      const stored = draft.get("call", call.id);
      if (stored === null || stored.answer === null || !stored.values.includes(value.handle)) continue;
      draft.dropBlob(stored.answer);
      draft.put("call", call.id, { ...stored, answer: null, code: "not_found" });
    }
  }
  for (const { value } of powers.store.find("approval", "source", message.id, { limit: 1000 })) {
    const stored = draft.get("approval", value.id);
    // What a plan shows of a step that was taken back is shown no more; its other steps stand.
    const plan = stored?.plan === undefined || how === "edited" ? null : draft.get("approval", stored.plan);
    if (plan !== null && plan.prompt !== null) {
      draft.dropBlob(plan.prompt);
      draft.put("approval", plan.id, { ...plan, prompt: null });
    }
    if (stored === null || ["pending", "granted"].includes(stored.status.state)) continue;
    for (const blob of [stored.prompt, stored.stored]) if (blob !== null) draft.dropBlob(blob);
    draft.put("approval", value.id, { ...stored, prompt: null, stored: null });
  }
}
