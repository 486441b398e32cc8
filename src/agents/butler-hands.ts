/** The butler's way to the gateway: one call, its outcome, and the two ways in which an errand stops early. */
import type { InvocationReply, RunHandle } from "../core/agent.ts";
import type { CapabilityId } from "../core/capability.ts";
import type { Handle } from "../core/ids.ts";
import type { Stop } from "../core/ports.ts";
import type { RefusalCode } from "../core/refusal.ts";

/** The run waits for a person or is over: there is nothing to say now. */
export class Leave extends Error {
  override readonly name = "Leave";
}

/** The gateway said no; the person reads why. */
export class Declined extends Error {
  override readonly name = "Declined";
  readonly code: RefusalCode;
  readonly hint: string | null;

  constructor(code: RefusalCode, hint: string | null) {
    super(code);
    this.code = code;
    this.hint = hint;
  }
}

export type Got = {
  readonly output: unknown;
  /** Of the sealed value, when there is one. */
  readonly handle: Handle | null;
};

/**
 * Calls a capability. `key` names the step: the same step of the same run has the same key and the same body, so that
 * an errand that is driven again after a crash or an approval gets the first answers and does nothing twice. Throws
 * `Leave` and `Declined`.
 */
export type Hands = (capability: CapabilityId, input: unknown, why: string, key: string) => Promise<Got>;

export function handsOf(run: RunHandle, stop: Stop): Hands {
  return async (capability, input, justification, key) => {
    if (stop.aborted) throw new Leave();
    const reply = await run.invoke({ capability, input, justification, idempotency_key: key });
    return gotFrom(reply);
  };
}

function gotFrom(reply: InvocationReply): Got {
  const { status, output, values, code, hint } = reply;
  if (status === "done") return { output, handle: values?.[0]?.handle ?? null };
  if (status === "approval_required" || reply.next !== "invoke") throw new Leave();
  throw new Declined(code ?? "internal", hint ?? null);
}
