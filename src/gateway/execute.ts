/**
 * After a yes the gateway itself runs the stored call, once; after a no, an expiry or a change it closes the call
 * (CONTRACT section 7).
 */
import { type Approval, type Bound, digestText } from "../core/approval.ts";
import { type ApprovalId, type BlobId, type ConversationId, hex, newId } from "../core/ids.ts";
import { BOTTOM, join, type Label, parseLabel } from "../core/label.ts";
import { DAY_MS } from "../core/limits.ts";
import type { Stop } from "../core/ports.ts";
import type { Call } from "../core/records.ts";
import { Refusal, type RefusalCode } from "../core/refusal.ts";
import type { Source } from "../core/value.ts";
import { type Answered, decide, step } from "./answer.ts";
import { policyDigest } from "./ask.ts";
import { askerOf } from "./asker.ts";
import { type FileCall, noteOpened, readApproved } from "./attachments.ts";
import { placeOf } from "./broker.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import { concludeRaise, EXTEND, performRaise, type RaiseCall } from "./extend.ts";
import { intend, sendApproved } from "./http-perform.ts";
import type { HttpCall } from "./http-request.ts";
import { shownRequest } from "./http-shape.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { issue, tokensIn } from "./pseudonyms.ts";
import { keepContext, noteSink, renderedReveal } from "./reveal.ts";
import { noteSaid } from "./said.ts";
import { post, say } from "./say.ts";
import { transact } from "./transact.ts";
import { type NewValue, writeValue } from "./values.ts";

/** The sealed call of an approval: exactly what was shown. */
export type Stored = {
  readonly call:
    | {
        readonly kind: "send";
        readonly conversation: ConversationId;
        readonly relation: string;
        readonly rendered: { readonly text: string; readonly label: Label; readonly sources: readonly Source[] };
      }
    | { readonly kind: "reveal"; readonly output: unknown; readonly value: NewValue }
    | HttpCall
    | FileCall
    | RaiseCall;
  readonly bound: Bound;
};

const CODE: Readonly<Partial<Record<Approval["status"]["state"], RefusalCode>>> = {
  denied: "approval.denied",
  expired: "approval.expired",
  void: "approval.void",
};

/** Closes the call of an approval that will not be: refused with its code, the budget back, the run going on. */
export function conclude(draft: Draft, approval: Approval): void {
  const code = CODE[approval.status.state];
  if (code !== undefined && approval.capability === EXTEND) {
    concludeRaise(draft, approval);
    return;
  }
  if (code === undefined || approval.run === null || approval.call === null) return;
  const call = draft.get("call", approval.call);
  if (call?.status !== "waiting") return;
  const run = draft.run(approval.run);
  run.apply({ type: "answered", approval: approval.id, granted: false }, { call: call.id });
  run.apply({ type: "settle", call: call.id, reserved: call.reserved, used: { steps: 1 } }, { code });
  draft.put("call", call.id, { ...call, status: "refused", code });
}

/** One answer on any surface: decided, and where it ended the question without a yes, the waiting call is closed. */
export function answered(powers: Powers, draft: Draft, ...answer: AnswerArgs): Answered {
  const result = decide(powers, draft, ...answer);
  if (!result.granted) conclude(draft, result.approval);
  return result;
}
type AnswerArgs = Parameters<typeof decide> extends [unknown, unknown, ...infer Rest] ? Rest : never;

/**
 * Carries out what was granted. Safe to call again: only a granted approval is consumed,
 * in the commit that has its effect. What takes time comes back as work that is still to be done.
 */
export async function carryOutApproved(powers: Powers, catalogue: Catalogue, id: ApprovalId): Promise<Carried> {
  const approval = powers.store.get("approval", id)?.value;
  if (approval?.status.state !== "granted" || approval.stored === null) return null;
  const stored = await storedOf(powers, approval.capability, approval.stored);
  return transact(powers, (draft) => {
    const now = draft.get("approval", id);
    if (now?.status.state !== "granted") return null;
    const problem = changed(powers, catalogue, draft, now, stored);
    const after =
      problem === null
        ? step(draft, now, { type: "consume", digest: digestOf(powers, stored) }, "daemon")
        : step(draft, now, { type: "void", reason: problem }, "daemon");
    if (after.status.state === "consumed") return perform(powers, draft, after, stored);
    conclude(draft, after);
    return null;
  });
}

/** What was asked for, opened. */
export function storedOf(powers: Powers, capability: string, blob: BlobId): Promise<Stored> {
  const permit = grantPermit({ by: "gateway", why: "prompt" }, "prompt", capability, [blob]);
  const read = (bytes: Uint8Array = new Uint8Array()) => JSON.parse(powers.hashing.text(bytes)) as Stored;
  return powers.store.open(permit, [blob], ([opened]) => read(opened?.bytes));
}

/** What takes its time and was begun: a web request, a file. Null when nothing is left to do. */
export type Carried = ((stop: Stop) => Promise<void>) | null;

/** The digest as it follows from what is about to be done, not as it was written down. */
function digestOf(powers: Powers, { call, bound }: Stored): string {
  const bytes = powers.hashing.utf8(renderedCall(call));
  const rendered = hex(powers.hashing.sha256(bytes));
  return hex(
    powers.hashing.sha256(powers.hashing.utf8(digestText({ ...bound, label: parseLabel(bound.label), rendered }))),
  );
}

function renderedCall(call: Stored["call"]): string {
  switch (call.kind) {
    case "send":
      return call.rendered.text;
    case "reveal":
      return renderedReveal(call.output);
    case "http":
      return shownRequest(call.prepared);
    case "raise":
    case "file":
      return call.text;
  }
}

/** What makes a yes worthless: the run went on, another policy or version, a source that changed. */
function changed(
  powers: Powers,
  catalogue: Catalogue,
  draft: Draft,
  approval: Approval,
  { bound, call }: Stored,
): "run_ended" | "changed" | "edited" | null {
  const run = approval.run === null ? null : draft.run(approval.run).run;
  const isWaiting = run?.status.state === "paused.approval" && run.status.approval === approval.id;
  if (!isWaiting) return "run_ended";
  if (bound.policy !== policyDigest(powers)) return "changed";
  if (call.kind === "raise") return null;
  const manifest = [...catalogue.manifests.values()].find(({ id }) => id === approval.capability);
  if (manifest?.version !== approval.version) return "changed";
  if (call.kind === "http" && call.secrets.some((it) => isOther(powers, it))) return "changed";
  const { sources } = call.kind === "send" ? call.rendered : call.kind === "reveal" ? call.value : call;
  return sources.some(({ message, revision }) => powers.store.message(message)?.revision !== revision)
    ? "edited"
    : null;
}

/** Another value than the one that was there when it was asked: that yes was for the other. */
const isOther = ({ store, settings }: Powers, { name, version }: HttpCall["secrets"][number]): boolean =>
  version !== null && store.secretVersion(settings.tenant, name) !== version;

function perform(powers: Powers, draft: Draft, approval: Approval, { call: what }: Stored): Carried {
  if (what.kind === "raise") {
    performRaise(draft, approval, what);
    return null;
  }
  const call = approval.call === null ? null : draft.get("call", approval.call);
  if (call === null || approval.run === null) throw new Refusal("internal");
  const run = draft.run(approval.run);
  run.require({ type: "answered", approval: approval.id, granted: true }, { call: call.id });
  if (what.kind === "send") performSend(powers, draft, approval, call, what);
  if (what.kind === "reveal") performReveal(powers, draft, approval, call, what);
  if (what.kind === "file") {
    noteOpened(draft, run, call.id, what);
    return () => readApproved(powers, call.id, what);
  }
  if (what.kind !== "http") return null;
  const handle = newId("Handle", powers.random.bytes(16));
  intend(draft, call.id, call.run, what);
  const sink = placeOf(what.host);
  run.note("label.lowered", { call: call.id, by: "human.release", digest: approval.digest, sink });
  return (stop) => sendApproved(powers, call.id, what, handle, stop);
}

function performSend(
  powers: Powers,
  draft: Draft,
  approval: Approval,
  call: Call,
  send: Extract<Stored["call"], { kind: "send" }>,
): void {
  const target = draft.get("conversation", send.conversation);
  const run = draft.run(call.run);
  const settle = (used: number): void => {
    const cost = { steps: 1, egress_bytes: used };
    run.apply({ type: "settle", call: call.id, reserved: call.reserved, used: cost }, { capability: call.capability });
  };
  if (target === null || target.status !== "allowed" || target.closed) {
    settle(0);
    draft.put("call", call.id, { ...call, status: "refused", code: "conversation.unknown", approval: approval.id });
    return;
  }
  const isOwn = target.id === run.run.conversation;
  const where = { conversation: target, thread: isOwn ? run.run.thread : null };
  const message = post(
    draft,
    where,
    { op: "text", text: send.rendered.text },
    parseLabel(send.rendered.label),
    run.run.id,
    { call: call.id, approval: approval.id },
  );
  const sources = send.rendered.sources.map((source) => source.message);
  noteSaid(draft, message, { channel: target.channel, conversation: target.id, run: run.run.id }, sources);
  run.note("label.lowered", { call: call.id, by: "human.release", digest: approval.digest, sink: target.id });
  // Sending what was asked for is an answer: the room that asked reads that it happened.
  run.apply({ type: "replied" }, { call: call.id });
  if (!isOwn) {
    const origin = draft.need("conversation", run.run.conversation);
    say(
      draft,
      { conversation: origin, thread: run.run.thread, replyTo: run.run.request },
      `Done: it goes to ${target.alias ?? "the direct chat"}.`,
      run.run.id,
    );
  }
  settle(2 * send.rendered.text.length);
  const said = { output: { delivered: "queued", message }, values: [] };
  const answer = draft.sealJson(
    "call",
    "answer.v1",
    run.run.conversation,
    BOTTOM,
    said,
    draft.now + powers.settings.ttlMs,
  );
  draft.put("call", call.id, { ...call, status: "done", answer, approval: approval.id });
}

function performReveal(
  powers: Powers,
  draft: Draft,
  approval: Approval,
  call: Call,
  { value, output }: Extract<Stored["call"], { kind: "reveal" }>,
): void {
  const run = draft.run(call.run);
  const label = parseLabel(value.label);
  const expires = draft.now + DAY_MS;
  run.apply(
    { type: "settle", call: call.id, reserved: call.reserved, used: { steps: 1 } },
    { capability: call.capability },
  );
  run.apply(
    { type: "revealed", context: join(run.run.context, label), bits: 0, chars: 0 },
    { call: call.id, approval: approval.id },
  );
  const asker = askerOf(powers, run.run);
  keepContext(draft, asker.token, run.run);
  noteSink(draft, asker, call.id, label);
  issue(draft, run.run.id, tokensIn(JSON.stringify(output)));
  const shown = writeValue(draft, run.run.id, { ...value, label }, output, expires);
  const answer = draft.sealJson("call", "answer.v1", run.run.conversation, label, { output, values: [shown] }, expires);
  draft.put("call", call.id, { ...call, status: "done", answer, approval: approval.id, values: [value.handle] });
  run.note("label.lowered", { call: call.id, by: "human.release", digest: approval.digest, sink: run.run.agent });
}
