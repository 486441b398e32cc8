/** Who knocks: HMAC-SHA256 over timestamp and raw bytes, checked before anything is parsed (CONTRACT section 13). */
import { createHmac, timingSafeEqual } from "node:crypto";
import { HOOK_SECRET_BYTES_MIN, HOOK_SKEW_SECONDS_MAX } from "../src/core/limits.ts";
import type { HookHeaders } from "../src/core/ports.ts";
import { Refusal } from "../src/core/refusal.ts";

export const TIMESTAMP_HEADER = "x-lazaret-timestamp";
export const SIGNATURE_HEADER = "x-lazaret-signature";

/** Lends the secret for the length of `use` and rejects when there is none. The bytes are not kept. */
export type WithSecret = <T>(use: (secret: Uint8Array) => T | Promise<T>) => Promise<T>;

// Ten digits reach the year 2286; a leading zero would be a second spelling of the same moment.
const TIMESTAMP = /^[1-9][0-9]{0,10}$/;
const SIGNATURE = /^v1=([0-9a-fA-F]{64})$/;

const digestOf = (secret: Uint8Array, timestamp: string, signed: Uint8Array): Buffer =>
  createHmac("sha256", secret).update(`${timestamp}.`).update(signed).digest();

/** The signature header's value for these bytes. `timestamp` is in whole unix seconds, as text. */
export const hookSignature = (secret: Uint8Array, timestamp: string, signed: Uint8Array): string =>
  `v1=${digestOf(secret, timestamp, signed).toString("hex")}`;

/**
 * Resolves when `signed` carries a signature of the channel's secret that is at most 300 seconds away from `now`
 * (milliseconds). Otherwise `auth.required` (no signature), `auth.denied` (malformed, wrong, or right but too old or
 * too new), `channel.down` (no usable secret). Only somebody who has the secret learns that his clock is wrong.
 */
export async function checkHook(
  headers: HookHeaders,
  signed: Uint8Array,
  now: number,
  withSecret: WithSecret,
): Promise<void> {
  const timestamp = soleHeader(headers, TIMESTAMP_HEADER);
  const signature = soleHeader(headers, SIGNATURE_HEADER);
  if (timestamp === null || signature === null)
    throw new Refusal("auth.required", { hint: "sign the request with X-Lazaret-Timestamp and X-Lazaret-Signature" });
  const claimed = SIGNATURE.exec(signature)?.[1];
  if (claimed === undefined || !TIMESTAMP.test(timestamp)) throw wrong();
  const verdict = await judge(withSecret, timestamp, signed, Buffer.from(claimed, "hex"));
  if (verdict === "unusable")
    throw new Refusal("channel.down", { hint: "the channel's secret is missing or shorter than 32 bytes" });
  if (verdict === "wrong") throw wrong();
  if (Math.abs(now - Number(timestamp) * 1000) > HOOK_SKEW_SECONDS_MAX * 1000)
    throw new Refusal("auth.denied", { hint: "the timestamp is more than 300 seconds away from this machine's clock" });
}

const wrong = (): Refusal => new Refusal("auth.denied", { hint: "the signature does not fit the bytes that arrived" });

async function judge(
  withSecret: WithSecret,
  timestamp: string,
  signed: Uint8Array,
  claimed: Buffer,
): Promise<"right" | "wrong" | "unusable"> {
  try {
    return await withSecret((secret) => {
      if (secret.length < HOOK_SECRET_BYTES_MIN) return "unusable";
      return timingSafeEqual(digestOf(secret, timestamp, signed), claimed) ? "right" : "wrong";
    });
  } catch {
    // Whatever the vault says stays inside: its error may name the secret. Without a secret nobody is let in.
    return "unusable";
  }
}

/**
 * The one value of a header, null when it is absent. Refuses a header that came twice: two readers could read two
 * values.
 */
function soleHeader(headers: HookHeaders, name: string): string | null {
  const values = Object.keys(headers)
    .filter((key) => key.toLowerCase() === name)
    .flatMap((key) => headers[key] ?? []);
  if (values.length > 1) throw wrong();
  return values[0] ?? null;
}
