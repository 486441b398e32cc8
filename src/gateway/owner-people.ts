/** The owner's verbs about channels, people, capabilities and the console (CONTRACT sections 1, 2, 14). */
import type { CapabilityId } from "../core/capability.ts";
import { HOOK_SECRET_BYTES_MIN } from "../core/limits.ts";
import type { InboundEvent } from "../core/message.ts";
import type { Conversation } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner } from "../core/verbs/all.ts";
import type { CONVERSATION_VERBS } from "../core/verbs/conversations.ts";
import { seen } from "./call.ts";
import { type Gateway, isOn } from "./gateway.ts";
import { consoleChannel } from "./import.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { conversationVerbs } from "./owner-conversations.ts";
import { conversationNamed } from "./people.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";
import { channelView, principalView } from "./views.ts";

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
      const stop = stopAfter(powers, PROBE_MS_MAX);
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

/** A stop that comes by the handed-in clock. */
function stopAfter({ clock }: Powers, ms: number): AbortSignal {
  const abort = new AbortController();
  clock.at(clock.now() + ms, () => abort.abort());
  return abort.signal;
}
