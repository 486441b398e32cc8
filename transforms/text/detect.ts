/** Finds what is personal or secret in a text. Linear, case-blind where the format is, masking more rather than less in doubt. */
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
   * `all` (default): names, addresses and unknown words too, by closed vocabulary. `structured`: only what has a form, and the known
   * people, for text in which other names may stay.
   */
  readonly depth?: "all" | "structured";
};

type Known = Pick<Surroundings, "people" | "isOrdinaryWord" | "isName">;

function detectNormal(text: string, surroundings: Known, options: DetectOptions): Span[] {
  // The index reads names into the same columns as the text: it comes first.
  const index = peopleIndex(surroundings.people);
  const findings = new Findings(tokenise(text, vocabularyOf(surroundings)), true);
  maskStructured(findings);
  knownPeople(findings, index);
  if (options.depth === "structured") return findings.spans();
  eachSentence(findings, (sentence) => {
    maskNames(findings, sentence);
    joinNames(findings, sentence);
  });
  maskAddresses(findings);
  return findings.spans();
}

/** Spans over normal text as spans over the text it came from. A stretch ends where the next unit of the original begins. */
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

/** Sorted, non-overlapping spans over `text` as given, in UTF-16 units. Invisible characters hide nothing: the text is read normalised. */
export function detect(text: string, surroundings: Known, options: DetectOptions = {}): Span[] {
  if (isNormal(text)) return detectNormal(text, surroundings, options);
  const mapped = normaliseMapped(text);
  return inOriginal(detectNormal(mapped.text, surroundings, options), mapped);
}

/** Only what has a form, without any lexicon: for checks that must not depend on one. The text must be normal. */
export function structuredSpans(text: string): Span[] {
  const findings = new Findings(tokenise(text, vocabularyOf()), false);
  maskStructured(findings);
  return findings.spans();
}
