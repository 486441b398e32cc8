/** Who a message says does something: its writer, or somebody it names. */
import type { Turn } from "../../src/core/transform.ts";
import { plain } from "../text/sentences.ts";
import { mentions } from "./question.ts";

const OWN = new RegExp(
  String.raw`^(?:(?:ok|okay|yes|sure|fine|well|ja|klar|oui|sí|vale)[,!.]? )*(?:i(?:'ll|'m|'ve|'d| )|me\b|mine\b` +
    String.raw`|my \p{L}+|let me\b|ich\b|je\b|j'|moi\b|yo\b)`,
  "iu",
);
const TOKEN = /(?<![\p{L}\p{N}_])PERSON_[0-9a-f]{4,64}(?![\p{L}\p{N}_])/u;
const WRITER = /(?<![\p{L}])(?:i|me|ich|je|moi|yo)(?![\p{L}])/iu;

/** Null when it names nobody and does not speak of its writer. */
export function personIn({ sender, text }: Turn, senders: readonly string[]): string | null {
  const said = plain(text);
  if (OWN.test(said)) return sender;
  const named = senders.find((other) => mentions(said, other)) ?? TOKEN.exec(said)?.[0];
  if (named !== undefined) return named;
  return WRITER.test(said) ? sender : null;
}
