/** One invocation while it is carried out: what its handler knows, and what it gives back. */
import type { InvocationReply, RevealedValue } from "../core/agent.ts";
import type { Amounts } from "../core/budget.ts";
import { left } from "../core/budget.ts";
import type { Canonical } from "../core/canonical.ts";
import type { Manifest } from "../core/capability.ts";
import type { CallId, Handle, RunId } from "../core/ids.ts";
import { categoriesOf, type Label } from "../core/label.ts";
import type { Call } from "../core/records.ts";
import { isRefusal, REFUSALS, Refusal, type RefusalCode } from "../core/refusal.ts";
import { isTerminal, type Run } from "../core/run.ts";
import type { Source } from "../core/value.ts";
import type { Asker } from "./asker.ts";
import type { Draft } from "./draft.ts";

export type Doing = {
  readonly asker: Asker;
  readonly call: CallId;
  readonly manifest: Manifest;
  readonly input: unknown;
  readonly justification: string;
  /** The idempotency key of the call, where somebody gave one. */
  readonly key?: string;
  /** Milliseconds since 1970: nothing of this call goes on after it. */
  readonly deadline: number;
  /** Aborted when the run is cancelled. */
  readonly stop: AbortSignalLike;
  /** A step of a plan: what the rules allow is asked with the others all the same. */
  readonly planned?: true;
};
export type AbortSignalLike = { readonly aborted: boolean };

/** What a handler made. `write` adds its facts to the batch that settles the call: done and recorded are one commit. */
export type Made = {
  readonly output: unknown;
  /** The output was checked whole by its handler and then lost what may not be revealed. */
  readonly stripped: boolean;
  /** Label of what the output says; the run's context grows by it when it is revealed. */
  readonly label: Label;
  readonly values: readonly RevealedValue[];
  /** Counted against the caps of tier A and B; zero for metadata. */
  readonly capacity: { readonly bits: number; readonly chars: number };
  readonly used: Partial<Amounts>;
  readonly write: (draft: Draft) => void;
};

/** The handler's other answer: a person has to say yes first. */
export type Asked = { readonly ask: AskFor };
export type AskFor = {
  readonly assurance: "low" | "medium" | "high";
  readonly fourEyes: boolean;
  readonly approvers: readonly string[];
  readonly rule: string;
  readonly because: string;
  readonly destination: string;
  readonly label: Label;
  /** The final bytes, as they would be sent or revealed. */
  readonly rendered: string;
  /** Hosts in it that the owner listed: the prompt shows them as they are. */
  readonly domains?: readonly string[];
  /** What the prompt says will happen, in words. */
  readonly what: string;
  /** What may go wrong, where it is not that something is read somewhere. */
  readonly risk?: string;
  readonly sources: readonly Source[];
  /** What the gateway runs after the yes; sealed. */
  readonly stored: unknown;
  /** Where the rules want it asked: `here`, `direct`, `cli`, a channel. */
  readonly route?: readonly string[];
  /** Its control arguments, where the owner may say yes to the like of it for good. */
  readonly standing?: Canonical;
  /** Of a plan: the questions behind this one, in order. */
  readonly steps?: readonly PlannedStep[];
};
export type PlannedStep = { readonly doing: Doing; readonly ask: AskFor };

export type Handler = (doing: Doing) => Promise<Made | Asked>;
export const isAsked = (result: Made | Asked): result is Asked => "ask" in result;

/** A label as people read it. */
export const labelWords = (label: Label): string => {
  const kinds = categoriesOf(label);
  const trust = (["trusted", "endorsed", "untrusted"] as const)[label.integrity];
  return `${kinds.length === 0 ? "public" : kinds.join(", ")}; ${trust}`;
};

export const nextOf = (run: Run): InvocationReply["next"] =>
  isTerminal(run) ? "ended" : run.status.state === "active" ? "invoke" : "wait";

export const refused = (run: Run, code: RefusalCode, hint: string | undefined): InvocationReply => ({
  status: REFUSALS[code].status >= 500 || code === "transform.failed" ? "failed" : "refused",
  code,
  hint: hint ?? REFUSALS[code].sentence,
  retryable: REFUSALS[code].retryable,
  budget_left: left(run.budget),
  next: nextOf(run),
});

/** The refusal a caller may see; anything else is `internal` and its text stays inside. */
export const seen = (error: unknown): Refusal => (isRefusal(error) ? error : new Refusal("internal"));

export const callRecord = (
  draft: Draft,
  id: CallId,
  run: RunId,
  manifest: Pick<Manifest, "id" | "version" | "cost">,
  bodyMac: string,
): Call => ({
  id,
  tenant: draft.tenant,
  run,
  capability: manifest.id,
  version: manifest.version,
  bodyMac,
  status: "open",
  reserved: manifest.cost,
  approval: null,
  code: null,
  hint: null,
  why: null,
  input: null,
  answer: null,
  values: [] as readonly Handle[],
  at: draft.now,
});
