/** The one place that mints permits: after policy said yes and the budget was reserved (HOUSE section 4). */

import type { BlobId, CallId, RunId } from "../core/ids.ts";
import { mintPermit, type Permit, type PermitUse } from "../core/permit.ts";

/**
 * A grant is what decided it: a settled reservation of a run, an approval that was consumed,
 * or the owner at the socket.
 */
export type Grant =
  | { readonly by: "run"; readonly run: RunId; readonly call: CallId; readonly reserved: true }
  | { readonly by: "gateway"; readonly why: "drain" | "render" | "send" | "prompt" | "names" | "owner" };

export function grantPermit(grant: Grant, use: PermitUse, capability: string, blobs: Iterable<BlobId>): Permit {
  return mintPermit(use, {
    run: grant.by === "run" ? grant.run : null,
    call: grant.by === "run" ? grant.call : null,
    blobs: new Set(blobs),
    capability,
  });
}
