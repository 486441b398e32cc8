/** Handlers that list: conversations, pointers, and the run's own request. */
import { BOTTOM, type Label } from "../core/label.ts";
import { EARLIER_REQUESTS_MAX, RANGE_MESSAGES_MAX, REPLY_CHARS_MAX } from "../core/limits.ts";
import type { Message } from "../core/message.ts";
import type { Conversation } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import { ReadRequest } from "../core/request.ts";
import type { Scope } from "../core/scope.ts";
import { refusalBy } from "./asker.ts";
import { aboutOf, messageOf, namedLater, readBrief } from "./brief.ts";
import type { Doing, Handler, Made } from "./call.ts";
import { confirmPresence } from "./confirm.ts";
import type { Draft } from "./draft.ts";
import { earlierOf } from "./earlier.ts";
import { languageOf, timezoneOf } from "./people.ts";
import type { Powers } from "./powers.ts";
import { issue, tokensIn, writeFound } from "./pseudonyms.ts";
import { crowdOf, isReachable, type Range, rangeOf } from "./range.ts";
import { crowdFor, runTransform, sourceLabel } from "./readers.ts";
import { judgeReveal, labelAt } from "./reveal.ts";
import { transact } from "./transact.ts";

const NOTHING = { bits: 0, chars: 0 } as const;
const STEP = { steps: 1 } as const;

const made = (output: unknown, label: Label, write: (draft: Draft) => void = () => {}): Made => ({
  output,
  stripped: false,
  label,
  values: [],
  capacity: NOTHING,
  used: STEP,
  write,
});

/** Metadata: public for the categories, as trustworthy as whoever chose it (field note P4). */
const metadata = (doing: Doing, label: Label): Label => ({ ...label, cats: 0, tenant: doing.asker.run.tenant });

const CONVERSATIONS_MAX = 500;

/** Aliases that this asker may name: context is on, and the asker is in it now. */
function reachable(
  powers: Powers,
  doing: Doing,
): readonly { readonly alias: string; readonly kind: "direct" | "group" | "console"; readonly messages: number }[] {
  const { conversation } = doing.asker;
  return powers.store
    .find("conversation", "status", "allowed", { limit: CONVERSATIONS_MAX })
    .map(({ value }) => value)
    .filter(({ alias, context, closed }) => alias !== null && context !== "off" && !closed)
    .filter((it) => it.id === conversation.id || isReachable(powers, doing.asker, it))
    .map(({ id, alias, kind }) => ({
      alias: alias ?? "",
      kind,
      messages: powers.store.messageIds({ conversation: id }, { limit: RANGE_MESSAGES_MAX }).length,
    }));
}

/** Everything that the owner allowed and named: a member may name any of them as a place to send to. */
const aliasesOf = ({ store }: Powers): readonly string[] =>
  store
    .find("conversation", "status", "allowed", { limit: CONVERSATIONS_MAX })
    .flatMap(({ value }) => (value.alias === null || value.closed ? [] : [value.alias]));

/**
 * What was asked, without a place that the asker may not read from: only to send there it may be named. A member who is
 * not in it learns nothing but what the question to an approver would say anyway.
 */
function withinReach(powers: Powers, doing: Doing, read: ReadRequest): ReadRequest {
  const { conversation } = read.slots;
  if (conversation === null || read.intent === "send") return read;
  const isThere = reachable(powers, doing).some(({ alias }) => alias === conversation);
  return isThere ? read : { ...read, slots: { ...read.slots, conversation: null } };
}

export const conversationList =
  (powers: Powers): Handler =>
  async (doing) =>
    made({ conversations: reachable(powers, doing) }, metadata(doing, BOTTOM));

export const messageList =
  (powers: Powers): Handler =>
  async (doing) => {
    const range = rangeOf(powers, doing.asker, doing.input as Scope);
    const crowd = await transact(powers, (draft) =>
      crowdOf(
        powers,
        draft,
        range.conversation,
        range.messages.map((m) => m.sender),
      ),
    );
    const messages = range.messages.map((message) => ({
      id: message.id,
      sender: crowd.tokens.get(message.sender) ?? "",
      sent_at: message.sentAt,
      reply_to: message.replyTo,
      media: message.media.map((media) => media.kind),
    }));
    const label = metadata(doing, sourceLabel(powers, doing, range));
    return made({ messages, read: range.read }, label, (draft) =>
      issue(draft, doing.asker.run.id, [...new Set(messages.map((m) => m.sender))]),
    );
  };

const rangeOfOne = (conversation: Conversation, request: Message): Range => ({
  conversation,
  messages: [request],
  label: request.label,
  read: {
    messages: 1,
    people: 1,
    from: request.sentAt,
    to: request.sentAt,
    unread_media: 0,
    others_unread: false,
    gap: false,
    cut: false,
  },
});

/** The member's own words, redacted (tier R): the only text an agent reads without anybody being asked. */
export const requestRead =
  (powers: Powers): Handler =>
  async (doing) => {
    const { asker } = doing;
    const { conversation, principal, run } = asker;
    const request = asker.request ?? messageOf(run);
    if (request === null || principal === null) throw new Refusal("not_found", { hint: "Nobody asked for this run." });
    await confirmPresence(powers, principal.id);
    const range = rangeOfOne(conversation, request);
    const label = labelAt("own-request", request.label);
    const decision = judgeReveal(powers, asker, "request.read", "own-request", label);
    if (decision.effect !== "allow") throw refusalBy(decision);
    const crowd = await crowdFor(powers, doing, range);
    const me = crowd.tokens.get(principal.id) ?? "";
    const outcome = await runTransform(powers, doing, range, crowd, {
      aliases: aliasesOf(powers),
      me,
      due: asker.request === null,
    });
    const said = ReadRequest.parse(outcome.kind === "value" ? outcome.value : outcome.fallback);
    const kept = await aboutOf(powers, doing, request, said);
    const { about: _behindItsHandle, ...found } = said;
    const read = withinReach(powers, doing, run.brief === undefined ? found : readBrief(run.brief, found));
    const count = (doing.input as { readonly earlier?: number }).earlier ?? EARLIER_REQUESTS_MAX;
    const earlier = await earlierOf(powers, doing, request, me, count);
    const zone = timezoneOf(powers, conversation, principal);
    const now = powers.clock.now();
    const output = {
      asker: me,
      role: asker.role,
      ...read,
      reply_to: request.replyTo,
      addressed: request.addressed,
      attachments: request.media.map((media) => media.kind),
      last_asked: lastAsked(powers, request),
      earlier: earlier.shown,
      now,
      timezone: zone,
      offset_minutes: powers.hashing.offsetMinutes(zone, now) ?? 0,
      language: languageOf(powers, conversation, principal),
      conversation: { alias: conversation.alias, kind: conversation.kind },
      limits: { last_max: RANGE_MESSAGES_MAX, reply_chars_max: REPLY_CHARS_MAX },
    };
    const write = (draft: Draft): void => {
      earlier.write(draft);
      writeFound(draft, conversation.id, request.label, outcome.found, draft.now + conversation.ttlMs);
      kept.write(draft);
      const { person, conversation: named, to } = read.slots;
      issue(
        draft,
        asker.run.id,
        [me, ...tokensIn(read.text), ...(person === null ? [] : [person])],
        [...(named === null ? [] : [named]), ...(to === "direct" ? ["direct"] : []), ...namedLater(read.slots)],
      );
      draft
        .run(asker.run.id)
        .note("transform.completed", { call: doing.call, capability: "request.read", version: 3, messages: 1 });
    };
    return { ...made(output, label, write), values: [...kept.values, ...earlier.values] };
  };

/** When this person last spoke to the bot here before the request. */
function lastAsked(powers: Powers, request: Message): number | null {
  const range = { conversation: request.conversation, sender: request.sender, last: 20 };
  const earlier = powers.store
    .messages(range)
    .filter((it) => it.addressed !== "none" && it.id !== request.id && it.sentAt <= request.sentAt);
  return earlier.at(-1)?.sentAt ?? null;
}
