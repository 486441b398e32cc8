/** Turns as transforms that write text of their own may read them: names and identifiers are tokens before the first word is chosen. */
import type { MaskKind, Surroundings, Turn } from "../src/core/transform.ts";
import { detect } from "./text/detect.ts";

/** Stay as they are: a summary without places or bodies says nothing, and tier B may name them. */
const KEPT: ReadonlySet<MaskKind> = new Set(["ORG", "PLACE"]);
/** One word for all of a kind: a token of its own would say when the same secret comes again. */
const FIXED: Partial<Readonly<Record<MaskKind, string>>> = {
  SECRET: "SECRET",
  CARD: "CARD",
  IBAN: "IBAN",
  ID: "ID",
  GEO: "POSITION",
  URL: "LINK",
};

function maskedText(text: string, around: Surroundings): string {
  let out = "";
  let from = 0;
  for (const { start, end, type } of detect(text, around)) {
    if (KEPT.has(type)) continue;
    out += text.slice(from, start) + (FIXED[type] ?? around.tokenOf(type, text.slice(start, end)));
    from = end;
  }
  return out + text.slice(from);
}

/** What looks like a token of ours, written by somebody: it must never be taken for one and given a name. */
const LOOK_ALIKE = /(?<![A-Za-z0-9_])([A-Z]{2,8})_(?=[0-9a-f]{4,64}(?![A-Za-z0-9_]))/g;

/** Turns in which no text looks like a token. Lengths stay, so that places in the text do. */
export const escaped = (turns: readonly Turn[]): readonly Turn[] =>
  turns.map((turn) => ({ ...turn, text: turn.text.replace(LOOK_ALIKE, "$1-") }));

/** Escaped turns with names and identifiers masked. Linear in the texts. */
export const masked = (turns: readonly Turn[], around: Surroundings): readonly Turn[] =>
  turns.map((turn) => ({ ...turn, text: maskedText(turn.text, around) }));
