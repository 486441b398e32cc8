/** The readers of files without their sandbox, for tests of what they say and of everything around them. */
import type { AttachmentReader, FileText, TextHint } from "../src/core/attachment.ts";
import { answerIn } from "../src/edge/attachment-reader.ts";
import { fileAnswer } from "../src/file-answer.ts";

/** The text of a file, or the word of the closed list that says why not. */
export function textOrWhy(bytes: Uint8Array, hint: TextHint = "txt"): FileText | string {
  const answer = fileAnswer(hint, bytes);
  return "read" in answer ? answer.read : answer.problem;
}

export class DirectReader implements AttachmentReader {
  /** Names never come here: only bytes and a kind of layout. */
  readonly hints: TextHint[] = [];

  async read(data: string, hint: TextHint): Promise<FileText> {
    this.hints.push(hint);
    const answer = fileAnswer(hint, Buffer.from(data, "base64"));
    return answerIn({ bytes: Buffer.from(JSON.stringify(answer)), code: 0 });
  }

  async close(): Promise<void> {}
}
