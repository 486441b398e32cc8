/** The owner's verbs about conversations: allow, block, and what holds in them (CONTRACT sections 2, 14). */
import type { Conversation } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner, VerbInput } from "../core/verbs/all.ts";
import type { CONVERSATION_VERBS } from "../core/verbs/conversations.ts";
import { fallbackOf, isThere } from "./answerer.ts";
import type { Draft } from "./draft.ts";
import { announced } from "./everybody.ts";
import type { Gateway } from "./gateway.ts";
import { heard, pastWords, privacyNotice } from "./heard.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { conversationBy, conversationNamed, findConversation, newConversation } from "./people.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";
import { transact } from "./transact.ts";
import { conversationView } from "./views.ts";

type Verbs = Pick<Owner, Extract<keyof typeof CONVERSATION_VERBS, `conversation.${string}`>>;

export function conversationVerbs({ powers }: Gateway, outside: Outside): Verbs {
  const change = (
    name: string,
    set: Partial<Conversation>,
    also: (draft: Draft, after: Conversation) => void = () => {},
  ) =>
    transact(powers, (draft) => {
      const before = draft.need("conversation", conversationNamed(powers, name).id);
      const after = draft.put("conversation", before.id, { ...before, ...set });
      const { members: _members, ...shown } = set;
      draft.entry(
        "conversation.changed",
        { conversation: after.id, ...(shown as Record<string, string>) },
        { actor: localOwner(powers).id },
      );
      also(draft, after);
      return after;
    });
  return {
    "conversation.list": async () => ({
      conversations: powers.store
        .all("conversation", { limit: 10_000 })
        .map(({ value }) => conversationView(powers, value)),
    }),
    "conversation.allow": async (order) => conversationView(powers, await allow(powers, order)),
    "conversation.block": async ({ conversation }) => {
      const after = await change(conversation, { status: "blocked" }, (draft, { id }) =>
        draft.entry("conversation.blocked", { conversation: id }, { actor: localOwner(powers).id }),
      );
      return conversationView(powers, after);
    },
    "conversation.context": async ({ conversation, context }) => {
      const after = await change(conversation, { context }, (draft, it) => {
        if (context === "off") return;
        say(draft, { conversation: it, thread: null }, announcement(context));
        announced(draft, it);
      });
      const notice = await privacyNotice(outside, after);
      const past = pastWords(powers, after);
      return {
        ...conversationView(powers, after),
        announced: context !== "off",
        ...(notice === null ? {} : { notice }),
        ...(past === null ? {} : { past }),
      };
    },
    "conversation.heard": async ({ conversation, since, wait_ms }) => ({
      heard: await heard(powers, conversationNamed(powers, conversation), since, wait_ms),
    }),
    "conversation.ttl": async ({ conversation, ttl_ms }) =>
      conversationView(powers, await change(conversation, { ttlMs: ttl_ms })),
    "conversation.timezone": async ({ conversation, timezone }) => {
      if (powers.hashing.offsetMinutes(timezone, powers.clock.now()) === null)
        throw new Refusal("input.invalid", { field: "timezone", hint: "Name a zone such as Europe/Vienna." });
      return conversationView(powers, await change(conversation, { timezone }));
    },
    "conversation.language": async ({ conversation, language }) =>
      conversationView(powers, await change(conversation, { language })),
    "conversation.agent": async ({ conversation, agent, fallback }) => {
      const after = await change(conversation, { agent, ...(fallback === undefined ? {} : { fallback }) });
      const view = conversationView(powers, after);
      return isThere(powers, after, agent) ? view : { ...view, notice: absent(powers, after, agent) };
    },
    "conversation.alias": async ({ conversation, alias }) => {
      assertFree(powers, alias, conversationNamed(powers, conversation).id);
      return conversationView(powers, await change(conversation, { alias }));
    },
  };
}

function allow(
  powers: Powers,
  { conversation, alias, channel, members_all }: VerbInput<"conversation.allow">,
): Promise<Conversation> {
  return transact(powers, (draft) => {
    const known =
      conversationBy(powers, conversation) ??
      (channel === undefined ? null : placeOn(powers, draft, channel, conversation));
    if (known === null)
      throw new Refusal("conversation.unknown", {
        field: conversation,
        hint: "Name it as the network does and add --channel.",
      });
    if (alias !== undefined) assertFree(powers, alias, known.id);
    owned(powers, draft, "conversation.allow", known.id, { conversation: known.id });
    const next = draft.put("conversation", known.id, {
      ...known,
      status: "allowed",
      alias: alias ?? known.alias,
      membersAll: members_all ?? known.membersAll,
    });
    draft.entry(
      "conversation.allowed",
      { conversation: next.id, channel: next.channel },
      { actor: localOwner(powers).id },
    );
    return next;
  });
}

function absent(powers: Powers, conversation: Conversation, agent: string): string {
  const place = conversation.alias ?? conversation.id;
  const way =
    agent === "model" ? "name one in models:" : `lazaret token create --agent ${agent} --conversation ${place}`;
  const meanwhile = fallbackOf(powers, conversation) === "none" ? "nobody answers" : "the butler answers";
  return `There is no ${agent} that may work there: ${way}. Until then ${meanwhile}, and says so.`;
}

const announcement = (context: "members" | "everyone"): string =>
  context === "everyone"
    ? "From now on I keep what is said here, sealed, so that members can ask me for summaries. " +
      "An agent never reads it. Nothing said before is kept. Say privacy to me to read more."
    : "From now on I keep what members say here, sealed, so that they can ask me for summaries. " +
      "An agent never reads it. Say privacy to me to read more.";

function placeOn(powers: Powers, draft: Draft, channel: string, platform: string): Conversation {
  if (powers.store.get("channel", channel) === null) throw new Refusal("channel.unknown", { field: channel });
  return (
    findConversation(draft, channel, platform) ??
    newConversation(powers, draft, { channel, platform, kind: "group", encrypted: false })
  );
}

function assertFree(powers: Powers, alias: string, id: Conversation["id"]): void {
  const taken = conversationBy(powers, alias);
  if (taken !== null && taken.id !== id)
    throw new Refusal("conflict", { field: alias, hint: "Another conversation has this name." });
}
