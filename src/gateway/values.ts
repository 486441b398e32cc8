/** Writes a value: its sealed output, its label and where it came from. */
import type { RevealedValue } from "../core/agent.ts";
import type { RunId } from "../core/ids.ts";
import type { Value } from "../core/value.ts";
import { labelWords } from "./call.ts";
import type { Draft } from "./draft.ts";

export type NewValue = Pick<Value, "handle" | "conversation" | "tier" | "kind" | "schema" | "label" | "sources">;

export function writeValue(
  draft: Draft,
  run: RunId,
  made: NewValue,
  output: unknown,
  expiresAt: number,
  remade = false,
): RevealedValue {
  const blob = draft.sealJson("value", made.schema, made.conversation, made.label, output, expiresAt);
  const chars = JSON.stringify(output).length;
  draft.put("value", made.handle, {
    ...made,
    tenant: draft.tenant,
    run,
    blob,
    chars,
    remade,
    createdAt: draft.now,
    expiresAt,
  });
  return viewOf(made, chars);
}

export const viewOf = (made: NewValue, chars: number): RevealedValue => ({
  handle: made.handle,
  kind: made.kind,
  label: labelWords(made.label),
  chars,
});
