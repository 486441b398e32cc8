/**
 * Finds what is personal or secret in a text. Linear, case-blind where the format is, masking more rather than
 * less in doubt.
 */
import type { Span, Surroundings } from "../../src/core/transform.ts";
import { maskAddresses } from "./addresses.ts";
import { Findings } from "./findings.ts";
import { joinNames } from "./joins.ts";
import { eachSentence, maskNames } from "./names.ts";
import { knownPeople, peopleIndex } from "./people.ts";
import { maskStructured } from "./structured.ts";
import { tokenise } from "./tokens.ts";
import { isNormal, type Mapped, normaliseMapped } from "./unicode.ts";
import { vocabularyOf } from "./vocabulary.ts";

export type DetectOptions = {
  /**
   * `all` (default): names, addresses and unknown words too, by closed vocabulary. `structured`: only what has a
   * form, and the known people, for text in which other names may stay.
   */
  readonly depth?: "all" | "structured";
};

type Known = Pick<Surroundings, "people" | "isOrdinaryWord" | "isName">;

/** What was found, and whether the text was ASCII throughout. */
type Detected = { readonly spans: readonly Span[]; readonly plain: boolean };

/** Reads `text` as it stands; undefined when it proves to be in need of normalising first. */
function detectNormal(
  text: string,
  surroundings: Known,
  options: DetectOptions,
  normal: boolean,
): Detected | undefined {
  // The index reads names into the same columns as the text: it comes first.
  const index = peopleIndex(surroundings.people);
  const tokens = tokenise(text, vocabularyOf(surroundings));
  if (!tokens.plain && !normal && !isNormal(text)) return undefined;
  const findings = new Findings(tokens, true);
  maskStructured(findings);
  knownPeople(findings, index);
  if (options.depth !== "structured") {
    eachSentence(findings, (sentence) => {
      maskNames(findings, sentence);
      joinNames(findings, sentence);
    });
    maskAddresses(findings);
  }
  return { spans: findings.spans(), plain: tokens.plain };
}

/**
 * Spans over normal text as spans over the text it came from. A stretch ends where the next unit of the
 * original begins.
 */
function inOriginal(spans: readonly Span[], mapped: Mapped): Span[] {
  const out: { start: number; end: number; type: Span["type"] }[] = [];
  for (const span of spans) {
    const start = mapped.origin[span.start] ?? 0;
    let unit = span.end;
    while (unit < mapped.origin.length - 1 && mapped.origin[unit] === mapped.origin[span.end - 1]) unit++;
    const end = mapped.origin[unit] ?? 0;
    const last = out.at(-1);
    const from = last === undefined ? start : Math.max(start, last.end);
    if (from < end) out.push({ start: from, end, type: span.type });
  }
  return out;
}

/** As `detect`, and whether the text was ASCII throughout: then nothing about it needs normalising. */
export function detectAll(text: string, surroundings: Known, options: DetectOptions = {}): Detected {
  const found = detectNormal(text, surroundings, options, false);
  if (found !== undefined) return found;
  const mapped = normaliseMapped(text);
  const spans = detectNormal(mapped.text, surroundings, options, true)?.spans ?? [];
  return { spans: inOriginal(spans, mapped), plain: false };
}

/**
 * Sorted, non-overlapping spans over `text` as given, in UTF-16 units. Invisible characters hide nothing: the
 * text is read normalised.
 */
export function detect(text: string, surroundings: Known, options: DetectOptions = {}): readonly Span[] {
  return detectAll(text, surroundings, options).spans;
}

/** Only what has a form, without any lexicon: for checks that must not depend on one. The text must be normal. */
export function structuredSpans(text: string): Span[] {
  const findings = new Findings(tokenise(text, vocabularyOf()), false);
  maskStructured(findings);
  return findings.spans();
}
