/**
 * Text with everything personal or secret replaced: the pure function, and the transform `message.redact` (tier
 * R, CONTRACT section 3).
 */
import { z } from "zod";
import type { MaskKind, Prepared, Span, Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { detectAll } from "./text/detect.ts";
import { peopleIndex, tokenOfKnown } from "./text/people.ts";
import { normalise } from "./text/unicode.ts";

export const REDACTED_CHARS_MAX = 4_000;
export const REDACTED_MESSAGES_MAX = 200;

/**
 * Replaced by one fixed word, never by a pseudonym: a stable stand-in for a card or a password would say when
 * it comes again.
 */
const FIXED_WORDS: Partial<Readonly<Record<MaskKind, string>>> = {
  SECRET: "[SECRET]",
  CARD: "[CARD]",
  IBAN: "[IBAN]",
  ID: "[ID]",
  DATE: "[DATE]",
  GEO: "[PLACE]",
  WORD: "[WORD]",
};

type Explained = Span & { readonly replacement: string };

export type Redacted = {
  readonly text: string;
  /** Over the input as given, in UTF-16 units. */
  readonly spans: readonly Span[];
  /** How many spans of each kind. */
  readonly counts: Readonly<Partial<Record<MaskKind, number>>>;
  /** The same spans with what stands in their place. */
  readonly explain: readonly Explained[];
};

type Known = Pick<Surroundings, "people" | "isOrdinaryWord" | "isName" | "tokenOf">;

const NOT_ASCII = /[^\n\t -~]/;
const FENCE = "```";
const INLINE_CHARS_MAX = 1_000;

/**
 * Stretches of code: between fences (an open one runs to the end), and between single backticks on one line.
 * Linear.
 */
function codeSpans(text: string): Span[] {
  const out: Span[] = [];
  let at = text.indexOf("`");
  while (at >= 0) {
    if (text.startsWith(FENCE, at)) {
      const close = text.indexOf(FENCE, at + FENCE.length);
      const end = close < 0 ? text.length : close + FENCE.length;
      out.push({ start: at, end, type: "CODE" });
      at = text.indexOf("`", end);
      continue;
    }
    let close = at + 1;
    const limit = Math.min(text.length, at + INLINE_CHARS_MAX);
    while (close < limit && text[close] !== "`" && text[close] !== "\n") close++;
    const whole = text[close] === "`" && close > at + 1;
    if (whole) out.push({ start: at, end: close + 1, type: "CODE" });
    at = text.indexOf("`", whole ? close + 1 : Math.max(at + 1, close));
  }
  return out;
}

/** Code first, then what was found outside it. */
function merged(code: readonly Span[], found: readonly Span[]): readonly Span[] {
  if (code.length === 0) return found;
  const out: Span[] = [];
  let next = 0;
  for (const span of found) {
    while (next < code.length && (code[next]?.start ?? 0) < span.end) {
      const block = code[next];
      if (block !== undefined && block.end > span.start) break;
      if (block !== undefined) out.push(block);
      next++;
    }
    const block = code[next];
    if (block === undefined || block.start >= span.end) out.push(span);
    else if (span.start < block.start) out.push({ ...span, end: block.start });
    else if (span.end > block.end) {
      out.push(block, { ...span, start: block.end });
      next++;
    }
  }
  return [...out, ...code.slice(next)];
}

/** The form of a name or number that two spellings share, so that they get one token. */
function canonical(kind: MaskKind, original: string): string {
  const text = normalise(original).text.trim();
  if (kind === "PHONE") return text.replace(/[^\d+]/g, "");
  return text.toLowerCase().replace(/\s+/g, " ");
}

class Replacer {
  readonly #surroundings: Known;
  /** The same find twice in a message has the same stand-in. */
  readonly #words = new Map<string, string>();
  #links = 0;
  #code = 0;

  constructor(surroundings: Known) {
    this.#surroundings = surroundings;
  }

  wordFor(kind: MaskKind, original: string): string {
    const fixed = FIXED_WORDS[kind];
    if (fixed !== undefined) return fixed;
    const key = `${kind} ${original}`;
    const known = this.#words.get(key);
    if (known !== undefined) return known;
    const word = this.#newWord(kind, original);
    this.#words.set(key, word);
    return word;
  }

  #newWord(kind: MaskKind, original: string): string {
    if (kind === "URL") return `LINK_${++this.#links}`;
    if (kind === "CODE") return `CODE_${++this.#code}`;
    if (kind === "PERSON") {
      const known = tokenOfKnown(peopleIndex(this.#surroundings.people), normalise(original).text);
      if (known !== undefined) return known;
    }
    return this.#surroundings.tokenOf(kind, canonical(kind, original));
  }
}

/**
 * Redacts `text`, which need not be normal; the result is. Persons, contacts and places become tokens of
 * `surroundings.tokenOf(kind, canonical original)` or the token of a known person, links LINK_n, code CODE_n
 * numbered within the text, secrets and identifiers fixed words.
 */
export function redact(text: string, surroundings: Known): Redacted {
  const code = codeSpans(text);
  const found = detectAll(text, surroundings);
  const spans = merged(code, found.spans);
  const replacer = new Replacer(surroundings);
  const counts: Partial<Record<MaskKind, number>> = {};
  const explain: Explained[] = [];
  let out = "";
  let from = 0;
  let wide = false;
  for (const span of spans) {
    const replacement = replacer.wordFor(span.type, text.slice(span.start, span.end));
    if (NOT_ASCII.test(replacement)) wide = true;
    out += text.slice(from, span.start) + replacement;
    from = span.end;
    counts[span.type] = (counts[span.type] ?? 0) + 1;
    explain.push({ ...span, replacement });
  }
  out += text.slice(from);
  const done = found.plain && !wide ? out : normalise(out).text;
  return { text: done, spans, counts, explain };
}

const COUNTED = [
  "PERSON",
  "ORG",
  "PLACE",
  "ADDRESS",
  "PHONE",
  "EMAIL",
  "HANDLE",
  "URL",
  "IP",
  "MAC",
  "CARD",
  "IBAN",
  "ID",
  "SECRET",
  "DATE",
  "GEO",
  "PLATE",
  "WORD",
  "CODE",
] as const satisfies readonly MaskKind[];

const COUNT_MAX = 10_000_000;
const Count = z.int().min(0).max(COUNT_MAX);
const Counts = z.strictObject(
  Object.fromEntries(COUNTED.map((kind) => [kind, Count.optional()])) as Record<MaskKind, z.ZodOptional<typeof Count>>,
);

const Input = z.strictObject({});
const Output = z.strictObject({
  messages: z
    .array(
      z.strictObject({
        index: Count,
        text: z.string().max(REDACTED_CHARS_MAX).meta({ tier: "R" }),
        counts: Counts,
        /** True when the text was longer than a message may be and lost its end. */
        cut: z.boolean(),
      }),
    )
    .max(REDACTED_MESSAGES_MAX),
  /** Spans masked in all messages. */
  spans: Count,
  /** Messages of the range that did not fit. */
  left_out: Count,
});

/** At most REDACTED_CHARS_MAX units, never half a character, still normal. */
function bounded(text: string): { text: string; cut: boolean } {
  if (text.length <= REDACTED_CHARS_MAX) return { text, cut: false };
  return { text: normalise(text.slice(0, REDACTED_CHARS_MAX)).text, cut: true };
}

function prepare(
  turns: readonly Turn[],
  _input: z.output<typeof Input>,
  surroundings: Surroundings,
): Prepared<z.output<typeof Output>> {
  let spans = 0;
  const messages = turns.slice(0, REDACTED_MESSAGES_MAX).map((turn) => {
    const redacted = redact(turn.text, surroundings);
    spans += redacted.spans.length;
    return { index: turn.index, ...bounded(redacted.text), counts: redacted.counts };
  });
  const value = Output.parse({ messages, spans, left_out: Math.max(0, turns.length - REDACTED_MESSAGES_MAX) });
  return { kind: "value", value };
}

/** Needs no model, so nothing is ever finished. */
function finish(): never {
  throw new Error("message.redact asks no model");
}

export const messageRedact: Transform<typeof Input, typeof Output> = {
  id: "message.redact",
  version: 1,
  input: Input,
  output: Output,
  prepare,
  finish,
};
