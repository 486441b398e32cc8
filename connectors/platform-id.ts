/** Identifiers as networks give them, made fit for an envelope (CONTRACT section 2). */
import { createHash } from "node:crypto";
import { PlatformId } from "../src/core/message.ts";

const HASHED = /^sha256:[0-9a-f]{64}$/;

/**
 * The id itself when it is at most 255 printable characters, otherwise `sha256:` and the hash of its UTF-8 bytes. An
 * id that already looks like such a hash is hashed too, so that nobody can pose as a sender whose id had to be
 * hashed. Expects well-formed text: lone surrogates would make two ids one.
 */
export function platformId(raw: string): string {
  if (!HASHED.test(raw) && PlatformId.safeParse(raw).success) return raw;
  return `sha256:${createHash("sha256").update(raw, "utf8").digest("hex")}`;
}
