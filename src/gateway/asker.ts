/**
 * Who asks, where, and on whose word: the part of every policy request that is the same for a whole run.
 * Pure but for reads.
 */
import { type Decision, decide } from "../../policy/decide.ts";
import type { Request } from "../../policy/request.ts";
import { join, type Label } from "../core/label.ts";
import { HOUR_MS } from "../core/limits.ts";
import type { Message } from "../core/message.ts";
import type { Conversation, Principal, Role } from "../core/people.ts";
import type { Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import { roleIn } from "./activate.ts";
import type { Powers } from "./powers.ts";

export type Asker = {
  readonly run: Run;
  readonly conversation: Conversation;
  /** The instructing principal; null for a run that an agent started itself. */
  readonly principal: Principal | null;
  readonly role: Role;
  readonly request: Message | null;
  /** The external agent's token; null for the built-in ones. */
  readonly token: Token | null;
};

/** Reads who stands behind a run now: roles and memberships are looked at on every call, never remembered. */
export function askerOf(powers: Powers, run: Run): Asker {
  const conversation = powers.store.get("conversation", run.conversation)?.value;
  if (conversation === undefined) throw new Refusal("not_found");
  const own = powers.store.get("token", run.principal)?.value ?? null;
  const token = run.external ? (own ?? tokenNamed(powers, run.agent)) : null;
  const isOwnRun = token !== null && token === own;
  const principal = isOwnRun ? null : (powers.store.get("principal", run.principal)?.value ?? null);
  const role: Role = isOwnRun ? "agent" : roleIn(conversation, principal);
  const request = run.request === null ? null : powers.store.message(run.request);
  return { run, conversation, principal, role, request, token };
}

/** The agent's token of that name which is good now: a name may have had others before. */
export function tokenNamed(powers: Powers, name: string): Token | null {
  const now = powers.clock.now();
  const named = powers.store.find("token", "name", name, { limit: TOKENS_MAX, newestFirst: true });
  const isGood = (it: Token): boolean =>
    it.revokedAt === null && it.expiresAt > now && it.scopes.includes("agent") && it.run === undefined;
  return named.find(({ value }) => isGood(value))?.value ?? null;
}
const TOKENS_MAX = 1000;

/**
 * What an agent may have in mind when it writes: for an external one also what its other runs were shown (CONTRACT
 * section 3).
 */
export const contextOf = ({ run, token }: Pick<Asker, "run" | "token">): Label =>
  token === null ? run.context : join(run.context, token.context);

/** Every dimension at `nothing applies`: what a caller leaves out is then known to be absent, not unknown. */
export const BLANK = {
  role: "stranger",
  network: "none",
  channel: "none",
  conversation: "none",
  capability: "none",
  effect: "none",
  tier: "none",
  cats: 0,
  integrity: "endorsed",
  control: "none",
  destination: "none",
  listed: "none",
  host: "none",
  protection: "none",
  released: "unreleased",
  activation: "none",
  transport: "none",
  verified: "none",
  agent: "none",
  token: "none",
  answerer: "none",
  failures: 0,
  denials: 0,
  sends: 0,
  asks: 0,
} as const satisfies Request;

/** Far more than a place is asked an hour. */
const ASKS_COUNTED_MAX = 100;
const INTEGRITY = ["trusted", "endorsed", "untrusted"] as const;

/** Everything that policy can know about this run; the caller adds what is about to happen. */
export function requestOf(powers: Powers, asker: Asker, about: Partial<Request>, label: Label): Request {
  const { conversation, request, run, token } = asker;
  const kind = powers.store.get("channel", conversation.channel)?.value.kind ?? "none";
  const failures = powers.store
    .find("call", "run", run.id, { limit: 200 })
    .filter(({ value }) => value.status === "failed" || value.status === "refused").length;
  const since = powers.clock.now() - HOUR_MS;
  const asks = powers.store
    .find("approval", "session", run.session, { limit: ASKS_COUNTED_MAX, newestFirst: true })
    .filter(({ value }) => value.plan === undefined && value.createdAt > since).length;
  return {
    ...BLANK,
    action: "invoke",
    tenant: run.tenant,
    role: asker.role,
    network: kind,
    channel: conversation.channel,
    conversation: conversation.kind,
    cats: label.cats,
    integrity: INTEGRITY[label.integrity],
    activation: request?.addressed ?? "none",
    transport: request?.trust.transport ?? "none",
    verified: request?.trust.verified ?? "none",
    agent: run.external ? "external" : run.agent === "model" ? "model" : "butler",
    token: token?.name ?? "none",
    failures,
    asks,
    now: powers.clock.now(),
    ...about,
  };
}

/** Asks policy. The decision is the caller's to write down and to obey. */
export const judge = (powers: Powers, request: Request): Decision => decide(powers.policy.current, request);

/** What an agent or a chat may know of a denial: code and hint; rule and reason are in the ledger for the operator. */
export const refusalBy = (decision: Decision): Refusal =>
  new Refusal("policy.denied", {
    rule: decision.rule,
    hint: "The owner can see the rule with `lazaret policy explain`.",
  });
