/** The blob format: what is bound to sealed content, and how its size is hidden (CONTRACT section 4). */
import type { SealDraft } from "../core/batch.ts";
import { LENGTH_BYTES, paddedBytes } from "../core/padding.ts";
import { context, open, openStream, SealBroken, seal, sealStream } from "./seal.ts";

/** What the seal is bound to. A blob that was moved to another row, conversation, tenant or label does not open. */
export type BlobContext = {
  readonly id: string;
  readonly tenant: string;
  readonly conversation: string;
  readonly kind: SealDraft["kind"];
  readonly schema: string;
  /** Canonical text of the label. */
  readonly label: string;
  readonly created: number;
};

const BLOB_DOMAIN = "lazaret.blob.v1";
const KEY_DOMAIN = "lazaret.key.v1";

/** u32be length ‖ content ‖ zeros up to `size`. */
export function padded(content: Uint8Array, size: number): Buffer {
  const frame = Buffer.allocUnsafe(size);
  frame.writeUInt32BE(content.length);
  frame.set(content, LENGTH_BYTES);
  frame.fill(0, LENGTH_BYTES + content.length);
  return frame;
}

/** The content of a frame: a view of it, so wiping the frame wipes both. */
export function unpadded(frame: Uint8Array): Uint8Array {
  if (frame.length < LENGTH_BYTES) throw new SealBroken("padding");
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  if (length > frame.length - LENGTH_BYTES) throw new SealBroken("padding");
  return frame.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
}

const blobAad = (c: BlobContext): Buffer =>
  context(BLOB_DOMAIN, [c.id, c.tenant, c.conversation, c.kind, c.schema, c.label, c.created]);

/** Attachments are sealed as a stream of chunks, everything else whole. */
export function sealBlob(key: Uint8Array, of: BlobContext, content: Uint8Array, salt: Uint8Array): Buffer {
  const frame = padded(content, paddedBytes(content.length));
  const sealed = (of.kind === "attachment" ? sealStream : seal)(key, blobAad(of), frame, salt);
  frame.fill(0);
  return sealed;
}

/** Throws SealBroken. The caller wipes what it gets. */
export function openBlob(key: Uint8Array, of: BlobContext, sealed: Uint8Array): Uint8Array {
  return unpadded((of.kind === "attachment" ? openStream : open)(key, blobAad(of), sealed));
}

/** Whose key it is, what wraps it, and the epoch in which that wrapping key was drawn. */
export type KeyContext = { readonly id: string; readonly parent: string; readonly epoch: number };
const keyAad = (c: KeyContext): Buffer => context(KEY_DOMAIN, [c.id, c.parent, c.epoch]);

export const wrapKey = (parent: Uint8Array, of: KeyContext, key: Uint8Array, salt: Uint8Array): Buffer =>
  seal(parent, keyAad(of), key, salt);
export const unwrapKey = (parent: Uint8Array, of: KeyContext, wrapped: Uint8Array): Uint8Array =>
  open(parent, keyAad(of), wrapped);
