/** Files: fetched through the homeserver alone, capped while they come, proved before they are opened. */
import { createDecipheriv, createHash, timingSafeEqual } from "node:crypto";
import { ATTACHMENT_BYTES_MAX } from "../../src/core/limits.ts";
import { EncryptedFile } from "./event.ts";
import type { FileRef } from "./questions.ts";

/** Asks a server on the network. */
export type Ask = (
  url: string,
  asking: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal: AbortSignal;
    readonly redirect: "error";
  },
) => Promise<{ readonly status: number; readonly body: AsyncIterable<Uint8Array> | null }>;

const MXC = /^mxc:\/\/([^/]{1,255})\/([A-Za-z0-9_-]{1,255})$/;

/** Null for what is too large, not there, or not what was announced. Throws what the network throws. */
export async function fileBytes(
  ask: Ask,
  { homeserver, token }: { readonly homeserver: string; readonly token: string },
  { url, sealed }: FileRef,
  stop: AbortSignal,
): Promise<Uint8Array | null> {
  const [, server, id] = MXC.exec(url) ?? [];
  if (server === undefined || id === undefined) return null;
  const file = `${encodeURIComponent(server)}/${encodeURIComponent(id)}`;
  const place = `${homeserver}/_matrix/client/v1/media/download/${file}`;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await ask(place, { method: "GET", headers, signal: stop, redirect: "error" });
  if (answer.status !== 200 || answer.body === null) return null;
  const bytes = await capped(answer.body);
  return bytes === null || sealed === null ? bytes : opened(bytes, sealed);
}

/** All of it, or null as soon as it is more than an attachment may be. */
export async function capped(body: AsyncIterable<Uint8Array>): Promise<Buffer | null> {
  const pieces: Uint8Array[] = [];
  let count = 0;
  for await (const piece of body) {
    count += piece.length;
    if (count > ATTACHMENT_BYTES_MAX) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** AES-CTR proves nothing by itself: the hash that came encrypted with the event does (Matrix specification 11.10). */
export function opened(bytes: Uint8Array, sealed: string): Uint8Array | null {
  const parsed = EncryptedFile.safeParse(JSON.parse(sealed));
  if (!parsed.success) return null;
  const { key, iv, hashes } = parsed.data;
  const expected = Buffer.from(hashes.sha256, "base64");
  const got = createHash("sha256").update(bytes).digest();
  if (expected.length !== got.length || !timingSafeEqual(expected, got)) return null;
  const [secret, start] = [Buffer.from(key.k, "base64url"), Buffer.from(iv, "base64")];
  if (secret.length !== 32 || start.length !== 16) return null;
  const cipher = createDecipheriv("aes-256-ctr", secret, start);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}
