/** A change of rules as lines for a person, each with an example that `policy explain` takes. */
import { type Diff, diff } from "./diff.ts";
import { outlines } from "./outline.ts";
import { CATEGORIES, type Request } from "./request.ts";
import type { Rule } from "./rule.ts";

export type ChangeLine = { readonly widens: boolean; readonly text: string; readonly example: string };
export type Told = {
  readonly diff: Diff;
  /** Does it permit anything that was not permitted, or on a weaker yes. */
  readonly widens: boolean;
  /** What widens comes first. */
  readonly lines: readonly ChangeLine[];
};

/** Exact: no line says more than changes, and every change is in a line. Throws TooTangled above 20,000 pieces. */
export function tellChange(before: readonly Rule[], after: readonly Rule[]): Told {
  const found = diff(before, after);
  const lines = outlines(found).map(({ change, sentence }) => ({
    widens: change.widens,
    text: sentence,
    example: requestWords(change.witness),
  }));
  return { diff: found, widens: found.changes.some(({ widens }) => widens), lines };
}

/** `dimension=value` of everything that a request says, categories by name. */
export function requestWords(request: Request): string {
  return Object.entries(request)
    .filter(([, value]) => value !== undefined && value !== "none")
    .map(([dimension, value]) => `${dimension}=${dimension === "cats" ? catNames(Number(value)) : value}`)
    .join(" ");
}

function catNames(cats: number): string {
  const names = Object.entries(CATEGORIES).flatMap(([name, bit]) => ((cats & bit) === 0 ? [] : [name]));
  return names.length === 0 ? "public" : names.join(",");
}
