/** Ids of ours are a prefix and 128 bits in hexadecimal; where there are many of them, the disk keeps the 16 bytes. */
import { assert } from "../core/assert.ts";
import type { BlobId, MessageId, PrincipalId, ThreadId } from "../core/ids.ts";

const HEX_CHARS = 32;

export function idBytes(id: string): Buffer {
  const bytes = Buffer.from(id.slice(-HEX_CHARS), "hex");
  assert(bytes.length === HEX_CHARS / 2, "an id ends with 32 hexadecimal digits");
  return bytes;
}

const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
export const blobId = (bytes: Uint8Array): BlobId => `blob_${hexOf(bytes)}` as BlobId;
export const messageId = (bytes: Uint8Array): MessageId => `msg_${hexOf(bytes)}` as MessageId;
export const principalId = (bytes: Uint8Array): PrincipalId => `prn_${hexOf(bytes)}` as PrincipalId;
export const threadId = (bytes: Uint8Array): ThreadId => `thr_${hexOf(bytes)}` as ThreadId;
