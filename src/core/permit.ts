/** Proof that policy said yes and budget was reserved. Minted in one file, used once, never serialised. */
import { assert } from "./assert.ts";
import type { BlobId, CallId, RunId } from "./ids.ts";

export type PermitUse = "transform" | "request" | "render" | "send" | "prompt" | "names" | "secret" | "local" | "model";
const live = new WeakSet<Permit>();

/** What it allows: one use, of these blobs (or of a named secret), for this call. */
export class Permit {
  readonly use: PermitUse;
  readonly run: RunId | null;
  readonly call: CallId | null;
  /** Exactly the blobs that may be opened with it. */
  readonly blobs: ReadonlySet<BlobId>;
  readonly capability: string;

  constructor(use: PermitUse, scope: Omit<Permit, "use" | "toJSON">) {
    this.use = use;
    this.run = scope.run;
    this.call = scope.call;
    this.blobs = scope.blobs;
    this.capability = scope.capability;
  }

  toJSON(): never {
    throw new TypeError("a permit is never serialised");
  }
}

/** Called by src/gateway/permit.ts alone (test/tidy.test.ts). */
export function mintPermit(use: PermitUse, scope: Omit<Permit, "use" | "toJSON">): Permit {
  const permit = new Permit(use, scope);
  live.add(permit);
  return permit;
}

/** Spends the permit. Throws when it was forged, spent, or minted for another use. */
export function redeem(permit: Permit, use: PermitUse): Permit {
  assert(live.delete(permit), "a permit is spent once");
  assert(permit.use === use, "a permit serves the use it was minted for");
  return permit;
}
