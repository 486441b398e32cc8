/** Closes a call that was carried out after a yes: value, budget, context and answer in the batch of its outcome. */
import type { Amounts } from "../core/budget.ts";
import type { Capacity } from "../core/capability.ts";
import { join } from "../core/label.ts";
import { DAY_MS } from "../core/limits.ts";
import type { Call } from "../core/records.ts";
import type { RefusalCode } from "../core/refusal.ts";
import type { Asker } from "./asker.ts";
import type { Draft } from "./draft.ts";
import { keepContext, labelAt, noteSink } from "./reveal.ts";
import { type NewValue, writeValue } from "./values.ts";

export type Closing = {
  /** What is said by value; the rest is `kept` behind the handle. */
  readonly output: object;
  readonly kept: object;
  readonly value: NewValue;
  readonly capacity: Capacity;
  readonly used: Partial<Amounts>;
};

export function closeDone(draft: Draft, { token, ...asker }: Asker, record: Call, closing: Closing): void {
  const { output, kept, value, capacity, used } = closing;
  const { id, capability, reserved } = record;
  const run = draft.run(record.run);
  const label = labelAt("A", value.label);
  const expires = draft.now + DAY_MS;
  run.apply({ type: "settle", call: id, reserved, used }, { capability });
  run.apply({ type: "valued", kind: value.kind }, { handle: value.handle });
  const context = join(run.run.context, label);
  run.apply({ type: "revealed", context, ...capacity }, { call: id });
  keepContext(draft, token, run.run);
  noteSink(draft, { token, ...asker }, id, value.label);
  const shown = writeValue(draft, record.run, value, kept, expires);
  const said = { output, values: [shown] };
  const answer = draft.sealJson("call", "answer.v1", run.run.conversation, value.label, said, expires);
  draft.put("call", id, { ...record, status: "done", answer, values: [value.handle] });
}

export function closeFailed(
  draft: Draft,
  record: Call,
  status: "failed" | "unknown",
  used: Partial<Amounts>,
  { code, hint }: { readonly code: RefusalCode; readonly hint?: string | undefined },
): void {
  const { id, reserved } = record;
  draft.run(record.run).apply({ type: "settle", call: id, reserved, used }, { code });
  draft.put("call", id, { ...record, status, code, hint: hint ?? null });
}
