/** Every kind of record the store keeps, and the keys it can be found by. Metadata only: free text is a sealed blob. */
import type { Approval } from "./approval.ts";
import type { Amounts } from "./budget.ts";
import type { Canonical } from "./canonical.ts";
import { type Followup, isSet, isWaiting } from "./followup.ts";
import type {
  ApprovalId,
  BlobId,
  CallId,
  ConversationId,
  FollowupId,
  Handle,
  HoldId,
  MessageId,
  NoteId,
  PrincipalId,
  ReceiptId,
  RunId,
  SessionId,
  TokenId,
} from "./ids.ts";
import type { Label } from "./label.ts";
import { DAY_MS, MINUTE_MS } from "./limits.ts";
import type { Addressed } from "./message.ts";
import type { Conversation, Principal, Pseudonym } from "./people.ts";
import type { RefusalCode } from "./refusal.ts";
import type { Run } from "./run.ts";
import { isTerminal } from "./run.ts";
import { type Session, sessionKey } from "./session.ts";
import type { Grant } from "./standing.ts";
import type { Value } from "./value.ts";

/** A channel that was configured in the file or added by the CLI. */
export type Channel = {
  readonly id: string;
  readonly tenant: string;
  readonly kind: "console" | "webhook" | "telegram" | "matrix";
  readonly from: "file" | "cli";
  readonly assurance: "low" | "medium";
  /** Name of its secret in the vault. */
  readonly secret: string | null;
  readonly settings: { readonly [key: string]: Canonical };
};

/** One invocation of a capability by a run. */
export type Call = {
  readonly id: CallId;
  readonly tenant: string;
  readonly run: RunId;
  readonly capability: string;
  readonly version: number;
  /** Hexadecimal keyed hash of the body, so that a repeat with another body is noticed. */
  readonly bodyMac: string;
  readonly status: "open" | "waiting" | "done" | "refused" | "failed" | "unknown";
  readonly reserved: Partial<Amounts>;
  readonly approval: ApprovalId | null;
  readonly code: RefusalCode | null;
  readonly hint: string | null;
  /** Sealed justification and input. */
  readonly why: BlobId | null;
  readonly input: BlobId | null;
  /** Sealed answer as the agent got it. */
  readonly answer: BlobId | null;
  readonly values: readonly Handle[];
  /** The plan that it is a step of. */
  readonly plan?: CallId;
  readonly at: number;
};

/** What an agent, operator, auditor or script shows at the door. Only its hash is kept. */
export type Token = {
  readonly id: TokenId;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly ("agent" | "auditor" | "metrics" | "operator" | "owner")[];
  /** Hexadecimal SHA-256 of the token. */
  readonly hash: string;
  readonly conversations: readonly ConversationId[];
  readonly runsOn: string;
  /** Category bits a reveal to it may carry. */
  readonly accepts: number;
  /** Join of everything revealed to it; only grows. */
  readonly context: Label;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  /** For one run alone, made with another token. */
  readonly run?: RunId;
  readonly parent?: TokenId;
};

/** Use of a day: `${conversation or tenant}/${YYYY-MM-DD}` in UTC. */
export type Pool = {
  readonly id: string;
  readonly tenant: string;
  readonly used: Partial<Amounts>;
  readonly bits: number;
  readonly chars: number;
  readonly proactive: number;
  readonly day: number;
};

export type Hold = {
  readonly id: HoldId;
  readonly tenant: string;
  readonly scope: "conversation" | "principal" | "session";
  readonly target: string;
  readonly at: number;
};

/** A signed statement of what was erased, by internal ids. */
export type Receipt = { readonly id: ReceiptId; readonly tenant: string; readonly at: number; readonly text: string };

/** One of our messages, and those that it was made from: it goes when one of them does. */
export type Said = {
  readonly id: MessageId;
  readonly tenant: string;
  readonly channel: string;
  readonly conversation: ConversationId;
  readonly run: RunId | null;
  readonly sources: readonly MessageId[];
  readonly at: number;
};

/** A request, or what a follow-up asks for, that waits for an earlier run of its session. */
export type Queued = {
  readonly id: MessageId | FollowupId;
  readonly tenant: string;
  readonly session: SessionId;
  readonly addressed: Addressed;
  readonly at: number;
};

/** Something to be remembered in a session: sealed, under the label of what it was made from. */
export type Note = {
  readonly id: NoteId;
  readonly tenant: string;
  readonly session: SessionId;
  readonly conversation: ConversationId;
  readonly principal: PrincipalId;
  readonly blob: BlobId;
  readonly label: Label;
  readonly by: "person" | "agent" | "value";
  readonly source: MessageId | null;
  readonly at: number;
  readonly expiresAt: number;
};

/** Small facts of the daemon itself: the PIN's hash, the last clock, enabled capabilities. */
export type Setting = { readonly id: string; readonly tenant: string; readonly value: Canonical };

/** What a run was given: pseudonyms, none but these are put back; and the destinations that its own request names. */
export type Issued = {
  readonly id: RunId;
  readonly tenant: string;
  readonly tokens: readonly string[];
  /** Aliases, or `direct`, in the slots of the run's own request: control arguments that a human gave. */
  readonly named: readonly string[];
};

export type Records = {
  readonly approval: Approval;
  readonly call: Call;
  readonly channel: Channel;
  readonly conversation: Conversation;
  readonly followup: Followup;
  readonly grant: Grant;
  readonly hold: Hold;
  readonly issued: Issued;
  readonly note: Note;
  readonly pool: Pool;
  readonly principal: Principal;
  readonly pseudonym: Pseudonym;
  readonly queued: Queued;
  readonly receipt: Receipt;
  readonly run: Run;
  readonly said: Said;
  readonly session: Session;
  readonly setting: Setting;
  readonly token: Token;
  readonly value: Value;
};
export type RecordKind = keyof Records;

type Indexes = {
  readonly [K in RecordKind]: { readonly [name: string]: (record: Records[K]) => string | readonly string[] | null };
};

/** The UTC day of an instant, counted from 1970: sweeps look a day up instead of reading everything. */
export const dayOf = (at: number): string => String(Math.floor(at / DAY_MS));

/** The minute of an instant, counted from 1970. */
export const minuteOf = (at: number): string => String(Math.floor(at / MINUTE_MS));

/** The keys under which records are found. An index gives one key, several, or none. */
export const INDEXES = {
  approval: {
    session: (r) => r.session,
    run: (r) => r.run,
    open: (r) => (["pending", "granted"].includes(r.status.state) ? "open" : null),
    source: (r) => r.sources,
    conversation: (r) =>
      [...new Set([r.conversation, ...r.surfaces.map((it) => it.conversation)])].flatMap((it) => it ?? []),
    answer: (r) => (r.status.state === "granted" ? r.answer : null),
  },
  call: {
    day: (r) => dayOf(r.at),
    run: (r) => r.run,
    open: (r) => (r.status === "open" || r.status === "waiting" ? "open" : null),
  },
  channel: {},
  conversation: {
    alias: (r) => (r.alias === null ? null : `${r.tenant}/${r.alias}`),
    channel: (r) => r.channel,
    status: (r) => r.status,
  },
  followup: {
    minute: (r) => (isSet(r) && r.nextAt !== null ? minuteOf(r.nextAt) : null),
    event: (r) => (isSet(r) && isWaiting(r) ? r.conversation : null),
    session: (r) => (isSet(r) ? r.session : null),
    principal: (r) => (isSet(r) ? r.principal : null),
    source: (r) => (isSet(r) ? r.source : null),
    over: (r) => (r.overAt === null ? null : dayOf(r.overAt)),
  },
  grant: { session: (r) => (r.revokedAt === null ? r.terms.session : null) },
  hold: { target: (r) => r.target },
  issued: {},
  note: { session: (r) => r.session, source: (r) => r.source, day: (r) => dayOf(r.expiresAt) },
  pool: { day: (r) => String(r.day) },
  principal: { role: (r) => r.role, channel: (r) => r.channel, person: (r) => r.person },
  pseudonym: { conversation: (r) => r.conversation, principal: (r) => r.principal },
  queued: { session: (r) => r.session },
  receipt: {},
  run: {
    session: (r) => r.session,
    open: (r) => (isTerminal(r) ? null : "open"),
    conversation: (r) => r.conversation,
    request: (r) => r.request,
    agent: (r) => r.agent,
    waiting: (r) => (r.status.state === "paused.event" ? r.conversation : null),
    parent: (r) => r.parent?.run ?? null,
  },
  said: { source: (r) => r.sources, day: (r) => dayOf(r.at), run: (r) => r.run },
  session: {
    key: (r) => (r.state === "open" ? sessionKey(r.conversation, r.thread, r.requester) : null),
    conversation: (r) => r.conversation,
    requester: (r) => r.requester,
  },
  setting: {},
  token: { hash: (r) => r.hash, name: (r) => r.name },
  value: {
    run: (r) => r.run,
    day: (r) => dayOf(r.expiresAt),
    source: (r) => r.sources.map((s) => s.message),
    conversation: (r) => r.conversation,
  },
} as const satisfies Indexes;

export type IndexOf<K extends RecordKind> = keyof (typeof INDEXES)[K] & string;
