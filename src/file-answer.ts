/** The readers of files with what they need of the platform: bytes to their text, or why there is none. */
import { constants, inflateRawSync, inflateSync } from "node:zlib";
import { type FilePowers, Unreadable } from "../transforms/files/meter.ts";
import { readFile } from "../transforms/files/read-file.ts";
import type { FileProblem, FileText, TextHint } from "./core/attachment.ts";

const powers: FilePowers = {
  inflate: (bytes, how, max) => {
    const options = { maxOutputLength: Math.max(1, max) };
    try {
      // Writers of PDF end streams early; what came until then is the stream.
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
      // Not UTF-8 is an answer here.
      return null;
    }
  },
};

export type FileAnswer = { readonly read: FileText } | { readonly problem: FileProblem };

/** Never throws: whatever goes wrong over a file is the file's doing. */
export function fileAnswer(hint: TextHint, bytes: Uint8Array): FileAnswer {
  try {
    return { read: readFile(bytes, hint, powers) };
  } catch (error) {
    return { problem: error instanceof Unreadable ? error.why : "broken" };
  }
}
