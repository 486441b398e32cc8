/** Does an invocation fit its capability at all? Judged before anything is decided or reserved. */
import type { Invocation } from "../core/agent.ts";
import type { CapabilityId, Manifest } from "../core/capability.ts";
import type { RunId } from "../core/ids.ts";
import { JUSTIFICATION_CHARS_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/run.ts";
import { seen } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

type Shaping = {
  readonly powers: Powers;
  readonly catalogue: Catalogue;
  readonly isOn: (id: CapabilityId) => boolean;
};
type Shape = { readonly manifest: Manifest; readonly input: unknown };

const KEY = /^[\x21-\x7e]{1,128}$/;

function checked({ catalogue, isOn }: Shaping, invocation: Invocation): Shape {
  const manifest = catalogue.manifests.get(invocation.capability as CapabilityId);
  if (manifest === undefined) throw new Refusal("capability.unknown");
  if (!isOn(manifest.id)) throw new Refusal("capability.disabled");
  const { justification, idempotency_key: key } = invocation;
  if (justification.length < 1 || justification.length > JUSTIFICATION_CHARS_MAX) {
    throw new Refusal("input.invalid", { field: "justification", hint: "Say why in 1 to 200 characters." });
  }
  if (!KEY.test(key))
    throw new Refusal("input.invalid", { field: "idempotency_key", hint: "1 to 128 printable characters." });
  const parsed = manifest.input.safeParse(invocation.input ?? {});
  if (parsed.success) return { manifest, input: parsed.data };
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") ?? "";
  throw new Refusal("input.invalid", {
    field,
    hint: `${field === "" ? "input" : field}: ${issue?.code ?? "does not fit"}`,
  });
}

/** What does not fit costs its step and is written down: asking for ever ends, and the ledger says what was tried. */
export async function shapeOf(shaping: Shaping, runId: RunId, invocation: Invocation): Promise<Shape> {
  try {
    return checked(shaping, invocation);
  } catch (error) {
    const { code } = seen(error);
    await transact(shaping.powers, (draft) => {
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
