/** The owner's verbs about channels, people and conversations (CONTRACT sections 1, 2, 14). */
import type { CapabilityId } from "../core/capability.ts";
import { HOOK_SECRET_BYTES_MIN } from "../core/limits.ts";
import type { InboundEvent } from "../core/message.ts";
import type { Conversation } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner } from "../core/verbs/all.ts";
import type { CONVERSATION_VERBS } from "../core/verbs/conversations.ts";
import { seen } from "./call.ts";
import type { Draft } from "./draft.ts";
import { type Gateway, isOn } from "./gateway.ts";
import { consoleChannel } from "./import.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { conversationBy, findConversation, newConversation } from "./people.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";
import { transact } from "./transact.ts";
import { channelView, conversationView, principalView } from "./views.ts";

type Verbs = Pick<Owner, keyof typeof CONVERSATION_VERBS>;
const DONE = { done: true } as const;
const PROBE_MS_MAX = 10_000;

export function peopleVerbs(gateway: Gateway, outside: Outside): Verbs {
  return {
    ...channelVerbs(gateway, outside),
    ...pairVerbs(gateway),
    ...conversationVerbs(gateway),
    ...capabilityVerbs(gateway),
    ...chatVerbs(gateway, outside),
  };
}

function channelVerbs(
  { powers, supervisor }: Gateway,
  outside: Outside,
): Pick<Verbs, "channel.list" | "channel.add" | "channel.remove" | "channel.verify"> {
  return {
    "channel.list": async () => ({
      channels: powers.store.all("channel", { limit: 1000 }).map(({ value }) => channelView(powers, value)),
    }),
    "channel.add": async ({ name, kind, assurance, secret, settings }) => {
      if (kind !== "webhook")
        throw new Refusal("channel.unsupported", { hint: `This version has no ${kind} channels.` });
      if (secret === undefined || secret.length < HOOK_SECRET_BYTES_MIN)
        throw new Refusal("input.invalid", { field: "secret", hint: "A webhook's secret has at least 32 characters." });
      if (powers.store.get("channel", name) !== null)
        throw new Refusal("conflict", { field: name, hint: "There is a channel of that name." });
      const vaultName = `hook-${name}`;
      await transact(powers, (draft) => {
        owned(powers, draft, "channel.connect", name, { name, kind });
        draft.secret(vaultName, powers.hashing.utf8(secret));
        draft.entry("secret.set", { name: vaultName }, { actor: localOwner(powers).id });
        draft.put("channel", name, {
          id: name,
          tenant: draft.tenant,
          kind,
          from: "cli",
          assurance: assurance ?? "low",
          secret: vaultName,
          settings: settings ?? {},
        });
        draft.entry("channel.connected", { channel: name, kind, from: "cli" }, { actor: localOwner(powers).id });
      });
      await outside.connect(name);
      return DONE;
    },
    "channel.remove": async ({ name, dry_run }) => {
      const channel = powers.store.get("channel", name)?.value;
      if (channel === undefined) throw new Refusal("channel.unknown", { field: name });
      if (channel.from === "file")
        throw new Refusal("conflict", { hint: "It is in the configuration file; remove it there." });
      if (dry_run === true) return DONE;
      await supervisor.disconnect(name);
      await transact(powers, (draft) => {
        owned(powers, draft, "channel.remove", name, { name });
        draft.drop("channel", name);
        if (channel.secret !== null) {
          draft.secret(channel.secret, null);
          draft.entry("secret.removed", { name: channel.secret }, { actor: localOwner(powers).id });
        }
        draft.entry("channel.removed", { channel: name }, { actor: localOwner(powers).id });
      });
      return DONE;
    },
    "channel.verify": async ({ name }) => {
      const connector = powers.connectors.get(name);
      if (connector === undefined) throw new Refusal("channel.unknown", { field: name });
      const started = powers.clock.now();
      if (connector.probe === undefined) throw new Refusal("channel.unsupported", { field: name });
      const stop = AbortSignal.timeout(PROBE_MS_MAX);
      const code = await connector.probe(stop).then(
        () => null,
        (error: unknown) => seen(error).code,
      );
      return { ok: code === null, milliseconds: Math.max(0, powers.clock.now() - started), code };
    },
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
      const only = conversation === undefined ? null : need(powers, conversation).id;
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

function need(powers: Gateway["powers"], name: string): Conversation {
  const found = conversationBy(powers, name);
  if (found === null) throw new Refusal("conversation.unknown", { field: name });
  return found;
}

function conversationVerbs({ powers }: Gateway): Pick<Verbs, Extract<keyof Verbs, `conversation.${string}`>> {
  const change = (
    name: string,
    set: Partial<Conversation>,
    also: (draft: Draft, after: Conversation) => void = () => {},
  ) =>
    transact(powers, (draft) => {
      const before = draft.need("conversation", need(powers, name).id);
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
    "conversation.allow": async ({ conversation, alias, channel, members_all }) => {
      const after = await transact(powers, (draft) => {
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
      return conversationView(powers, after);
    },
    "conversation.block": async ({ conversation }) => {
      const after = await change(conversation, { status: "blocked" }, (draft, { id }) =>
        draft.entry("conversation.blocked", { conversation: id }, { actor: localOwner(powers).id }),
      );
      return conversationView(powers, after);
    },
    "conversation.context": async ({ conversation, context }) => {
      const after = await change(conversation, { context }, (draft, it) => {
        if (context !== "off") say(draft, { conversation: it, thread: null }, announcement(context));
      });
      return { ...conversationView(powers, after), announced: context !== "off" };
    },
    "conversation.ttl": async ({ conversation, ttl_ms }) =>
      conversationView(powers, await change(conversation, { ttlMs: ttl_ms })),
    "conversation.timezone": async ({ conversation, timezone }) => {
      if (powers.hashing.offsetMinutes(timezone, powers.clock.now()) === null)
        throw new Refusal("input.invalid", { field: "timezone", hint: "Name a zone such as Europe/Vienna." });
      return conversationView(powers, await change(conversation, { timezone }));
    },
    "conversation.language": async ({ conversation, language }) =>
      conversationView(powers, await change(conversation, { language })),
    "conversation.agent": async ({ conversation, agent }) =>
      conversationView(powers, await change(conversation, { agent })),
    "conversation.alias": async ({ conversation, alias }) => {
      assertFree(powers, alias, need(powers, conversation).id);
      return conversationView(powers, await change(conversation, { alias }));
    },
  };
}

const announcement = (context: "members" | "everyone"): string =>
  context === "everyone"
    ? "From now on I keep what is said here, sealed, so that members can ask me for summaries. An agent never reads it. Nothing said before is kept."
    : "From now on I keep what members say here, sealed, so that they can ask me for summaries. An agent never reads it.";

function placeOn(powers: Gateway["powers"], draft: Draft, channel: string, platform: string): Conversation {
  if (powers.store.get("channel", channel) === null) throw new Refusal("channel.unknown", { field: channel });
  return (
    findConversation(draft, channel, platform) ??
    newConversation(powers, draft, { channel, platform, kind: "group", encrypted: false })
  );
}

function assertFree(powers: Gateway["powers"], alias: string, id: Conversation["id"]): void {
  const taken = conversationBy(powers, alias);
  if (taken !== null && taken.id !== id)
    throw new Refusal("conflict", { field: alias, hint: "Another conversation has this name." });
}

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
    const place = conversation === undefined ? null : need(powers, conversation);
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

/** What is still on its way in a conversation of the console: raw events, runs, queued requests, lines not yet shown. */
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
