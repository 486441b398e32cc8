/** Records as the doors show them: metadata in the words of the verbs. Aliases and ids, never content. */
import type { Approval } from "../core/approval.ts";
import type { Entry } from "../core/entry.ts";
import type { Conversation, Principal } from "../core/people.ts";
import type { Channel, Token } from "../core/records.ts";
import type { Run } from "../core/run.ts";
import type { Session } from "../core/session.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { RunView } from "../core/verbs/evidence.ts";
import { policyDigest } from "./ask.ts";
import { labelWords } from "./call.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";

export type ConversationView = VerbOutput<"conversation.list">["conversations"][number];
export type ChannelView = VerbOutput<"channel.list">["channels"][number];
export type PrincipalView = VerbOutput<"principal.list">["principals"][number];
export type SessionView = VerbOutput<"sessions.list">["sessions"][number];
export type ApprovalView = VerbOutput<"approvals.list">["approvals"][number];
export type EntryView = VerbOutput<"ledger.entries">["entries"][number];

const COUNTED_MAX = 100_000;

const aliasOf = (powers: Powers, id: Conversation["id"] | null): string | null =>
  id === null ? null : (powers.store.get("conversation", id)?.value.alias ?? null);

export const conversationView = (powers: Powers, it: Conversation): ConversationView => ({
  id: it.id,
  alias: it.alias,
  channel: it.channel,
  kind: it.kind,
  status: it.status,
  context: it.context,
  ttl_ms: it.ttlMs,
  timezone: it.timezone,
  language: it.language,
  agent: it.agent,
  members_all: it.membersAll,
  members: it.members?.length ?? null,
  messages: powers.store.messageIds({ conversation: it.id }, { limit: COUNTED_MAX }).length,
  bytes: it.bytes,
  from: powers.store.get("setting", `file/${it.id}`) === null ? "cli" : "file",
});

export const channelView = (powers: Powers, it: Channel): ChannelView => {
  const health = powers.connectors.get(it.id)?.health();
  const waiting = powers.store.outbox({ channel: it.id, states: ["pending"] }, { limit: 1000 }).length;
  const { id: name, kind, from, assurance } = it;
  return { name, kind, from, assurance, state: health?.state ?? "stopped", code: health?.code ?? null, waiting };
};

/** With the platform's own id and name: for the owner at the socket alone. */
export function principalView(powers: Powers, person: Principal): PrincipalView {
  const names = powers.store.names(grantPermit({ by: "gateway", why: "owner" }, "names", "principal.list", []), [
    person.id,
  ]);
  return {
    id: person.id,
    channel: person.channel,
    role: person.role,
    platform: powers.store.platformOf("principal", person.id),
    name: names.get(person.id) ?? null,
    person: person.person,
    paired_at: person.pairedAt,
    only: person.only?.map((id) => aliasOf(powers, id) ?? id) ?? null,
  };
}

export function runView(powers: Powers, run: Run): RunView {
  const { status, budget } = run;
  return {
    id: run.id,
    session: run.session,
    conversation: run.conversation,
    alias: aliasOf(powers, run.conversation),
    agent: run.agent,
    state: status.state,
    reason: "reason" in status ? status.reason : null,
    created_at: run.createdAt,
    steps: budget.used.steps,
    replies: run.facts.replies,
    limit: budget.limit,
    used: budget.used,
  };
}

export const sessionView = (powers: Powers, it: Session): SessionView => ({
  id: it.id,
  conversation: it.conversation,
  alias: aliasOf(powers, it.conversation),
  requester: it.requester,
  state: it.state,
  created_at: it.createdAt,
  last_at: it.lastAt,
  runs: powers.store.find("run", "session", it.id, { limit: 1000 }).length,
});

export const approvalView = (powers: Powers, it: Approval): ApprovalView => ({
  id: it.id,
  capability: it.capability,
  state: it.status.state === "pending" && powers.clock.now() >= it.expiresAt ? "expired" : it.status.state,
  assurance: it.assurance,
  conversation: it.conversation,
  alias: aliasOf(powers, it.conversation),
  destination: it.destination,
  label: labelWords(it.label),
  created_at: it.createdAt,
  expires_at: it.expiresAt,
  digest: it.digest,
  ...(it.steps === undefined ? {} : { steps: stepViews(powers, it.steps) }),
});

const stepViews = (powers: Powers, steps: NonNullable<Approval["steps"]>): NonNullable<ApprovalView["steps"]> =>
  steps.flatMap((id, at) => {
    const step = powers.store.get("approval", id)?.value;
    if (step === undefined) return [];
    const { capability, destination, assurance, state } = approvalView(powers, step);
    return [{ step: at + 1, capability, destination, assurance, state }];
  });

export const entryView = (entry: Entry): EntryView => {
  const { tenant: _tenant, body, ...rest } = entry;
  return { ...rest, body: JSON.parse(JSON.stringify(body)) as EntryView["body"] };
};

export const policyView = (powers: Powers, packs: readonly string[] = []): VerbOutput<"policy.show"> => ({
  packs: [...packs] as never,
  digest: policyDigest(powers),
  rules: powers.policy.current.rules.map(({ rule }) => ({
    id: rule.id,
    effect: rule.effect,
    because: rule.because,
    locked: rule.locked,
  })),
});

export const tokenView = (powers: Powers, it: Token): VerbOutput<"token.list">["tokens"][number] => ({
  id: it.id,
  name: it.name,
  scopes: [...it.scopes],
  conversations: it.conversations.map((id) => aliasOf(powers, id) ?? id),
  runs_on: it.runsOn,
  accepts: it.accepts,
  created_at: it.createdAt,
  expires_at: it.expiresAt,
  revoked: it.revokedAt !== null,
});
