/** Sizes in steps, so that neither a row nor a line of the ledger tells how long a message was (CONTRACT section 4). */
import { KIB } from "./limits.ts";

/** The length itself stands before the content. */
export const LENGTH_BYTES = 4;
const BUCKETS_BYTES = [256, KIB, 4 * KIB, 16 * KIB, 64 * KIB] as const;
const STEP_BYTES = 64 * KIB;

/** Bytes that content of this length takes once it is padded, its length included. */
export function paddedBytes(length: number): number {
  const framed = length + LENGTH_BYTES;
  return BUCKETS_BYTES.find((bucket) => framed <= bucket) ?? Math.ceil(framed / STEP_BYTES) * STEP_BYTES;
}
