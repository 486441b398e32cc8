/** Answers where people talk: a reaction, a button, a code. Each works inside the event's own draft. */
import { type Approval, isOpen } from "../core/approval.ts";
import type { MessageId, RunId } from "../core/ids.ts";
import type { InboundEvent } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { type Answered, alarm, approvalByCode, type Evidence, NOT_YOURS, voidWhere } from "./answer.ts";
import { blindPair } from "./blind.ts";
import { conclude } from "./conclude.ts";
import type { Draft } from "./draft.ts";
import { answered } from "./execute.ts";
import type { Aftermath } from "./handlers.ts";
import { keyOf } from "./keep.ts";
import type { Powers } from "./powers.ts";
import { isEnough, waysOn } from "./route.ts";
import { say, type Where } from "./say.ts";
import { prepareStanding } from "./standing.ts";
import { type Nod, parseReaction, type Word } from "./words.ts";

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
  const { said, isBlind } = saidBy(powers, conversation, approval, envelope.kind === "action", content.key ?? "");
  const answer = envelope.kind === "reaction" ? draft.newId("MessageId") : null;
  const evidence: Evidence = {
    by: "prompt",
    message: target,
    conversation,
    answer,
    button: envelope.kind === "action",
    blind: isBlind,
  };
  if (said === null) return isBlind ? wrongEmoji(powers, draft, approval, principal, evidence) : NOTHING;
  // A digit is about a step of a plan; under any other question it is none.
  if (typeof said === "object" && approval.steps === undefined) return NOTHING;
  const steps = typeof said === "object" ? [said.step] : null;
  const result = answered(powers, draft, approval, principal, evidence, said !== "no", { steps, others: "open" });
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
): { readonly said: Nod | null; readonly isBlind: boolean } {
  if (isButton) return { said: pressOf(key), isBlind: false };
  const { nod, blind } = waysOn(powers, conversation);
  if (!isEnough(blind, approval.assurance) || isEnough(nod, approval.assurance))
    return { said: parseReaction(key), isBlind: false };
  const pair = blindPair(powers, approval.id);
  const given = key.replace(/[\u{FE0E}\u{FE0F}]/gu, "");
  const said = given === pair.yes ? "yes" : given === pair.no || parseReaction(key) === "no" ? "no" : null;
  return { said, isBlind: true };
}

/** `approve`, `deny`, or `approve:2` for one step. */
function pressOf(key: string): Nod | null {
  const [word, number, ...more] = key.split(":");
  if (number === undefined) return word === "approve" ? "yes" : word === "deny" ? "no" : null;
  return word === "approve" && /^[1-9]$/.test(number) && more.length === 0 ? { step: Number(number) } : null;
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
  const { approval, granted, refusal, told } = result;
  if (told !== undefined) say(draft, where, told);
  if (granted) return { do: "consume", approval: approval.id };
  if (refusal === null && told === undefined) say(draft, where, "All right, I will not do it.");
  // Somebody who may not decide gets no answer: a stranger's reaction is not worth a message (threat B01).
  else if (refusal !== null && refusal.hint !== NOT_YOURS)
    say(draft, where, `${refusal.message} ${refusal.hint ?? ""}`.trim());
  return approval.run === null || isOpen(approval) ? NOTHING : { do: "drive", run: approval.run };
}

type Answering = {
  readonly conversation: Conversation;
  readonly principal: Principal;
  readonly verified: Extract<Evidence, { by: "code" }>["verified"];
};

/** `approve CODE [steps] [always]`, `deny CODE`. Of a plan, steps that are not named are refused. */
export function answerByCode(
  powers: Powers,
  draft: Draft,
  word: Extract<Word, { word: "approve" | "deny" }>,
  { conversation, principal, verified }: Answering,
  where: Where,
): Aftermath {
  const approval = approvalByCode(powers, draft, conversation.id, word.code);
  if (approval === null) {
    say(draft, where, "I know no open question with that code here.");
    return NOTHING;
  }
  const evidence: Evidence = { by: "code", code: word.code, conversation, verified };
  const yes = word.word === "approve";
  const named = { steps: word.word === "approve" ? word.steps : null, others: "refused" as const };
  const result = answered(powers, draft, approval, principal, evidence, yes, named);
  const isForGood = word.word === "approve" && word.always && result.granted;
  const standing = isForGood ? [prepareStanding(powers, draft, result.approval, principal)] : [];
  const told = [...(result.told === undefined ? [] : [result.told]), ...standing];
  return follow(draft, where, { ...result, ...(told.length === 0 ? {} : { told: told.join("\n") }) });
}
