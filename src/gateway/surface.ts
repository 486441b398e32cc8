/** What the doors may ask of the gateway. Control routes are one line each, into these (CONTRACT section 13). */
import type { Invocation, InvocationReply } from "../core/agent.ts";
import type { Amounts } from "../core/budget.ts";
import type { Entry, EntryType } from "../core/entry.ts";
import type { ApprovalId, Handle, RunId, SessionId } from "../core/ids.ts";
import type { Stop } from "../core/ports.ts";
import type { Token } from "../core/records.ts";
import type { Predicate, Wait } from "../core/run.ts";
import type { Owner, VerbOutput } from "../core/verbs/all.ts";
import type { PurgeScope, RunView } from "../core/verbs/evidence.ts";

/** What the console's terminal shows: egress to a channel, not an API answer. */
export type ConsoleLine = {
  readonly conversation: string;
  readonly kind: "text" | "edit" | "typing";
  readonly text: string;
  readonly approval?: { readonly id: ApprovalId; readonly code: string; readonly expires_at: number };
};

/** Something happened; metadata only. `seq` is the ledger's, so that a reader can go on after a pause. */
export type GatewayEvent = {
  readonly seq: number;
  readonly type: EntryType | "message.addressed" | "invocation.completed";
  readonly time: number;
  readonly conversation?: string;
  readonly run?: RunId;
  readonly body: Entry["body"] | { readonly [key: string]: unknown };
};

export type ValueView = {
  readonly handle: Handle;
  readonly kind: string;
  readonly tier: "A" | "B" | "R" | "C";
  readonly label: string;
  readonly chars: number;
  readonly created_at: number;
  readonly expires_at: number;
};

export type CapabilityView = {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly effect: "none" | "idempotent" | "once";
  readonly tier: "A" | "B" | "R" | "C";
  readonly risk: "low" | "medium" | "high";
  /** JSON Schemas. */
  readonly input: unknown;
  readonly output: unknown;
};

export type RunOrder = {
  readonly conversation?: string;
  readonly session?: SessionId;
  readonly goal?: string;
  readonly budget?: Partial<Amounts>;
  readonly done_when?: Predicate;
};

/** For holders of a token. Every method checks what this token may do; nothing returns raw content or a secret. */
export interface TokenDoor {
  capabilities(token: Token): readonly CapabilityView[];
  conversations(token: Token): readonly { readonly alias: string; readonly kind: string; readonly context: string }[];
  value(token: Token, handle: Handle): ValueView;
  startRun(token: Token, order: RunOrder): Promise<RunView>;
  /** A token for this run alone, shown once. */
  runToken(token: Token, run: RunId): Promise<{ readonly token: string; readonly expires_at: number }>;
  runs(token: Token, open: boolean): readonly RunView[];
  run(token: Token, run: RunId): RunView;
  invoke(token: Token, run: RunId, invocation: Invocation): Promise<InvocationReply>;
  /** Waits at most `waitMs` for the answer of an earlier invocation. */
  invocation(token: Token, run: RunId, key: string, waitMs: number): Promise<InvocationReply>;
  finish(token: Token, run: RunId, wait: Wait | null): Promise<RunView>;
  cancel(token: Token, run: RunId): Promise<RunView>;
  sessions(token: Token): VerbOutput<"sessions.list">;
  trace(token: Token, session: SessionId): VerbOutput<"trace.export">;
  approvals(token: Token): VerbOutput<"approvals.list">;
  /** A yes over HTTP counts as low. With `steps` of a plan, the others are refused. */
  decide(
    token: Token,
    approval: ApprovalId,
    yes: boolean,
    steps?: readonly number[] | null,
    reason?: string,
  ): Promise<VerbOutput<"approvals.show">>;
  channels(token: Token): VerbOutput<"channel.list">;
  checkpoint(token: Token): Promise<string>;
  entries(token: Token, after: number, limit: number): VerbOutput<"ledger.entries">;
  policy(token: Token): VerbOutput<"policy.show">;
  tokens(token: Token): VerbOutput<"token.list">;
  secrets(token: Token): VerbOutput<"secrets.list">;
  receipts(token: Token): VerbOutput<"purge.list">;
  purge(token: Token, scope: PurgeScope): Promise<VerbOutput<"purge">>;
  /**
   * The next thing for this agent to do: a request that nobody has taken yet, or what became of a call that waited for
   * a person. Each is given once. Null after `waitMs`, or at `stop`.
   */
  next(token: Token, waitMs: number, stop: Stop): Promise<GatewayEvent | null>;
  /** Waits at most `waitMs` until no person has to answer for this run, or `stop`. */
  settled(token: Token, run: RunId, waitMs: number, stop: Stop): Promise<RunView>;
  /** Events of the token's conversations after `after`, then live, until `stop`. */
  events(token: Token, after: number, stop: Stop): AsyncIterable<GatewayEvent>;
}

export type HookReply = { readonly status: number; readonly body: unknown };

export interface Surface {
  readonly owner: Owner;
  readonly door: TokenDoor;
  /** Token by the hexadecimal SHA-256 of what was shown; null when there is none, or it expired or was revoked. */
  tokenByHash(hash: string): Token | null;
  /** Writes `auth.denied` (aggregated) for the route class and reason. */
  denied(route: string, reason: string): void;
  /** Lines of the console channel until `stop`. */
  console(stop: Stop): AsyncIterable<ConsoleLine>;
  /** Webhook channels: raw bytes in, status and body out. */
  hook(
    channel: string,
    method: "POST" | "GET",
    path: string,
    headers: Readonly<Record<string, string | undefined>>,
    raw: Uint8Array,
    stop: Stop,
  ): Promise<HookReply>;
  ready(): boolean;
  metrics(): string;
}
