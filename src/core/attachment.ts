/** What is read out of an attachment, why it may not be, and the port behind which that happens (CONTRACT, 5). */

export const FILE_TYPES = ["txt", "md", "csv", "json", "pdf", "docx"] as const;
export type FileType = (typeof FILE_TYPES)[number];

/**
 * Why a file gives no text. `opaque`: of no kind that is read. `empty`: no text in it, as a scan has none. `locked`:
 * encrypted. `broken`: not what its kind asks for. `refused`: made to hurt, or beyond a limit.
 */
export const FILE_PROBLEMS = ["opaque", "empty", "locked", "broken", "refused"] as const;
export type FileProblem = (typeof FILE_PROBLEMS)[number];

export type FileText = {
  readonly type: FileType;
  /** Of a PDF; null where there are none. */
  readonly pages: number | null;
  /** Normalised: nothing invisible in it. */
  readonly text: string;
  /** There was more than is read. */
  readonly cut: boolean;
};

/** Which of the kinds of plain text a name or a media type claims. It never decides between text and anything else. */
export type TextHint = Exclude<FileType, "pdf" | "docx">;

export interface AttachmentReader {
  /**
   * Rejects with `attachment.opaque`, `attachment.refused`, `transform.timeout`, `transform.failed` (the child broke
   * its word), `rate.limited` or, where no walls hold, `capability.unknown`. No text of the file is in any of them.
   * `data` is base64.
   */
  read(data: string, hint: TextHint, deadlineMs: number): Promise<FileText>;
  close(): Promise<void>;
}
