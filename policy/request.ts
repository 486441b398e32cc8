/**
 * What policy is asked about: one attribute a dimension (CONTRACT section 6). Every dimension is finite once a policy
 * is compiled, which is what makes the analysis exact. "Does not apply" is a value of its own (`none`); leaving an
 * attribute out means "unknown", and what is unknown matches every deny that names it and no permission that names it.
 */

/** Dimensions whose values are all known beforehand. The order of values is the order of masks: add at the end. */
export const CLOSED = {
  /** What is about to happen: a capability runs, a value is shown to the run's agent, bytes leave, a secret is used… */
  action: ["invoke", "reveal", "egress", "secret", "approve", "admin"],
  /** Of the principal whose word is acted on; under `approve`, of the one who answers. */
  role: ["owner", "approver", "member", "participant", "stranger", "auditor", "agent"],
  network: ["none", "console", "webhook", "matrix", "telegram"],
  conversation: ["none", "direct", "group", "console"],
  /** Of the capability, from its manifest. */
  effect: ["none", "idempotent", "once"],
  /**
   * Of the value that is shown: `own-request` is R of the requester's own message, `raw` is content as it was written.
   */
  tier: ["none", "A", "B", "own-request", "R", "C", "raw"],
  integrity: ["trusted", "endorsed", "untrusted"],
  /** Who vouches for host, path, recipient, conversation, method and time. The worst of them counts. */
  control: ["none", "configured", "given", "shown", "unvouched"],
  /** `requester_direct` and `within_audience` are said only after the connector confirmed membership; else `other`. */
  destination: [
    "none",
    "own",
    "requester_direct",
    "within_audience",
    "other",
    "http",
    "model_loopback",
    "model_remote",
    "agent_builtin",
    "agent_local",
    "agent_cloud",
    "file",
    /** The chat in which a prompt is put to whoever decides; the gateway makes sure that they may see it. */
    "approver",
  ],
  /**
   * Is the destination in the owner's configuration for a label like this: host list, model or token ceiling, path
   * list.
   */
  listed: ["none", "listed", "unlisted"],
  /** Encryption of the destination against that of the source. */
  protection: ["none", "same", "weaker"],
  /** Did a human release exactly these bytes to exactly this sink. */
  released: ["unreleased", "released"],
  activation: ["none", "direct", "mention", "reply", "command", "keyword"],
  transport: ["none", "local", "transport", "e2ee"],
  verified: ["none", "platform", "signed", "verified"],
  agent: ["none", "butler", "model", "external"],
  /** Under `approve`: is the one who answers the one who asked. */
  answerer: ["none", "requester", "other"],
} as const;

/** Dimensions with names of the owner's making; a name that no rule mentions is the atom OTHER. */
export const OPEN = ["tenant", "channel", "capability", "host", "token"] as const;

/** Whole numbers from 0. `failures` and `denials` of this run, `sends` and `asks` of the last hour. */
export const COUNTERS = ["failures", "denials", "sends", "asks"] as const;

export const OTHER = "*other*";

export type ClosedDimension = keyof typeof CLOSED;
type OpenDimension = (typeof OPEN)[number];
type CounterDimension = (typeof COUNTERS)[number];
export type Dimension = ClosedDimension | OpenDimension | CounterDimension | "cats" | "time" | "now";
export type ValueOf<D extends ClosedDimension> = (typeof CLOSED)[D][number];

export type Request = { readonly [D in ClosedDimension]?: ValueOf<D> | undefined } & {
  readonly [D in OpenDimension]?: string | undefined;
} & {
  readonly [D in CounterDimension]?: number | undefined;
} & {
  /** Category bits of the label, 0 to 31 (CONTRACT section 3). */
  readonly cats?: number | undefined;
  /** Hour of the week in the person's zone, 0 to 167; 0 is Monday 00:00. */
  readonly time?: number | undefined;
  /** Milliseconds since 1970 UTC; only rules with `until` look at it. */
  readonly now?: number | undefined;
};

/** All dimensions in the order in which they are compiled, printed and named. */
export const DIMENSIONS: readonly Dimension[] = [
  "action",
  "role",
  "capability",
  "destination",
  "tier",
  "cats",
  "integrity",
  "control",
  "listed",
  "host",
  "protection",
  "released",
  "agent",
  "token",
  "conversation",
  "network",
  "channel",
  "tenant",
  "effect",
  "activation",
  "transport",
  "verified",
  "answerer",
  "failures",
  "denials",
  "sends",
  "asks",
  "time",
  "now",
];

/** Category bits by name, as in CONTRACT section 3; `public` is no bit. */
export const CATEGORIES = {
  "pii.redacted": 1,
  "pii.derived": 2,
  "pii.chat.message": 4,
  "pii.attachment": 8,
  "secret.token": 16,
} as const;
export const CATS_MAX = 31;
export const HOURS_PER_WEEK = 168;

/**
 * Capabilities of CONTRACT section 5, then what the owner's verbs and approvals administer. Used to catch slips in
 * packs.
 */
export const CAPABILITIES = [
  "none",
  "conversation.list",
  "message.list",
  "request.read",
  "message.summarize",
  "message.extract_tasks",
  "message.extract_entities",
  "message.answer",
  "message.classify",
  "message.compose",
  "message.redact",
  "attachment.extract_text",
  "chat.reply",
  "chat.send",
  "http.request",
  "schedule.followup",
  "memory.note",
  "memory.recall",
  "plan.propose",
  "run.spawn",
  "channel.connect",
  "channel.remove",
  "channel.trust",
  "capability.enable",
  "secret.insert",
  "secret.remove",
  "conversation.allow",
  "principal.pair",
  "principal.link",
  "policy.load",
  "token.create",
  "key.rotate",
  "ledger.export",
  "export.make",
  "purge.run",
  "hold.remove",
  "value.release",
  "budget.extend",
  "standing.yes",
] as const;

export function isClosed(dimension: string): dimension is ClosedDimension {
  return Object.hasOwn(CLOSED, dimension);
}

export function isOpen(dimension: string): dimension is OpenDimension {
  return OPEN.some((name) => name === dimension);
}

export function isCounter(dimension: string): dimension is CounterDimension {
  return COUNTERS.some((name) => name === dimension);
}
