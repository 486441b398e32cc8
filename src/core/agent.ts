/** What can drive a run, and all it is ever given (CONTRACT sections 5, 8 and 13). */
import type { Amounts } from "./budget.ts";
import type { ApprovalId, Handle, MessageId, RunId } from "./ids.ts";
import type { Addressed } from "./message.ts";
import type { ModelAnswer, ModelAsk, ModelTool } from "./model.ts";
import type { Role } from "./people.ts";
import type { Stop } from "./ports.ts";
import type { RefusalCode } from "./refusal.ts";
import type { FailReason, Wait } from "./run.ts";

/** Why a run was started or goes on. It says who and when, never what. */
export type WakeUp = {
  readonly run: RunId;
  readonly reason: "addressed" | "approval" | "event" | "schedule" | "started";
  readonly message: MessageId | null;
  /** Pseudonym of who asked. */
  readonly actor: string | null;
  readonly role: Role;
  readonly addressed: Addressed;
  readonly time: number;
  /** 1 at first; one more each time that the run waited and goes on. */
  readonly segment: number;
};

export type Invocation = {
  readonly capability: string;
  readonly input: unknown;
  /** 1 to 200 characters: why the agent wants it. Sealed, never written to the ledger in clear. */
  readonly justification: string;
  /** Unique in the run. The same key with the same body gives the first answer again. */
  readonly idempotency_key: string;
};

export type RevealedValue = {
  readonly handle: Handle;
  readonly kind: string;
  /** Label in words, such as `pii.redacted, pii.derived; untrusted`. */
  readonly label: string;
  readonly chars: number;
};

export type InvocationReply = {
  readonly status: "done" | "approval_required" | "refused" | "failed";
  /** What may be revealed; text that may not is reachable by its handle in `values` alone. */
  readonly output?: unknown;
  readonly values?: readonly RevealedValue[];
  readonly code?: RefusalCode;
  readonly hint?: string;
  readonly retryable?: boolean;
  readonly approval?: { readonly id: ApprovalId; readonly expires_at: number; readonly where: string };
  readonly budget_left: Amounts;
  /** What the run may do next. */
  readonly next: "invoke" | "wait" | "ended";
};

/** The only hands a driver has. Every call is decided, budgeted, labelled and recorded by the gateway. */
export interface RunHandle {
  readonly run: RunId;
  invoke(invocation: Invocation): Promise<InvocationReply>;
  /** Done when the predicate holds, otherwise `run.not_done`. With `wait` the run pauses instead. */
  finish(wait?: Wait): Promise<void>;
  /** Ends the run as failed. The gateway tells the person in one sentence. */
  fail(reason: FailReason): Promise<void>;
  /**
   * Asks the model that the owner configured for agents: judged, budgeted and recorded like everything else. Rejects
   * with a Refusal; a run without room for it has failed by name. Absent where there is no such model.
   */
  think?(ask: ModelAsk): Promise<ModelAnswer>;
  /** The catalogue as the tools of a model. */
  tools?(): readonly ModelTool[];
}

export interface AgentDriver {
  readonly name: string;
  /**
   * Called once for every segment of a run. Returns when it has finished, failed, or waits;
   * must return soon after `stop`.
   */
  drive(wake: WakeUp, run: RunHandle, stop: Stop): Promise<void>;
}
