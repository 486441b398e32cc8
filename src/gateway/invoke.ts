/**
 * A run asks for a capability: decided, reserved, carried out, labelled, settled and recorded here and nowhere else.
 */
import type { Invocation, InvocationReply } from "../core/agent.ts";
import { left } from "../core/budget.ts";
import { type Canonical, canonical } from "../core/canonical.ts";
import type { CapabilityId, Manifest } from "../core/capability.ts";
import { type ApprovalId, CallId, type RunId } from "../core/ids.ts";
import { join } from "../core/label.ts";
import { TRANSFORM_MS_MAX } from "../core/limits.ts";
import type { Call } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { deadlineOf, isTerminal } from "../core/run.ts";
import { abandonSteps, admitCall, type Begun } from "./admit.ts";
import type { Asker } from "./asker.ts";
import { type Asked, type Doing, type Handler, isAsked, type Made, nextOf, refused, seen } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import { exhausted } from "./extend.ts";
import { scrubbedValue } from "./leaks.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { keepContext } from "./reveal.ts";
import { checkedShape } from "./shape.ts";
import { transact } from "./transact.ts";
import { refusalOf } from "./transition.ts";

export type Invoking = {
  readonly powers: Powers;
  readonly catalogue: Catalogue;
  readonly handlers: ReadonlyMap<CapabilityId, Handler>;
  readonly isOn: (id: CapabilityId) => boolean;
  /** Puts the question to people, in the draft's own commit. */
  readonly askPeople: (
    draft: Draft,
    doing: Doing,
    asked: Asked["ask"],
  ) => { readonly id: ApprovalId; readonly where: string; readonly expiresAt: number };
  /** Calls that are being carried out in this process, by call id. */
  readonly open: Map<CallId, Promise<InvocationReply>>;
};

/** Never throws for what the caller did: refusals come back as replies with a code and a hint. */
export async function invoke(invoking: Invoking, run: RunId, invocation: Invocation): Promise<InvocationReply> {
  try {
    return await begin(invoking, run, invocation);
  } catch (error) {
    const refusal = seen(error);
    const stored = invoking.powers.store.get("run", run)?.value;
    if (stored === undefined) throw refusal;
    return refused(stored, refusal.code, refusal.hint);
  }
}

/**
 * What does not even fit costs its step and is written down: asking for ever ends, and the ledger says that it was
 * tried.
 */
async function shapeOf(
  invoking: Invoking,
  runId: RunId,
  invocation: Invocation,
): Promise<{ readonly manifest: Manifest; readonly input: unknown }> {
  try {
    return checkedShape(invoking, invocation);
  } catch (error) {
    const { code } = seen(error);
    await transact(invoking.powers, (draft) => {
      const run = draft.run(runId);
      const call = draft.newId("CallId");
      const cost = { steps: 1 };
      if (!run.apply({ type: "reserve", call, cost }) || isTerminal(run.run)) return;
      run.apply({ type: "settle", call, reserved: cost, used: cost }, { code });
      run.note("decision.made", { call, action: "invoke", effect: "deny", code });
    });
    throw error;
  }
}

async function begin(invoking: Invoking, runId: RunId, invocation: Invocation): Promise<InvocationReply> {
  const { powers } = invoking;
  const { manifest, input } = await shapeOf(invoking, runId, invocation);
  const body = canonical({ capability: manifest.id, input: input as Canonical });
  const mac = powers.store.mac("idempotency", runId, powers.hashing.utf8(body));
  const opened = await transact(powers, (draft) => admit(invoking, draft, runId, invocation, manifest, input, mac));
  if ("refusal" in opened) throw opened.refusal;
  if ("asked" in opened) return opened.asked;
  if ("known" in opened) return again(invoking, opened.known, mac);
  const work = carryOut(invoking, opened.asker, opened.call, manifest, input, invocation);
  invoking.open.set(opened.call.id, work);
  try {
    return await work;
  } finally {
    invoking.open.delete(opened.call.id);
  }
}

/** The same key again: the same answer, or a conflict when the body differs. */
async function again(invoking: Invoking, call: Call, mac: string): Promise<InvocationReply> {
  if (call.bodyMac !== mac) throw new Refusal("idempotency.mismatch");
  return answerOf(invoking, call.id);
}

/** The stored answer of a call; waits for one that is being carried out in this process. */
export async function answerOf(invoking: Invoking, id: CallId): Promise<InvocationReply> {
  const { powers } = invoking;
  const running = invoking.open.get(id);
  if (running !== undefined) return running;
  const call = powers.store.get("call", id)?.value;
  const run = call === undefined ? undefined : powers.store.get("run", call.run)?.value;
  if (call === undefined || run === undefined) throw new Refusal("not_found");
  if (call.status === "waiting" && call.approval !== null) {
    const approval = powers.store.get("approval", call.approval)?.value;
    const expires_at = approval?.expiresAt ?? 0;
    return {
      status: "approval_required",
      approval: { id: call.approval, expires_at, where: "chat" },
      budget_left: left(run.budget),
      next: nextOf(run),
    };
  }
  if (call.answer === null) return refused(run, call.code ?? "run.ended", call.hint ?? undefined);
  const permit = grantPermit({ by: "gateway", why: "render" }, "render", call.capability, [call.answer]);
  const stored = await powers.store.open(
    permit,
    [call.answer],
    ([opened]) => JSON.parse(powers.hashing.text(opened?.bytes ?? new Uint8Array())) as Partial<InvocationReply>,
  );
  return { status: "done", ...stored, budget_left: left(run.budget), next: nextOf(run) };
}

type Admitted = Begun | { readonly known: Call } | { readonly asked: InvocationReply };

/** A call's id follows from its key, so that two calls with one key meet in the same record. */
export const callIdOf = (powers: Powers, run: RunId, key: string): CallId =>
  CallId.parse(`call_${powers.store.mac("idempotency", run, powers.hashing.utf8(`key\u0000${key}`)).slice(0, 32)}`);

/** Is it new, does the budget reach, may it be? */
function admit(
  invoking: Invoking,
  draft: Draft,
  runId: RunId,
  invocation: Invocation,
  manifest: Manifest,
  input: unknown,
  mac: string,
): Admitted {
  const { powers } = invoking;
  const id = callIdOf(powers, runId, invocation.idempotency_key);
  const known = draft.get("call", id);
  if (known !== null) return { known };
  const run = draft.run(runId);
  if (run.run.status.state !== "active") return { refusal: refusalOf(run.run) };
  const spent = exhausted(powers, draft, run, id, manifest);
  if (spent !== null) return spent;
  const { justification } = invocation;
  return admitCall(powers, draft, run, { id, manifest, mac, input, justification });
}

async function carryOut(
  invoking: Invoking,
  asker: Asker,
  call: Call,
  manifest: Manifest,
  input: unknown,
  { justification, idempotency_key: key }: Invocation,
): Promise<InvocationReply> {
  const { powers } = invoking;
  const handler = invoking.handlers.get(manifest.id);
  const now = powers.clock.now();
  const deadline = Math.min(now + TRANSFORM_MS_MAX, deadlineOf(asker.run));
  const stop = { aborted: false };
  const doing: Doing = { asker, call: call.id, manifest, input, justification, key, deadline, stop };
  try {
    if (handler === undefined) throw new Refusal("capability.unknown");
    const result = await handler(doing);
    if (isAsked(result)) return await wait(invoking, doing, call, result);
    // A handler that breaks its own schema says nothing at all (threat scenario 7).
    if (!result.stripped && !manifest.output.safeParse(result.output).success) throw new Refusal("transform.failed");
    return await settle(powers, doing, call, result);
  } catch (error) {
    return fail(powers, doing, call, seen(error));
  }
}

/** Done: facts, budget, context and answer in one commit. */
function settle(powers: Powers, doing: Doing, call: Call, made: Made): Promise<InvocationReply> {
  return transact(powers, (draft) => {
    const run = draft.run(call.run);
    const used = { ...call.reserved, ...made.used };
    run.apply({ type: "settle", call: call.id, reserved: call.reserved, used }, { capability: call.capability });
    if (isTerminal(run.run)) {
      draft.put("call", call.id, { ...call, status: "failed", code: "run.ended" });
      return refused(run.run, "run.ended", `It is ${run.run.status.state}.`);
    }
    made.write(draft);
    for (const value of made.values) run.apply({ type: "valued", kind: value.kind }, { handle: value.handle });
    if (made.output !== undefined) {
      const context = join(run.run.context, made.label);
      run.apply({ type: "revealed", context, bits: made.capacity.bits, chars: made.capacity.chars }, { call: call.id });
      keepContext(draft, doing.asker.token, run.run);
    }
    const answer = { output: scrubbedValue(powers, made.output), values: made.values };
    const expires = draft.now + powers.settings.ttlMs;
    const blob = draft.sealJson("call", "answer.v1", run.run.conversation, made.label, answer, expires);
    draft.put("call", call.id, {
      ...call,
      status: "done",
      answer: blob,
      values: made.values.map((value) => value.handle),
    });
    return { status: "done" as const, ...answer, budget_left: left(run.run.budget), next: nextOf(run.run) };
  });
}

/** Refused or failed: the reservation goes back but for its step, and the ledger says the code, never a text. */
function fail(powers: Powers, doing: Doing, call: Call, refusal: Refusal): Promise<InvocationReply> {
  return transact(powers, (draft) => {
    const run = draft.run(call.run);
    run.apply(
      { type: "settle", call: call.id, reserved: call.reserved, used: { steps: 1 } },
      { capability: call.capability, code: refusal.code },
    );
    if (doing.manifest.effect === "none")
      run.note("transform.failed", { call: call.id, capability: call.capability, code: refusal.code });
    const reply = refused(run.run, refusal.code, refusal.hint);
    const status = reply.status === "failed" ? "failed" : "refused";
    abandonSteps(powers, draft, call, refusal.code);
    draft.put("call", call.id, { ...call, status, code: refusal.code, hint: refusal.hint ?? null });
    return reply;
  });
}

/** A person has to say yes: the run pauses, the call waits, the question goes out; one commit. */
function wait(invoking: Invoking, doing: Doing, call: Call, { ask }: Asked): Promise<InvocationReply> {
  const { powers } = invoking;
  return transact(powers, (draft) => {
    const run = draft.run(call.run);
    const asked = invoking.askPeople(draft, doing, ask);
    run.require({ type: "ask", approval: asked.id }, { call: call.id, capability: call.capability, rule: ask.rule });
    draft.put("call", call.id, { ...call, status: "waiting", approval: asked.id });
    return {
      status: "approval_required" as const,
      approval: { id: asked.id, expires_at: asked.expiresAt, where: asked.where },
      budget_left: left(run.run.budget),
      next: nextOf(run.run),
    };
  });
}
