/** The words for every value of every dimension, for people who have never seen a pack. Data. */
import type { ClosedDimension, ValueOf } from "./request.ts";

export const ROLES: Readonly<Record<ValueOf<"role">, string>> = {
  owner: "the owner",
  approver: "an approver",
  member: "a member",
  participant: "a participant",
  stranger: "a stranger",
  auditor: "an auditor",
  agent: "an agent on its own account",
};

/** After "may" and before the capability. */
export const ACTION_VERBS: Readonly<Record<ValueOf<"action">, string>> = {
  invoke: "run",
  reveal: "have the agent shown results of",
  egress: "send out what comes from",
  secret: "use a secret in",
  approve: "answer questions about",
  admin: "administer",
};

export const DESTINATIONS: Readonly<Record<ValueOf<"destination">, string>> = {
  none: "nowhere",
  own: "the conversation it was asked in",
  requester_direct: "the asker's direct chat",
  within_audience: "another conversation whose people may know it",
  other: "a conversation of other people",
  http: "a web address",
  model_loopback: "a model on this machine",
  model_remote: "a model elsewhere",
  agent_builtin: "the built-in agent",
  agent_local: "an agent on this machine",
  agent_cloud: "an agent in the cloud",
  file: "a file",
  approver: "the person who decides",
};

export const CATEGORY_WORDS: readonly (readonly [bit: number, words: string])[] = [
  [1, "redacted text"],
  [2, "derived values"],
  [4, "message content"],
  [8, "attachment content"],
  [16, "secrets"],
];

/** How a condition in a further dimension reads; `{}` is the list of its values. */
export const CONDITIONS = {
  tenant: "for tenant {}",
  token: "for token {}",
  channel: "on channel {}",
  host: "for host {}",
  network: "on {}",
  conversation: "in a conversation of kind {}",
  effect: "with effect {}",
  tier: "of kind {}",
  integrity: "{} material",
  control: "its target being {}",
  listed: "the target being {}",
  protection: "encryption being {}",
  released: "{} by a human",
  activation: "addressed by {}",
  transport: "transport {}",
  verified: "sender {}",
  agent: "through {}",
  answerer: "answered by {}",
  failures: "failures {}",
  denials: "denials {}",
  sends: "sends in the last hour {}",
  asks: "questions in the last hour {}",
  time: "during {}",
  now: "{}",
} as const;

/** Values that do not speak for themselves. */
export const VALUES: Readonly<Partial<Record<ClosedDimension, Readonly<Record<string, string>>>>> = {
  tier: {
    none: "unknown",
    A: "bounded fields",
    B: "short redacted text",
    "own-request": "the asker's own request",
    R: "redacted messages",
    C: "long text",
    raw: "raw content",
  },
  integrity: { trusted: "configured", endorsed: "a human's own", untrusted: "other people's" },
  control: {
    none: "absent",
    configured: "configured",
    given: "named by a human",
    shown: "shown to a human",
    unvouched: "the agent's own idea",
  },
  listed: { none: "of no list", listed: "on the owner's list", unlisted: "not on the owner's list" },
  protection: { none: "not compared", same: "no weaker", weaker: "weaker" },
  released: { unreleased: "not released", released: "released" },
  activation: {
    none: "nobody",
    direct: "direct chat",
    mention: "mention",
    reply: "reply",
    command: "command",
    keyword: "keyword",
  },
  verified: { none: "unverified", platform: "known to the platform", signed: "signed", verified: "verified" },
  agent: { none: "no agent", butler: "the butler", model: "a model", external: "an external agent" },
  answerer: { none: "nobody", requester: "the asker", other: "somebody else" },
};
