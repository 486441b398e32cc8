/** What comes of a call that is asked for: it may begin, it is known, somebody is asked, or it is turned away. */
import type { InvocationReply } from "../core/agent.ts";
import type { Manifest } from "../core/capability.ts";
import type { Call } from "../core/records.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Asker } from "./asker.ts";
import type { Draft } from "./draft.ts";
import type { RunDraft } from "./transition.ts";

export type Admitted =
  | { readonly asker: Asker; readonly call: Call }
  | { readonly known: Call }
  | { readonly asked: InvocationReply }
  | { readonly refusal: Refusal };

/** Not begun: what it set aside goes back but for its step. */
export function turnedAway(run: RunDraft, draft: Draft, call: Call, manifest: Manifest, refusal: Refusal): Admitted {
  run.apply({ type: "settle", call: call.id, reserved: manifest.cost, used: { steps: 1 } }, { code: refusal.code });
  draft.put("call", call.id, { ...call, status: "refused", code: refusal.code });
  return { refusal };
}
