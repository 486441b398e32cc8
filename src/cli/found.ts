/** What a reader of an export finds, one after the other, with the line of the file it stands on. */
import type { ImportLine } from "../core/verbs/care.ts";

/** Why something of an export is not imported although nothing is wrong with it. */
export const LEFT_OUT = {
  service: "about the room itself",
  media: "media without text",
  undecryptable: "that could not be decrypted",
  deleted: "deleted there",
  edit: "edits, applied to what they changed",
} as const;
export type LeftOut = keyof typeof LEFT_OUT;

export type Found = { readonly line: number } & (
  | { readonly what: "message"; readonly message: ImportLine }
  | { readonly what: "left"; readonly why: LeftOut }
  | { readonly what: "bad"; readonly reason: string }
);

/** Reads pieces of a file's text; may be called twice, since a file is checked before it is sent. */
export type Reader = (pieces: () => AsyncIterable<string>) => AsyncIterable<Found>;
