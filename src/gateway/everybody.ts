/**
 * Words for everybody in an allowed conversation, member or not: what is kept, no more of mine, forget (CONTRACT
 * section 12). A newcomer is told of them once.
 */
import { DAY_MS, MINUTE_MS } from "../core/limits.ts";
import type { InboundEvent, Message } from "../core/message.ts";
import type { Conversation, Principal } from "../core/people.ts";
import { addressedHow, isVerified } from "./activate.ts";
import type { Draft } from "./draft.ts";
import type { Aftermath } from "./handlers.ts";
import { messageBy, threadOf, withdraw } from "./keep.ts";
import type { Powers } from "./powers.ts";
import { takeBackDerived } from "./said.ts";
import { say, type Where } from "./say.ts";
import { transact } from "./transact.ts";
import { type EverybodyWord, parseEverybodyWord } from "./words.ts";

const NOTHING: Aftermath = { do: "nothing" };

/** The word, when it is one, said to the bot by a person whom the network vouches for, in an allowed conversation. */
export function wordOf(
  powers: Powers,
  { envelope }: InboundEvent,
  conversation: Conversation,
  text: string,
  repliesToUs: boolean,
): EverybodyWord | null {
  if (conversation.status !== "allowed" || conversation.closed || envelope.sender.kind !== "person") return null;
  const word = parseEverybodyWord(text, powers.settings.keywords);
  if (word === null || !isVerified(conversation, envelope)) return null;
  const { keywords } = powers.settings;
  return addressedHow({ conversation, principal: null, envelope, text, keywords, repliesToUs }) === "none"
    ? null
    : word;
}

type Changed = (draft: Draft, message: Message, how: "deleted") => readonly Parameters<typeof goOn>[0][number][];
const goOn = (runs: Extract<Aftermath, { do: "stopped" }>["goOn"]): Aftermath => ({ do: "stopped", goOn: runs });

/** Answers it, in the event's own draft. */
export function answerEverybody(
  powers: Powers,
  draft: Draft,
  word: EverybodyWord,
  { envelope }: InboundEvent,
  conversation: Conversation,
  sender: Principal,
  changed: Changed,
): Aftermath {
  const where = { conversation, thread: threadOf(draft, envelope, conversation) };
  switch (word) {
    case "privacy":
      say(draft, where, privacyText(conversation, sender));
      return NOTHING;
    case "optout":
    case "optin":
      choose(draft, conversation, sender, word === "optout");
      say(draft, where, word === "optout" ? OPTED_OUT : optedIn(conversation));
      return NOTHING;
    case "forget me":
      choose(draft, conversation, sender, true);
      remember(powers, draft, conversation, sender);
      say(draft, where, "I am erasing what I keep of you, and I keep nothing more. I say here when it is done.");
      return { do: "forget" };
    case "forget this":
      return forgetThis(powers, draft, where, sender, messageBy(draft, envelope, envelope.reply_to), changed);
  }
}

function choose(draft: Draft, conversation: Conversation, sender: Principal, optedOut: boolean): void {
  if (sender.optedOut === optedOut) return;
  draft.put("principal", sender.id, { ...sender, optedOut });
  const body = { conversation: conversation.id, what: optedOut ? "optout" : "optin" };
  draft.entry("conversation.changed", body, { actor: sender.id });
}

function forgetThis(
  powers: Powers,
  draft: Draft,
  where: Where,
  sender: Principal,
  target: Message | null,
  changed: Changed,
): Aftermath {
  const { conversation } = where;
  if (target === null || target.conversation !== conversation.id) {
    say(draft, where, "Say it in reply to the message that I should forget. I keep nothing of that one.");
    return NOTHING;
  }
  const isTheirs = target.own ? isAskedBy(powers, target, sender) : target.sender === sender.id;
  if (!isTheirs) {
    say(draft, where, "I forget what you wrote yourself, and what I answered you. For anything else ask its author.");
    return NOTHING;
  }
  const runs = changed(draft, target, "deleted");
  takeBackDerived(powers, draft, target);
  withdraw(powers, draft, conversation, target);
  say(draft, where, "I have forgotten it, and what I made from it.");
  return goOn(runs);
}

/** Is this an answer of ours to this person, or may they speak for the room? */
function isAskedBy({ store }: Powers, { replyTo }: Message, sender: Principal): boolean {
  if (sender.role === "owner" || sender.role === "approver") return true;
  return replyTo !== null && store.message(replyTo)?.sender === sender.id;
}

const FORGET = "forget/";

/** Written with the word itself, so that a crash forgets nobody's wish. */
function remember({ store }: Powers, draft: Draft, conversation: Conversation, sender: Principal): void {
  const linked = store.find("principal", "person", sender.person, { limit: 100 }).map(({ value }) => value.id);
  const id = `${FORGET}${sender.id}`;
  const principals = [...new Set([sender.id, ...linked])];
  draft.put("setting", id, {
    id,
    tenant: draft.tenant,
    value: { principals, conversation: conversation.id, holds: -1 },
  });
}

export type Forgetting = {
  readonly principals: readonly Principal["id"][];
  readonly conversation: Conversation["id"];
  /** Holds there were when some of it had to stay; -1 before the first try. */
  readonly holds: number;
};

/** Erases what people asked to have forgotten; what is held waits for its hold. `purge` is that of erase.ts. */
export async function finishForgets(
  powers: Powers,
  purge: (
    principal: Principal["id"],
  ) => Promise<{ readonly messages: number; readonly held: number; readonly receipt: string | null }>,
): Promise<void> {
  const { store } = powers;
  const waiting = store.all("setting", { limit: SETTINGS_MAX }).filter(({ value }) => value.id.startsWith(FORGET));
  for (const { value } of waiting) {
    const wish = value.value as unknown as Forgetting;
    const holds = store.all("hold", { limit: HOLDS_MAX }).length;
    if (wish.holds >= 0 && holds >= wish.holds) continue;
    let [messages, held] = [0, 0];
    const receipts: string[] = [];
    for (const principal of wish.principals) {
      const done = await purge(principal);
      messages += done.messages;
      held += done.held;
      if (done.receipt !== null) receipts.push(done.receipt);
    }
    await transact(powers, (draft) => {
      if (held > 0) draft.put("setting", value.id, { ...value, value: { ...wish, holds } as never });
      else draft.drop("setting", value.id);
      const conversation = draft.get("conversation", wish.conversation);
      if (conversation !== null) say(draft, { conversation, thread: null }, doneText(messages, held, receipts));
    });
  }
}
const SETTINGS_MAX = 100_000;
const HOLDS_MAX = 10_000;

const counted = (count: number): string => (count === 1 ? "one message" : `${count} messages`);

const doneText = (messages: number, held: number, receipts: readonly string[]): string =>
  [
    `Erased: ${counted(messages)}, yours and what I had made from them.`,
    ...(held === 0 ? [] : [`The owner has to keep ${counted(held)} for now; that goes when it may.`]),
    ...(receipts.length === 0 ? [] : [`Receipt: ${receipts.join(", ")}.`]),
    "What this network and the people here keep is beyond me.",
  ].join(" ");

const days = (ms: number): string => {
  const whole = Math.round(ms / DAY_MS);
  return whole <= 1 ? "a day" : `${whole} days`;
};

const WORDS = [
  "Words for everybody here, said to me:",
  "• optout: I keep nothing more of what you write, except what you ask me. optin takes that back.",
  "• forget this, in reply to a message: I erase it and what I made from it.",
  "• forget me: I erase all that I keep of yours, everywhere, and keep nothing more.",
].join("\n");

const KEPT = {
  off: "Here I keep only what is said to me, and the message that it answers.",
  members: "Here I keep what members write, so that they can ask me about it.",
  everyone: "Here I keep what everybody writes, so that members can ask me about it.",
} as const;

function privacyText({ context, ttlMs }: Conversation, { optedOut }: Principal): string {
  const yours = optedOut ? "You have opted out: of you I keep only what you ask me." : "";
  const kept = `It is sealed and erased after ${days(ttlMs)}.`;
  const how = `${kept} An agent does not read it: a checked transform tells it what was said.`;
  return [`${KEPT[context]} ${how} ${yours}`.trim(), "", WORDS].join("\n");
}

const OPTED_OUT =
  "From now on I keep nothing of what you write here or elsewhere, except what you ask me. " +
  "What I have already goes at its age; forget me erases it now.";

const optedIn = ({ context }: Conversation): string => `Welcome back. ${KEPT[context]}`;

const NOTICE = "notice/";
type Notice = { readonly at: number; readonly waiting: boolean };

/** Somebody came who was not here: told once, at most one notice a day and conversation. */
export function welcome(draft: Draft, conversation: Conversation): void {
  if (conversation.kind !== "group" || conversation.status !== "allowed" || conversation.context === "off") return;
  const id = `${NOTICE}${conversation.id}`;
  const before = (draft.get("setting", id)?.value ?? null) as Notice | null;
  const isDue = before === null || draft.now - before.at >= DAY_MS - MINUTE_MS;
  if (!isDue && before.waiting) return;
  const value = isDue ? { at: draft.now, waiting: false } : { ...before, waiting: true };
  draft.put("setting", id, { id, tenant: draft.tenant, value });
  if (isDue) say(draft, { conversation, thread: null }, noticeText(conversation));
}

/** What the owner's announcement said needs no repetition on the same day. */
export function announced(draft: Draft, conversation: Conversation): void {
  const id = `${NOTICE}${conversation.id}`;
  draft.put("setting", id, { id, tenant: draft.tenant, value: { at: draft.now, waiting: false } });
}

/** For those who came on a day that had its notice already. */
export async function repeatNotices(powers: Powers): Promise<void> {
  for (const { value } of powers.store.all("setting", { limit: SETTINGS_MAX })) {
    if (!value.id.startsWith(NOTICE)) continue;
    const { at, waiting } = value.value as unknown as Notice;
    if (!waiting || powers.clock.now() - at < DAY_MS) continue;
    await transact(powers, (draft) => {
      const conversation = draft.get("conversation", value.id.slice(NOTICE.length));
      if (conversation === null) draft.drop("setting", value.id);
      else welcome(draft, conversation);
    });
  }
}

const noticeText = ({ context, ttlMs }: Conversation): string =>
  `To who is new here: I am a bot. ${KEPT[context]} It is sealed and erased after ${days(ttlMs)}. ` +
  "Say privacy to me to read more, optout to have nothing of yours kept, forget me to have it erased.";
