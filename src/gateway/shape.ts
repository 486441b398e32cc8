/** Is an invocation one at all: a capability that exists and is on, a reason, a key, an input of its schema? */
import type { Invocation } from "../core/agent.ts";
import type { CapabilityId, Manifest } from "../core/capability.ts";
import { JUSTIFICATION_CHARS_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import type { Catalogue } from "./capabilities.ts";

const KEY = /^[\x21-\x7e]{1,128}$/;

type Offered = { readonly catalogue: Catalogue; readonly isOn: (id: CapabilityId) => boolean };

export function checkedShape(
  invoking: Offered,
  invocation: Invocation,
): { readonly manifest: Manifest; readonly input: unknown } {
  const manifest = invoking.catalogue.manifests.get(invocation.capability as CapabilityId);
  if (manifest === undefined) throw new Refusal("capability.unknown");
  if (!invoking.isOn(manifest.id)) throw new Refusal("capability.disabled");
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
