/** What has to exist before anybody speaks: the configured channels, and the owner at the console. */
import type { ConversationId } from "../core/ids.ts";
import type { Principal } from "../core/people.ts";
import type { Channel } from "../core/records.ts";
import type { Draft } from "./draft.ts";
import { conversationBy, findConversation, findPrincipal, newConversation, newPrincipal } from "./people.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

/** Platform ids of the console connector. */
export const CONSOLE_OWNER = "owner";
const CONSOLE_PLACE = "console";

export type Configured = {
  readonly channels: readonly Omit<Channel, "tenant" | "from">[];
  readonly people: readonly {
    readonly channel: string;
    readonly platform: string;
    readonly role: Principal["role"];
    /** Aliases that the role is limited to; one that nobody knows admits nothing. */
    readonly only?: readonly string[] | null;
    readonly timezone?: string | null;
    readonly language?: string | null;
  }[];
  readonly conversations: readonly {
    readonly channel: string;
    readonly platform: string;
    readonly alias: string;
    readonly context: "off" | "members" | "everyone" | null;
    readonly ttlMs: number | null;
    readonly timezone?: string | null;
    readonly language?: string | null;
    readonly agent?: string | null;
    readonly membersAll?: boolean;
  }[];
};

/** Writes the configuration's channels, people and conversations; the file wins over what the command line added. */
export function bootstrap(powers: Powers, configured: Configured): Promise<void> {
  return transact(powers, (draft) => {
    for (const channel of configured.channels) {
      const next: Channel = { ...channel, tenant: draft.tenant, from: "file" };
      const before = draft.get("channel", channel.id);
      if (JSON.stringify(before) === JSON.stringify(next)) continue;
      draft.put("channel", channel.id, next);
      draft.entry("channel.connected", { channel: channel.id, kind: channel.kind, from: "file" }, { actor: "daemon" });
    }
    const terminal = configured.channels.find(({ kind }) => kind === "console");
    if (terminal !== undefined) seatOwner(powers, draft, terminal.id);
    const places = new Map(
      configured.conversations.map((place) => [place.alias, allow(powers, draft, place)] as const),
    );
    const placeOf = (alias: string): ConversationId | undefined =>
      places.get(alias) ?? conversationBy(powers, alias)?.id;
    for (const person of configured.people) seat(draft, person, placeOf);
  });
}

/** The person at this machine is the owner, in a direct conversation with the bot. */
function seatOwner(powers: Powers, draft: Draft, channel: string): ConversationId {
  const known = findConversation(draft, channel, CONSOLE_PLACE);
  if (known !== null) return known.id;
  const owner = newPrincipal(draft, channel, CONSOLE_OWNER, "person", "owner", "you");
  const place = { channel, platform: CONSOLE_PLACE, kind: "console", encrypted: false } as const;
  const made = newConversation(powers, draft, place, { status: "allowed", context: "everyone", members: [owner.id] });
  draft.put("principal", owner.id, { ...owner, direct: made.id, pairedAt: draft.now, assurance: "medium" });
  draft.entry("principal.paired", { principal: owner.id, channel, role: "owner" }, { actor: "daemon" });
  draft.entry("conversation.allowed", { conversation: made.id, channel, kind: "console" }, { actor: "daemon" });
  return made.id;
}

function seat(
  draft: Draft,
  person: Configured["people"][number],
  placeOf: (alias: string) => ConversationId | undefined,
): void {
  const known = findPrincipal(draft, person.channel, person.platform);
  const principal = known ?? newPrincipal(draft, person.channel, person.platform, "person", person.role);
  const only = person.only?.flatMap((alias) => placeOf(alias) ?? []) ?? null;
  const next: Principal = {
    ...principal,
    role: person.role,
    only,
    pairedAt: principal.pairedAt ?? draft.now,
    timezone: person.timezone ?? principal.timezone,
    language: person.language ?? principal.language,
  };
  if (JSON.stringify(next) === JSON.stringify(known)) return;
  draft.put("principal", principal.id, next);
  draft.entry(
    "principal.paired",
    { principal: principal.id, channel: person.channel, role: person.role, from: "file" },
    { actor: "daemon" },
  );
}

function allow(powers: Powers, draft: Draft, place: Configured["conversations"][number]): ConversationId {
  const known = findConversation(draft, place.channel, place.platform);
  const made =
    known ??
    newConversation(powers, draft, {
      channel: place.channel,
      platform: place.platform,
      kind: "group",
      encrypted: false,
    });
  const next = {
    ...made,
    alias: place.alias,
    status: made.status === "blocked" ? ("blocked" as const) : ("allowed" as const),
    context: place.context ?? made.context,
    ttlMs: place.ttlMs ?? made.ttlMs,
    timezone: place.timezone ?? made.timezone,
    language: place.language ?? made.language,
    agent: place.agent ?? made.agent,
    membersAll: place.membersAll ?? made.membersAll,
  };
  const mark = `file/${made.id}`;
  if (draft.get("setting", mark) === null) draft.put("setting", mark, { id: mark, tenant: draft.tenant, value: true });
  if (JSON.stringify(next) === JSON.stringify(known)) return made.id;
  draft.put("conversation", made.id, next);
  draft.entry(
    "conversation.allowed",
    { conversation: made.id, channel: place.channel, from: "file" },
    { actor: "daemon" },
  );
  return made.id;
}
