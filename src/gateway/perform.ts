/** What a yes does where nothing takes time: a text goes out, a value is shown. In the commit that consumes it. */
import type { Approval } from "../core/approval.ts";
import type { ConversationId } from "../core/ids.ts";
import { BOTTOM, join, type Label, parseLabel } from "../core/label.ts";
import { DAY_MS } from "../core/limits.ts";
import type { Call } from "../core/records.ts";
import type { Source } from "../core/value.ts";
import { askerOf } from "./asker.ts";
import type { Draft } from "./draft.ts";
import type { Powers } from "./powers.ts";
import { issue, tokensIn } from "./pseudonyms.ts";
import { keepContext, noteSink } from "./reveal.ts";
import { noteSaid } from "./said.ts";
import { post, say } from "./say.ts";
import { type NewValue, writeValue } from "./values.ts";

export type SendCall = {
  readonly kind: "send";
  readonly conversation: ConversationId;
  readonly relation: string;
  readonly rendered: { readonly text: string; readonly label: Label; readonly sources: readonly Source[] };
};
export type RevealCall = { readonly kind: "reveal"; readonly output: unknown; readonly value: NewValue };

export function performSend(powers: Powers, draft: Draft, approval: Approval, call: Call, send: SendCall): void {
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
  if (!isOwn && approval.plan === undefined) {
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

export function performReveal(
  powers: Powers,
  draft: Draft,
  approval: Approval,
  call: Call,
  { value, output }: RevealCall,
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
