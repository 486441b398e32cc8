/**
 * The built-in agent without a model: it reads what was asked, runs one errand, and answers once (CONTRACT sections 5
 * and 8).
 */
import type { AgentDriver, RunHandle, WakeUp } from "../core/agent.ts";
import type { Stop } from "../core/ports.ts";
import { isRefusal, type RefusalCode } from "../core/refusal.ts";
import { answerTo, readsRange, sendable } from "./butler-errands.ts";
import { Declined, type Hands, handsOf, Leave } from "./butler-hands.ts";
import { type Asked, askedOf } from "./butler-request.ts";
import { elsewhere } from "./butler-scope.ts";
import { refusalText } from "./butler-texts.ts";
import { type Words, wordsIn } from "./butler-words.ts";

/** The gateway said no to these bytes or this place; other words may still be said here. */
const UNSAYABLE: ReadonlySet<RefusalCode> = new Set([
  "policy.denied",
  "approval.denied",
  "approval.expired",
  "approval.void",
  "approval.no_route",
  "approval.unshowable",
  "label.flow",
  "label.mixed",
  "egress.control",
  "egress.text",
  "egress.template",
  "egress.pseudonym",
  "not_found",
  "input.invalid",
]);

const reply = (hands: Hands, template: string, key: string): Promise<unknown> =>
  hands("chat.reply", { template }, "Answer the person who asked.", key);

/** Says it, or says in one sentence why it cannot be said. */
async function replyOr(hands: Hands, words: Words, template: string): Promise<void> {
  try {
    await reply(hands, template, "reply-1");
  } catch (error) {
    if (!(error instanceof Declined) || !UNSAYABLE.has(error.code)) throw error;
    await reply(hands, refusalText(error.code, error.hint, words), "reply-2");
  }
}

const noRoute = (words: Words) => (code: RefusalCode, hint: string | null) =>
  code === "not_found" || code === "conversation.unknown" ? words.noDirect : refusalText(code, hint, words);

/** The answer to the asker's direct chat, and one line about it here. */
async function replyPrivately(hands: Hands, words: Words, template: string): Promise<void> {
  const line = await sendOr(hands, "direct", template, "send-1", words.sentPrivately, noRoute(words));
  await reply(hands, line, "reply-1");
}

/**
 * Asked in a group about another conversation. Once that was read, nothing may be said in the group any more: the run
 * knows too much. So the way to the direct chat is tried and the group told first.
 */
async function serveElsewhere(asked: Asked, alias: string, hands: Hands, words: Words): Promise<void> {
  const told = words.sentPrivatelyForeign(alias);
  const line = await sendOr(hands, "direct", words.comes(alias), "send-1", told, noRoute(words));
  await reply(hands, line, "reply-1");
  if (line !== told) return;
  const template = await answerTo(asked, hands, words).then(
    (answer) => answer.template,
    (error: unknown) => {
      if (error instanceof Declined) return refusalText(error.code, error.hint, words);
      throw error;
    },
  );
  await hands("chat.send", { to: "direct", template }, "Send what was asked for to the asker alone.", "send-2");
}

/** Sends and gives the line to say about it. */
async function sendOr(
  hands: Hands,
  to: string,
  template: string,
  key: string,
  sent: string,
  failed: (code: RefusalCode, hint: string | null) => string,
): Promise<string> {
  try {
    await hands("chat.send", { to, template }, "Send what was asked for where it was asked for.", key);
    return sent;
  } catch (error) {
    if (error instanceof Declined) return failed(error.code, error.hint);
    throw error;
  }
}

/** "send a summary of today to family": made here, sent there, as far as people say yes. */
async function sendErrand(asked: Asked, hands: Hands, words: Words): Promise<void> {
  const { conversation } = asked.slots;
  const about = sendable(asked);
  if (about === null) return replyOr(hands, words, words.sendWhat);
  if (conversation === null) return replyOr(hands, words, words.sendWhere);
  const here = { ...asked, intent: about, slots: { ...asked.slots, conversation: null } };
  const { template, tells } = await answerTo(here, hands, words);
  if (!tells) return replyOr(hands, words, template);
  const line = await sendOr(hands, conversation, template, "send-1", words.sent(conversation), (code, hint) =>
    refusalText(code, hint, words),
  );
  await reply(hands, line, "reply-1");
}

async function serve(asked: Asked, hands: Hands, words: Words): Promise<void> {
  try {
    if (asked.intent === "send") return await sendErrand(asked, hands, words);
    const other = elsewhere(asked);
    if (asked.kind === "group" && other !== null && readsRange(asked))
      return await serveElsewhere(asked, other, hands, words);
    const { template, tells } = await answerTo(asked, hands, words);
    if (asked.kind === "group" && asked.slots.to === "direct" && tells)
      return await replyPrivately(hands, words, template);
    return await replyOr(hands, words, template);
  } catch (error) {
    if (!(error instanceof Declined)) throw error;
    await reply(hands, refusalText(error.code, error.hint, words), "reply-2");
  }
}

async function drive(_wake: WakeUp, run: RunHandle, stop: Stop): Promise<void> {
  const hands = handsOf(run, stop);
  try {
    const { output, handle } = await hands("request.read", { earlier: 0 }, "Read what was asked.", "read");
    const asked = askedOf(output, handle);
    if (asked === null) return await run.fail("agent");
    await serve(asked, hands, wordsIn(asked.language));
    await run.finish();
  } catch (error) {
    if (error instanceof Leave) return;
    // Not even a sentence could be said: the gateway says one.
    if (error instanceof Declined || isRefusal(error)) return run.fail("agent");
    throw error;
  }
}

/** Answers every run once. Driven again after a crash or a yes, it repeats the same steps under the same keys. */
export const butler: AgentDriver = { name: "butler", drive };
