/** Why a channel's stream broke off: a code and, where the network said so, how long to stay away. */
import type { OutcomeCode } from "./outbox.ts";

/**
 * conflict: somebody else reads as the same account. in_use: another of our own channels does. device: the token is
 * another device's than the keys. store: keys or sync state do not open or cannot be written. identity: the account
 * has one that we cannot open, or ours is not published.
 */
export type ChannelFaultCode = OutcomeCode | "conflict" | "in_use" | "device" | "store" | "identity";

export class ChannelFault extends Error {
  override readonly name = "ChannelFault";
  readonly code: ChannelFaultCode;
  readonly retryAfterMs: number | null;

  constructor(code: ChannelFaultCode, retryAfterMs: number | null = null) {
    super(`The stream broke off (${code}).`);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
