/** The owner's verbs about channels, people, capabilities and the console (CONTRACT sections 1, 2, 14). */
import type { CapabilityId } from "../core/capability.ts";
import type { InboundEvent } from "../core/message.ts";
import type { Conversation } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner } from "../core/verbs/all.ts";
import type { CONVERSATION_VERBS } from "../core/verbs/conversations.ts";
import { type Gateway, isOn } from "./gateway.ts";
import { consoleChannel } from "./import.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { channelVerbs } from "./owner-channels.ts";
import { conversationVerbs } from "./owner-conversations.ts";
import { conversationNamed } from "./people.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";
import { principalView } from "./views.ts";

type Verbs = Pick<Owner, keyof typeof CONVERSATION_VERBS>;
const DONE = { done: true } as const;

export function peopleVerbs(gateway: Gateway, outside: Outside): Verbs {
  return {
    ...channelVerbs(gateway, outside),
    ...pairVerbs(gateway),
    ...conversationVerbs(gateway, outside),
    ...capabilityVerbs(gateway),
    ...chatVerbs(gateway, outside),
  };
}

function pairVerbs({
  powers,
  pairing,
}: Gateway): Pick<
  Verbs,
  "pair.start" | "pair.wait" | "pair.confirm" | "principal.list" | "principal.link" | "principal.remove"
> {
  return {
    "pair.start": async ({ channel, role, conversation, uses, expires_ms, assurance }) => {
      if (powers.store.get("channel", channel) === null) throw new Refusal("channel.unknown", { field: channel });
      const only = conversation === undefined ? null : conversationNamed(powers, conversation).id;
      await transact(powers, (draft) => void owned(powers, draft, "principal.pair", channel, { channel, role }));
      const offer = pairing.offer({
        channel,
        role,
        only,
        uses: uses ?? 1,
        assurance: assurance ?? "low",
        expiresMs: expires_ms ?? null,
      });
      return { code: offer.code, expires_at: offer.expiresAt };
    },
    "pair.wait": async ({ code, wait_ms }) => {
      const until = powers.clock.now() + wait_ms;
      for (;;) {
        const offer = pairing.state(code);
        if (offer === null) return { state: "failed", claim: null };
        if (offer.claim !== null) return { state: "sent", claim: claimView(offer.claim.event) };
        if (powers.clock.now() >= until) return { state: "waiting", claim: null };
        await new Promise<void>((resolve) => powers.clock.at(Math.min(until, powers.clock.now() + 200), resolve));
      }
    },
    "pair.confirm": async ({ code, yes }) => {
      await pairing.confirm(code, yes);
      return DONE;
    },
    "principal.list": async () => ({
      principals: powers.store.all("principal", { limit: 10_000 }).map(({ value }) => principalView(powers, value)),
    }),
    "principal.link": async ({ a, b }) => {
      await transact(powers, (draft) => {
        owned(powers, draft, "principal.link", a, { a, b });
        const first = draft.need("principal", a);
        draft.put("principal", b, { ...draft.need("principal", b), person: first.person });
        draft.entry("principal.linked", { a, b }, { actor: localOwner(powers).id });
      });
      return DONE;
    },
    "principal.remove": async ({ principal }) => {
      if (principal === localOwner(powers).id)
        throw new Refusal("conflict", { hint: "The owner at this machine cannot be removed." });
      await transact(powers, (draft) => {
        const known = draft.need("principal", principal);
        draft.put("principal", principal, { ...known, role: "stranger", only: null, pairedAt: null });
        draft.entry("principal.removed", { principal, role: known.role }, { actor: localOwner(powers).id });
      });
      return DONE;
    },
  };
}

const claimView = ({ envelope, content }: InboundEvent) => ({
  channel: envelope.channel,
  platform: envelope.sender.id,
  name: content.sender_name ?? null,
});

function capabilityVerbs({
  powers,
  catalogue,
}: Gateway): Pick<Verbs, "capability.list" | "capability.enable" | "capability.disable"> {
  const set = async (id: string, on: boolean): Promise<typeof DONE> => {
    if (!catalogue.manifests.has(id as CapabilityId)) throw new Refusal("capability.unknown", { field: id });
    await transact(powers, (draft) => {
      if (on) owned(powers, draft, "capability.enable", id, { id });
      draft.put("setting", `capability/${id}`, { id: `capability/${id}`, tenant: draft.tenant, value: on });
      draft.entry(
        "decision.made",
        { action: "admin", capability: on ? "capability.enable" : "capability.disable", subject: id },
        { actor: localOwner(powers).id },
      );
    });
    return DONE;
  };
  return {
    "capability.list": async () => ({
      capabilities: [...catalogue.manifests.values()].map(({ id, version, title, effect, tier, risk }) => ({
        id,
        version,
        title,
        effect,
        tier,
        risk,
        enabled: isOn(powers, catalogue, id),
      })),
    }),
    "capability.enable": ({ id }) => set(id, true),
    "capability.disable": ({ id }) => set(id, false),
  };
}

function chatVerbs({ powers }: Gateway, outside: Outside): Pick<Verbs, "chat.say" | "chat.wait"> {
  const consolePlace = (conversation: string | undefined): Conversation | null => {
    const place = conversation === undefined ? null : conversationNamed(powers, conversation);
    if (place !== null && place.channel !== consoleChannel(powers))
      throw new Refusal("channel.unsupported", { hint: "Only conversations of the console can be written in here." });
    return place;
  };
  return {
    "chat.say": async ({ text, conversation }) => {
      const place = consolePlace(conversation);
      await outside.submit(text, place === null ? null : powers.store.platformOf("conversation", place.id));
      return { accepted: true };
    },
    "chat.wait": async ({ conversation, wait_ms }) => {
      const place = consolePlace(conversation) ?? localConsole(powers);
      const until = powers.clock.now() + wait_ms;
      for (;;) {
        const state = chatState(powers, place);
        if (state !== "busy" || powers.clock.now() >= until) return { state };
        await new Promise<void>((resolve) => powers.clock.at(Math.min(until, powers.clock.now() + LOOK_MS), resolve));
      }
    },
  };
}

const LOOK_MS = 25;

function localConsole(powers: Powers): Conversation {
  const direct = localOwner(powers).direct;
  const found = direct === null ? undefined : powers.store.get("conversation", direct)?.value;
  if (found === undefined) throw new Refusal("conversation.unknown");
  return found;
}

/**
 * What is still on its way in a conversation of the console: raw events, runs, queued requests, lines not yet shown.
 */
function chatState(powers: Powers, place: Conversation): "idle" | "busy" | "approval" {
  const { store } = powers;
  const runs = store
    .find("run", "conversation", place.id, { limit: 100, newestFirst: true })
    .map(({ value }) => value.status.state);
  const rows = store.outbox({ channel: place.channel, states: ["pending", "sending"] }, { limit: 1000 });
  const isSpeaking = rows.some((row) => row.conversation === place.id && row.code !== "nobody_listens");
  if (store.inboxCount() > 0 || isSpeaking || runs.includes("active")) return "busy";
  return runs.includes("paused.approval") ? "approval" : "idle";
}
