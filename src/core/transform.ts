/** The contract of a transform: text in, schema-checked value out, nothing else reachable (CONTRACT sections 3, 5). */
import type { z } from "zod";

/** One message as a transform sees it. The sender is a pseudonym, and under `lazaret try` the name as given. */
export type Turn = {
  /** Position in the range that was asked for, from 0; outputs name their sources by it. */
  readonly index: number;
  readonly sender: string;
  /** Normalised text (transforms/text/unicode.ts), never the original bytes. */
  readonly text: string;
  /** Milliseconds since 1970 UTC; null when the network did not say. */
  readonly sentAt: number | null;
  /** Offset of the reader's time zone from UTC at `sentAt`, in minutes, east positive. */
  readonly offsetMinutes: number;
  /** Index of the message this one replies to, when it is in the range. */
  readonly replyTo: number | null;
  /** How many attachments came with it. None of them was read. */
  readonly media: number;
};

/** What is masked in text that leaves a transform. */
export type MaskKind =
  | "PERSON"
  | "ORG"
  | "PLACE"
  | "ADDRESS"
  | "PHONE"
  | "EMAIL"
  | "HANDLE"
  | "URL"
  | "IP"
  | "MAC"
  | "CARD"
  | "IBAN"
  | "ID"
  | "SECRET"
  | "DATE"
  | "GEO"
  | "PLATE"
  | "WORD"
  | "CODE";

/** A stretch of the input, half open, in UTF-16 units. */
export type Span = { readonly start: number; readonly end: number; readonly type: MaskKind };

/** What the caller knows and hands in, because a transform can look nothing up. All functions are pure and cheap. */
export type Surroundings = {
  /** Persons known to be in the conversation: every way their name is written, and the token that stands for them. */
  readonly people: readonly { readonly names: readonly string[]; readonly token: string }[];
  /** A stable token for something found in the text, such as `PERSON_7f3a` or `PHONE_1b20`. */
  readonly tokenOf: (kind: MaskKind, text: string) => string;
  /** Is this lower-case word an ordinary word of the language? The list is a data file that main reads. */
  readonly isOrdinaryWord: (lowerCaseWord: string) => boolean;
  /** Is this lower-case word known as a given name or a surname? */
  readonly isName: (lowerCaseWord: string) => boolean;
  /** ISO 639-1 code of the conversation's language, `en` when nobody said. */
  readonly language: string;
  /** Milliseconds since 1970 UTC at the moment of the request, and the reader's offset then, in minutes. */
  readonly now: number;
  readonly nowOffsetMinutes: number;
  /** There when a model may be asked. */
  readonly model?: ModelRoom;
};

/** What a transform must know to write questions: `nonce` is random and of this call, at least 16 characters. */
export type ModelRoom = { readonly nonce: string; readonly charsMax: number };

/** A question to the quarantined model: no tools, an answer in the given JSON schema. */
export type ModelRequest = {
  readonly instructions: string;
  /** Already marked as data; the model client adds nothing. */
  readonly material: string;
  /** JSON Schema of the answer. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly tokensMax: number;
};

export type Prepared<Out> =
  | { readonly kind: "value"; readonly value: Out }
  /** One isolated question for each batch of sources; `fallback` is the answer without a model. */
  | { readonly kind: "model"; readonly requests: readonly ModelRequest[]; readonly fallback: Out };

/**
 * `input` and `output` are strict zod objects. `finish` gets an answer for each request, in order, as parsed JSON, and
 * throws when one breaks the schema or a check.
 */
export interface Transform<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly version: number;
  readonly input: In;
  readonly output: Out;
  prepare(turns: readonly Turn[], input: z.output<In>, surroundings: Surroundings): Prepared<z.output<Out>>;
  finish(
    answers: readonly unknown[],
    turns: readonly Turn[],
    input: z.output<In>,
    surroundings: Surroundings,
  ): z.output<Out>;
}
