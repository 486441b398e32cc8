/** What the readers of files ask of the platform, and a reader without a sandbox for tests of everything around it. */
import { constants, inflateRawSync, inflateSync } from "node:zlib";
import type { AttachmentReader, FileText, TextHint } from "../src/core/attachment.ts";
import { answerIn } from "../src/edge/attachment-reader.ts";
import { type FilePowers, Unreadable } from "../transforms/files/meter.ts";
import { readFile } from "../transforms/files/read-file.ts";

const FILE_POWERS: FilePowers = {
  inflate: (bytes, how, max) => {
    const options = { maxOutputLength: Math.max(1, max) };
    try {
      if (how === "zlib") return inflateSync(bytes, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
      return inflateRawSync(bytes, options);
    } catch (error) {
      return (error as { readonly code?: string }).code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : null;
    }
  },
  utf8: (bytes) => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // Not UTF-8.
      return null;
    }
  },
};

/** The text of a file, or the word of the closed list that says why not. */
export function textOrWhy(bytes: Uint8Array, hint: TextHint = "txt"): FileText | string {
  try {
    return readFile(bytes, hint, FILE_POWERS);
  } catch (error) {
    if (error instanceof Unreadable) return error.why;
    throw error;
  }
}

export class DirectReader implements AttachmentReader {
  readonly walls = "none";
  /** Names never come here: only bytes and a kind of layout. */
  readonly hints: TextHint[] = [];

  async read(data: string, hint: TextHint): Promise<FileText> {
    this.hints.push(hint);
    const found = textOrWhy(Buffer.from(data, "base64"), hint);
    const said = typeof found === "string" ? { problem: found } : { read: found };
    return answerIn({ bytes: Buffer.from(JSON.stringify(said)), code: 0 });
  }

  async close(): Promise<void> {}
}
