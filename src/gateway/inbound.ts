/** What the gateway itself does with words, answers, edits and deletes; each works inside the event's own draft. */

import { type Approval, isOpen } from "../core/approval.ts";
import type { MessageId, RunId } from "../core/ids.ts";
import type { InboundEvent, Message } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { isTerminal, type Run } from "../core/run.ts";
import { sessionKey } from "../core/session.ts";
import { type Answered, alarm, approvalByCode, type Evidence, NOT_YOURS, voidWhere } from "./answer.ts";
import { blindPair } from "./blind.ts";
import type { Draft } from "./draft.ts";
import { answered, conclude } from "./execute.ts";
import type { Aftermath } from "./handlers.ts";
import { keyOf, messageBy, threadOf } from "./keep.ts";
import type { Powers } from "./powers.ts";
import { isEnough, waysOn } from "./route.ts";
import { say, type Where } from "./say.ts";
import { parseReaction, type Word } from "./words.ts";

const NOTHING: Aftermath = { do: "nothing" };

/** A reaction on, or a button under, one of our prompts. Anything else is nothing at all: no entry, no storage. */
export function answerByEvent(
  powers: Powers,
  draft: Draft,
  event: InboundEvent,
  conversation: Conversation,
  principal: Principal,
): Aftermath {
  const { envelope, content } = event;
  const target = promptOf(powers, draft, event);
  if (target === null) return NOTHING;
  const approval = openOn(powers, draft, conversation, target);
  if (approval === null) return NOTHING;
  const { yes, isBlind } = saidBy(powers, conversation, approval, envelope.kind === "action", content.key ?? "");
  const answer = envelope.kind === "reaction" ? draft.newId("MessageId") : null;
  const evidence: Evidence = {
    by: "prompt",
    message: target,
    conversation,
    answer,
    button: envelope.kind === "action",
    blind: isBlind,
  };
  if (yes === null) return isBlind ? wrongEmoji(powers, draft, approval, principal, evidence) : NOTHING;
  const result = answered(powers, draft, approval, principal, evidence, yes);
  // The yes is known by its own id for as long as it can be taken back.
  if (answer !== null && result.granted)
    draft.addRef("event", envelope.channel, keyOf(envelope, envelope.event_id), answer, conversation.id);
  const thread = powers.store.message(target)?.thread ?? null;
  return follow(draft, { conversation, thread }, result);
}

/**
 * What a key under a question says; null: nothing. Where the question has emoji of its own these alone say yes, and one
 * that is neither is a guess.
 */
function saidBy(
  powers: Powers,
  conversation: Conversation,
  approval: Approval,
  isButton: boolean,
  key: string,
): { readonly yes: boolean | null; readonly isBlind: boolean } {
  if (isButton) return { yes: key === "approve" ? true : key === "deny" ? false : null, isBlind: false };
  const { nod, blind } = waysOn(powers, conversation);
  if (!isEnough(blind, approval.assurance) || isEnough(nod, approval.assurance))
    return { yes: nodOf(key), isBlind: false };
  const pair = blindPair(powers, approval.id);
  const given = key.replace(/[\u{FE0E}\u{FE0F}]/gu, "");
  const yes = given === pair.yes ? true : given === pair.no || nodOf(key) === false ? false : null;
  return { yes, isBlind: true };
}

/** The network may have answered in a person's name and guessed: the question ends and that is said. */
function wrongEmoji(
  powers: Powers,
  draft: Draft,
  approval: Approval,
  principal: Principal,
  evidence: Extract<Evidence, { by: "prompt" }>,
): Aftermath {
  const voided = alarm(powers, draft, approval, principal, evidence);
  if (voided === null) return NOTHING;
  say(
    draft,
    { conversation: evidence.conversation, thread: null },
    "That was neither of the two emoji, so I ended the question and did nothing. " +
      "If it was not you, somebody else can answer in your name: the homeserver, or who has your account.",
  );
  if (voided.run === null) return NOTHING;
  conclude(draft, voided);
  return { do: "stopped", goOn: [voided.run] };
}

/** A reaction that said yes was taken back: what was not done yet is not done. */
export function takenBack(powers: Powers, draft: Draft, reaction: string): readonly RunId[] {
  const voided = voidWhere(powers, draft, "answer", reaction, "taken_back");
  for (const approval of voided) conclude(draft, approval);
  return voided.flatMap(({ run }) => run ?? []);
}

const nodOf = (key: string): boolean | null => {
  const nod = parseReaction(key);
  return nod === "yes" ? true : nod === "no" ? false : null;
};

/** Our own message that the event points at; what anybody else posted is no prompt, however it looks (threat B04). */
function promptOf(powers: Powers, draft: Draft, event: InboundEvent): MessageId | null {
  const { envelope } = event;
  if (envelope.target === undefined) return null;
  const id = draft.ref("event", envelope.channel, keyOf(envelope, envelope.target));
  if (id === null || id === "erased") return null;
  return powers.store.message(id as MessageId)?.own === true ? (id as MessageId) : null;
}

function openOn(powers: Powers, draft: Draft, conversation: Conversation, message: MessageId): Approval | null {
  const all = powers.store.find("approval", "conversation", conversation.id, { limit: 500, newestFirst: true });
  const found = all.find(({ value }) =>
    value.surfaces.some((it) => it.conversation === conversation.id && it.message === message),
  );
  return found === undefined ? null : draft.get("approval", found.value.id);
}

/** Says what came of an answer, and what has to happen next. */
function follow(draft: Draft, where: Where, result: Answered): Aftermath {
  const { approval, granted, refusal } = result;
  if (granted) return { do: "consume", approval: approval.id };
  if (refusal === null) say(draft, where, "All right, I will not do it.");
  // Somebody who may not decide gets no answer: a stranger's reaction is not worth a message (threat B01).
  else if (refusal.hint !== NOT_YOURS) say(draft, where, `${refusal.message} ${refusal.hint ?? ""}`.trim());
  return approval.run === null || isOpen(approval) ? NOTHING : { do: "drive", run: approval.run };
}

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
    case "status":
      say(draft, where, statusText(powers, where, principal));
      return NOTHING;
    case "cancel":
      say(draft, where, cancelAll(powers, draft, conversation, principal));
      return { do: "stopped", goOn: [] };
    case "approve":
    case "deny": {
      const approval = approvalByCode(powers, draft, conversation.id, word.code);
      if (approval === null) {
        say(draft, where, "I know no open question with that code here.");
        return NOTHING;
      }
      const { verified } = envelope.trust;
      const evidence: Evidence = { by: "code", code: word.code, conversation, verified };
      const yes = word.word === "approve";
      return follow(draft, where, answered(powers, draft, approval, principal, evidence, yes));
    }
  }
}

const HELP = [
  "I work with this chat without reading it: a checked transform tells me what it says. " +
    "I act elsewhere only after a yes.",
  "Ask for example:",
  "• summarise the last 20 messages",
  "• what did I miss since yesterday?",
  "• make a to-do list from this thread",
  "Words I answer at once: status, cancel, help, approve CODE, deny CODE.",
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

/** Ends a run and everything that waits for it. */
export function cancelRun(
  powers: Powers,
  draft: Draft,
  run: Run,
  reason: Extract<Run["status"], { state: "cancelled" }>["reason"],
): void {
  const voided = voidWhere(
    powers,
    draft,
    "run",
    run.id,
    reason === "edited" ? "edited" : reason === "deleted" ? "deleted" : "run_ended",
  );
  for (const approval of voided) {
    const call = approval.call === null ? null : draft.get("call", approval.call);
    if (call?.status === "waiting") draft.put("call", call.id, { ...call, status: "refused", code: "approval.void" });
  }
  draft.run(run.id).apply({ type: "cancel", reason });
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
    if (stored === null || ["pending", "granted"].includes(stored.status.state)) continue;
    for (const blob of [stored.prompt, stored.stored]) if (blob !== null) draft.dropBlob(blob);
    draft.put("approval", value.id, { ...stored, prompt: null, stored: null });
  }
}
